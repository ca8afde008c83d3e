import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { must, show, times } from './decimal';

type Levels = readonly (readonly [string, string])[];
type Side = 'b' | 'a';

interface Frame {
  readonly t: number;
  /** A diff and what it changed from, so that it can be played backward too. */
  readonly diff?: { b: Levels; a: Levels; undo: { b: Levels; a: Levels } };
  readonly trade?: { p: string; q: string; m: boolean };
}

export interface DepthUpdate {
  readonly e: 'depthUpdate';
  readonly E: number;
  readonly s: string;
  readonly U: number;
  readonly u: number;
  readonly b: [string, string][];
  readonly a: [string, string][];
}

export interface PublicTrade {
  readonly id: number;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly time: number;
  readonly buyerIsMaker: boolean;
}

/** Where the replay stands; written down now and then so that a restart goes on from here. */
export interface Position {
  readonly at: number;
  readonly backward: boolean;
  readonly updateId: number;
  readonly tradeId: number;
}

interface Candle {
  t: number;
  o: bigint;
  h: bigint;
  l: bigint;
  c: bigint;
  v: bigint;
  q: bigint;
  n: number;
}

const TRADES_KEPT = 1000;
const CANDLES_KEPT = 1000;
/** Ids jump by so much at a restart: what was published since the last note must not be given out again. */
const RESTART_GAP = 100_000;
export const INTERVALS: Record<string, number> = { '1s': 1000, '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '4h': 14_400_000, '1d': 86_400_000 };

/**
 * One symbol: recorded frames replayed forward, then backward, so that the price is continuous. Ids and times are made
 * anew and only grow. What we trade is taken off the published book until the recording next changes that level.
 */
export class Market extends EventEmitter {
  private readonly frames: Frame[] = [];
  private readonly sides: Record<Side, Map<bigint, bigint>> = { b: new Map(), a: new Map() };
  private readonly taken: Record<Side, Map<bigint, bigint>> = { b: new Map(), a: new Map() };
  private at = 0;
  private backward = false;
  private updateId = 1_000_000;
  private tradeId = 1_000_000;
  private elapsed = 0;
  readonly trades: PublicTrade[] = [];
  private readonly candles = new Map<string, Candle[]>();
  lastPrice: bigint;

  constructor(
    readonly symbol: string,
    file: string,
  ) {
    super();
    this.setMaxListeners(0);
    const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
    const first = JSON.parse(lines[0] ?? '{}') as { snapshot: { b: Levels; a: Levels } };
    const book: Record<Side, Map<string, string>> = { b: new Map(first.snapshot.b), a: new Map(first.snapshot.a) };
    for (const side of ['b', 'a'] as const) for (const [p, q] of first.snapshot[side]) this.sides[side].set(must(p), must(q));
    for (const line of lines.slice(1)) this.frames.push(frameOf(JSON.parse(line) as Record<string, unknown>, book));
    this.lastPrice = this.best('b')?.[0] ?? 0n;
  }

  get position(): Position {
    return { at: this.at, backward: this.backward, updateId: this.updateId, tradeId: this.tradeId };
  }

  /** Goes silently to where an earlier run stood. */
  resume(position: Position): void {
    while (this.at < Math.min(position.at, this.frames.length)) this.step(false);
    this.backward = position.backward;
    this.elapsed = this.frames[Math.min(this.at, this.frames.length - 1)]?.t ?? 0;
    this.updateId = position.updateId + RESTART_GAP;
    this.tradeId = position.tradeId + RESTART_GAP;
  }

  /** A trade id of ours seen in the journal: later ones must be greater. */
  sawTrade(id: number): void {
    this.tradeId = Math.max(this.tradeId, id + 1);
  }

  /** Lets `ms` of market time pass. */
  advance(ms: number): void {
    this.elapsed += this.backward ? -ms : ms;
    for (let guard = 0; guard < 5000; guard++) {
      const next = this.frames[this.backward ? this.at - 1 : this.at];
      if (!next) {
        this.backward = !this.backward;
        this.elapsed = this.frames[this.backward ? this.at - 1 : this.at]?.t ?? 0;
        return;
      }
      if (this.backward ? next.t < this.elapsed : next.t > this.elapsed) return;
      this.step(true);
    }
  }

  private step(publish: boolean): void {
    const frame = this.frames[this.backward ? this.at - 1 : this.at];
    if (!frame) return;
    this.at += this.backward ? -1 : 1;
    if (frame.diff) this.change(this.backward ? frame.diff.undo : frame.diff, publish);
    if (frame.trade && publish) this.trade(must(frame.trade.p), must(frame.trade.q), frame.trade.m);
  }

  private change(diff: { b: Levels; a: Levels }, publish: boolean): void {
    for (const side of ['b', 'a'] as const) {
      for (const [p, q] of diff[side]) {
        const [price, quantity] = [must(p), must(q)];
        if (quantity === 0n) this.sides[side].delete(price);
        else this.sides[side].set(price, quantity);
        this.taken[side].delete(price);
      }
    }
    if (!publish) return;
    const prices = (side: Side): bigint[] => diff[side].map(([p]) => must(p));
    this.publish(prices('b'), prices('a'));
  }

  private publish(b: bigint[], a: bigint[]): void {
    const now = Date.now();
    const first = this.updateId + 1;
    this.updateId += Math.max(1, b.length + a.length);
    const rows = (side: Side, prices: bigint[]): [string, string][] => prices.map((price) => [show(price), show(this.quantityAt(side, price))]);
    this.emit('depth', { e: 'depthUpdate', E: now, s: this.symbol, U: first, u: this.updateId, b: rows('b', b), a: rows('a', a) } satisfies DepthUpdate);
    this.emit('book');
  }

  /** What is published at a price: the recording less what we took since it last changed. */
  quantityAt(side: Side, price: bigint): bigint {
    const left = (this.sides[side].get(price) ?? 0n) - (this.taken[side].get(price) ?? 0n);
    return left > 0n ? left : 0n;
  }

  /** Best first. */
  levels(side: Side, count = Number.MAX_SAFE_INTEGER): [bigint, bigint][] {
    return [...this.sides[side].keys()]
      .sort((x, y) => (x === y ? 0 : x < y === (side === 'a') ? -1 : 1))
      .map((price): [bigint, bigint] => [price, this.quantityAt(side, price)])
      .filter(([, quantity]) => quantity > 0n)
      .slice(0, count);
  }

  best(side: Side): [bigint, bigint] | undefined {
    let found: bigint | undefined;
    for (const price of this.sides[side].keys()) {
      if ((found === undefined || (side === 'a' ? price < found : price > found)) && this.quantityAt(side, price) > 0n) found = price;
    }
    return found === undefined ? undefined : [found, this.quantityAt(side, found)];
  }

  snapshot(limit: number): { lastUpdateId: number; bids: [string, string][]; asks: [string, string][] } {
    const rows = (side: Side): [string, string][] => this.levels(side, limit).map(([p, q]) => [show(p), show(q)]);
    return { lastUpdateId: this.updateId, bids: rows('b'), asks: rows('a') };
  }

  /** Takes liquidity off the book; answers the id of the public trade. */
  take(side: Side, price: bigint, quantity: bigint): number {
    this.taken[side].set(price, (this.taken[side].get(price) ?? 0n) + quantity);
    return this.trade(price, quantity, side === 'b');
  }

  /** Tells the followers that these levels have changed (after `take`). */
  announce(side: Side, prices: bigint[]): void {
    if (prices.length > 0) this.publish(side === 'b' ? prices : [], side === 'a' ? prices : []);
  }

  /** A trade on the tape that takes nothing from the recorded book (a resting order of ours was met). */
  trade(price: bigint, quantity: bigint, buyerIsMaker: boolean): number {
    const trade: PublicTrade = { id: this.tradeId++, price, quantity, time: Date.now(), buyerIsMaker };
    this.lastPrice = price;
    this.trades.push(trade);
    if (this.trades.length > TRADES_KEPT) this.trades.shift();
    for (const [interval, length] of Object.entries(INTERVALS)) this.candle(interval, length, trade);
    this.emit('trade', trade);
    return trade.id;
  }

  private candle(interval: string, length: number, { price, quantity, time }: PublicTrade): void {
    const list = this.candles.get(interval) ?? [];
    this.candles.set(interval, list);
    const t = time - (time % length);
    let last = list.at(-1);
    if (last?.t !== t) {
      last = { t, o: price, h: price, l: price, c: price, v: 0n, q: 0n, n: 0 };
      list.push(last);
      if (list.length > CANDLES_KEPT) list.shift();
    }
    last.h = price > last.h ? price : last.h;
    last.l = price < last.l ? price : last.l;
    last.c = price;
    last.v += quantity;
    last.q += times(price, quantity);
    last.n++;
    this.emit('kline', interval, last);
  }

  klines(interval: string, limit: number): Candle[] {
    return (this.candles.get(interval) ?? []).slice(-limit);
  }

  /** Average price of the trades kept; the last one where there are none. */
  average(): bigint {
    if (this.trades.length === 0) return this.lastPrice;
    const volume = this.trades.reduce((sum, trade) => sum + trade.quantity, 0n);
    const value = this.trades.reduce((sum, trade) => sum + trade.quantity * trade.price, 0n);
    return volume === 0n ? this.lastPrice : value / volume;
  }
}

/** Reads a recorded line and notes what a diff changes from; `book` follows along as text. */
function frameOf(line: Record<string, unknown>, book: Record<Side, Map<string, string>>): Frame {
  if (typeof line.p === 'string') return { t: line.t as number, trade: line as { p: string; q: string; m: boolean } };
  const diff = line as unknown as { t: number; b: Levels; a: Levels };
  const undo = { b: [] as [string, string][], a: [] as [string, string][] };
  for (const side of ['b', 'a'] as const) {
    for (const [price, quantity] of diff[side]) {
      undo[side].push([price, book[side].get(price) ?? '0']);
      if (quantity === '0') book[side].delete(price);
      else book[side].set(price, quantity);
    }
  }
  return { t: diff.t, diff: { b: diff.b, a: diff.a, undo } };
}
