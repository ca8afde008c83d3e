/**
 * What a market did before it was opened here: a made-up past of any length that ends at the price with which the
 * recording begins. The same seed tells the same past, whenever and in whatever intervals it is asked for.
 */
import { Candle } from './candles';
import { UNIT, times } from './decimal';
import { closeOf, openOf } from './intervals';
import { seedOf } from './random';
import type { Recording } from './recording';

const MINUTE = 60_000;
/** Waves of one minute, two, four and so on, up to some months; a wave is as high as the root of its length. */
const OCTAVES = 18;
const ROOTS = Array.from({ length: OCTAVES }, (_, wave) => Math.sqrt(2 ** wave));
/** Of a price, what it moves in a minute: as the recording does, within reason. */
const LEAST_MOVE = 0.0002;
const MOST_MOVE = 0.001;
/** A candle's high and low are those of so many moments in it. */
const MOMENTS = 12;
/** Prices and volumes are told with eight decimals. */
const FINE = 1e8;

interface Shape {
  /** What a price moves in a minute, as a part of it. */
  readonly move: number;
  /** Traded in a minute, in the base asset, and how many trades. */
  readonly volume: number;
  readonly trades: number;
  /** Decimals of a price. */
  readonly decimals: number;
}

/** A number from 0 up to 1 that belongs to a place on a wave, always the same. */
function noise(seed: number, wave: number, place: number): number {
  let hash = Math.imul(seed ^ Math.imul(wave + 1, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(place | 0, 0xc2b2ae35);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  hash = Math.imul(hash, 0x297a2d39);
  hash ^= hash >>> 15;
  return (hash >>> 0) / 2 ** 32;
}

const plain = (value: bigint): number => Number(value / (UNIT / 100_000_000n)) / FINE;
const exact = (value: number, decimals = 8): bigint =>
  BigInt(Math.round(value * 10 ** decimals)) * (UNIT / 10n ** BigInt(decimals));

/** How lively a recording is. */
function shapeOf({ seconds, snapshot }: Recording): Shape {
  const traded = seconds.filter((candle) => candle !== undefined);
  const moves = traded.slice(1).map((candle, at) => Math.log(plain(candle.c) / plain((traded[at] as Candle).c)));
  const perSecond = Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0) / Math.max(1, moves.length));
  const minutes = Math.max(1, seconds.length / 60);
  const decimals = snapshot.b.slice(0, 50).map(([price]) => price.split('.')[1]?.length ?? 0);
  return {
    move: Math.min(MOST_MOVE, Math.max(LEAST_MOVE, perSecond * Math.sqrt(60))),
    volume: plain(traded.reduce((sum, candle) => sum + candle.v, 0n)) / minutes,
    trades: traded.reduce((sum, candle) => sum + candle.n, 0) / minutes,
    decimals: Math.max(0, ...decimals),
  };
}

export class History {
  private readonly seed: number;
  private readonly shape: Shape;
  /**
   * The stretch of each wave that was looked at last: where it begins, and the heights at its ends. Moments follow one
   * another.
   */
  private readonly places = new Float64Array(OCTAVES).fill(Number.NaN);
  private readonly heights = new Float64Array(2 * OCTAVES);

  constructor(symbol: string, recording: Recording) {
    this.seed = seedOf(symbol, 7);
    this.shape = shapeOf(recording);
  }

  /**
   * At most `count` candles before `end` (ms), oldest first; at `end` the price is `price`. The last may be cut off by
   * it.
   */
  candles(interval: string, end: number, price: bigint, count: number): Candle[] {
    const list: Candle[] = [];
    const scale = plain(price) / Math.exp(this.walk(end));
    for (let open = openOf(interval, end - 1); list.length < count; open = openOf(interval, open - 1)) {
      list.push(this.candle(open, Math.min(end, closeOf(interval, open) + 1), scale));
    }
    return list.reverse();
  }

  private candle(from: number, to: number, scale: number): Candle {
    const { decimals, volume, trades } = this.shape;
    const at = (moment: number): bigint =>
      exact(scale * Math.exp(this.walk(from + ((to - from) * moment) / MOMENTS)), decimals);
    const prices = Array.from({ length: MOMENTS + 1 }, (_, moment) => at(moment));
    const candle = new Candle(from, prices[0] as bigint);
    for (const price of prices) {
      if (price > candle.h) candle.h = price;
      if (price < candle.l) candle.l = price;
      candle.c = price;
    }
    const minutes = (to - from) / MINUTE;
    // Quiet minutes and busy ones; the longer the span, the more they even out.
    const busy =
      0.35 +
      1.3 * noise(this.seed, 40, Math.floor(from / MINUTE)) ** 2 +
      0.5 * noise(this.seed, 41, Math.floor(from / (240 * MINUTE)));
    candle.v = exact(volume * minutes * busy, 5);
    candle.q = times(candle.v, (candle.o + candle.c) / 2n);
    candle.n = Math.max(1, Math.round(trades * minutes * busy));
    const bought = BigInt(Math.round((0.42 + 0.16 * noise(this.seed, 42, Math.floor(from / MINUTE))) * 1000));
    [candle.bought, candle.boughtQuote] = [(candle.v * bought) / 1000n, (candle.q * bought) / 1000n];
    return candle;
  }

  /** The logarithm of the price at a time, up to a constant. */
  private walk(time: number): number {
    let sum = 0;
    for (let wave = 0; wave < OCTAVES; wave++) {
      const along = time / (MINUTE * 2 ** wave);
      const place = Math.floor(along);
      const part = along - place;
      const smooth = part * part * (3 - 2 * part);
      if (this.places[wave] !== place) {
        this.places[wave] = place;
        this.heights[2 * wave] = noise(this.seed, wave, place);
        this.heights[2 * wave + 1] = noise(this.seed, wave, place + 1);
      }
      const [here, next] = [this.heights[2 * wave] as number, this.heights[2 * wave + 1] as number];
      sum += (ROOTS[wave] as number) * (here + (next - here) * smooth - 0.5);
    }
    return sum * this.shape.move;
  }
}
