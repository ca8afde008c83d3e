import type { ChainTransactionRow, SweepRow } from '../../db/entities/treasury';
import type { ChainStore } from '../../db/stores/chain';
import type { StakeStore } from '../../db/stores/stakes';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger } from '../../domain/contract/ports';
import { formatAmount } from '../../domain/money/amount';
import type { Network } from '../../domain/registry';
import { costReference, transactionId, transactionReference } from '../../domain/references';
import { createApart } from '../apart';
import type { TronChain } from '../chains/tron';
import { reserveCost } from '../treasury/costs';
import type { Sender, Settle } from '../treasury/sender';

/** Energy that no sweep has used for so long is taken back. */
const LENT_AT_MOST_MS = 3_600_000;
/** A taking back that was mined and failed is tried again after this. */
const AFTER_FAILURE_MS = 600_000;
const UNDER_WAY: readonly string[] = ['PLANNED', 'SIGNED', 'BROADCAST'];

export interface LendingDeps {
  readonly chain: Pick<TronChain, 'resources' | 'lendable' | 'exists' | 'stakeCost' | 'energyFor'>;
  readonly network: Network;
  readonly hotAddress: string;
  readonly store: TreasuryStore;
  readonly stakeStore: StakeStore;
  readonly chainStore: ChainStore;
  readonly transactions: Sender;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Lending {
  /**
   * Lends a sweep's address the energy that it is missing. False: there is not enough of it, and it has to be burnt.
   */
  serves(sweep: SweepRow, missing: bigint): Promise<boolean>;
  /** Takes back what has served. */
  round(): Promise<void>;
}

/**
 * The energy of the hot wallet's stake, for sweeps of tokens: lent before, taken back after. Nothing but bandwidth is
 * paid for it.
 */
export function createLending(deps: LendingDeps): Lending {
  const { chain, network, hotAddress, store, stakeStore, chainStore, transactions, engine, clock, logger } = deps;
  const apart = createApart(deps, 'loan of energy');
  transactions.onFinal('delegate', settle(deps, 'energy lent'));
  transactions.onFinal('undelegate', settle(deps, 'energy taken back'));
  const send = async (
    purpose: 'delegate' | 'undelegate',
    id: string,
    { subject, to, sun }: { subject: string; to: string; sun: bigint },
  ): Promise<boolean> => {
    const gas = await chain.stakeCost(sun);
    if (!(await reserveCost(engine, costReference(id), network.gasAsset, gas.maxCost, purpose))) return false;
    await transactions.send({
      id,
      purpose,
      subject,
      from: 'hot',
      to,
      asset: network.gasAsset,
      amount: 0n,
      gas,
      reservation: costReference(id),
    });
    return true;
  };
  const takeBack = async (lent: ChainTransactionRow): Promise<void> => {
    const sweep = await store.findSweep(lent.subject);
    const ended = sweep === null || sweep.state === 'DONE' || sweep.state === 'FAILED';
    const moving = await chainStore.find(transactionId('sweep', lent.subject));
    if (!ended && (clock.now() - lent.updatedAt < LENT_AT_MOST_MS || (moving && UNDER_WAY.includes(moving.state))))
      return;
    const before = await chainStore.bySubject('undelegate', lent.subject);
    const last = before.at(-1);
    if (last && UNDER_WAY.includes(last.state)) return;
    if (last?.state === 'VOID' && !transactions.mayTryAgain(last)) return;
    if (last?.state === 'FAILED' && clock.now() - last.updatedAt < AFTER_FAILURE_MS) return;
    const id = last?.state === 'VOID' ? last.id : transactionId('undelegate', lent.subject, before.length);
    if (
      !(await send('undelegate', id, {
        subject: lent.subject,
        to: lent.toAddress,
        sun: BigInt(lent.maxPriorityFeePerGas),
      }))
    )
      logger.warn(
        { event: 'lending.not_reclaimed', sweep: lent.subject },
        'energy is not taken back: the operator has no coins for it',
      );
  };
  return {
    serves: async (sweep, missing) => {
      const [last] = (await chainStore.bySubject('delegate', sweep.id)).toReversed();
      // Once for each sweep: what was lent and is not enough, or was refused, is burnt.
      if (last) return UNDER_WAY.includes(last.state);
      if (missing <= 0n || !(await chain.exists(sweep.address))) return false;
      const [{ energy, sunFor }, open] = [await chain.resources(hotAddress), await chainStore.open(network.id)];
      const sun = sunFor(missing);
      const lending = open
        .filter(({ purpose }) => purpose === 'delegate')
        .reduce((sum, row) => sum + BigInt(row.maxPriorityFeePerGas), 0n);
      // What payouts that are under way will use is not lent either.
      const promised = await chain.energyFor(promisedBy(open, hotAddress, network.gasAsset));
      if (sun === 0n || energy - promised < missing || (await chain.lendable(hotAddress)) - lending < sun) return false;
      return send('delegate', transactionId('delegate', sweep.id), { subject: sweep.id, to: sweep.address, sun });
    },
    round: async () => {
      for (const lent of await stakeStore.lent(network.id)) await apart(lent.id, () => takeBack(lent));
    },
  };
}

/** Sun that the hot wallet's own transactions of tokens may take in energy, as long as they are not final. */
export const promisedBy = (open: readonly ChainTransactionRow[], hotAddress: string, gasAsset: string): bigint =>
  open
    .filter((row) => row.fromAddress === hotAddress && row.asset !== gasAsset)
    .reduce((sum, row) => sum + BigInt(row.maxPriorityFeePerGas), 0n);

/** Nothing moves by it but its cost. */
const settle =
  ({ engine, network }: LendingDeps, purpose: string): Settle =>
  async (row, { fee }) =>
    void (await engine.submit({
      kind: 'cost.settle',
      reference: transactionReference(row.id, 'final'),
      paid: {
        reservation: row.reservation ?? '',
        asset: network.gasAsset,
        actual: formatAmount(fee),
        from: `hot/${network.id}`,
      },
      purpose,
    }));
