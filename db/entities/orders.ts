import { EntitySchema } from 'typeorm';
import type { OrderState } from '../../domain/lifecycle/order';
import { big, flag, id, int, money, nullable, primary, text } from './columns';

/** An order of a user, final or open. Written by the engine alone, together with the money it moves. */
export interface OrderRow {
  id: string;
  /** The book's number for it, counted up through all markets. */
  seq: number;
  userId: string;
  clientOrderId: string;
  symbol: string;
  side: 'BUY' | 'SELL';
  type: string;
  timeInForce: 'GTC' | 'IOC' | 'FOK';
  /** 0 for an order at market. */
  price: string;
  /** The worst price an order at market may get; the limit elsewhere. */
  protectionPrice: string;
  quantity: string;
  quoteOrderQty: string;
  stopPrice: string;
  trailingDelta: number;
  icebergQty: string;
  selfTradePrevention: string;
  /** Id of the other leg of an OCO. */
  ocoLegId: string | null;
  listId: string | null;
  executedQty: string;
  executedQuote: string;
  /** What is set aside for the rest, in the quote asset (BUY) or the base asset (SELL). */
  heldAsset: string;
  held: string;
  state: OrderState;
  /** Where it stands in the book; null once it has ended. */
  bookStatus: 'resting' | 'locked' | 'waiting' | 'inFlight' | null;
  /** Place in the queue: lower is older. An iceberg's next part moves it. */
  priority: number;
  /** Lots shown of an iceberg, and the best price a trailing order has seen (ticks). */
  visibleLots: number;
  trailingExtreme: number;
  /** How often it was handed to the venue. */
  routingAttempts: number;
  reason: string | null;
  createdAt: number;
  updatedAt: number;
}
export const OrderEntity = new EntitySchema<OrderRow>({
  name: 'orders',
  columns: {
    id: id(),
    seq: big(),
    userId: text('user_id', 64),
    clientOrderId: text('client_order_id', 64),
    symbol: text('symbol', 40),
    side: text('side', 4),
    type: text('type', 20),
    timeInForce: text('time_in_force', 3),
    price: money(),
    protectionPrice: money('protection_price'),
    quantity: money(),
    quoteOrderQty: money('quote_order_qty'),
    stopPrice: money('stop_price'),
    trailingDelta: int('trailing_delta'),
    icebergQty: money('iceberg_qty'),
    selfTradePrevention: text('self_trade_prevention', 12),
    ocoLegId: nullable(text('oco_leg_id', 64)),
    listId: nullable(text('list_id', 64)),
    executedQty: money('executed_qty'),
    executedQuote: money('executed_quote'),
    heldAsset: text('held_asset', 20),
    held: money(),
    state: text('state', 20),
    bookStatus: nullable(text('book_status', 8)),
    priority: big(),
    visibleLots: big('visible_lots'),
    trailingExtreme: big('trailing_extreme'),
    routingAttempts: int('routing_attempts'),
    reason: nullable(text('reason', 60)),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});

/** One user's side of one trade. A trade inside has two rows, a share of a trade at the venue one. */
export interface FillRow {
  symbol: string;
  tradeId: number;
  maker: boolean;
  userId: string;
  orderId: string;
  side: 'BUY' | 'SELL';
  price: string;
  quantity: string;
  /** price x quantity, exact; what was paid or received is this, rounded over the whole order. */
  quoteQuantity: string;
  fee: string;
  feeAsset: string;
  rate: string;
  feeVersion: number;
  /** The venue's trade, or null inside. */
  venueTradeId: number | null;
  at: number;
}
export const FillEntity = new EntitySchema<FillRow>({
  name: 'fills',
  columns: {
    symbol: primary(text('symbol', 40)),
    tradeId: primary(big('trade_id')),
    maker: primary(flag()),
    userId: text('user_id', 64),
    orderId: text('order_id', 64),
    side: text('side', 4),
    price: money(),
    quantity: money(),
    quoteQuantity: money('quote_quantity'),
    fee: money(),
    feeAsset: text('fee_asset', 20),
    rate: money(),
    feeVersion: int('fee_version'),
    venueTradeId: nullable(big('venue_trade_id')),
    at: big(),
  },
});

/** How the orders of a market were routed, added up; amounts in the quote asset. */
export interface RoutingRow {
  symbol: string;
  userOrders: number;
  /** Orders of which something was matched in our own book, and of which something was sent on. */
  matchedInside: number;
  sentOn: number;
  venueOrders: number;
  exposureMost: string;
  /** Signed: what fills at the venue were better than the best price the decision saw. */
  slippage: string;
}
export const RoutingEntity = new EntitySchema<RoutingRow>({
  name: 'routing',
  columns: {
    symbol: primary(text('symbol', 40)),
    userOrders: big('user_orders'),
    matchedInside: big('matched_inside'),
    sentOn: big('sent_on'),
    venueOrders: big('venue_orders'),
    exposureMost: money('exposure_most'),
    slippage: money(),
  },
});
