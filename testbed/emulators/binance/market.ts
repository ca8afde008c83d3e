import { EventEmitter } from 'node:events';
import { Book } from './book';
import { Candles } from './candles';
import type { Candle, Past } from './candles';
import { show } from './decimal';
import type { Recording, Side } from './recording';

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

/** Where a market stands; written down now and then so that a restart goes on from here. */
export interface Position {
  readonly at: number;
  readonly backward: boolean;
  /** How many times it was played through, and what its prices are above the recording's since. */
  readonly loops?: number;
  readonly shift?: string;
  readonly updateId: number;
  readonly tradeId: number;
}

const TRADES_KEPT = 1000;
/** Ids jump by so much at a restart: what was published since the last note must not be given out again. */
const RESTART_GAP = 100_000;

/**
 * One symbol: its book, its tape and its candles. Ids and times are made here and only grow. Where prices come from is
 * told by who extends it.
 */
export abstract class Market extends EventEmitter {
  protected readonly book = new Book();
  protected readonly candles: Candles;
  protected updateId = 1_000_000;
  protected tradeId = 1_000_000;
  readonly trades: PublicTrade[] = [];
  lastPrice = 0n;

  constructor(
    readonly symbol: string,
    seconds: Recording['seconds'],
    past?: Past,
  ) {
    super();
    this.setMaxListeners(0);
    this.candles = new Candles(seconds, past);
  }

  abstract get position(): Position;

  /** Lets `ms` of market time pass. */
  abstract advance(ms: number): void;

  /** Goes silently to where an earlier run stood. */
  resume(position: Position): void {
    this.updateId = position.updateId + RESTART_GAP;
    this.tradeId = position.tradeId + RESTART_GAP;
  }

  /** From now on time passes. */
  begin(): void {
    this.lastPrice = this.trades.at(-1)?.price ?? this.best('b')?.[0] ?? 0n;
  }

  /** A trade id of ours seen in the journal: later ones must be greater. */
  sawTrade(id: number): void {
    this.tradeId = Math.max(this.tradeId, id + 1);
  }

  /** Trade ids begin anew, as after the test network's monthly reset. */
  restartIds(): void {
    this.tradeId = 1;
    this.trades.length = 0;
  }

  /** Brings the book up to date before it is read. */
  protected fresh(): void {
    // Most books always are.
  }

  protected publish(b: readonly bigint[], a: readonly bigint[]): void {
    const first = this.updateId + 1;
    this.updateId += Math.max(1, b.length + a.length);
    if (this.listenerCount('depth') > 0) {
      const rows = (side: Side, prices: readonly bigint[]): [string, string][] =>
        prices.map((price) => [show(price), show(this.book.at(side, price))]);
      this.emit('depth', {
        e: 'depthUpdate',
        E: Date.now(),
        s: this.symbol,
        U: first,
        u: this.updateId,
        b: rows('b', b),
        a: rows('a', a),
      } satisfies DepthUpdate);
    }
    this.emit('book');
  }

  /** Best first. */
  levels(side: Side, count = Number.MAX_SAFE_INTEGER): [bigint, bigint][] {
    this.fresh();
    return this.book.levels(side, count);
  }

  /** Best first, one by one: for callers that stop early. */
  walk(side: Side): Iterable<[bigint, bigint]> {
    this.fresh();
    return this.book.walk(side);
  }

  best(side: Side): [bigint, bigint] | undefined {
    this.fresh();
    return this.book.best(side);
  }

  snapshot(limit: number): { lastUpdateId: number; bids: [string, string][]; asks: [string, string][] } {
    const rows = (side: Side): [string, string][] =>
      this.levels(side, limit).map(([price, quantity]) => [show(price), show(quantity)]);
    const [bids, asks] = [rows('b'), rows('a')];
    return { lastUpdateId: this.updateId, bids, asks };
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
  announce(side: Side, prices: readonly bigint[]): void {
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
