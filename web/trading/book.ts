/**
 * A book that follows: a snapshot, and the diffs after it by their sequence. No part of it is watched by the page; what
 * is seen of it is taken out once a frame.
 */
import type { DepthDiff } from '../../domain/contract/api/live';
import type { DepthView } from '../../domain/contract/api/markets';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';

export interface Level {
  readonly price: Units;
  readonly quantity: Units;
}

export interface Book {
  /** Best first, both. */
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** `gap`: something is missing, fetch the snapshot; diffs that come meanwhile are kept for it. */
export type Followed = 'applied' | 'old' | 'gap';

export interface Follower {
  readonly book: Book;
  /** Is the book whole, as far as anybody knows? */
  readonly whole: boolean;
  /**
   * Has the price come near the end of what the snapshot held? Beyond it only levels are known that changed since, so
   * a fresh one is wanted before anybody looks there.
   */
  readonly worn: boolean;
  /** Begins anew from a snapshot, and goes on with the diffs that came since it was asked for. */
  snapshot(view: Pick<DepthView, 'sequence' | 'bids' | 'asks'>): Followed;
  diff(diff: DepthDiff): Followed;
  /** Nothing is known any more, as after a connection that was lost. */
  lose(): void;
}

/** Levels farther out are let go of: nobody sees them. */
const MOST_LEVELS = 1000;
/** So many levels of the snapshot have to be left. */
const FEWEST_LEFT = 100;
/** Diffs kept for a snapshot that is on its way. */
const MOST_KEPT = 600;

/** `limit`: a snapshot with fewer levels on a side is all there is. */
export function createFollower(limit: number): Follower {
  let sides = { bids: [] as Level[], asks: [] as Level[] };
  let sequence: number | null = null;
  let kept: DepthDiff[] = [];
  let edges: { bids: Units | undefined; asks: Units | undefined } = { bids: undefined, asks: undefined };
  const isWorn = (side: 'bids' | 'asks'): boolean => {
    const edge = edges[side];
    return edge !== undefined && placeOf(sides[side], side === 'bids' ? -1 : 1, edge) < FEWEST_LEFT;
  };
  const take = (diff: DepthDiff): Followed => {
    if (sequence === null || diff.first > sequence + 1) {
      sequence = null;
      return 'gap';
    }
    if (diff.last <= sequence) return 'old';
    for (const [price, quantity] of diff.bids) setLevel(sides.bids, -1, price, quantity);
    for (const [price, quantity] of diff.asks) setLevel(sides.asks, 1, price, quantity);
    sequence = diff.last;
    return 'applied';
  };
  return {
    get book() {
      return sides;
    },
    get whole() {
      return sequence !== null;
    },
    get worn() {
      return isWorn('bids') || isWorn('asks');
    },
    diff: (diff) => {
      // They come in order: a number that goes back is another book's, begun anew on the other side.
      if (diff.last < (kept.at(-1)?.last ?? 0)) {
        kept = [];
        sequence = null;
      }
      // The latest are kept although they were applied: a snapshot that was asked for before them lacks them.
      kept.push(diff);
      if (kept.length >= 2 * MOST_KEPT) kept = kept.slice(-MOST_KEPT);
      return take(diff);
    },
    snapshot: (view) => {
      sides = { bids: sorted(view.bids, -1), asks: sorted(view.asks, 1) };
      edges = {
        bids: view.bids.length < limit ? undefined : sides.bids.at(-1)?.price,
        asks: view.asks.length < limit ? undefined : sides.asks.at(-1)?.price,
      };
      ({ sequence } = view);
      for (const diff of kept) take(diff);
      return sequence === null ? 'gap' : 'applied';
    },
    lose: () => {
      sequence = null;
      kept = [];
    },
  };
}

function sorted(levels: readonly (readonly [string, string])[], sign: 1 | -1): Level[] {
  const side: Level[] = [];
  for (const [price, quantity] of levels) setLevel(side, sign, price, quantity);
  return side;
}

/**
 * Puts a level in its place, changes it there, or takes it out when its quantity is 0. `sign` 1: lowest price first.
 */
function setLevel(side: Level[], sign: 1 | -1, priceText: string, quantityText: string): void {
  const price = parseAmount(priceText);
  const quantity = parseAmount(quantityText);
  const at = placeOf(side, sign, price);
  const there = side[at]?.price === price;
  if (quantity === 0n) {
    if (there) side.splice(at, 1);
    return;
  }
  side.splice(at, there ? 1 : 0, { price, quantity });
  if (side.length > MOST_LEVELS) side.length = MOST_LEVELS;
}

/** Where a price stands or would stand. */
function placeOf(side: readonly Level[], sign: 1 | -1, price: Units): number {
  let [from, to] = [0, side.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = side[middle]?.price ?? 0n;
    if (sign === 1 ? other < price : other > price) from = middle + 1;
    else to = middle;
  }
  return from;
}

export interface Row extends Level {
  /** This level and all better ones. */
  readonly total: Units;
}

/**
 * The best `count` rows of one side, prices put together by `step`: down for bids, up for asks, so that none looks
 * better than it is.
 */
export function rowsOf(levels: readonly Level[], side: 'bids' | 'asks', step: Units, count: number): Row[] {
  const rows: Row[] = [];
  let total = 0n;
  for (const level of levels) {
    const rest = level.price % step;
    const price = rest === 0n ? level.price : level.price - rest + (side === 'asks' ? step : 0n);
    const last = rows.at(-1);
    total += level.quantity;
    if (last?.price === price) rows[rows.length - 1] = { price, quantity: last.quantity + level.quantity, total };
    else if (rows.length === count) break;
    else rows.push({ price, quantity: level.quantity, total });
  }
  return rows;
}
