import type { AlertCode } from '../alerts';
import type { OrderState } from '../lifecycle/order';

/** An order as it stands after a change; amounts are decimal strings, '0' where the order has none. */
export interface OrderSnapshot {
  readonly id: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly type: string;
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  readonly price: string;
  readonly quantity: string;
  readonly quoteOrderQty: string;
  readonly stopPrice: string;
  readonly trailingDelta: number;
  readonly icebergQty: string;
  readonly selfTradePrevention: string;
  readonly executedQty: string;
  readonly executedQuote: string;
  readonly state: OrderState;
  /** Where it stands in the book; null once it has ended. */
  readonly bookStatus: 'resting' | 'locked' | 'waiting' | 'inFlight' | null;
  readonly listId: string | null;
  readonly reason: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One user's side of one trade. */
export interface FillSnapshot {
  readonly symbol: string;
  readonly tradeId: number;
  readonly orderId: string;
  readonly side: 'BUY' | 'SELL';
  readonly price: string;
  readonly quantity: string;
  readonly quoteQuantity: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly maker: boolean;
  /** Of a trade at the venue: its number there. */
  readonly venueTradeId: number | null;
  readonly at: number;
}

/** Why an order changed; of several reasons in one command the last. `status`: only where it stands in the book. */
export type OrderCause = 'new' | 'trade' | 'amend' | 'cancel' | 'expire' | 'prevent' | 'status';

/**
 * Catalogue of what the house tells itself and its users after a commit. Events carry ids and states, never secrets.
 */
export interface Events {
  /** Whose business it is: a user id, or null for admins only. */
  'balance.changed': { userId: string; asset: string };
  'swap.changed': { userId: string; swapId: string; state: string };
  /** The order and its fills of this change in their order, so that a busy feed reads no tables. */
  'order.changed': {
    userId: string;
    order: OrderSnapshot;
    cause: OrderCause;
    fills: readonly FillSnapshot[];
  };
  /** For everybody: a trade in our own book. */
  'market.traded': {
    symbol: string;
    trade: { id: string; price: string; quantity: string; side: 'BUY' | 'SELL'; at: number };
  };
  'withdrawal.changed': { userId: string; withdrawalId: string; state: string };
  'deposit.changed': { userId: string; depositId: string; state: string; confirmations: number };
  'kyc.changed': { userId: string; state: string };
  /** Sessions of the user have ended, or what they may do has changed: whoever remembers or serves them looks again. */
  'access.changed': { userId: string };
  /** A swap was refused because the coins were not at the venue yet: the sweeper should hurry. */
  'venue.demand': { asset: string; amount: string };
  /**
   * What was told elsewhere may not have come here: whoever listens must ask again. Of a process that was cut off from
   * the engine.
   */
  'feed.gap': object;
  /** Something an operator must look at. */
  alert: { code: AlertCode; message: string; details?: Record<string, unknown> };
}

export type EventName = keyof Events;
export type DomainEvent = { [Name in EventName]: { readonly name: Name } & Events[Name] }[EventName];
export type EventOf<Name extends EventName> = Extract<DomainEvent, { name: Name }>;
