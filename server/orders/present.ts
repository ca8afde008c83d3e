import { fillView, orderView } from '../../domain/contract/api/orders';
import type { FillView, OrderView } from '../../domain/contract/api/orders';
import type { FillSnapshot, OrderSnapshot } from '../../domain/contract/events';
import { plain, view } from '../present';

/** An order that stands locked is part of what is at the venue now: it cannot be changed either. */
const IN_FLIGHT: readonly OrderSnapshot['bookStatus'][] = ['inFlight', 'locked'];

export const presentOrder = (row: OrderSnapshot): OrderView =>
  view(orderView, {
    ...row,
    type: row.type as OrderView['type'],
    price: plain(row.price),
    quantity: plain(row.quantity),
    quoteOrderQty: plain(row.quoteOrderQty),
    stopPrice: plain(row.stopPrice),
    icebergQty: plain(row.icebergQty),
    executedQty: plain(row.executedQty),
    executedQuote: plain(row.executedQuote),
    status: row.state,
    working: row.bookStatus !== null && row.bookStatus !== 'waiting',
    inFlight: IN_FLIGHT.includes(row.bookStatus),
    selfTradePreventionMode: row.selfTradePrevention as OrderView['selfTradePreventionMode'],
  });

export const presentFill = (row: FillSnapshot): FillView =>
  view(fillView, {
    ...row,
    price: plain(row.price),
    quantity: plain(row.quantity),
    quoteQuantity: plain(row.quoteQuantity),
    fee: plain(row.fee),
    maker: Boolean(row.maker),
    outside: row.venueTradeId !== null,
  });
