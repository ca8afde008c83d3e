import type { SweepRow } from '../../db/entities/treasury';
import type { ChainStore } from '../../db/stores/chain';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import type { Engine, Logger } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Network } from '../../domain/registry';
import type { Chain } from '../chains/chain';
import { reserveCost } from '../treasury/transactions';
import type { Settle, Transactions } from '../treasury/transactions';

/** A sweep that failed is tried again after this. */
const AFTER_FAILURE_MS = 600_000;
/** A native sweep must be worth at least this many times its gas. */
const WORTH = 3n;

export interface SweepsDeps {
  readonly chain: Chain;
  readonly chainStore: ChainStore;
  readonly network: Network;
  readonly hotAddress: string;
  readonly store: TreasuryStore;
  readonly transactions: Transactions;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

/**
 * Moves credited coins from deposit addresses to the hot wallet. Every gas cost is reserved from the operator's position
 * before anything is signed; a token's address first gets the gas it needs from the hot wallet.
 */
export function createSweeps(deps: SweepsDeps): { round(): Promise<void> } {
  deps.transactions.onFinal('topup', settleTopUp(deps));
  deps.transactions.onFinal('sweep', settleSweep(deps));
  return {
    round: async () => {
      const { store, network, clock } = deps;
      const now = clock.now();
      await store.planSweeps(network.id, now - AFTER_FAILURE_MS, () => deps.ids.next(), now);
      // Two sweeps of one address at once would count on the same gas: one after the other, those under way first.
      const open = await store.openSweeps(network.id);
      const busy = new Set<string>();
      for (const sweep of [...open.filter(underWay), ...open.filter((other) => !underWay(other))]) {
        if (busy.has(sweep.address)) continue;
        try {
          if (await advance(deps, sweep)) busy.add(sweep.address);
        } catch (error) {
          // The others must not wait for this one.
          deps.logger.warn({ sweep: sweep.id, error: error instanceof Error ? error.message : String(error) }, 'a sweep could not go on and will be tried again');
          if (underWay(sweep)) busy.add(sweep.address);
        }
      }
    },
  };
}

const underWay = ({ state }: SweepRow): boolean => state === 'SENDING' || state === 'TOPPING_UP';

/** One step of a sweep. Answers whether its address has a transaction under way. */
async function advance(deps: SweepsDeps, sweep: SweepRow): Promise<boolean> {
  const { chainStore, transactions } = deps;
  const topUp = await chainStore.find(`topup:${sweep.id}`);
  const sent = await chainStore.find(`sweep:${sweep.id}`);
  if (topUp?.state === 'PLANNED') await transactions.resume(topUp, 'hot', sweep.addressIndex);
  else if (sent?.state === 'PLANNED') await transactions.resume(sent, sweep.addressIndex);
  if (sent || (topUp && topUp.state !== 'CONFIRMED')) return true;
  return sweep.asset === deps.network.gasAsset ? sendNative(deps, sweep) : sendToken(deps, sweep);
}

/** All of it but the gas: the priority fee equals the maximum, so that nothing is left over by a lower base fee. */
async function sendNative(deps: SweepsDeps, sweep: SweepRow): Promise<boolean> {
  const { chain, engine, hotAddress, network, transactions } = deps;
  const [credited, has] = [parseAmount(sweep.amount), await chain.balance(sweep.address, sweep.asset)];
  // A token's sweep from the same address may have burnt some of it as gas.
  const amount = has < credited ? has : credited;
  const quote = await chain.gas({ from: sweep.address, to: hotAddress, asset: sweep.asset, amount: amount / 2n });
  const gas = { ...quote, maxPriorityFeePerGas: quote.maxFeePerGas };
  if (amount < gas.maxCost * WORTH) return false;
  if (!(await reserveCost(engine, `cost:sweep:${sweep.id}`, network.gasAsset, gas.maxCost, 'sweep'))) return waits(deps, sweep);
  const from = { index: sweep.addressIndex, address: sweep.address };
  await begin(deps, sweep, 'SENDING');
  await transactions.send({ id: `sweep:${sweep.id}`, purpose: 'sweep', subject: sweep.id, from, to: hotAddress, asset: sweep.asset, amount: amount - gas.maxCost, gas, reservation: `cost:sweep:${sweep.id}` });
  return true;
}

async function sendToken(deps: SweepsDeps, sweep: SweepRow): Promise<boolean> {
  const { chain, engine, hotAddress, network, transactions } = deps;
  const amount = parseAmount(sweep.amount);
  const gas = await chain.gas({ from: sweep.address, to: hotAddress, asset: sweep.asset, amount });
  const has = await chain.balance(sweep.address, network.gasAsset);
  if (has < gas.maxCost) return topUp(deps, sweep, gas.maxCost - has + gas.maxCost / 2n);
  if (!(await reserveCost(engine, `cost:sweep:${sweep.id}`, network.gasAsset, gas.maxCost, 'sweep'))) return waits(deps, sweep);
  const from = { index: sweep.addressIndex, address: sweep.address };
  await begin(deps, sweep, 'SENDING');
  await transactions.send({ id: `sweep:${sweep.id}`, purpose: 'sweep', subject: sweep.id, from, to: hotAddress, asset: sweep.asset, amount, gas, reservation: `cost:sweep:${sweep.id}` });
  return true;
}

/** What is missing and half of the whole again: the base fee may rise before the sweep is signed. */
async function topUp(deps: SweepsDeps, sweep: SweepRow, amount: bigint): Promise<boolean> {
  const { chain, chainStore, engine, hotAddress, network, transactions, logger } = deps;
  if (await chainStore.find(`topup:${sweep.id}`)) {
    logger.warn({ sweep: sweep.id }, 'the top-up was too small for the gas price of now; waiting for a lower one');
    return false;
  }
  const gas = await chain.gas({ from: hotAddress, to: sweep.address, asset: network.gasAsset, amount });
  if (!(await reserveCost(engine, `cost:topup:${sweep.id}`, network.gasAsset, gas.maxCost, 'top-up'))) return waits(deps, sweep);
  await begin(deps, sweep, 'TOPPING_UP');
  await transactions.send({ id: `topup:${sweep.id}`, purpose: 'topup', subject: sweep.id, from: 'hot', to: sweep.address, toIndex: sweep.addressIndex, asset: network.gasAsset, amount, gas, reservation: `cost:topup:${sweep.id}` });
  return true;
}

/** Before the transaction is made: from here on the address counts as taken, after a kill or a failure as well. */
async function begin({ store, clock }: SweepsDeps, sweep: SweepRow, state: 'SENDING' | 'TOPPING_UP'): Promise<void> {
  await store.setSweep(sweep.id, state, clock.now());
  sweep.state = state;
}

async function waits({ store, clock }: SweepsDeps, sweep: SweepRow): Promise<boolean> {
  await store.setSweep(sweep.id, 'NEEDS_OPERATOR_FUNDS', clock.now());
  return false;
}

const settleTopUp =
  ({ engine, network }: SweepsDeps): Settle =>
  async (row, receipt) => {
    const cost = { reservation: row.reservation ?? '', asset: network.gasAsset, actual: formatAmount(receipt.fee), from: `hot/${network.id}` as const };
    const reference = `tx:${row.id}:final`;
    if (!receipt.succeeded) await engine.submit({ kind: 'cost.settle', reference, paid: cost, purpose: 'top-up' });
    else await engine.submit({ kind: 'custody.move', reference, asset: row.asset, amount: formatAmount(parseAmount(row.amount)), from: `hot/${network.id}`, to: `deposit/${network.id}`, cost });
  };

const settleSweep =
  ({ engine, network, store, clock }: SweepsDeps): Settle =>
  async (row, receipt) => {
    const cost = { reservation: row.reservation ?? '', asset: network.gasAsset, actual: formatAmount(receipt.fee), from: `deposit/${network.id}` as const };
    const reference = `tx:${row.id}:final`;
    if (!receipt.succeeded) {
      await engine.submit({ kind: 'cost.settle', reference, paid: cost, purpose: 'sweep' });
      return store.endSweep(row.subject, 'FAILED', clock.now());
    }
    await engine.submit({ kind: 'custody.move', reference, asset: row.asset, amount: formatAmount(parseAmount(row.amount)), from: `deposit/${network.id}`, to: `hot/${network.id}`, cost });
    await store.endSweep(row.subject, 'DONE', clock.now());
  };
