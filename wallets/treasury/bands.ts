/** How much of an asset lies in the hot wallet: between a floor and a ceiling, above what is kept for gas. Pure. */
import type { Units } from '../../domain/money/amount';

/**
 * One asset in the hot wallet of one network. Without a policy of the operator floor and ceiling are 0: all of it goes
 * on.
 */
export interface Band {
  /** Kept for our own transactions: no withdrawal is paid from it. */
  readonly reserve: Units;
  readonly floor: Units;
  readonly ceiling: Units;
}

/** What the operator wants of an asset on a network. */
export interface Policy {
  /** Coins of one deposit address are swept when so many lie there, and then all addresses at once, so often. */
  readonly sweepFrom: Units;
  readonly sweepEveryMs: number;
  readonly band: Band;
  /** Where goes what lies above the ceiling. */
  readonly above: 'venue' | 'cold';
}
export type PolicyOf = (asset: string) => Policy;

/** What lies there and what is about to change it. */
export interface Holding {
  /** Ours to send now, the reserve included. */
  readonly free: Units;
  /** What withdrawals that are not signed yet will take: it is not sent away. */
  readonly wanted: Units;
  /** On its way to the hot wallet. */
  readonly coming: Units;
}

/**
 * `send`: above the ceiling, so much goes on. `bring`: below the floor, so much is fetched. Half way between both is
 * the aim.
 */
export type Move = { readonly kind: 'send' | 'bring'; readonly amount: Units };

export function moveOf({ reserve, floor, ceiling }: Band, { free, wanted, coming }: Holding): Move | undefined {
  const aim = (floor + ceiling) / 2n;
  const has = free - reserve;
  if (has - wanted > ceiling) return { kind: 'send', amount: has - wanted - aim };
  // A withdrawal fetches by itself what it lacks, and only once it is approved. A reserve is there to be used: it is
  // filled again when half of it is gone, not at every transaction.
  const least = floor > 0n ? floor : -reserve / 2n;
  return has + coming < least ? { kind: 'bring', amount: aim - has - coming } : undefined;
}
