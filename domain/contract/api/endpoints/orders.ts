import { byId, listOf, pageOf } from '../common';
import * as orders from '../orders';
import { get, post } from './endpoint';
import type { Endpoint } from './endpoint';

const ORDER_REFUSALS = [
  'UNKNOWN_MARKET',
  'MARKET_CLOSED',
  'MARKET_HALTED',
  'BAD_ORDER',
  'FILTER_FAILURE',
  'POST_ONLY_REJECTED',
  'WOULD_TRIGGER',
  'INSUFFICIENT_FUNDS',
  'FUNDS_IN_TRANSIT',
  'IDEMPOTENCY_KEY_REUSED',
  'BUSY',
  'UNKNOWN_OUTCOME',
] as const;

export const ordersEndpoints = {
  placeOrder: post('/orders', 'Place an order; the Idempotency-Key is its client order id', {
    access: 'active',
    limit: 'order',
    status: 201,
    carries: 'json',
    idempotent: true,
    body: orders.placeOrder,
    answers: orders.orderView,
    refuses: ORDER_REFUSALS,
  }),
  placeOrders: post('/orders/batch', 'Place up to 20 orders, each with its own client order id and its own answer', {
    access: 'active',
    limit: 'order',
    carries: 'json',
    body: orders.placeOrders,
    answers: listOf(orders.orderAnswer),
    refuses: [],
  }),
  placeOco: post('/orders/oco', 'Place a limit order and a stop order, one of which cancels the other', {
    access: 'active',
    limit: 'order',
    status: 201,
    carries: 'json',
    idempotent: true,
    body: orders.placeOco,
    answers: orders.ocoView,
    refuses: ORDER_REFUSALS,
  }),
  orders: get('/orders', 'My orders, open or ended', { query: orders.ordersQuery, answers: pageOf(orders.orderView) }),
  orderByClientId: get('/orders/by-client-id/:clientOrderId', 'One order by the id its sender gave it', {
    params: orders.byClientOrderId,
    answers: orders.orderView,
    refuses: ['NOT_FOUND'],
  }),
  order: get('/orders/:id', 'One order', { params: byId, answers: orders.orderView, refuses: ['NOT_FOUND'] }),
  cancelOrders: post('/orders', 'Cancel all my open orders of a market', {
    method: 'delete',
    limit: 'order',
    query: orders.bySymbol,
    answers: orders.cancelAllView,
    refuses: ['UNKNOWN_MARKET', 'MARKET_HALTED', 'UNKNOWN_OUTCOME'],
  }),
  cancelOrder: post('/orders/:id', 'Cancel an order; 202 while it is in flight: it is cancelled when it comes back', {
    method: 'delete',
    limit: 'order',
    params: byId,
    answers: orders.orderView,
    refuses: ['NOT_FOUND', 'ORDER_STATE', 'MARKET_HALTED', 'UNKNOWN_OUTCOME'],
  }),
  amendOrder: post('/orders/:id/amend', 'Lower the quantity of an order; it keeps its place in the queue', {
    limit: 'order',
    carries: 'json',
    idempotent: true,
    params: byId,
    body: orders.amendOrder,
    answers: orders.orderView,
    refuses: ['NOT_FOUND', 'ORDER_STATE', 'IN_FLIGHT', 'FILTER_FAILURE', 'IDEMPOTENCY_KEY_REUSED', 'UNKNOWN_OUTCOME'],
  }),
  replaceOrder: post('/orders/:id/replace', 'Cancel an order and place another in one step', {
    access: 'active',
    limit: 'order',
    status: 201,
    carries: 'json',
    idempotent: true,
    params: byId,
    body: orders.replaceOrder,
    answers: orders.replaceView,
    refuses: [...ORDER_REFUSALS, 'NOT_FOUND', 'ORDER_STATE', 'IN_FLIGHT'],
  }),
  fills: get('/trades', 'My trades', { query: orders.fillsQuery, answers: pageOf(orders.fillView) }),
  fees: get('/fees', 'My rates in each market', { answers: listOf(orders.feeView) }),
} satisfies Record<string, Endpoint>;
