/** Credited coins on their way from deposit addresses to the hot wallet, on networks of accounts. */
import type { SweepRow } from '../../db/entities/treasury';
import type { ChainStore } from '../../db/stores/chain';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network, Rail } from '../../domain/registry';
import { costReference, transactionId, transactionReference } from '../../domain/references';
import { createApart } from '../apart';
import type { Chain, GasQuote } from '../chains/chain';
import type { PolicyOf } from '../treasury/bands';
import { releaseCost, reserveCost } from '../treasury/costs';
import type { Sender, Settle } from '../treasury/sender';

/** A sweep or a top-up that failed on the chain is tried again after this. */
const AFTER_FAILURE_MS = 600_000;
/** A native sweep must be worth at least this many times its gas. */
const WORTH = 3n;
/** Top-ups of one sweep: the gas price rose each time between the top-up and the sweep. */
const MOST_TOP_UPS = 5;

/**
 * `needed`: what the address must have, where that is not all that it may cost. `missing`: of energy, where it can be
 * lent.
 */
type SweepQuote = GasQuote & { readonly needed?: Units; readonly missing?: bigint };

export interface SweepsDeps {
  readonly chain: Pick<Chain, 'balance'> & { gas(transfer: Parameters<Chain['gas']>[0]): Promise<SweepQuote> };
  readonly chainStore: ChainStore;
  readonly network: Network;
  readonly hotAddress: string;
  readonly store: TreasuryStore;
  readonly rails: readonly Rail[];
  readonly transactions: Sender;
  /** Asked before coins or gas are sent. Of networks where an address can be taken away from us. */
  readonly maySweep?: (address: string) => Promise<boolean>;
  /** Lends an address what it is missing, of networks where that can be done. False: it needs coins instead. */
  readonly lends?: (sweep: SweepRow, missing: bigint) => Promise<boolean>;
  readonly policyOf: PolicyOf;
  /** The newest block that was scanned. */
  readonly scanned: () => number;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly events: EventBus;
  readonly logger: Logger;
}

/**
 * Moves credited coins from deposit addresses to the hot wallet. Every gas cost is reserved from the operator's
 * position before anything is signed; a token's address first gets the gas it needs from the hot wallet.
 */
export function createSweeps(deps: SweepsDeps): { round(): Promise<void> } {
  deps.transactions.onFinal('topup', settleTopUp(deps));
  deps.transactions.onFinal('sweep', settleSweep(deps));
  const isTime = createSchedule();
  const apart = createApart(deps, 'sweep');
  return {
    round: async () => {
      const { store, network, clock, policyOf } = deps;
      const now = clock.now();
      // Credited early, by a small amount: its coins are not counted on before they are as deep as everything else.
      const deep = deps.scanned() - network.confirmations + 1;
      for (const { asset } of deps.rails) {
        const { sweepFrom, sweepEveryMs } = policyOf(asset);
        if (isTime(asset, sweepEveryMs, now))
          await store.planSweeps(
            network.id,
            asset,
            { from: sweepFrom, failedSince: now - AFTER_FAILURE_MS, deep },
            () => deps.ids.next(),
            now,
          );
      }
      const native = (sweep: SweepRow): number => (sweep.asset === network.gasAsset ? 1 : 0);
      // Tokens first: coins at the same address pay their gas, and are swept afterwards.
      const open = (await store.openSweeps(network.id)).sort((a, b) => native(a) - native(b));
      for (const sweep of open) {
        if (
          open.some((other) => other.id !== sweep.id && other.address === sweep.address && other.state === 'TOPPING_UP')
        )
          continue;
        // A token that is paused, an address that is frozen: the other sweeps go on.
        await apart(sweep.id, () => advance(deps, sweep));
      }
    },
  };
}

/** Once in each period of the clock, and once after a start: nobody's coins wait longer because we were away. */
function createSchedule(): (asset: string, everyMs: number, now: number) => boolean {
  const last = new Map<string, number>();
  return (asset, everyMs, now) => {
    if (everyMs === 0) return true;
    const before = last.get(asset);
    const period = (now - (now % everyMs)) / everyMs;
    last.set(asset, period);
    return before !== period;
  };
}

async function advance(deps: SweepsDeps, sweep: SweepRow): Promise<void> {
  const { chainStore, store, transactions, clock } = deps;
  const moving = await chainStore.find(transactionId('sweep', sweep.id));
  if (moving && !transactions.mayTryAgain(moving)) return;
  // One after the other from one address: a second one would count on coins that the first one takes away.
  // What was lent for another sweep and is being taken back must not be counted on either.
  if (
    (await chainStore.open(sweep.network)).some(
      (row) => row.fromAddress === sweep.address || (row.toAddress === sweep.address && row.purpose === 'undelegate'),
    )
  )
    return;
  const amount = await store.sweepable(sweep.id);
  if (amount === null) {
    // In this order: killed in between, a reservation is left over, and nothing is ever sent on a closed one.
    await store.advanceSweep(sweep.id, 'fail', clock.now());
    return void (await releaseCost(
      deps.engine,
      costReference(transactionId('sweep', sweep.id)),
      deps.network.gasAsset,
      `deposit/${sweep.network}`,
      'sweep',
    ));
  }
  if (!(await (deps.maySweep?.(sweep.address) ?? true))) return;
  const now = { ...sweep, amount };
  await (sweep.asset === deps.network.gasAsset ? sendNative(deps, now) : sendToken(deps, now));
}

/** All of it but the gas: the priority fee equals the maximum, so that nothing is left over by a lower base fee. */
async function sendNative(deps: SweepsDeps, sweep: SweepRow): Promise<void> {
  const { chain, hotAddress } = deps;
  const [booked, there] = [parseAmount(sweep.amount), await chain.balance(sweep.address, sweep.asset)];
  // A token sweep from the same address may have used a little of it as gas; what is above waits for its own credit.
  const amount = there < booked ? there : booked;
  const quote = await chain.gas({ from: sweep.address, to: hotAddress, asset: sweep.asset, amount: amount / 2n });
  const gas = { ...quote, maxPriorityFeePerGas: quote.maxFeePerGas };
  if (amount >= gas.maxCost * WORTH) await send(deps, sweep, amount - gas.maxCost, gas);
}

async function sendToken(deps: SweepsDeps, sweep: SweepRow): Promise<void> {
  const { chain, hotAddress, network, store, clock } = deps;
  const amount = parseAmount(sweep.amount);
  const gas = await chain.gas({ from: sweep.address, to: hotAddress, asset: sweep.asset, amount });
  const has = await chain.balance(sweep.address, network.gasAsset);
  const { needed = gas.maxCost, missing = 0n } = gas;
  if (has < needed && (await deps.lends?.(sweep, missing)))
    return void (await store.advanceSweep(sweep.id, 'topUp', clock.now()));
  if (has < needed) return topUp(deps, sweep, needed - has + needed / 2n);
  await send(deps, sweep, amount, gas);
}

async function send(
  { engine, hotAddress, network, store, transactions, clock }: SweepsDeps,
  sweep: SweepRow,
  amount: Units,
  gas: GasQuote,
): Promise<void> {
  const { id, asset, address } = sweep;
  const reservation = costReference(transactionId('sweep', id));
  if (!(await reserveCost(engine, reservation, network.gasAsset, gas.maxCost, 'sweep')))
    return void (await store.advanceSweep(id, 'lack', clock.now()));
  await transactions.send({
    id: transactionId('sweep', id),
    purpose: 'sweep',
    subject: id,
    from: address,
    to: hotAddress,
    asset,
    amount,
    gas,
    reservation,
  });
  await store.advanceSweep(id, 'send', clock.now());
}

/** What is missing and half of the whole again: the base fee may rise before the sweep is signed. */
async function topUp(deps: SweepsDeps, sweep: SweepRow, amount: Units): Promise<void> {
  const { chain, chainStore, engine, hotAddress, network, store, transactions, clock, logger } = deps;
  const before = await chainStore.bySubject('topup', sweep.id);
  const last = before.at(-1);
  if (last && !['CONFIRMED', 'FAILED', 'VOID'].includes(last.state)) return;
  if (last?.state === 'VOID' && !transactions.mayTryAgain(last)) return;
  if (last?.state === 'FAILED' && clock.now() - last.updatedAt < AFTER_FAILURE_MS) return;
  if (before.length >= MOST_TOP_UPS && last?.state !== 'VOID') {
    logger.warn(
      { event: 'sweep.top_ups_exhausted', sweep: sweep.id },
      'every top-up was too small for the gas price of its time; waiting for a lower one',
    );
    return;
  }
  const id = last?.state === 'VOID' ? last.id : transactionId('topup', sweep.id, before.length);
  const gas = await chain.gas({ from: hotAddress, to: sweep.address, asset: network.gasAsset, amount });
  if (!(await reserveCost(engine, costReference(id), network.gasAsset, gas.maxCost, 'top-up')))
    return void (await store.advanceSweep(sweep.id, 'lack', clock.now()));
  await transactions.send({
    id,
    purpose: 'topup',
    subject: sweep.id,
    from: 'hot',
    to: sweep.address,
    asset: network.gasAsset,
    amount,
    gas,
    reservation: costReference(id),
  });
  await store.advanceSweep(sweep.id, 'topUp', clock.now());
}

const settleTopUp =
  ({ engine, network }: SweepsDeps): Settle =>
  async (row, receipt) => {
    const cost = {
      reservation: row.reservation ?? '',
      asset: network.gasAsset,
      actual: formatAmount(receipt.fee),
      from: `hot/${network.id}` as const,
    };
    const reference = transactionReference(row.id, 'final');
    if (!receipt.succeeded) await engine.submit({ kind: 'cost.settle', reference, paid: cost, purpose: 'top-up' });
    else
      await engine.submit({
        kind: 'custody.move',
        reference,
        asset: row.asset,
        amount: formatAmount(parseAmount(row.amount)),
        from: `hot/${network.id}`,
        to: `deposit/${network.id}`,
        cost,
      });
  };

const settleSweep =
  ({ engine, network, store, clock }: SweepsDeps): Settle =>
  async (row, receipt) => {
    const cost = {
      reservation: row.reservation ?? '',
      asset: network.gasAsset,
      actual: formatAmount(receipt.fee),
      from: `deposit/${network.id}` as const,
    };
    const reference = transactionReference(row.id, 'final');
    if (!receipt.succeeded) {
      await engine.submit({ kind: 'cost.settle', reference, paid: cost, purpose: 'sweep' });
      return void (await store.advanceSweep(row.subject, 'fail', clock.now()));
    }
    await engine.submit({
      kind: 'custody.move',
      reference,
      asset: row.asset,
      amount: formatAmount(parseAmount(row.amount)),
      from: `deposit/${network.id}`,
      to: `hot/${network.id}`,
      cost,
    });
    await store.advanceSweep(row.subject, 'finish', clock.now());
  };
