import type { OrderRow, RoutingRow } from '../../../db/entities/orders';
import { DomainError } from '../../../domain/contract/errors';
import { ONE, formatAmount, parseAmount, parseSigned } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { Market, Registry } from '../../../domain/registry';
import { BUY, SELL } from '../../book/types';
import type { Book, BookSink, Side } from '../../book/types';
import { createBook } from '../../book/fast';
import type { Filters } from '../../book/filters';
import { filtersOfListing } from './listing';
import { OpenOrders, leavesLots, openOrder, quoteTicksLeft } from './order';
import { count, scalesOf } from './scales';
import type { Scales } from './scales';

/** The venue's side of a market as it was last seen, in ticks and lots, best first. */
export interface Outside {
  readonly bids: readonly (readonly [price: number, lots: number])[];
  readonly asks: readonly (readonly [price: number, lots: number])[];
  /** When the venue last spoke of it (ms). */
  readonly at: number;
  /** What the venue takes now, in our ticks and lots; null where its steps do not fit ours: nothing is sent then. */
  readonly steps?:
    | {
        readonly ticks: number;
        readonly lots: number;
        readonly least: number;
        readonly most: number;
        readonly notional: Units;
        /** 0 or none: as much as you like. */ readonly mostNotional?: Units;
      }
    | null
    | undefined;
}

/** A taker whose rest could be had outside; waits for the next hedge order. */
export interface Waiting {
  readonly seq: number;
  readonly limit: number;
}

/** One market in the engine's memory: its book, its open orders, and what is on its way outside. */
export interface TradingMarket {
  listing: Market;
  /** The venue is stopped until an operator opens it: our own book goes on alone. */
  stopped: boolean;
  readonly scales: Scales;
  readonly filters: Filters;
  readonly book: Book;
  readonly orders: OpenOrders;
  /** Orders that wait for a trigger. */
  readonly triggers: Set<number>;
  outside: Outside | undefined;
  /** Prices at which the venue traded since the last look. */
  lastPrices: number[];
  readonly waiting: [Waiting[], Waiting[]];
  /** Intent of the hedge order in flight, by the side of its orders. */
  readonly inFlight: [string | null, string | null];
  /** After a miss: the venue's best price then, and the time before which resting orders are not sent again. */
  readonly missed: [{ best: number; until: number; pause: number }, { best: number; until: number; pause: number }];
  /** The book was moved since somebody looked at its levels. */
  moved: boolean;
  /** When trailing orders were last written down (ms). */
  trailingExtremesAt: number;
  tradeId: number;
  /** Price of the latest trade here, in ticks; 0 for none. */
  last: number;
  exposureMost: Units;
  slippage: Units;
  routing: RoutingRow;
  /** Whoever listens to the book now. */
  sink: BookSink | undefined;
}

/** Nothing has been heard of the venue's book for so long: nothing is matched, triggered or sent. */
export const STALE_MS = 10_000;

/** A market with an empty book, whose sink is whatever the command at work has put in place. */
export function openMarket(listing: Market, registry: Registry): TradingMarket {
  const sink = (): BookSink => {
    if (!market.sink) throw new Error(`the book of ${listing.symbol} was moved outside a command`);
    return market.sink;
  };
  const book = createBook({
    followOwnTrades: listing.venue === null,
    sink: {
      trade: (taker, maker, price, lots) => sink().trade(taker, maker, price, lots),
      prevented: (id, other, lots) => sink().prevented(id, other, lots),
      rested: (id, lots) => sink().rested(id, lots),
      refreshed: (id, visibleLots) => sink().refreshed(id, visibleLots),
      waiting: (id) => sink().waiting(id),
      triggered: (id) => sink().triggered(id),
      outside: (id, lots, quoteTicks, limit) => sink().outside(id, lots, quoteTicks, limit),
      closed: (id, why, lots) => sink().closed(id, why, lots),
    },
  });
  book.state = listing.state;
  const market: TradingMarket = {
    listing,
    stopped: false,
    scales: scalesOf(listing, registry),
    filters: filtersOfListing(listing),
    book,
    orders: new OpenOrders(),
    triggers: new Set(),
    outside: undefined,
    lastPrices: [],
    waiting: [[], []],
    inFlight: [null, null],
    missed: [noMiss(), noMiss()],
    moved: true,
    trailingExtremesAt: 0,
    tradeId: 0,
    last: 0,
    exposureMost: 0n,
    slippage: 0n,
    routing: {
      symbol: listing.symbol,
      userOrders: 0,
      matchedInside: 0,
      sentOn: 0,
      venueOrders: 0,
      exposureMost: '0',
      slippage: '0',
    },
    sink: undefined,
  };
  return market;
}

const noMiss = (): TradingMarket['missed'][0] => ({ best: 0, until: 0, pause: 0 });

export const sideOf = (side: 'BUY' | 'SELL'): Side => (side === 'BUY' ? BUY : SELL);

/** Does the venue stand behind it, or only our book, or nobody until prices are fresh again? */
export function modeOf(
  { listing, outside, stopped }: TradingMarket,
  now: number,
): 'mirrored' | 'inside only' | 'cancel only' {
  if (listing.venue === null || listing.internalOnly || stopped || outside?.steps === null) return 'inside only';
  return outside && now - outside.at <= STALE_MS ? 'mirrored' : 'cancel only';
}

/** Tells the book what is outside now, and whether it may trade at all. */
export function refresh(market: TradingMarket, now: number): void {
  const mode = modeOf(market, now);
  market.book.state = mode === 'cancel only' && market.listing.state !== 'HALT' ? 'CANCEL_ONLY' : market.listing.state;
  const outside = mode === 'mirrored' ? market.outside : undefined;
  market.book.setOutside(outside?.bids[0]?.[0] ?? 0, outside?.asks[0]?.[0] ?? 0);
}

/**
 * Where nothing waits for a trigger only the newest price counts; older ones must not trigger an order that came
 * later.
 */
export function forgetOldPrices(market: TradingMarket): void {
  const newest = market.lastPrices.at(-1);
  if (newest === undefined || market.triggers.size > 0) return;
  market.lastPrices = [];
  market.last = newest;
  market.book.last(newest);
}

/** The venue's levels that an order of this side would meet. */
export const oppositeSide = ({ outside }: TradingMarket, side: 'BUY' | 'SELL'): Outside['asks'] =>
  (side === 'BUY' ? outside?.asks : outside?.bids) ?? [];

/** The best price an order of this side could get now, here or outside; 0 for none. */
export function bestFacing(market: TradingMarket, side: 'BUY' | 'SELL'): number {
  const [ours, theirs] = [market.book.best(side === 'BUY' ? SELL : BUY), oppositeSide(market, side)[0]?.[0] ?? 0];
  if (ours === 0 || theirs === 0) return ours || theirs;
  return (side === 'BUY') === ours < theirs ? ours : theirs;
}

/** The worst price an order at market may get: so far from the best one, in whole ticks on the safe side. */
export function bandOf(side: 'BUY' | 'SELL', from: number, { listing }: TradingMarket): number {
  if (from === 0) throw new DomainError('MARKET_CLOSED', { market: listing.symbol });
  const band = parseAmount(listing.band);
  const protectionPrice =
    side === 'BUY' ? (BigInt(from) * (ONE + band)) / ONE : (BigInt(from) * (ONE - band) + ONE - 1n) / ONE;
  return count(protectionPrice < 1n ? 1n : protectionPrice);
}

/** Fills a market's memory from the tables. `owner` numbers the users. */
export function restoreMarket(
  market: TradingMarket,
  rows: readonly OrderRow[],
  flights: ReadonlyMap<string, number>,
  owner: (userId: string) => number,
): void {
  const { scales, book } = market;
  const orders = rows.map((row) => openOrder(row, scales)).sort((a, b) => a.priority - b.priority);
  const seqOf = new Map(orders.map((order) => [order.id, order.seq]));
  for (const order of orders) {
    market.orders.set(order.seq, order);
    if (order.bookStatus === null) continue;
    if (order.bookStatus === 'waiting') market.triggers.add(order.seq);
    book.restore({
      id: order.seq,
      owner: owner(order.userId),
      side: sideOf(order.side),
      type: order.type,
      tif: order.tif,
      price: order.protectionPrice,
      lots: order.quoteBudget > 0 ? 0 : leavesLots(order),
      quoteBudget: order.quoteBudget > 0 ? quoteTicksLeft(order, scales) : 0,
      stop: order.stop,
      trailing: order.trailing,
      displayLots: order.displayLots,
      stp: order.stp,
      via: 'merge',
      as: order.bookStatus,
      visibleLots: order.visibleLots,
      trailingExtreme: order.trailingExtreme,
      ocoLeg: (order.ocoLegId !== null && seqOf.get(order.ocoLegId)) || 0,
    });
    // A taker that was waiting for a hedge order, and is in none, waits again.
    if (order.bookStatus === 'inFlight' && !flights.has(order.id))
      market.waiting[sideOf(order.side)].push({ seq: order.seq, limit: order.protectionPrice });
  }
}

export function loadRouting(market: TradingMarket, row: RoutingRow): void {
  market.routing = { ...row };
  market.exposureMost = parseAmount(row.exposureMost);
  market.slippage = parseSigned(row.slippage);
}

export const routingRow = (market: TradingMarket): RoutingRow => ({
  ...market.routing,
  exposureMost: formatAmount(market.exposureMost),
  slippage: formatAmount(market.slippage),
});

/** Is there anything the venue's prices could move: takers that wait, orders that are reached, triggers? */
export function needsLook({ listing, waiting, inFlight, outside, book, orders, triggers }: TradingMarket): boolean {
  if (listing.venue === null || orders.size === 0) return false;
  if (waiting[BUY].length > 0 || waiting[SELL].length > 0) return true;
  if (triggers.size > 0) return true;
  const [bid, ask] = [outside?.bids[0]?.[0] ?? 0, outside?.asks[0]?.[0] ?? 0];
  const [ours, theirs] = [book.best(BUY), book.best(SELL)];
  return (
    (ask > 0 && ours >= ask && inFlight[BUY] === null) ||
    (bid > 0 && theirs > 0 && theirs <= bid && inFlight[SELL] === null)
  );
}
