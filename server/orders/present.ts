import type { FillView, OrderView } from '../../domain/contract/api/orders';
import type { FillSnapshot, OrderSnapshot } from '../../domain/contract/events';
import { plain } from '../present';

/** An order that stands locked is part of what is at the venue now: it cannot be changed either. */
const IN_FLIGHT: readonly OrderSnapshot['bookStatus'][] = ['inFlight', 'locked'];

/** Field by field: a spread with fields beside it costs ten times as much, and this is done for every order. */
export const presentOrder = (row: OrderSnapshot): OrderView => ({
  id: row.id,
  clientOrderId: row.clientOrderId,
  symbol: row.symbol,
  side: row.side,
  type: row.type as OrderView['type'],
  timeInForce: row.timeInForce,
  price: plain(row.price),
  quantity: plain(row.quantity),
  quoteOrderQty: plain(row.quoteOrderQty),
  stopPrice: plain(row.stopPrice),
  trailingDelta: row.trailingDelta,
  icebergQty: plain(row.icebergQty),
  executedQty: plain(row.executedQty),
  executedQuote: plain(row.executedQuote),
  status: row.state,
  working: row.bookStatus !== null && row.bookStatus !== 'waiting',
  inFlight: IN_FLIGHT.includes(row.bookStatus),
  listId: row.listId,
  selfTradePreventionMode: row.selfTradePrevention as OrderView['selfTradePreventionMode'],
  reason: row.reason,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
});

export const presentFill = (row: FillSnapshot): FillView => ({
  symbol: row.symbol,
  tradeId: row.tradeId,
  orderId: row.orderId,
  side: row.side,
  price: plain(row.price),
  quantity: plain(row.quantity),
  quoteQuantity: plain(row.quoteQuantity),
  fee: plain(row.fee),
  feeAsset: row.feeAsset,
  maker: Boolean(row.maker),
  outside: row.venueTradeId !== null,
  at: row.at,
});
