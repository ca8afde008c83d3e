import type { VenueTransferRow } from '../../db/entities/treasury';
import type { ChainStore } from '../../db/stores/chain';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, Logger, VenueCapital } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { ceilToStep, floorToStep, stepOf } from '../../domain/money/rounding';
import type { Network, Rail } from '../../domain/registry';
import type { Chain } from '../chains/chain';
import { reserveCost } from './transactions';
import type { Settle, Transactions } from './transactions';

/** The venue books eight decimals: what is finer would be lost there. */
const VENUE_STEP = stepOf(8);
/** Deposits are looked for from this long before the transfer was made: clocks differ. */
const LOOK_BACK_MS = 3_600_000;

export interface VenueMoneyDeps {
  readonly chain: Chain;
  readonly chainStore: ChainStore;
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly hotAddress: string;
  readonly store: TreasuryStore;
  readonly transactions: Transactions;
  readonly venueCapital: VenueCapital;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  /** Kept in the hot wallet per asset. */
  readonly floor: (asset: string) => Units;
}

/** Coins between the hot wallet and the venue, both ways. */
export interface VenueMoney {
  round(): Promise<void>;
  /** What the hot wallet can pay out of an asset now. */
  payable(asset: string): Promise<Units>;
  /** Brings coins back for a withdrawal, once; does nothing while one is on its way. */
  pullBack(withdrawalId: string, asset: string, shortfall: Units): Promise<void>;
}

export function createVenueMoney(deps: VenueMoneyDeps): VenueMoney {
  deps.transactions.onFinal('venue', settleToVenue(deps));
  return {
    round: async () => {
      for (const rail of deps.rails) await forward(deps, rail);
      for (const transfer of await deps.store.openTransfers(deps.network.id)) await advance(deps, transfer);
    },
    payable: (asset) => payable(deps, asset),
    pullBack: (withdrawalId, asset, shortfall) => startPullBack(deps, withdrawalId, asset, shortfall),
  };
}

/** Booked in the hot wallet, less what leaves by transactions under way and less the floor. */
async function payable({ engine, network, transactions, floor }: VenueMoneyDeps, asset: string): Promise<Units> {
  const custody = await engine.custody();
  const row = custody.find((candidate) => candidate.place === `hot/${network.id}` && candidate.asset === asset);
  const booked = row && !row.amount.startsWith('-') ? parseAmount(row.amount) : 0n;
  const rest = booked - (await transactions.leavingHot())(asset) - floor(asset);
  return rest > 0n ? rest : 0n;
}

/** Sends on to the venue what nobody is waiting for here. One transfer at a time for each asset. */
async function forward(deps: VenueMoneyDeps, { asset, minDeposit }: Rail): Promise<void> {
  const { chain, engine, hotAddress, network, store, transactions, venueCapital, clock, ids } = deps;
  const open = await store.openTransfers(network.id);
  // Coins that come back for a withdrawal are about to be booked here and paid out: they are not sent away again.
  if (open.some((transfer) => transfer.asset === asset)) return;
  const wanted = (await store.waitingWithdrawals(network.id)).filter((row) => row.asset === asset).reduce((sum, row) => sum + parseAmount(row.amount) + parseAmount(row.fee), 0n);
  const amount = floorToStep(max(0n, (await payable(deps, asset)) - wanted), VENUE_STEP);
  if (amount < parseAmount(minDeposit) * 2n) return;
  const address = await venueCapital.depositAddress(asset, network.venueNetwork);
  const id = `tv${ids.next()}`;
  const gas = await chain.gas({ from: hotAddress, to: address, asset, amount: amount / 2n });
  const sent = asset === network.gasAsset ? floorToStep(amount - gas.maxCost, VENUE_STEP) : amount;
  if (!(await reserveCost(engine, `cost:venue:${id}`, network.gasAsset, gas.maxCost, 'to venue'))) return;
  const now = clock.now();
  await store.addTransfer({ id, direction: 'to-venue', network: network.id, asset, amount: formatAmount(sent), fee: '0', address, state: 'SENDING', txid: null, withdrawalId: null, createdAt: now, updatedAt: now });
  await transactions.send({ id: `venue:${id}`, purpose: 'venue', subject: id, from: 'hot', to: address, asset, amount: sent, gas, reservation: `cost:venue:${id}` });
}

const max = (a: Units, b: Units): Units => (a > b ? a : b);

const settleToVenue =
  ({ engine, network, store, clock }: VenueMoneyDeps): Settle =>
  async (row, receipt) => {
    const cost = { reservation: row.reservation ?? '', asset: network.gasAsset, actual: formatAmount(receipt.fee), from: `hot/${network.id}` as const };
    const reference = `tx:${row.id}:final`;
    if (!receipt.succeeded) {
      await engine.submit({ kind: 'cost.settle', reference, paid: cost, purpose: 'to venue' });
      return store.setTransfer(row.subject, { state: 'FAILED', updatedAt: clock.now() });
    }
    await engine.submit({ kind: 'custody.move', reference, asset: row.asset, amount: formatAmount(parseAmount(row.amount)), from: `hot/${network.id}`, to: 'transit', cost });
    await store.setTransfer(row.subject, { state: 'IN_TRANSIT', txid: row.txid, updatedAt: clock.now() });
  };

async function advance(deps: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  if (transfer.direction === 'pull-back') return advancePullBack(deps, transfer);
  const { chain, chainStore, engine, store, transactions, venueCapital, clock, network, hotAddress } = deps;
  if (transfer.state === 'SENDING') {
    const row = await chainStore.find(`venue:${transfer.id}`);
    if (row?.state === 'PLANNED') return transactions.resume(row, 'hot');
    if (row) return;
    // Killed between the transfer's row and its transaction: made now, at the gas price of now.
    const amount = parseAmount(transfer.amount);
    const gas = await chain.gas({ from: hotAddress, to: transfer.address, asset: transfer.asset, amount: amount / 2n });
    await transactions.send({ id: `venue:${transfer.id}`, purpose: 'venue', subject: transfer.id, from: 'hot', to: transfer.address, asset: transfer.asset, amount, gas, reservation: `cost:venue:${transfer.id}` });
    return;
  }
  if (transfer.state !== 'IN_TRANSIT') return;
  const seen = await venueCapital.deposits(transfer.asset, transfer.createdAt - LOOK_BACK_MS);
  if (!seen.some((deposit) => deposit.txid === transfer.txid && deposit.credited)) return;
  await engine.submit({ kind: 'custody.move', reference: `venue:${network.id}:${transfer.id}:arrived`, asset: transfer.asset, amount: formatAmount(parseAmount(transfer.amount)), from: 'transit', to: 'binance' });
  await store.setTransfer(transfer.id, { state: 'DONE', updatedAt: clock.now() });
}

async function startPullBack({ network, store, venueCapital, hotAddress, clock, ids }: VenueMoneyDeps, withdrawalId: string, asset: string, shortfall: Units): Promise<void> {
  if ((await store.openTransfers(network.id)).some((transfer) => transfer.withdrawalId === withdrawalId)) return;
  const terms = await venueCapital.withdrawalTerms(asset, network.venueNetwork);
  const step = parseAmount(terms.step);
  const wanted = ceilToStep(shortfall + parseAmount(terms.fee), step);
  const amount = max(wanted, ceilToStep(parseAmount(terms.minimum), step));
  const now = clock.now();
  await store.addTransfer({
    id: `pb${ids.next()}`,
    direction: 'pull-back',
    network: network.id,
    asset,
    amount: formatAmount(amount),
    fee: formatAmount(parseAmount(terms.fee)),
    address: hotAddress,
    state: 'RESERVED',
    txid: null,
    withdrawalId,
    createdAt: now,
    updatedAt: now,
  });
}

/**
 * RESERVED: set aside in our books, then asked for once. REQUESTED and UNKNOWN: asked about by our id until it left or
 * failed; a request whose outcome is unknown is never made again. IN_TRANSIT: followed on the chain until it is final.
 */
async function advancePullBack(deps: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  const { engine, store, venueCapital, clock, network, logger } = deps;
  const { id, asset } = transfer;
  const amount = formatAmount(parseAmount(transfer.amount));
  if (transfer.state === 'RESERVED') {
    try {
      await engine.submit({ kind: 'venue.reserve', reference: `venue:${network.id}:${id}:reserve`, transferId: id, asset, amount });
    } catch (error) {
      // The coins are still on their way to the venue, or somebody's order holds them: tried again next time.
      if (error instanceof DomainError && error.code === 'FUNDS_IN_TRANSIT') return store.setTransfer(id, { state: 'FAILED', updatedAt: clock.now() });
      throw error;
    }
    // From here on it counts as asked for: after a kill it is looked up first.
    await store.setTransfer(id, { state: 'UNKNOWN', updatedAt: clock.now() });
    const answer = await venueCapital.withdraw({ id, asset, venueNetwork: network.venueNetwork, address: transfer.address, amount });
    if (answer.outcome === 'refused') {
      logger.warn({ transfer: id, reason: answer.reason }, 'the venue refused a withdrawal');
      return releaseFailed(deps, transfer);
    }
    if (answer.outcome === 'done') await store.setTransfer(id, { state: 'REQUESTED', updatedAt: clock.now() });
    return;
  }
  if (transfer.state === 'REQUESTED' || transfer.state === 'UNKNOWN') return lookUp(deps, transfer);
  if (transfer.state === 'IN_TRANSIT') return arrive(deps, transfer);
}

/** How long the venue may need to show a withdrawal that it has accepted. */
const UNKNOWN_FOR_MS = 60_000;

async function lookUp(deps: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  const { engine, store, venueCapital, clock, network } = deps;
  const known = await venueCapital.withdrawal(transfer.id);
  if (!known) {
    // Never asked (killed just before), or not shown yet: given up only when the venue must have shown it by now.
    if (clock.now() - transfer.updatedAt > UNKNOWN_FOR_MS) await releaseFailed(deps, transfer);
    return;
  }
  if (known.state === 'failed') return releaseFailed(deps, transfer);
  if (known.state === 'pending' || !known.txid) return;
  const { amount, fee, txid } = known;
  await engine.submit({ kind: 'venue.release', reference: `venue:${network.id}:${transfer.id}:left`, transferId: transfer.id, moved: true, amount, fee, withdrawalId: transfer.withdrawalId });
  await store.setTransfer(transfer.id, { state: 'IN_TRANSIT', txid, amount, fee, updatedAt: clock.now() });
}

async function releaseFailed({ engine, store, clock, network }: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  const { id: transferId, withdrawalId } = transfer;
  await engine.submit({ kind: 'venue.release', reference: `venue:${network.id}:${transferId}:failed`, transferId, moved: false, amount: '0', fee: '0', withdrawalId });
  await store.setTransfer(transferId, { state: 'FAILED', updatedAt: clock.now() });
}

async function arrive({ chain, engine, store, network, clock }: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  const receipt = await chain.receipt(transfer.txid ?? '');
  if (!receipt?.succeeded || (await chain.head()) - receipt.height + 1 < network.confirmations) return;
  const arrived = formatAmount(parseAmount(transfer.amount) - parseAmount(transfer.fee));
  await engine.submit({ kind: 'custody.move', reference: `venue:${network.id}:${transfer.id}:arrived`, asset: transfer.asset, amount: arrived, from: 'transit', to: `hot/${network.id}` });
  await store.setTransfer(transfer.id, { state: 'DONE', updatedAt: clock.now() });
}
