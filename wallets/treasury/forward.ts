import type { VenueTransferRow } from '../../db/entities/treasury';
import type { CustodyPlace } from '../../domain/contract/commands';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { floorToStep, stepOf } from '../../domain/money/rounding';
import type { Rail } from '../../domain/registry';
import { costReference, transactionId, transactionReference, venueTransferReference } from '../../domain/references';
import { moveOf } from './bands';
import { releaseCost, reserveCost } from './costs';
import type { Settle } from './sender';
import { hasTreasury } from './venue-deps';
import type { VenueMoneyDeps } from './venue-deps';

/** The venue books eight decimals: what is finer would be lost there. */
const VENUE_STEP = stepOf(8);
/** Deposits are looked for from this long before the transfer was made: clocks differ. */
const LOOK_BACK_MS = 3_600_000;
/** After a transfer that was mined and failed: each try costs gas. */
const AFTER_FAILURE_MS = 600_000;

type Payable = () => Promise<Units>;

/**
 * Sends on, to the venue or to cold storage, what lies above the ceiling here. One transfer at a time for each asset.
 */
export async function forward(deps: VenueMoneyDeps, { asset, minDeposit }: Rail): Promise<void> {
  const { cold, policyOf, transactions, network, store, venueCapital, clock, ids } = deps;
  const open = (await store.openTransfers(network.id)).filter((transfer) => transfer.asset === asset);
  // Coins that come back for a withdrawal are about to be booked here and paid out: they are not sent away again. What
  // the venue has only to credit is out of our hands, and does not keep the next ones waiting.
  if (open.some((transfer) => transfer.direction === 'pull-back' || transfer.state !== 'IN_TRANSIT')) return;
  const { above, band } = policyOf(asset);
  const direction = above === 'cold' && cold ? 'to-cold' : 'to-venue';
  if (direction === 'to-venue' && !hasTreasury(venueCapital)) return;
  const last = await store.lastTransfer(network.id, asset, direction);
  const now = clock.now();
  if (last?.state === 'FAILED' && last.txid !== null && now - last.updatedAt < AFTER_FAILURE_MS) return;
  const wanted = (await store.waitingWithdrawals(network.id))
    .filter((row) => row.asset === asset)
    .reduce((sum, row) => sum + parseAmount(row.amount) + parseAmount(row.fee), 0n);
  const move = moveOf(band, { free: await transactions.free(asset), wanted, coming: 0n });
  if (move?.kind !== 'send' || move.amount < parseAmount(minDeposit) * 2n) return;
  const address =
    direction === 'to-cold' && cold
      ? await cold.receiving()
      : await venueCapital.depositAddress(asset, network.venueNetwork);
  const most = await transactions.most(address, asset, move.amount);
  if (most < parseAmount(minDeposit)) return;
  const amount = floorToStep(most, VENUE_STEP);
  // The row first: what is reserved and sent for it goes by its id, and a kill in between leaves nothing that nobody
  // knows.
  await store.addTransfer({
    id: `${direction === 'to-cold' ? 'tc' : 'tv'}${ids.next()}`,
    direction,
    network: network.id,
    asset,
    amount: formatAmount(amount),
    fee: '0',
    address,
    state: 'SENDING',
    txid: null,
    withdrawalId: null,
    createdAt: now,
    updatedAt: now,
  });
}

/**
 * SENDING: reserves the gas and sends, then waits until it is final. IN_TRANSIT: waits until the venue has credited
 * it.
 */
export async function advanceForward(
  deps: VenueMoneyDeps,
  transfer: VenueTransferRow,
  payable: Payable,
): Promise<void> {
  if (transfer.state === 'IN_TRANSIT') return arrived(deps, transfer);
  const { chain, chainStore, engine, store, transactions, clock, network, hotAddress } = deps;
  const { id, asset, address } = transfer;
  const purpose = transfer.direction === 'to-cold' ? 'cold' : 'venue';
  const intent = transactionId(purpose, id);
  const sent = await chainStore.find(intent);
  if (sent && !transactions.mayTryAgain(sent)) return;
  const amount = parseAmount(transfer.amount);
  const reservation = costReference(intent);
  const gas = await chain.gas({ from: hotAddress, to: address, asset, amount });
  const needed = asset === network.gasAsset ? amount + gas.maxCost : amount;
  if ((await payable()) < needed) {
    // A withdrawal took the coins meanwhile, or gas became dearer: given up, and decided anew.
    // In this order: killed in between, a reservation is left over, and nothing is ever sent on a closed one.
    await store.advanceTransfer(id, 'fail', { updatedAt: clock.now() });
    await releaseCost(engine, reservation, network.gasAsset, `hot/${network.id}`, 'to venue');
    return;
  }
  if (!(await reserveCost(engine, reservation, network.gasAsset, gas.maxCost, 'to venue'))) {
    if (transfer.state !== 'NEEDS_OPERATOR_FUNDS') await store.advanceTransfer(id, 'lack', { updatedAt: clock.now() });
    return;
  }
  await transactions.send({
    id: intent,
    purpose,
    subject: id,
    from: 'hot',
    to: address,
    asset,
    amount,
    gas,
    reservation,
  });
  if (transfer.state !== 'SENDING') await store.advanceTransfer(id, 'send', { updatedAt: clock.now() });
}

export const settleToVenue = (deps: VenueMoneyDeps): Settle => settle(deps, 'transit', 'leave');
export const settleToCold = (deps: VenueMoneyDeps): Settle => settle(deps, `cold/${deps.network.id}`, 'store');

const settle =
  ({ engine, network, store, clock }: VenueMoneyDeps, to: CustodyPlace, event: 'leave' | 'store'): Settle =>
  async (row, receipt) => {
    const cost = {
      reservation: row.reservation ?? '',
      asset: network.gasAsset,
      actual: formatAmount(receipt.fee),
      from: `hot/${network.id}` as const,
    };
    const reference = transactionReference(row.id, 'final');
    if (!receipt.succeeded) {
      await engine.submit({ kind: 'cost.settle', reference, paid: cost, purpose: 'to venue' });
      return void (await store.advanceTransfer(row.subject, 'fail', { txid: row.txid, updatedAt: clock.now() }));
    }
    await engine.submit({
      kind: 'custody.move',
      reference,
      asset: row.asset,
      amount: formatAmount(parseAmount(row.amount)),
      from: `hot/${network.id}`,
      to,
      cost,
    });
    await store.advanceTransfer(row.subject, event, { txid: row.txid, updatedAt: clock.now() });
  };

async function arrived(
  { engine, store, venueCapital, clock, network }: VenueMoneyDeps,
  transfer: VenueTransferRow,
): Promise<void> {
  const seen = await venueCapital.deposits(transfer.asset, transfer.createdAt - LOOK_BACK_MS);
  if (!seen.some((deposit) => deposit.txid === transfer.txid && deposit.credited)) return;
  const amount = formatAmount(parseAmount(transfer.amount));
  await engine.submit({
    kind: 'custody.move',
    reference: venueTransferReference(network.id, transfer.id, 'arrived'),
    asset: transfer.asset,
    amount,
    from: 'transit',
    to: venueCapital.venue,
  });
  await store.advanceTransfer(transfer.id, 'arrive', { updatedAt: clock.now() });
}
