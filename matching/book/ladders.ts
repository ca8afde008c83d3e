/**
 * Price levels of the fast book. There are four ladders: bids, asks, and the triggers that wait for a fall and for a
 * rise. A ladder is a sorted array of keys with the best at the end, where most of the work is; a level is a queue of
 * orders.
 */
import { Orders } from './orders';
import type { Side } from './types';

const STEP = 2;
const FIRST_LEVELS = 256;

/**
 * Ladders 0 and 1 are the sides, 2 waits for a fall and 3 for a rise. In 1 and 3 the lowest price is best: keys are
 * negative.
 */
export type Ladder = 0 | 1 | 2 | 3;

export class Ladders extends Orders {
  protected readonly keys = [0, 1, 2, 3].map(() => new Float64Array(FIRST_LEVELS)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  protected readonly rows = [0, 1, 2, 3].map(() => new Int32Array(FIRST_LEVELS)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  protected readonly depth = new Int32Array(4);
  // A level, as an order, is the place of its fields in every array.
  private levelFloats = new Float64Array(FIRST_LEVELS * STEP);
  private levelEnds = new Int32Array(FIRST_LEVELS * STEP);
  protected levelKey!: Float64Array;
  /** Lots shown of all its orders; of bids and asks alone. */
  protected levelLots!: Float64Array;
  protected head!: Int32Array;
  protected tail!: Int32Array;
  /** A resting order that takes just now: what it shows is not in its level's sum. -1 for none. */
  protected thawing = -1;
  private levelTop = 0;
  private levelFreed = -1;

  constructor() {
    super();
    this.lookAtLevels();
  }

  /** The higher, the better for who takes from this ladder. */
  protected keyOf(ladder: Ladder, price: number): number {
    return (ladder & 1) === 1 ? -price : price;
  }

  protected priceOf(key: number): number {
    return key < 0 ? -key : key;
  }

  /** Puts an order at the back of its price; the level is made when there is none. */
  protected link(o: number, ladder: Ladder, key: number): void {
    const at = this.position(ladder, key);
    const found = at < (this.depth[ladder] as number) && (this.keys[ladder] as Float64Array)[at] === key;
    const level = found ? ((this.rows[ladder] as Int32Array)[at] as number) : this.raise(ladder, at, key);
    this.append(o, level);
  }

  protected append(o: number, level: number): void {
    const tail = this.tail[level] as number;
    this.level[o] = level;
    this.next[o] = -1;
    this.prev[o] = tail;
    this.tail[level] = o;
    if (tail < 0) this.head[level] = o;
    else this.next[tail] = o;
  }

  /** Takes an order out of its queue; the level stays, even when it is empty now. */
  protected detach(o: number): void {
    const next = this.next[o] as number;
    const prev = this.prev[o] as number;
    const level = this.level[o] as number;
    if (prev < 0) this.head[level] = next;
    else this.next[prev] = next;
    if (next < 0) this.tail[level] = prev;
    else this.prev[next] = prev;
  }

  protected unlink(o: number, ladder: Ladder): void {
    this.detach(o);
    const level = this.level[o] as number;
    if ((this.head[level] as number) < 0) this.drop(ladder, this.position(ladder, this.levelKey[level] as number));
  }

  /** Takes an empty level out of its ladder. */
  protected drop(ladder: Ladder, at: number): void {
    const rows = this.rows[ladder] as Int32Array;
    const keys = this.keys[ladder] as Float64Array;
    const level = rows[at] as number;
    const last = (this.depth[ladder] as number) - 1;
    for (let to = at; to < last; to++) {
      keys[to] = keys[to + 1] as number;
      rows[to] = rows[to + 1] as number;
    }
    this.depth[ladder] = last;
    this.head[level] = this.levelFreed;
    this.levelFreed = level;
  }

  protected restAt(o: number): void {
    const side = this.side(o);
    this.nowResting(o);
    this.showPeak(o);
    this.link(o, side, this.keyOf(side, this.price[o] as number));
    this.addShown(o, this.visibleLotsOf(o));
  }

  protected addShown(o: number, lots: number): void {
    const level = this.level[o] as number;
    this.levelLots[level] = (this.levelLots[level] as number) + lots;
  }

  /** Takes a resting order out of the book. */
  protected unrest(o: number): void {
    if (o !== this.thawing) this.addShown(o, -this.visibleLotsOf(o));
    this.unlink(o, this.side(o));
  }

  /** Lowers what is open of an order, wherever it stands; of what it shows only where less is open than shown. */
  protected lower(o: number, lots: number): void {
    const rests = this.isResting(o) || this.isLocked(o);
    if (rests) this.addShown(o, -this.visibleLotsOf(o));
    this.lots[o] = lots;
    if (this.isIceberg(o) && (this.visibleLots[o] as number) > lots) this.visibleLots[o] = lots;
    if (rests) this.addShown(o, this.visibleLotsOf(o));
  }

  /** The first order that a taker may meet at or below a place of a ladder, -1 for none. */
  protected firstMaker(side: Side): number {
    const rows = this.rows[side] as Int32Array;
    for (let at = (this.depth[side] as number) - 1; at >= 0; at--) {
      for (let o = this.head[rows[at] as number] as number; o >= 0; o = this.next[o] as number)
        if (this.isResting(o)) return o;
    }
    return -1;
  }

  /**
   * Where a key is in a ladder, or would be. Prices are whole ticks, so a key `gap` behind the best is at most `gap`
   * places behind it: where levels stand close the first guess is the answer, elsewhere the steps double until they
   * pass it.
   */
  protected position(ladder: Ladder, key: number): number {
    const keys = this.keys[ladder] as Float64Array;
    const last = (this.depth[ladder] as number) - 1;
    if (last < 0) return 0;
    const gap = (keys[last] as number) - key;
    if (gap <= 0) return gap === 0 ? last : last + 1;
    let low = gap < last ? last - gap : 0;
    let high = low;
    for (let step = 1; high < last && (keys[high] as number) < key; step <<= 1) {
      low = high + 1;
      high += step;
    }
    if (high > last) high = last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts a new level into a ladder. */
  private raise(ladder: Ladder, at: number, key: number): number {
    const depth = this.depth[ladder] as number;
    if (depth === this.keys[ladder].length) this.lengthen(ladder);
    const keys = this.keys[ladder] as Float64Array;
    const rows = this.rows[ladder] as Int32Array;
    for (let to = depth; to > at; to--) {
      keys[to] = keys[to - 1] as number;
      rows[to] = rows[to - 1] as number;
    }
    const level = this.reserveLevel();
    keys[at] = key;
    rows[at] = level;
    this.depth[ladder] = depth + 1;
    this.levelKey[level] = key;
    this.levelLots[level] = 0;
    this.head[level] = -1;
    this.tail[level] = -1;
    return level;
  }

  private reserveLevel(): number {
    const level = this.levelFreed;
    if (level >= 0) {
      this.levelFreed = this.head[level] as number;
      return level;
    }
    if (this.levelTop === this.levelFloats.length) {
      const [floats, ends] = [this.levelFloats, this.levelEnds];
      this.levelFloats = new Float64Array(floats.length * 2);
      this.levelFloats.set(floats);
      this.levelEnds = new Int32Array(ends.length * 2);
      this.levelEnds.set(ends);
      this.lookAtLevels();
    }
    this.levelTop += STEP;
    return this.levelTop - STEP;
  }

  private lengthen(ladder: Ladder): void {
    const [keys, rows] = [this.keys[ladder], this.rows[ladder]];
    this.keys[ladder] = new Float64Array(keys.length * 2);
    this.keys[ladder].set(keys);
    this.rows[ladder] = new Int32Array(rows.length * 2);
    this.rows[ladder].set(rows);
  }

  private lookAtLevels(): void {
    this.levelKey = new Float64Array(this.levelFloats.buffer);
    this.levelLots = new Float64Array(this.levelFloats.buffer, Float64Array.BYTES_PER_ELEMENT);
    this.head = new Int32Array(this.levelEnds.buffer);
    this.tail = new Int32Array(this.levelEnds.buffer, Int32Array.BYTES_PER_ELEMENT);
  }
}
