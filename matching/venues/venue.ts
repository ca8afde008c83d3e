import type { VenueTrade } from '../../domain/contract/commands';
import type { Units } from '../../domain/money/amount';

/** How long the venue may take to accept an order, from the timestamp that is stored and signed. */
export const RECV_WINDOW_MS = 5000;

/** An order as it was committed, on its way to a venue: a limit order that is filled at once or not at all (IOC). */
export interface VenueOrder {
  /** Client id, used once, ever. */
  readonly id: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  /** Decimal strings on the venue's lot and tick. */
  readonly quantity: string;
  readonly limitPrice: string;
  /** Signed into the request: after timestamp + recvWindow the venue itself refuses it. */
  readonly timestamp: number;
  readonly recvWindow: number;
}

/** Three outcomes, never two. Unknown never means "send again". */
export type OrderOutcome =
  /** `ended`: it was cut short by a rule of the venue; the same again would be cut short again. */
  | {
      readonly outcome: 'done';
      readonly venueOrderId: string;
      readonly trades: VenueTrade[];
      readonly ended?: 'PRICE_RANGE';
    }
  /** `again`: for a reason that is not the order's; another attempt, with another id, may follow. */
  | { readonly outcome: 'refused'; readonly reason: string; readonly again?: boolean }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What a venue can say of an order it is asked for. `open` and `incomplete` mean: ask again. */
export type OrderFound =
  | {
      readonly found: 'final';
      readonly venueOrderId: string;
      readonly trades: VenueTrade[];
      readonly ended?: 'PRICE_RANGE';
    }
  | { readonly found: 'absent' }
  | { readonly found: 'open' | 'incomplete' };

/** Rules of a market at the venue, in Units. */
export interface MarketRules {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly trading: boolean;
  readonly tick: Units;
  readonly lot: Units;
  readonly minQuantity: Units;
  readonly maxQuantity: Units;
  readonly minNotional: Units;
  /** 0 for none. */
  readonly maxNotional: Units;
}

export interface PriceLevel {
  readonly price: Units;
  readonly quantity: Units;
}

/** The venue's book as we follow it; best first on both sides. */
export interface Depth {
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
  /** Milliseconds since the last word from the venue about it. */
  readonly ageMs: number;
}

/** A trade of anybody at the venue. */
export interface VenuePublicTrade {
  readonly id: string;
  readonly price: Units;
  readonly quantity: Units;
  readonly takerSide: 'BUY' | 'SELL';
  readonly at: number;
}

/** A trade of our account, and the order it belongs to. */
export interface AccountTrade {
  readonly id: number;
  readonly orderId: number;
  readonly price: string;
  readonly quantity: string;
}

/** A market outside that executes our orders. Binance is the first. */
export interface Venue {
  /** As the listing names it; the place of our coins there. */
  readonly id: string;
  /** Connected, and not asked to wait: an order could be sent now. */
  ready(): boolean;
  /** The venue's time (ms): ours, and how far it is ahead. */
  now(): number;
  /** Does the venue still know this order by both of its ids? Rejects when it cannot be asked now. */
  knows(order: { readonly id: string; readonly symbol: string; readonly venueOrderId: string }): Promise<boolean>;
  /**
   * Our id of an order that the venue knows by its own; undefined where it knows none. Rejects when it cannot be asked
   * now.
   */
  clientIdOf(symbol: string, orderId: number): Promise<string | undefined>;
  /** Trades of our account from this id on, oldest first, at most a page. Rejects when it cannot be asked now. */
  tradesFrom(symbol: string, id: number): Promise<AccountTrade[]>;
  /** Sends once; resolves within its deadline, at worst with `unknown`. */
  place(order: VenueOrder): Promise<OrderOutcome>;
  /** Looks an order up by our id; throws when the venue cannot be asked now. */
  find(order: VenueOrder): Promise<OrderFound>;
  /** Undefined until the market's book is complete and fresh. */
  depth(symbol: string): Depth | undefined;
  rules(symbol: string): MarketRules | undefined;
  /** Called after the book of a market changed. */
  onDepth(listener: (symbol: string) => void): void;
  /** Called with the price (Units) of each trade of a market at the venue. */
  onTrade(listener: (symbol: string, trade: VenuePublicTrade) => void): void;
  /** Called when the venue hints that something about this order changed. */
  onHint(listener: (orderId: string) => void): void;
}
