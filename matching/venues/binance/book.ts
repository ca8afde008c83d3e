import { parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { PriceLevel } from '../venue';

/** One `depthUpdate`: ids U..u, absolute quantities, "0" deletes. */
export interface DepthDiff {
  readonly U: number;
  readonly u: number;
  readonly b: readonly (readonly [string, string])[];
  readonly a: readonly (readonly [string, string])[];
}

export interface DepthSnapshot {
  readonly lastUpdateId: number;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
}

const KEEP_BUFFERED = 2000;

/**
 * A local copy of the venue's book, by the procedure the venue documents: buffer the diffs, take a snapshot, drop what
 * is older, apply the rest in order; a gap means start over.
 */
export class DepthBook {
  /** Best first, kept in order: a change moves few of them, and they are read far more often. */
  private readonly bids: PriceLevel[] = [];
  private readonly asks: PriceLevel[] = [];
  private buffered: DepthDiff[] = [];
  private updateId: number | undefined;

  /** True when the copy is complete. */
  get ready(): boolean {
    return this.updateId !== undefined;
  }

  /** Forgets everything: after a reconnect or a gap. */
  reset(): void {
    this.updateId = undefined;
    this.buffered = [];
    this.bids.length = 0;
    this.asks.length = 0;
  }

  /** Takes a diff; false means a gap was found: the book was reset and needs a new snapshot. */
  apply(diff: DepthDiff): boolean {
    if (this.updateId === undefined) {
      this.buffered.push(diff);
      if (this.buffered.length > KEEP_BUFFERED) this.buffered.shift();
      return true;
    }
    if (diff.u <= this.updateId) return true;
    if (diff.U > this.updateId + 1) {
      this.reset();
      this.buffered.push(diff);
      return false;
    }
    put(this.bids, diff.b, true);
    put(this.asks, diff.a, false);
    this.updateId = diff.u;
    return true;
  }

  /** Takes a snapshot; false when it is older than the buffered diffs, so that another must be fetched. */
  load(snapshot: DepthSnapshot): boolean {
    const first = this.buffered[0];
    if (first && snapshot.lastUpdateId + 1 < first.U) return false;
    this.bids.length = 0;
    this.asks.length = 0;
    put(this.bids, snapshot.bids, true);
    put(this.asks, snapshot.asks, false);
    this.updateId = snapshot.lastUpdateId;
    const waiting = this.buffered;
    this.buffered = [];
    return waiting.every((diff) => this.apply(diff));
  }

  /** Best first. */
  levels(side: 'bids' | 'asks', count: number): PriceLevel[] {
    return (side === 'bids' ? this.bids : this.asks).slice(0, count);
  }
}

function put(side: PriceLevel[], levels: readonly (readonly [string, string])[], falling: boolean): void {
  for (const [text, amount] of levels) {
    const [price, quantity] = [parseAmount(text), parseAmount(amount)];
    const at = placeOf(side, price, falling);
    const there = side[at]?.price === price;
    if (quantity > 0n) side.splice(at, there ? 1 : 0, { price, quantity });
    else if (there) side.splice(at, 1);
  }
}

/** Index of the price, or of where it belongs. */
function placeOf(side: readonly PriceLevel[], price: Units, falling: boolean): number {
  let [low, high] = [0, side.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = side[middle]?.price ?? 0n;
    if (falling ? other > price : other < price) low = middle + 1;
    else high = middle;
  }
  return low;
}
