import type { WithdrawalRow } from '../../db/entities/withdrawals';
import type { ChainStore } from '../../db/stores/chain';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { costReference, decisionReference, payoutId, transactionReference } from '../../domain/references';
import { createApart } from '../apart';
import { TransferRefused } from '../chains/chain';
import type { GasQuote } from '../chains/chain';
import { releaseCost, reserveCost } from '../treasury/costs';
import type { Sender, Settle, TreasuryChain } from '../treasury/sender';
import { approvedOf } from './recorded';
import { backToReview, settle, settledInternally, waits } from './steps';
import type { StepDeps } from './steps';

export interface PayoutsDeps extends StepDeps {
  readonly chain: TreasuryChain;
  readonly chainStore: ChainStore;
  readonly hotAddress: string;
  readonly transactions: Sender;
}

/**
 * Hot coins per asset that older withdrawals wait for, while the rest of theirs is on its way: no younger one takes
 * them.
 */
type Promised = Map<string, Units>;

/** Pays approved withdrawals of a network of accounts, oldest first, one transaction each. */
export function createPayouts(deps: PayoutsDeps): { round(): Promise<void> } {
  const { store, network } = deps;
  const apart = createApart(deps, 'withdrawal');
  deps.transactions.onFinal('withdrawal', settlePayout(deps));
  return {
    round: async () => {
      const promised: Promised = new Map();
      const paused = new Set((await deps.engine.paused()).map(({ asset }) => asset));
      const rows = await approvedOf(deps, await store.payableWithdrawals(network.id));
      const frozen = await deps.chainStore.frozen(rows.map(({ userId }) => userId));
      for (const row of rows) {
        // What is paused was approved before: it waits where it is.
        if (paused.has(row.asset)) continue;
        // One that cannot be paid now must not hold up the others.
        await apart(row.id, () => pay(deps, row, promised, frozen.has(row.userId)));
      }
    },
  };
}

/** `frozen`: what is approved of such an account waits, and what was given up unsigned goes back to review. */
async function pay(deps: PayoutsDeps, row: WithdrawalRow, promised: Promised, frozen: boolean): Promise<void> {
  const { chainStore, engine, network, transactions, venueMoney } = deps;
  const { asset, address, id } = row;
  const payout = { withdrawalId: id, round: row.attempt };
  const intent = payoutId(payout);
  const planned = await chainStore.find(intent);
  if (planned?.state === 'VOID')
    return backToReview(deps, row, transactionReference(intent, 'void'), planned.reservation);
  if (planned || frozen) return;
  if (await settledInternally(deps, row)) return notNeeded(deps, intent);
  const amount = parseAmount(row.amount);
  const native = asset === network.gasAsset;
  const needed = native ? amount + parseAmount(row.fee) : amount;
  const before = promised.get(asset) ?? 0n;
  const rest = (await venueMoney.payable(asset)) - before;
  const has = rest > 0n ? rest : 0n;
  if (has < needed) {
    promised.set(asset, before + has);
    await waits(deps, row, 'AWAITING_VENUE');
    return venueMoney.pullBack(id, asset, needed - has);
  }
  const gas = await estimate(deps, address, asset, amount);
  // A contract that takes no coins, for example: a person has to look at it again.
  if (!gas) {
    await backToReview(deps, row, decisionReference(payout, 'refused'), null);
    return notNeeded(deps, intent);
  }
  // In its own coin a withdrawal's fee pays the gas, by the same entry; otherwise the operator's position must.
  const reservation =
    native && parseAmount(row.fee) - parseAmount(row.pullBackFee) >= gas.maxCost ? null : costReference(intent);
  if (reservation && !(await reserveCost(engine, reservation, network.gasAsset, gas.maxCost, 'withdrawal')))
    return waits(deps, row, 'NEEDS_OPERATOR_FUNDS');
  await venueMoney.notNeeded(id);
  await transactions.send({
    id: intent,
    purpose: 'withdrawal',
    subject: id,
    from: 'hot',
    to: address,
    asset,
    amount,
    gas,
    reservation,
  });
  // Gas was dearer when this was tried before. Only now: what is planned without a reservation never asks for one
  // again.
  if (!reservation) await notNeeded(deps, intent);
}

/** Gives back what an earlier try has set aside for this payout. */
async function notNeeded({ engine, network }: PayoutsDeps, intent: string): Promise<void> {
  await releaseCost(engine, costReference(intent), network.gasAsset, `hot/${network.id}`, 'withdrawal');
}

/**
 * What the payout needs, or undefined when its receiver does not take it. Throws while our own coins are not there
 * yet.
 */
async function estimate(
  { chain, hotAddress }: PayoutsDeps,
  to: string,
  asset: string,
  amount: Units,
): Promise<GasQuote | undefined> {
  try {
    return await chain.gas({ from: hotAddress, to, asset, amount });
  } catch (error) {
    if (!(error instanceof TransferRefused) || (await chain.balance(hotAddress, asset)) < amount) throw error;
    return undefined;
  }
}

const settlePayout =
  (deps: PayoutsDeps): Settle =>
  async (row, receipt) => {
    const gas = { asset: deps.network.gasAsset, amount: formatAmount(receipt.fee), reservation: row.reservation };
    const kind = receipt.succeeded ? ('withdrawal.confirm' as const) : ('withdrawal.fail' as const);
    await settle(deps, {
      kind,
      reference: transactionReference(row.id, 'final'),
      withdrawalId: row.subject,
      txid: row.txid,
      gas,
    });
  };
