import type { WithdrawalRow } from '../../db/entities/withdrawals';
import type { BatchStore, Standing } from '../../db/stores/batches';
import type { ChainStore } from '../../db/stores/chain';
import type { NewPayment } from '../../db/stores/utxos';
import type { Ids } from '../../domain/clock-and-ids';
import { formatAmount, parseAmount, parseSigned } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { batchCostReference, decisionReference, paymentReference, transactionReference } from '../../domain/references';
import { createApart } from '../apart';
import type { Apart } from '../apart';
import { splitFee } from '../chains/bitcoin/coins';
import type { Plan } from '../chains/bitcoin/coins';
import { TransferRefused } from '../chains/chain';
import { satoshiOf, unitsOf } from '../utxo/utxo-set';
import type { UtxoSet, Receiver } from '../utxo/utxo-set';
import { payoutOf } from '../utxo/transactions';
import type { UtxoTransactions } from '../utxo/transactions';
import { releaseCost } from '../treasury/costs';
import type { Settle } from '../treasury/sender';
import { approvedOf } from './recorded';
import { backToReview, settle, settledInternally, waits } from './steps';
import type { StepDeps } from './steps';

export interface BatchesDeps extends StepDeps {
  readonly batchStore: BatchStore;
  readonly chainStore: Pick<ChainStore, 'frozen'>;
  readonly utxoSet: UtxoSet;
  readonly transactions: UtxoTransactions;
  readonly ids: Ids;
  /** A batch goes out at most so often; 0: as soon as there is something to pay. */
  readonly batchEveryMs: number;
}

/** Payments of one batch at most: its bytes stay far below what nodes pass on. */
const MOST_PAYMENTS = 100;

const receiverOf = ({ address, amount }: Pick<WithdrawalRow, 'address' | 'amount'>): Receiver => ({
  to: address,
  amount: parseAmount(amount),
});
/** What a withdrawal takes of our coins: its own fee stands for the miners'. */
const neededFor = ({ amount, fee }: WithdrawalRow): Units => parseAmount(amount) + parseAmount(fee);
const together = (rows: readonly WithdrawalRow[]): Units => rows.reduce((total, row) => total + neededFor(row), 0n);

/**
 * Pays approved withdrawals of a network of coins: all that can be paid now in one transaction, oldest first. Those
 * that wait for coins keep what there is for themselves.
 */
export function createBatches(deps: BatchesDeps): { round(): Promise<void> } {
  const [apart, batch, pullBack] = [
    createApart(deps, 'withdrawal'),
    createApart(deps, 'batch of withdrawals'),
    createApart(deps, 'pull-back for a withdrawal'),
  ];
  deps.transactions.onFinal('withdrawal', settleBatch(deps));
  return {
    round: async () => {
      await giveBack(deps);
      const standings = await deps.batchStore.standings(deps.network.id);
      const due = await dueNow(deps, apart, standings);
      const { fundable, short } = allotted(due, await deps.venueMoney.payable(deps.network.gasAsset));
      const tried = due.flatMap(({ id }) => standings.get(id)?.most ?? []);
      const most = tried.reduce((least, one) => (one < least ? one : least), MOST_PAYMENTS);
      let sent: WithdrawalRow[] = [];
      // What cannot be sent now is tried again in the next round; those that wait for coins are seen to all the same.
      if (fundable.length > 0 && (tried.length > 0 || (await isTime(deps))))
        await batch('to send', async () => void (sent = await send(deps, fundable.slice(0, most))));
      await wait(
        deps,
        pullBack,
        short,
        fundable.filter((row) => !sent.includes(row)),
      );
    },
  };
}

/** Reservations of batches that were given up: their withdrawals are paid by others. */
async function giveBack({ batchStore, engine, network }: BatchesDeps): Promise<void> {
  for (const payment of await batchStore.unreleased(network.id)) {
    await releaseCost(engine, payment.reservation ?? '', network.gasAsset, `hot/${network.id}`, 'withdrawal');
    await batchStore.released(payment);
  }
}

/**
 * Those that are to be paid by a transaction that is not planned yet. Settles on the way what needs none, or can have
 * none.
 */
async function dueNow(
  deps: BatchesDeps,
  apart: Apart,
  standings: ReadonlyMap<string, Standing>,
): Promise<WithdrawalRow[]> {
  const { engine, network, store } = deps;
  const paused = new Set((await engine.paused()).map(({ asset }) => asset));
  const due: WithdrawalRow[] = [];
  const rows = await approvedOf(deps, await store.payableWithdrawals(network.id));
  const frozen = await deps.chainStore.frozen(rows.map(({ userId }) => userId));
  for (const row of rows) {
    const standing = standings.get(row.id);
    // What is paused was approved before: it waits where it is.
    if (paused.has(row.asset) || standing?.live) continue;
    // One that cannot be taken further must not hold up the others.
    await apart(row.id, async () => {
      if (await isDue(deps, row, standing, frozen.has(row.userId))) due.push(row);
    });
  }
  return due;
}

/** What is approved of a frozen account waits. */
async function isDue(
  deps: BatchesDeps,
  row: WithdrawalRow,
  standing: Standing | undefined,
  frozen: boolean,
): Promise<boolean> {
  if (standing?.refusedIn !== undefined) {
    await backToReview(deps, row, paymentReference(standing.refusedIn, row.id, 'void'), null);
    return false;
  }
  if (frozen || (await settledInternally(deps, row))) return false;
  try {
    deps.utxoSet.output(receiverOf(row));
    return true;
  } catch (error) {
    if (!(error instanceof TransferRefused)) throw error;
    await backToReview(deps, row, decisionReference({ withdrawalId: row.id, round: row.attempt }, 'refused'), null);
    return false;
  }
}

/**
 * The oldest ones that the coins at hand pay for; once they do not suffice for one, younger ones do not take its
 * coins.
 */
function allotted(
  due: readonly WithdrawalRow[],
  payable: Units,
): { fundable: WithdrawalRow[]; short: WithdrawalRow[] } {
  const missing = due.findIndex((_, at) => together(due.slice(0, at + 1)) > payable);
  const count = missing < 0 ? due.length : missing;
  return { fundable: due.slice(0, count), short: due.slice(count) };
}

async function isTime({ batchEveryMs, batchStore, clock, network }: BatchesDeps): Promise<boolean> {
  const last = batchEveryMs === 0 ? undefined : await batchStore.lastAt(network.id);
  return last === undefined || clock.now() - last >= batchEveryMs;
}

/**
 * Sends a batch of these, without the youngest ones that the miners' fee leaves no coins for. Answers those that are
 * in it.
 */
async function send(deps: BatchesDeps, candidates: readonly WithdrawalRow[]): Promise<WithdrawalRow[]> {
  const { ids, utxoSet, transactions, venueMoney, network } = deps;
  const rate = await utxoSet.rate();
  for (let rows = candidates; rows.length > 0;) {
    const plan = await planOf(utxoSet, rows.map(receiverOf), rate);
    if (!plan) {
      if (rows.length === 1) await Promise.all(rows.map((row) => waits(deps, row, 'NEEDS_OPERATOR_FUNDS')));
      rows = rows.slice(0, -1);
      continue;
    }
    const id = ids.next();
    const { payments, unpaid } = paymentsOf(id, rows, plan, await positionOf(deps));
    for (const row of unpaid) await waits(deps, row, 'NEEDS_OPERATOR_FUNDS');
    rows = rows.filter((row) => !unpaid.includes(row));
    if (unpaid.length > 0) continue;
    for (const row of rows) await venueMoney.notNeeded(row.id);
    deps.logger.info({ network: network.id, batch: id, withdrawals: rows.length }, 'a batch of withdrawals is paid');
    await transactions.sendBatch({ id, payments }, plan, rate);
    return [...rows];
  }
  return [];
}

async function planOf(utxoSet: UtxoSet, receivers: readonly Receiver[], rate: bigint): Promise<Plan | undefined> {
  try {
    return await utxoSet.plan(receivers, rate);
  } catch (error) {
    if (error instanceof TransferRefused) return undefined;
    throw error;
  }
}

async function positionOf({ engine, network }: BatchesDeps): Promise<Units> {
  return parseSigned((await engine.operatorPosition()).find(({ asset }) => asset === network.gasAsset)?.amount ?? '0');
}

/**
 * A withdrawal's own fee bears its part of the miners', or a reservation of the operator's position does. `unpaid`:
 * neither.
 */
function paymentsOf(
  batch: string,
  rows: readonly WithdrawalRow[],
  plan: Plan,
  position: Units,
): { payments: NewPayment[]; unpaid: WithdrawalRow[] } {
  const shares = splitFee(
    plan.fee,
    plan.payments.map(({ script }) => script),
  ).map(unitsOf);
  const unpaid: WithdrawalRow[] = [];
  let left = position;
  const payments = rows.map((row, at) => {
    const { id: withdrawalId, attempt, address, amount } = row;
    const share = shares[at] ?? 0n;
    const bears = parseAmount(row.fee) - parseAmount(row.pullBackFee) >= share;
    if (!bears && left < share) unpaid.push(row);
    else if (!bears) left -= share;
    return {
      withdrawalId,
      attempt,
      address,
      amount,
      reservation: bears ? null : batchCostReference(batch, withdrawalId),
    };
  });
  return { payments, unpaid };
}

/** Asks for the coins that are missing. `unsent` can be paid and are not yet: theirs are not there for these. */
async function wait(
  deps: BatchesDeps,
  apart: Apart,
  short: readonly WithdrawalRow[],
  unsent: readonly WithdrawalRow[],
): Promise<void> {
  const { network, utxoSet, venueMoney } = deps;
  const asset = network.gasAsset;
  if (short.length === 0) return;
  let rest = (await venueMoney.payable(asset)) - together(unsent);
  let coming = await utxoSet.coming();
  for (const row of short) {
    const [has, needed] = [rest > 0n ? rest : 0n, neededFor(row)];
    rest = has > needed ? has - needed : 0n;
    if (has >= needed) continue;
    // Change of ours that only waits for its confirmations: nothing needs to be brought back for this one.
    if (has + coming >= needed) {
      coming -= needed - has;
      await waits(deps, row, 'AWAITING_CHANGE');
    } else {
      await waits(deps, row, 'AWAITING_VENUE');
      await apart(row.id, () => venueMoney.pullBack(row.id, asset, needed - has));
    }
  }
}

/**
 * Each withdrawal bears its part of what the miners got; together they bear all of it, whichever of its replacements
 * was mined.
 */
const settleBatch =
  (deps: BatchesDeps): Settle =>
  async (row, receipt) => {
    const payments = await deps.batchStore.payments(row.id);
    const shares = splitFee(
      satoshiOf(receipt.fee),
      payments.map(({ address }) => deps.utxoSet.script(address)),
    );
    for (const [at, payment] of payments.entries()) {
      const gas = {
        asset: deps.network.gasAsset,
        amount: formatAmount(unitsOf(shares[at] ?? 0n)),
        reservation: payment.reservation,
      };
      // What was sent before there were batches keeps its reference.
      const reference =
        payoutOf(payment) === row.id
          ? transactionReference(row.id, 'final')
          : paymentReference(row.id, payment.withdrawalId, 'final');
      await settle(deps, {
        kind: 'withdrawal.confirm',
        reference,
        withdrawalId: payment.withdrawalId,
        txid: row.txid,
        gas,
      });
    }
  };
