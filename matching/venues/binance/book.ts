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
 * A local copy of the venue's book, by the procedure the venue documents: buffer the diffs, take a snapshot, drop what is
 * older, apply the rest in order; a gap means start over.
 */
export class DepthBook {
  private bids = new Map<Units, Units>();
  private asks = new Map<Units, Units>();
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
    this.bids.clear();
    this.asks.clear();
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
    put(this.bids, diff.b);
    put(this.asks, diff.a);
    this.updateId = diff.u;
    return true;
  }

  /** Takes a snapshot; false when it is older than the buffered diffs, so that another must be fetched. */
  load(snapshot: DepthSnapshot): boolean {
    const first = this.buffered[0];
    if (first && snapshot.lastUpdateId + 1 < first.U) return false;
    this.bids.clear();
    this.asks.clear();
    put(this.bids, snapshot.bids);
    put(this.asks, snapshot.asks);
    this.updateId = snapshot.lastUpdateId;
    const waiting = this.buffered;
    this.buffered = [];
    return waiting.every((diff) => this.apply(diff));
  }

  /** Best first. */
  levels(side: 'bids' | 'asks', count: number): PriceLevel[] {
    const map = side === 'bids' ? this.bids : this.asks;
    const sign = side === 'bids' ? -1 : 1;
    return [...map]
      .sort(([a], [b]) => (a === b ? 0 : a < b ? -sign : sign))
      .slice(0, count)
      .map(([price, quantity]) => ({ price, quantity }));
  }
}

function put(side: Map<Units, Units>, levels: readonly (readonly [string, string])[]): void {
  for (const [price, quantity] of levels) {
    const amount = parseAmount(quantity);
    if (amount === 0n) side.delete(parseAmount(price));
    else side.set(parseAmount(price), amount);
  }
}
