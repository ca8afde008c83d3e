import type { VenueTransferRow } from '../../db/entities/treasury';
import { DomainError } from '../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { ceilToStep } from '../../domain/money/rounding';
import { venueTransferReference } from '../../domain/references';
import { moveOf } from './bands';
import { hasTreasury } from './venue-deps';
import type { VenueMoneyDeps } from './venue-deps';

/** How long the venue may need to show a withdrawal whose asking was cut off. */
const UNKNOWN_FOR_MS = 60_000;
/** The venue's transactions are mined within this; later a person should look. */
const LATE_MS = 3 * 3_600_000;
/** After a refusal of the venue, before it is asked for another one. */
const AFTER_REFUSAL_MS = 10_000;

/** The venue said no, in its own words. */
export class PullBackRefused extends Error {
  override readonly name = 'PullBackRefused';

  constructor(
    readonly asset: string,
    reason: string,
  ) {
    super(reason);
  }
}

const max = (a: Units, b: Units): Units => (a > b ? a : b);

/**
 * Plans a pull-back for a withdrawal, or fits the planned one to what is missing now. The venue debits `amount` and
 * sends `amount - fee`, so the fee is asked for on top.
 */
export async function startPullBack(
  deps: VenueMoneyDeps,
  withdrawalId: string | null,
  asset: string,
  shortfall: Units,
): Promise<void> {
  const { network, store, venueCapital, hotAddress, clock, ids } = deps;
  const last = await store.lastTransfer(network.id, asset, 'pull-back', withdrawalId);
  const now = clock.now();
  if (last && !['RESERVED', 'FAILED', 'DONE'].includes(last.state)) return;
  if (last?.state === 'FAILED' && now - last.updatedAt < AFTER_REFUSAL_MS) return;
  if (!hasTreasury(venueCapital)) throw new PullBackRefused(asset, 'it has no interface for withdrawals');
  const terms = await venueCapital.withdrawalTerms(asset, network.venueNetwork);
  const step = parseAmount(terms.step);
  const amount = formatAmount(
    max(ceilToStep(shortfall + parseAmount(terms.fee), step), ceilToStep(parseAmount(terms.minimum), step)),
  );
  const fee = formatAmount(parseAmount(terms.fee));
  if (last?.state === 'RESERVED') return store.amendTransfer(last.id, { amount, fee, updatedAt: now });
  const id = `pb${ids.next()}`;
  await store.addTransfer({
    id,
    direction: 'pull-back',
    network: network.id,
    asset,
    amount,
    fee,
    address: hotAddress,
    state: 'RESERVED',
    txid: null,
    withdrawalId,
    createdAt: now,
    updatedAt: now,
  });
}

/** Gives up a pull-back that was planned and never asked for. */
export async function cancelPullBack(deps: VenueMoneyDeps, withdrawalId: string): Promise<void> {
  for (const transfer of await deps.store.openTransfers(deps.network.id)) {
    if (transfer.withdrawalId === withdrawalId && transfer.state === 'RESERVED') await releaseFailed(deps, transfer);
  }
}

/** Brings the hot wallet of an asset back above its floor: one pull-back at a time, for no withdrawal in particular. */
export async function refill(deps: VenueMoneyDeps, asset: string): Promise<void> {
  const { network, policyOf, store, transactions } = deps;
  const back = (await store.openTransfers(network.id)).filter(
    (transfer) => transfer.asset === asset && transfer.direction === 'pull-back',
  );
  const planned = back.find((transfer) => transfer.withdrawalId === null && transfer.state === 'RESERVED');
  const onTheWay = back
    .filter((transfer) => transfer !== planned)
    .reduce((sum, { amount, fee }) => sum + parseAmount(amount) - parseAmount(fee), 0n);
  const holding = {
    free: await transactions.free(asset),
    wanted: 0n,
    coming: onTheWay + (await transactions.coming(asset)),
  };
  const move = moveOf(policyOf(asset).band, holding);
  if (move?.kind === 'bring') await startPullBack(deps, null, asset, move.amount);
  else if (planned) await releaseFailed(deps, planned);
}

/**
 * RESERVED: set aside in our books, then asked for once. REQUESTED and UNKNOWN: asked about by our id until it left or
 * failed; a request whose outcome is unknown is never made again. IN_TRANSIT: followed on the chain until it is final.
 */
export async function advancePullBack(deps: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  if (transfer.state === 'RESERVED') return ask(deps, transfer);
  if (transfer.state === 'REQUESTED' || transfer.state === 'UNKNOWN') return lookUp(deps, transfer);
  if (transfer.state === 'IN_TRANSIT') return arrive(deps, transfer);
}

async function ask(deps: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  const { engine, store, venueCapital, clock, network } = deps;
  const { id, asset, address } = transfer;
  const amount = formatAmount(parseAmount(transfer.amount));
  try {
    await engine.submit({
      kind: 'venue.reserve',
      reference: venueTransferReference(network.id, id, 'reserve'),
      transferId: id,
      asset,
      amount,
    });
  } catch (error) {
    // The coins are still on their way to the venue, or somebody's order holds them: it stays planned, and nothing was
    // set aside.
    if (error instanceof DomainError && error.code === 'FUNDS_IN_TRANSIT') return;
    // Set aside at another amount, just before a kill: given back, and planned anew.
    if (error instanceof DomainError && error.code === 'IDEMPOTENCY_KEY_REUSED') return releaseFailed(deps, transfer);
    throw error;
  }
  // From here on it counts as asked for: after a kill it is looked up first.
  if (!(await store.advanceTransfer(id, 'ask', { updatedAt: clock.now() }))) return;
  const answer = await venueCapital.withdraw({ id, asset, venueNetwork: network.venueNetwork, address, amount });
  if (answer.outcome === 'refused') {
    await releaseFailed(deps, transfer);
    throw new PullBackRefused(asset, answer.reason);
  }
  if (answer.outcome === 'done') await store.advanceTransfer(id, 'accept', { updatedAt: clock.now() });
}

async function lookUp(deps: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  const { engine, store, venueCapital, clock, network } = deps;
  const known = await venueCapital.withdrawal(transfer.id);
  if (!known) {
    // Never asked (killed just before), or not shown yet: given up only when the venue must have shown it by now, and
    // never when the venue itself said that it took it.
    if (transfer.state === 'UNKNOWN' && clock.now() - transfer.updatedAt > UNKNOWN_FOR_MS)
      await releaseFailed(deps, transfer);
    return;
  }
  if (known.state === 'failed') return releaseFailed(deps, transfer);
  if (known.state === 'pending' || !known.txid) return;
  const { amount, fee, txid } = known;
  await engine.submit({
    kind: 'venue.release',
    reference: venueTransferReference(network.id, transfer.id, 'left'),
    transferId: transfer.id,
    moved: true,
    amount,
    fee,
    withdrawalId: transfer.withdrawalId,
  });
  await store.advanceTransfer(transfer.id, 'leave', { txid, amount, fee, updatedAt: clock.now() });
}

/** It did not happen: what was set aside is free again. Idempotent, also when nothing was set aside. */
async function releaseFailed(
  { engine, store, clock, network }: VenueMoneyDeps,
  transfer: VenueTransferRow,
): Promise<void> {
  const { id: transferId, withdrawalId } = transfer;
  try {
    await engine.submit({
      kind: 'venue.release',
      reference: venueTransferReference(network.id, transferId, 'failed'),
      transferId,
      moved: false,
      amount: '0',
      fee: '0',
      withdrawalId,
    });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'NOT_FOUND') throw error;
  }
  await store.advanceTransfer(transferId, 'fail', { updatedAt: clock.now() });
}

async function arrive(deps: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  const { chain, engine, store, network, clock } = deps;
  const receipt = await chain.receipt(transfer.txid ?? '');
  if (!receipt?.succeeded) return askAgain(deps, transfer);
  if ((await chain.head()) - receipt.height + 1 < network.confirmations) return;
  const arrived = formatAmount(parseAmount(transfer.amount) - parseAmount(transfer.fee));
  await engine.submit({
    kind: 'custody.move',
    reference: venueTransferReference(network.id, transfer.id, 'arrived'),
    asset: transfer.asset,
    amount: arrived,
    from: 'transit',
    to: `hot/${network.id}`,
  });
  await store.advanceTransfer(transfer.id, 'arrive', { updatedAt: clock.now() });
}

/**
 * Its transaction is not in the chain, or failed there: the venue may have sent another one in its place. Throws when
 * neither comes for hours.
 */
async function askAgain({ store, venueCapital, clock }: VenueMoneyDeps, transfer: VenueTransferRow): Promise<void> {
  const known = await venueCapital.withdrawal(transfer.id);
  if (known?.txid && known.txid !== transfer.txid)
    return store.amendTransfer(transfer.id, { txid: known.txid, updatedAt: clock.now() });
  if (clock.now() - transfer.updatedAt > LATE_MS)
    throw new Error(
      `the venue says that ${transfer.txid} brings ${transfer.amount} ${transfer.asset}, and the chain does not have it`,
    );
}
