/**
 * What a book is: price-time priority in whole ticks and whole lots, and nothing else. It knows no money, no users'
 * names and no clock; whoever uses it turns decimals into ticks and lots before, and trades into entries after. An
 * amount of quote is in quote ticks (tick x lot). All numbers are safe integers (at most 2^53 - 1): ticks and lots
 * decide no rounding.
 *
 * A market may have a world outside (a venue). The book is told its best prices, matches inside only where inside is at
 * least as good (ties: inside), and hands over what could be had outside; it never calls anything.
 */

export const BUY = 0;
export const SELL = 1;
export type Side = typeof BUY | typeof SELL;

export type OrderType =
  'LIMIT' | 'MARKET' | 'LIMIT_MAKER' | 'STOP_LOSS' | 'STOP_LOSS_LIMIT' | 'TAKE_PROFIT' | 'TAKE_PROFIT_LIMIT';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';
export type SelfTrade = 'EXPIRE_TAKER' | 'EXPIRE_MAKER' | 'EXPIRE_BOTH' | 'DECREMENT';
/**
 * POST_ONLY: an opening phase in which only orders that do not match are taken. HALT takes nothing, cancels neither.
 */
export type MarketState = 'TRADING' | 'POST_ONLY' | 'CANCEL_ONLY' | 'HALT';

/** An order as it is placed. The object may be reused by the caller: the book copies what it keeps. */
export interface NewOrder {
  /** Unique for ever, a positive integer given by the caller. */
  id: number;
  /** Whose it is, a positive integer; orders of one owner never trade with each other. */
  owner: number;
  side: Side;
  type: OrderType;
  /** MARKET, STOP_LOSS and TAKE_PROFIT are IOC whatever is said here. */
  tif: TimeInForce;
  /** Limit in ticks. Of an order at market: the worst price it may get, 0 for none. */
  price: number;
  /** Quantity in lots; 0 where `quoteBudget` is used. */
  lots: number;
  /**
   * Of an order at market, instead of lots: quote ticks of quote to spend (BUY) or to receive (SELL) at most; else 0.
   */
  quoteBudget: number;
  /** Trigger price in ticks of a stop or take-profit order; 0 for none (a trailing order may begin at once). */
  stop: number;
  /** Trailing distance in basis quote ticks (10..2000), or 0. */
  trailing: number;
  /** Of an iceberg: lots shown at a time; 0 shows all. */
  displayLots: number;
  stp: SelfTrade;
  /**
   * merge: inside up to the outside's best price, then outside. inside: this book alone. outside: not matched here at
   * all, handed over whole. (FOK goes whole to one source: its sender chooses inside or outside.)
   */
  via: 'merge' | 'inside' | 'outside';
}

/** Why an order was not taken; nothing has changed then. */
export type PlaceRefusal =
  | 'MARKET_CLOSED'
  /** LIMIT_MAKER (or any order in POST_ONLY) that would match at once, inside or outside. */
  | 'POST_ONLY_REJECTED'
  /** A stop whose trigger price is reached already. */
  | 'WOULD_TRIGGER'
  /** Limit and stop of an OCO on the wrong sides of the last price. */
  | 'OCO_PRICES';

/** Why an order left the book for good. FILLED: nothing was left of it. */
export type ClosedReason =
  | 'FILLED'
  | 'CANCELED'
  /** An IOC's or MARKET's rest, or a FOK that could not be filled whole. */
  | 'EXPIRED'
  /** Self-trade prevention. */
  | 'EXPIRED_IN_MATCH'
  /** The other leg of its OCO traded, was triggered or was cancelled. */
  | 'OCO';

/** Where the book tells what happened, at once and in order. Numbers only: nothing is allocated for a trade. */
export interface BookSink {
  /** At the maker's price. Both orders have been reduced by `lots` when this is called. */
  trade(taker: number, maker: number, price: number, lots: number): void;
  /** Self-trade prevention DECREMENT took `lots` off an order without a trade. */
  prevented(id: number, other: number, lots: number): void;
  /** The order rests in the book now, at the back of its price; `lots` are left. */
  rested(id: number, lots: number): void;
  /** An iceberg showed its next part and went to the back of its price. */
  refreshed(id: number, visibleLots: number): void;
  /** A stop, take-profit or trailing order waits for its trigger. */
  waiting(id: number): void;
  /** It was triggered and is being placed now: more is told about it right after this. */
  triggered(id: number): void;
  /**
   * The rest of a taker could be had outside, up to `limit` ticks (the tighter of its own limit and our next opposite
   * price; 0 for none). It is in flight until `returned` is called: neither matched nor cancelled. `lots` is 0 where a
   * quote budget is spent: then `quoteTicks` is what is left of it.
   */
  outside(id: number, lots: number, quoteTicks: number, limit: number): void;
  /** It has left the book. `lots` were not executed (0 where a quote budget was used). */
  closed(id: number, why: ClosedReason, lots: number): void;
}

/** A resting order as it was before a restart. Given back in order of priority. */
export interface Restored extends NewOrder {
  /**
   * resting, locked (in a hedge order), waiting for its trigger, or a taker in flight. `lots` (or `quoteBudget`) is
   * what is left.
   */
  as: 'resting' | 'locked' | 'waiting' | 'inFlight';
  /** Lots shown of an iceberg; 0 for a whole display quantity. */
  visibleLots: number;
  /** Of a trailing order: the best price since it began, 0 if it has not begun. */
  trailingExtreme: number;
  /** Id of the other leg of an OCO, or 0. Both legs are restored. */
  ocoLeg: number;
}

export interface Found {
  lots: number;
  bookStatus: 'resting' | 'locked' | 'waiting' | 'inFlight';
  /** Of a trailing order: the best price since it began, 0 if it has not begun. */
  trailingExtreme: number;
  /** Lots that others see of it while it rests, else 0: `restore` wants to know it of an iceberg. */
  visibleLots: number;
}

export interface Book {
  state: MarketState;
  /** The outside's best prices in ticks; 0: none (no venue, not fresh, or inside only). */
  setOutside(bid: number, ask: number): void;
  place(order: NewOrder): PlaceRefusal | undefined;
  /** Two legs, one of which may trade: a LIMIT_MAKER (or TAKE_PROFIT*) and a STOP_LOSS*; same side, owner and lots. */
  placeOco(limit: NewOrder, stop: NewOrder): PlaceRefusal | undefined;
  /** Would a stop or take-profit order at this price be set off by the last price at once? Such a one is refused. */
  wouldTrigger(side: Side, type: OrderType, stop: number): boolean;
  /**
   * Takes an order out (with its OCO OCO leg). False: not here, in flight, or the market is halted; nothing has
   * changed.
   */
  cancel(id: number): boolean;
  /**
   * Lowers what is open of a resting or waiting order to `lots`, keeping its place. False: not here, in flight, or not
   * lower.
   */
  amend(id: number, lots: number): boolean;
  /**
   * A price at which the market traded last: triggers stops and moves trailing ones; triggered orders are placed in
   * order of age.
   */
  last(price: number): void;
  /**
   * A taker comes back from outside with `lots` (and `quoteTicks`) executed there. What is left enters again as taker;
   * with `again` false it may not be handed over once more: it rests (GTC) or expires.
   */
  returned(id: number, lots: number, quoteTicks: number, again: boolean): void;
  /**
   * Resting orders that an outside price of `limit` reaches, by price then time, locked ones left out; until `visit`
   * answers false.
   */
  reached(side: Side, limit: number, visit: (id: number, price: number, lots: number) => boolean): void;
  /**
   * Part of a hedge order now: stays at its place, is shown, but neither matched, cancelled nor amended; the trigger
   * of its OCO OCO leg waits.
   */
  lock(id: number): boolean;
  /**
   * Out of the hedge order with `lots` executed outside. If it crosses by now it takes first; the rest keeps its
   * place.
   */
  unlock(id: number, lots: number): void;
  restore(order: Restored): void;
  /** Best prices in ticks, locked orders included; 0: none. */
  best(side: Side): number;
  /** [price, lots, price, lots, ...] shown, best first. */
  levels(side: Side, count: number): number[];
  /**
   * Lots that a taker of this side and owner could get inside up to `limit` (0: any), hidden parts included, locked
   * and own ones not.
   */
  lotsWithin(side: Side, limit: number, owner: number): number;
  /**
   * What is left of an order (0 lots where a quote budget is spent) and where it stands; undefined when it is not
   * here.
   */
  find(id: number): Found | undefined;
  readonly size: number;
}

export interface BookOptions {
  readonly sink: BookSink;
  /** A market without a venue: its own trades are the last price that triggers stops. */
  readonly followOwnTrades: boolean;
}
