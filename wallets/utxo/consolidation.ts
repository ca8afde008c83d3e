import type { TreasuryStore } from '../../db/stores/treasury';
import type { Ids } from '../../domain/clock-and-ids';
import { transactionId } from '../../domain/references';
import { INPUT_VSIZE, feeFor, planGathering } from '../chains/bitcoin/coins';
import type { UtxoDeps } from './deps';
import { MOST_INPUTS, toCoin } from './utxo-set';
import type { UtxoSet } from './utxo-set';
import type { UtxoTransactions } from './transactions';

/** When small coins are gathered into one. */
export interface ConsolidationPolicy {
  /** At this rate or below, in satoshi a virtual byte; 0: never. */
  readonly at: number;
  /** When there are more spendable coins than this. */
  readonly above: number;
}

export interface ConsolidationDeps extends UtxoDeps {
  readonly ids: Ids;
  readonly store: Pick<TreasuryStore, 'waitingWithdrawals'>;
}

/** One that came to nothing is not tried again at once: a person was told why. */
const AFTER_A_TRY_MS = 600_000;

/**
 * Gathers the smallest coins into one of ours while fees are low: each is an input that a withdrawal of a dearer day
 * would pay for. Half as many coins as there may be stay as they are, so that payouts never wait for this. One at a
 * time, and none while somebody waits.
 */
export function createConsolidation(
  deps: ConsolidationDeps,
  utxoSet: UtxoSet,
  transactions: UtxoTransactions,
  { at, above }: ConsolidationPolicy,
): { round(): Promise<void> } {
  const { chainStore, clock, ids, logger, network, store } = deps;
  const most = BigInt(at) * 1000n;
  let nextAt = 0;
  return {
    round: async () => {
      if (at === 0 || clock.now() < nextAt) return;
      if ((await chainStore.open(network.id)).some(({ purpose }) => purpose === 'consolidation')) return;
      if ((await store.waitingWithdrawals(network.id)).some(({ state }) => state !== 'REQUESTED')) return;
      const rate = await utxoSet.rate();
      if (rate > most) return;
      const coins = (await utxoSet.smallest(above + MOST_INPUTS))
        .map(toCoin)
        .filter(({ value }) => value > feeFor(INPUT_VSIZE, rate));
      if (coins.length <= above) return;
      const gathered = coins.slice(0, coins.length - (above - (above % 2)) / 2).slice(0, MOST_INPUTS);
      if (gathered.length < 2) return;
      const id = ids.next();
      nextAt = clock.now() + AFTER_A_TRY_MS;
      logger.info({ network: network.id, coins: gathered.length, rate: rate.toString() }, 'small coins are gathered');
      await transactions.sendHome(
        { id: transactionId('consolidation', id), purpose: 'consolidation', subject: id },
        planGathering(gathered, rate),
        rate,
      );
    },
  };
}
