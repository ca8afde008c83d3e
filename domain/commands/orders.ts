/** Commands of the module `orders`, and what admins decide about markets. */
import { z } from 'zod';
import { amount, command, name } from './shapes';

const side = z.enum(['BUY', 'SELL']);
const selfTradePreventionMode = z.enum(['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT']).optional();

/** What an order says, in Binance's words; amounts as decimal strings. */
const terms = {
  symbol: name,
  side,
  type: z.enum(['LIMIT', 'MARKET', 'LIMIT_MAKER', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT']),
  timeInForce: z.enum(['GTC', 'IOC', 'FOK']).optional(),
  quantity: amount.optional(),
  quoteOrderQty: amount.optional(),
  price: amount.optional(),
  stopPrice: amount.optional(),
  /** Basis points. */
  trailingDelta: z.number().int().optional(),
  icebergQty: amount.optional(),
  selfTradePreventionMode,
};
const orderTerms = z.strictObject(terms);
export type OrderTerms = Readonly<z.infer<typeof orderTerms>>;

export const ORDER_COMMANDS = {
  /** Reference: `order:<user>:<clientOrderId>`. The answer is the order as it stands when the command has ended. */
  'order.place': command('user', { userId: name, clientOrderId: name, ...terms }),
  'order.oco': command('user', {
    userId: name,
    clientOrderId: name,
    symbol: name,
    side,
    quantity: amount,
    price: amount,
    stopPrice: amount,
    stopLimitPrice: amount.optional(),
    selfTradePreventionMode,
  }),
  /** In flight: PENDING_CANCEL, applied when it comes back. Refused ORDER_STATE when it has ended. */
  'order.cancel': command('user', { userId: name, orderId: name }),
  'order.cancelAll': command('user', { userId: name, symbol: name }),
  'order.amend': command('user', { userId: name, orderId: name, quantity: amount }),
  /** Cancels and places in one step; refused as a whole. The answer is the new order, with the old one's id. */
  'order.replace': command('user', { userId: name, clientOrderId: name, orderId: name, ...terms }),
  /**
   * Something outside changed (prices, freshness, limits): resting orders that are reached are routed, stops trigger.
   */
  'market.tick': command('internal', { symbol: name }),
  /**
   * An admin's choice for a market. `adminId` null: the exchange itself halts a market that its venue does not know.
   */
  'market.set': command('admin', {
    symbol: name,
    adminId: name.nullable(),
    state: z.enum(['TRADING', 'POST_ONLY', 'CANCEL_ONLY', 'HALT']),
    internalOnly: z.boolean(),
  }),
} as const;
