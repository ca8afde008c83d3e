import type { WithdrawalRow } from '../../db/entities/withdrawals';
import type { ChainStore } from '../../db/stores/chain';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, EventBus, Logger } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network } from '../../domain/registry';
import { TransferRefused } from '../chains/chain';
import type { GasQuote } from '../chains/chain';
import type { OwnAddresses } from '../deposits/addresses';
import { reserveCost } from '../treasury/costs';
import type { Sender, Settle, TreasuryChain } from '../treasury/sender';
import type { VenueMoney } from '../treasury/venue';

export interface PayoutsDeps {
  readonly chain: TreasuryChain;
  readonly chainStore: ChainStore;
  readonly network: Network;
  readonly hotAddress: string;
  readonly own: OwnAddresses;
  readonly store: TreasuryStore;
  readonly transactions: Sender;
  readonly venueMoney: VenueMoney;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Hot coins per asset that older withdrawals wait for, while the rest of theirs is on its way: no younger one takes them. */
type Promised = Map<string, Units>;

/** Pays approved withdrawals, oldest first, one transaction each. */
export function createPayouts(deps: PayoutsDeps): { round(): Promise<void> } {
  const { store, network, logger } = deps;
  deps.transactions.onFinal('withdrawal', settlePayout(deps));
  return {
    round: async () => {
      const promised: Promised = new Map();
      const paused = new Set((await deps.engine.paused()).map(({ asset }) => asset));
      for (const row of await store.waitingWithdrawals(network.id)) {
        // What is paused was approved before: it waits where it is.
        if (row.state === 'REQUESTED' || paused.has(row.asset)) continue;
        try {
          await pay(deps, row, promised);
        } catch (error) {
          // One that cannot be paid now must not hold up the others.
          logger.warn({ withdrawal: row.id, error: error instanceof Error ? error.message : String(error) }, 'a withdrawal could not be taken further');
        }
      }
    },
  };
}

async function pay(deps: PayoutsDeps, row: WithdrawalRow, promised: Promised): Promise<void> {
  const { chainStore, engine, network, own, transactions, venueMoney } = deps;
  const { asset, address, id } = row;
  const intent = `withdrawal:${id}:${row.attempt}`;
  const planned = await chainStore.find(intent);
  if (planned?.state === 'VOID') return backToReview(deps, row, `tx:${intent}:void`, planned.reservation);
  if (planned) return;
  const owner = own.ownerOf(address);
  if (owner) {
    await venueMoney.notNeeded(id);
    await engine.submit({ kind: 'withdrawal.settleInside', reference: `withdrawal:${id}:inside`, withdrawalId: id, toUserId: owner.userId });
    return;
  }
  const amount = parseAmount(row.amount);
  const native = asset === network.gasAsset;
  const needed = native ? amount + parseAmount(row.fee) : amount;
  const before = promised.get(asset) ?? 0n;
  const rest = (await venueMoney.payable(asset)) - before;
  const has = rest > 0n ? rest : 0n;
  if (has < needed) {
    promised.set(asset, before + has);
    // Change of ours that only waits for its confirmations: nothing needs to be brought back for this one.
    if (native && has + (await transactions.coming(asset)) >= needed) return waits(deps, row, 'AWAITING_CHANGE');
    await waits(deps, row, 'AWAITING_VENUE');
    return venueMoney.pullBack(id, asset, needed - has);
  }
  const gas = await estimate(deps, address, asset, amount);
  // A contract that takes no coins, for example: a person has to look at it again.
  if (!gas) return backToReview(deps, row, `withdrawal:${id}:refused:${row.attempt}`, null);
  // In its own coin a withdrawal's fee pays the gas, by the same entry; otherwise the operator's position must.
  const reservation = native && parseAmount(row.fee) - parseAmount(row.pullBackFee) >= gas.maxCost ? null : `cost:${intent}`;
  if (reservation && !(await reserveCost(engine, reservation, network.gasAsset, gas.maxCost, 'withdrawal'))) return waits(deps, row, 'NEEDS_OPERATOR_FUNDS');
  await venueMoney.notNeeded(id);
  await transactions.send({ id: intent, purpose: 'withdrawal', subject: id, from: 'hot', to: address, asset, amount, gas, reservation });
}

async function waits({ store, events, clock }: PayoutsDeps, row: WithdrawalRow, reason: string): Promise<void> {
  if (row.reason === reason) return;
  if (await store.waits(row.id, reason, clock.now())) events.publish({ name: 'withdrawal.changed', userId: row.userId, withdrawalId: row.id, state: 'WAITING_FUNDS' });
}

/** What the payout needs, or undefined when its receiver does not take it. Throws while our own coins are not there yet. */
async function estimate({ chain, hotAddress }: PayoutsDeps, to: string, asset: string, amount: Units): Promise<GasQuote | undefined> {
  try {
    return await chain.gas({ from: hotAddress, to, asset, amount });
  } catch (error) {
    if (!(error instanceof TransferRefused) || (await chain.balance(hotAddress, asset)) < amount) throw error;
    return undefined;
  }
}

/** Nothing was sent and nothing can be: gives a reservation back and asks for another decision. */
async function backToReview({ engine, network, venueMoney }: PayoutsDeps, row: WithdrawalRow, reference: string, reservation: string | null): Promise<void> {
  await venueMoney.notNeeded(row.id);
  await engine.submit({ kind: 'withdrawal.fail', reference, withdrawalId: row.id, txid: '', gas: { asset: network.gasAsset, amount: '0', reservation } });
}

const settlePayout =
  ({ engine, network, logger }: PayoutsDeps): Settle =>
  async (row, receipt) => {
    const gas = { asset: network.gasAsset, amount: formatAmount(receipt.fee), reservation: row.reservation };
    const shared = { withdrawalId: row.subject, txid: row.txid, gas };
    try {
      if (receipt.succeeded) await engine.submit({ kind: 'withdrawal.confirm', reference: `tx:${row.id}:final`, ...shared });
      else await engine.submit({ kind: 'withdrawal.fail', reference: `tx:${row.id}:final`, ...shared });
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'REFERENCE_REUSED') throw error;
      logger.error({ transaction: row.id }, 'a payout was settled before with other figures');
    }
  };
