/**
 * Coins that arrived without a transaction that names their receiver, on networks whose nodes do not trace: found by
 * the balance.
 */
import type { DepositStore } from '../../db/stores/deposits';
import type { Units } from '../../domain/money/amount';
import type { BlockHeader, Chain, ChainTransfer } from '../chains/chain';

/**
 * Addresses looked at in one round, so that stopping never waits long: coins are found within (addresses / 200) rounds
 * of their block's counting.
 */
export const A_ROUND = 200;

export interface BalanceWatchDeps {
  readonly network: string;
  readonly asset: string;
  readonly chain: Pick<Required<Chain>, 'nativeBalances'>;
  readonly store: Pick<DepositStore, 'explained'>;
  /** Every address that was given out, always in the same order. */
  readonly addresses: () => readonly string[];
}

/** What came to our addresses by a final block and is in none of our rows. */
export type BalanceWatch = (block: BlockHeader) => Promise<ChainTransfer[]>;

/**
 * Looks at some addresses a round, at all of them in turn, once each for one block. An address of whose coins
 * something is under way is left for a later block. The transfer is named after the block: found again it is the same.
 */
export function createBalanceWatch({ network, asset, chain, store, addresses }: BalanceWatchDeps): BalanceWatch {
  let next = 0;
  let left = 0;
  let looked: string | undefined;
  return async ({ hash, height }) => {
    const all = addresses();
    if (looked !== hash) [looked, left] = [hash, all.length];
    const some = Array.from(
      { length: left < A_ROUND ? left : A_ROUND },
      (_, at) => all[(next + at) % all.length] ?? '',
    );
    if (some.length === 0) return [];
    const balances = await chain.nativeBalances(some, hash);
    // After the balances: what we send from now on cannot be in them.
    const explained = await store.explained(network, asset, some, height);
    next = (next + some.length) % all.length;
    left -= some.length;
    return some.flatMap((to, at) => {
      const more = unexplained(balances[at], explained.get(to));
      return more > 0n ? [{ txid: hash, position: `delta:${to}`, asset, from: '', to, amount: more }] : [];
    });
  };
}

const unexplained = (there: Units | undefined, known: Units | undefined): Units =>
  there === undefined || known === undefined ? 0n : there - known;
