/** Orders in the words of Binance: what a trader places, and what became of it. */
import { z } from 'zod';
import { amount, assetCode, id, idempotencyKey, page, period, time } from './common';
import { marketMode, marketState } from './markets';

export const symbol = z
  .string()
  .regex(/^[A-Z0-9]{3,40}$/)
  .meta({ example: 'ETHUSDT' });
export const side = z.enum(['BUY', 'SELL']);
export const orderType = z.enum([
  'LIMIT',
  'MARKET',
  'LIMIT_MAKER',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
]);
export const timeInForce = z.enum(['GTC', 'IOC', 'FOK']);
export const selfTradePrevention = z.enum(['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT']);
export const orderState = z.enum([
  'NEW',
  'PARTIALLY_FILLED',
  'PENDING_CANCEL',
  'FILLED',
  'CANCELED',
  'EXPIRED',
  'EXPIRED_IN_MATCH',
]);

/** Which fields a type needs is checked by the engine, with Binance's code and words in `details`. */
export const placeOrder = z.strictObject({
  symbol,
  side,
  type: orderType,
  /** LIMIT, STOP_LOSS_LIMIT, TAKE_PROFIT_LIMIT; GTC when left out. */
  timeInForce: timeInForce.optional(),
  /** Of the base asset. Everything but a MARKET order by quoteOrderQty needs it. */
  quantity: amount.optional(),
  /** MARKET only, instead of quantity: how much of the quote asset to spend (BUY) or to receive (SELL). */
  quoteOrderQty: amount.optional(),
  price: amount.optional(),
  stopPrice: amount.optional(),
  /** Basis points, 10 to 2000: a stop or take-profit order that follows the price. */
  trailingDelta: z.number().int().min(1).max(10_000).optional(),
  /** Shown at a time; LIMIT and LIMIT_MAKER, makes the order GTC. */
  icebergQty: amount.optional(),
  selfTradePreventionMode: selfTradePrevention.optional(),
});
export type PlaceOrder = z.infer<typeof placeOrder>;

/** Up to 20 at once; each has an id of its own and its own answer. */
export const placeOrders = z.strictObject({
  orders: z
    .array(placeOrder.extend({ clientOrderId: idempotencyKey }))
    .min(1)
    .max(20),
});
export type PlaceOrders = z.infer<typeof placeOrders>;

/**
 * What a program says over the socket for orders; `id` is its own name for the message, and comes back with the
 * answer.
 */
const messageId = z.union([z.string().min(1).max(64), z.number().int().nonnegative()]);
export const orderMessage = z.discriminatedUnion('op', [
  z.strictObject({
    id: messageId,
    op: z.literal('place'),
    order: placeOrder.extend({ clientOrderId: idempotencyKey }),
  }),
  z.strictObject({ id: messageId, op: z.literal('cancel'), orderId: id }),
]);
export type OrderMessage = z.infer<typeof orderMessage>;

/** One cancels the other: a limit order on one side of the price, a stop on the other. */
export const placeOco = z.strictObject({
  symbol,
  side,
  quantity: amount,
  /** Of the LIMIT_MAKER leg. */
  price: amount,
  stopPrice: amount,
  /** With it the stop leg is STOP_LOSS_LIMIT, without it STOP_LOSS. */
  stopLimitPrice: amount.optional(),
  selfTradePreventionMode: selfTradePrevention.optional(),
});
export type PlaceOco = z.infer<typeof placeOco>;

/** Takes one order out and puts another in its place, in one step: both or, if the old one is gone already, neither. */
export const replaceOrder = placeOrder;
/** Lowers what is open; the order keeps its place in the queue. */
export const amendOrder = z.strictObject({ quantity: amount });
export const bySymbol = z.strictObject({ symbol });
export const byClientOrderId = z.strictObject({ clientOrderId: idempotencyKey });
export const ordersQuery = page.extend({
  market: symbol.optional(),
  state: z.enum(['open', 'closed', 'all']).default('all'),
  ...period,
});
export const fillsQuery = page.extend({ market: symbol.optional(), orderId: id.optional(), ...period });

export const orderView = z.object({
  id,
  clientOrderId: z.string(),
  symbol,
  side,
  type: orderType,
  timeInForce,
  /** 0 for an order at market. */
  price: amount,
  /** 0 where quoteOrderQty is used. */
  quantity: amount,
  quoteOrderQty: amount,
  stopPrice: amount,
  trailingDelta: z.number().int(),
  icebergQty: amount,
  executedQty: amount,
  /** Quote asset paid or received for executedQty, before fees. */
  executedQuote: amount,
  status: orderState,
  /** Does it stand in the book or take part in a trade now? False while a stop waits for its trigger. */
  working: z.boolean(),
  /** On its way at the venue: it cannot be changed until it comes back. */
  inFlight: z.boolean(),
  /** Both legs of an OCO carry the same. */
  listId: z.string().nullable(),
  selfTradePreventionMode: selfTradePrevention,
  /** Why it ended, where that is not plain from the status. */
  reason: z.string().nullable(),
  createdAt: time,
  updatedAt: time,
});
export type OrderView = z.infer<typeof orderView>;

export const orderAnswer = z.union([
  z.object({ order: orderView }),
  z.object({
    error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()).optional() }),
  }),
]);
export const ocoView = z.object({ listId: id, orders: z.array(orderView) });
export const replaceView = z.object({ canceled: orderView, placed: orderView });
export const cancelAllView = z.object({ canceled: z.number().int(), pending: z.number().int() });

/** One user's side of a trade. */
export const fillView = z.object({
  symbol,
  tradeId: z.number().int(),
  orderId: id,
  side,
  price: amount,
  quantity: amount,
  quoteQuantity: amount,
  fee: amount,
  feeAsset: assetCode,
  maker: z.boolean(),
  /** Executed at Binance rather than in our own book. */
  outside: z.boolean(),
  at: time,
});
export type FillView = z.infer<typeof fillView>;

/** The caller's rates in each market, by the volume of 30 days. */
export const feeView = z.object({ symbol, maker: amount, taker: amount, volume30d: amount, nextAt: amount.nullable() });
export type FeeView = z.infer<typeof feeView>;

/** How orders were routed, for admins. Counts since the house began unless said otherwise. */
export const routingView = z.object({
  symbol,
  state: marketState,
  /** An admin's choice: nothing is sent on. */
  internalOnly: z.boolean(),
  mode: marketMode,
  userOrders: z.number().int(),
  matchedInside: z.number().int(),
  sentOn: z.number().int(),
  venueOrders: z.number().int(),
  /** In the quote asset. */
  exposureNow: amount,
  exposureMost: amount,
  exposureAgeMs: z.number().int(),
  /** Quote asset, signed: what the venue gave better (+) or worse (-) than the price the decision saw. */
  slippage: z.string(),
  tradingFees: z.array(z.object({ asset: assetCode, amount })),
  venueFees: z.array(z.object({ asset: assetCode, amount })),
});
export type RoutingView = z.infer<typeof routingView>;
