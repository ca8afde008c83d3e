import { EventEmitter } from 'node:events';
import { Book } from './book';
import { Candles } from './candles';
import type { Candle } from './candles';
import { must, show } from './decimal';
import { recordingOf } from './recording';
import type { Levels, Recording, Side } from './recording';

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

const TRADES_KEPT = 1000;
/** Ids jump by so much at a restart: what was published since the last note must not be given out again. */
const RESTART_GAP = 100_000;
/** A machine that slept catches up by so many frames at a time. */
const FRAMES_AT_ONCE = 5000;

/**
 * One symbol: recorded frames replayed forward, then backward, so that the price is continuous. Ids and times are made
 * anew and only grow. What we trade is taken off the published book until the recording next changes that level.
 */
export class Market extends EventEmitter {
  private readonly recording: Recording;
  private readonly book = new Book();
  private readonly candles: Candles;
  private at = 0;
  private backward = false;
  private updateId = 1_000_000;
  private tradeId = 1_000_000;
  private elapsed = 0;
  readonly trades: PublicTrade[] = [];
  lastPrice: bigint;

  constructor(
    readonly symbol: string,
    file: string,
  ) {
    super();
    this.setMaxListeners(0);
    this.recording = recordingOf(file);
    this.book.change(this.recording.snapshot);
    this.candles = new Candles(this.recording.seconds);
    this.lastPrice = this.best('b')?.[0] ?? 0n;
  }

  get position(): Position {
    return { at: this.at, backward: this.backward, updateId: this.updateId, tradeId: this.tradeId };
  }

  /** Goes silently to where an earlier run stood. */
  resume(position: Position): void {
    while (this.at < Math.min(position.at, this.recording.frames.length)) this.step(false);
    this.backward = position.backward;
    this.elapsed = this.recording.frames[Math.min(this.at, this.recording.frames.length - 1)]?.t ?? 0;
    this.updateId = position.updateId + RESTART_GAP;
    this.tradeId = position.tradeId + RESTART_GAP;
  }

  /** From now on time passes. */
  begin(): void {
    this.lastPrice = this.trades.at(-1)?.price ?? this.best('b')?.[0] ?? 0n;
    this.candles.begin(Date.now(), Math.floor(this.elapsed / 1000), this.backward);
  }

  /** A trade id of ours seen in the journal: later ones must be greater. */
  sawTrade(id: number): void {
    this.tradeId = Math.max(this.tradeId, id + 1);
  }

  /** Lets `ms` of market time pass. */
  advance(ms: number): void {
    this.elapsed += this.backward ? -ms : ms;
    for (let guard = 0; guard < FRAMES_AT_ONCE; guard++) {
      const next = this.recording.frames[this.backward ? this.at - 1 : this.at];
      if (!next) {
        this.backward = !this.backward;
        this.elapsed = this.recording.frames[this.backward ? this.at - 1 : this.at]?.t ?? 0;
        return;
      }
      if (this.backward ? next.t < this.elapsed : next.t > this.elapsed) return;
      this.step(true);
    }
  }

  private step(publish: boolean): void {
    const frame = this.recording.frames[this.backward ? this.at - 1 : this.at];
    if (!frame) return;
    this.at += this.backward ? -1 : 1;
    if (frame.diff) this.change(this.backward ? frame.diff.undo : frame.diff, publish);
    if (frame.trade && publish) this.trade(must(frame.trade.p), must(frame.trade.q), frame.trade.m);
  }

  private change(diff: Readonly<Record<Side, Levels>>, publish: boolean): void {
    this.book.change(diff);
    if (!publish) return;
    const prices = (side: Side): bigint[] => diff[side].map(([price]) => must(price));
    this.publish(prices('b'), prices('a'));
  }

  private publish(b: bigint[], a: bigint[]): void {
    const now = Date.now();
    const first = this.updateId + 1;
    this.updateId += Math.max(1, b.length + a.length);
    const rows = (side: Side, prices: bigint[]): [string, string][] => prices.map((price) => [show(price), show(this.book.at(side, price))]);
    this.emit('depth', { e: 'depthUpdate', E: now, s: this.symbol, U: first, u: this.updateId, b: rows('b', b), a: rows('a', a) } satisfies DepthUpdate);
    this.emit('book');
  }

  /** Best first. */
  levels(side: Side, count = Number.MAX_SAFE_INTEGER): [bigint, bigint][] {
    return this.book.levels(side, count);
  }

  /** Best first, one by one: for callers that stop early. */
  walk(side: Side): Iterable<[bigint, bigint]> {
    return this.book.walk(side);
  }

  best(side: Side): [bigint, bigint] | undefined {
    return this.book.best(side);
  }

  snapshot(limit: number): { lastUpdateId: number; bids: [string, string][]; asks: [string, string][] } {
    const rows = (side: Side): [string, string][] => this.levels(side, limit).map(([price, quantity]) => [show(price), show(quantity)]);
    return { lastUpdateId: this.updateId, bids: rows('b'), asks: rows('a') };
  }

  /** Takes liquidity off the book; answers the id of the public trade. */
  take(side: Side, price: bigint, quantity: bigint): number {
    this.book.take(side, price, quantity);
    return this.trade(price, quantity, side === 'b');
  }

  /** The book has come to a resting order of ours: takes what is there up to its price. Answers how much. */
  meet(side: Side, price: bigint, wanted: bigint): { quantity: bigint; prices: bigint[] } {
    const met: [bigint, bigint][] = [];
    let left = wanted;
    for (const [at, there] of this.walk(side)) {
      if (left === 0n || (side === 'a' ? at > price : at < price)) break;
      const quantity = there < left ? there : left;
      met.push([at, quantity]);
      left -= quantity;
    }
    for (const [at, quantity] of met) this.book.take(side, at, quantity);
    return { quantity: wanted - left, prices: met.map(([at]) => at) };
  }

  /** Tells the followers that these levels have changed (after `take`). */
  announce(side: Side, prices: bigint[]): void {
    if (prices.length > 0) this.publish(side === 'b' ? prices : [], side === 'a' ? prices : []);
  }

  /** A trade on the tape; takes nothing from the book. */
  trade(price: bigint, quantity: bigint, buyerIsMaker: boolean): number {
    const trade: PublicTrade = { id: this.tradeId++, price, quantity, time: Date.now(), buyerIsMaker };
    this.lastPrice = price;
    this.trades.push(trade);
    if (this.trades.length > TRADES_KEPT) this.trades.shift();
    this.candles.add(trade, (interval, candle, closed) => this.emit('kline', interval, candle, closed));
    this.emit('trade', trade);
    return trade.id;
  }

  /** Oldest first. */
  klines(interval: string): readonly Candle[] {
    return this.candles.list(interval);
  }

  /** Average price of the trades kept; the last one where there are none. */
  average(): bigint {
    const volume = this.trades.reduce((sum, trade) => sum + trade.quantity, 0n);
    const value = this.trades.reduce((sum, trade) => sum + trade.quantity * trade.price, 0n);
    return volume === 0n ? this.lastPrice : value / volume;
  }
}
