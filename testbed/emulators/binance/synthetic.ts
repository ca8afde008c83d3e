import { UNIT, must, show } from './decimal';
import { generator, seedOf } from './random';
import { once, recordingFrom } from './recording';
import type { Levels, Line, Recording } from './recording';

/** A market that nobody recorded: where it begins and the steps of its prices and quantities (decimals). */
export interface Walk {
  readonly symbol: string;
  readonly price: string;
  readonly tick: string;
  readonly lot: string;
  readonly seed: number;
}

const SECONDS = 600;
const FRAME_MS = 250;
/** Levels a side at the beginning, and where one is taken away for one that comes. */
const LEVELS = 120;
const MOST_LEVELS = 180;
/** Of the price: between neighbouring levels, what it moves in a frame, and how strongly it is drawn back. */
const SPACING = 0.00005;
const MOVE = 0.00004;
const PULL = 0.001;
/** Quote units that a level and a trade are worth, at least and at most. */
const LEVEL_WORTH = [2000, 40_000] as const;
const TRADE_WORTH = [20, 3000] as const;
const TRADE_CHANCE = 0.6;

/** Ten minutes of a random walk in the form of a recording: the same walk, the same recording. */
export const walked = (walk: Walk): Recording => once(JSON.stringify(walk), () => new Walker(walk).recording());

class Walker {
  private readonly random: () => number;
  private readonly tick: bigint;
  private readonly lot: bigint;
  /** All in ticks. */
  private readonly home: number;
  private middle: number;
  private readonly sides = { b: new Set<number>(), a: new Set<number>() };
  private best = { b: 0, a: 0 };

  constructor(walk: Walk) {
    this.random = generator(seedOf(walk.symbol, walk.seed));
    [this.tick, this.lot] = [must(walk.tick), must(walk.lot)];
    this.home = this.middle = Number(must(walk.price) / this.tick);
  }

  recording(): Recording {
    this.quote();
    const spacing = Math.max(1, Math.round(this.home * SPACING));
    const start = (sign: 1 | -1, from: number): number[] =>
      Array.from({ length: LEVELS }, (_, n) => from + sign * spacing * (n + Math.floor((n * n) / 40))).filter(
        (price) => price > 0,
      );
    const rows = (prices: readonly number[]): Levels =>
      prices.map((price) => [this.price(price), this.quantity(price, LEVEL_WORTH)]);
    const [b, a] = [start(-1, this.best.b), start(1, this.best.a)];
    this.sides.b = new Set(b);
    this.sides.a = new Set(a);
    const snapshot = { b: rows(b), a: rows(a) };
    const lines: Line[] = [];
    for (let t = FRAME_MS; t <= SECONDS * 1000; t += FRAME_MS) {
      if (this.random() < TRADE_CHANCE) lines.push(this.trade(t - Math.ceil(this.random() * (FRAME_MS - 1))));
      this.move();
      lines.push({ t, b: this.change('b'), a: this.change('a') });
    }
    return recordingFrom(snapshot, lines);
  }

  private move(): void {
    const noise = this.random() + this.random() + this.random() - 1.5;
    this.middle += this.home * MOVE * noise * 2 + (this.home - this.middle) * PULL;
    this.quote();
  }

  private quote(): void {
    const b = Math.floor(this.middle - this.home * SPACING * this.random());
    this.best = { b, a: b + 1 + Math.floor(this.home * SPACING * 2 * this.random()) };
  }

  private trade(t: number): Line {
    const m = this.random() < 0.5;
    const price = this.best[m ? 'b' : 'a'];
    return { t, p: this.price(price), q: this.quantity(price, TRADE_WORTH), m };
  }

  /** What is behind the new best goes, the best itself comes, and a few levels change. */
  private change(side: 'b' | 'a'): Levels {
    const levels = this.sides[side];
    const best = this.best[side];
    const behind = (price: number): boolean => (side === 'b' ? price > best : price < best);
    const rows = new Map<number, string>();
    for (const price of levels) if (behind(price)) rows.set(price, '0');
    const others = [...levels].filter((price) => !behind(price) && price !== best);
    if (others.length > MOST_LEVELS) rows.set(others[Math.floor(this.random() * others.length)] as number, '0');
    for (let n = 0; n < 2; n++) {
      const price = others[Math.floor(this.random() * Math.min(others.length, 20))];
      if (price !== undefined && !rows.has(price)) rows.set(price, this.quantity(price, LEVEL_WORTH));
    }
    rows.set(best, this.quantity(best, LEVEL_WORTH));
    for (const [price, quantity] of rows)
      if (quantity === '0') levels.delete(price);
      else levels.add(price);
    return [...rows].map(([price, quantity]) => [this.price(price), quantity]);
  }

  private price(ticks: number): string {
    return short(BigInt(ticks) * this.tick);
  }

  private quantity(ticks: number, [least, most]: readonly [number, number]): string {
    const worth = BigInt(Math.floor(least + this.random() ** 2 * (most - least))) * UNIT * UNIT;
    const exact = worth / (BigInt(ticks) * this.tick);
    return short(exact > this.lot ? exact - (exact % this.lot) : this.lot);
  }
}

/** Without the zeros at the end, as recordings are kept. */
const short = (value: bigint): string => show(value).replace(/\.?0+$/, '');
