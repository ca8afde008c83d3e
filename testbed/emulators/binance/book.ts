import { must } from './decimal';
import type { Levels, Side } from './recording';

/** One side of a book: prices best first, what the recording says is there, and what we took of it. */
class Half {
  private readonly prices: bigint[] = [];
  private readonly recorded = new Map<bigint, bigint>();
  private readonly taken = new Map<bigint, bigint>();

  constructor(private readonly isBetter: (price: bigint, than: bigint) => boolean) {}

  /** The recording changes a level: what we took of it before counts no more. */
  set(price: bigint, quantity: bigint): void {
    this.taken.delete(price);
    if (quantity === 0n) {
      if (this.recorded.delete(price)) this.prices.splice(this.place(price), 1);
      return;
    }
    if (!this.recorded.has(price)) this.prices.splice(this.place(price), 0, price);
    this.recorded.set(price, quantity);
  }

  take(price: bigint, quantity: bigint): void {
    this.taken.set(price, (this.taken.get(price) ?? 0n) + quantity);
  }

  at(price: bigint): bigint {
    const left = (this.recorded.get(price) ?? 0n) - (this.taken.get(price) ?? 0n);
    return left > 0n ? left : 0n;
  }

  /** Prices of all levels, those that we took away too. */
  all(): readonly bigint[] {
    return [...this.prices];
  }

  *[Symbol.iterator](): Generator<[bigint, bigint]> {
    for (const price of this.prices) {
      const left = this.at(price);
      if (left > 0n) yield [price, left];
    }
  }

  /** Index of a price, or where it belongs. */
  private place(price: bigint): number {
    let [low, high] = [0, this.prices.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.isBetter(this.prices[middle] as bigint, price)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The published book: the recording less what we took since each level was last changed. */
export class Book {
  private readonly halves: Record<Side, Half> = {
    b: new Half((price, than) => price > than),
    a: new Half((price, than) => price < than),
  };

  change(diff: Readonly<Record<Side, Levels>>): void {
    for (const side of ['b', 'a'] as const)
      for (const [price, quantity] of diff[side]) this.set(side, must(price), must(quantity));
  }

  all(side: Side): readonly bigint[] {
    return this.halves[side].all();
  }

  set(side: Side, price: bigint, quantity: bigint): void {
    this.halves[side].set(price, quantity);
  }

  take(side: Side, price: bigint, quantity: bigint): void {
    this.halves[side].take(price, quantity);
  }

  at(side: Side, price: bigint): bigint {
    return this.halves[side].at(price);
  }

  /** Best first. Not to be changed while it is walked. */
  walk(side: Side): Iterable<[bigint, bigint]> {
    return this.halves[side];
  }

  best(side: Side): [bigint, bigint] | undefined {
    for (const level of this.halves[side]) return level;
    return undefined;
  }

  levels(side: Side, count: number): [bigint, bigint][] {
    const found: [bigint, bigint][] = [];
    for (const level of this.halves[side]) {
      if (found.length >= count) break;
      found.push(level);
    }
    return found;
  }
}
