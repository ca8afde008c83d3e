import type { Account } from './account';
import { show } from './decimal';
import type { Fill, Order } from './types';

const reasonOf = (order: Order): string =>
  order.type === 'MARKET' ? 'INSUFFICIENT_LIQUIDITY' : order.timeInForce === 'FOK' ? 'UNFILLED_FOK_ORDER_EXPIRED' : 'UNFILLED_IOC_QUANTITY_EXPIRED';
const expiry = (order: Order): { expiryReason?: string } => (order.status === 'EXPIRED' ? { expiryReason: reasonOf(order) } : {});

/** The answer to a new order: ACK, RESULT or FULL; unasked, what takes is answered in full. */
export function placed(order: Order, fills: readonly Fill[], form: string | undefined): Record<string, unknown> {
  const { symbol, orderId, clientOrderId } = order;
  const ack = { symbol, orderId, orderListId: -1, clientOrderId, transactTime: order.updateTime };
  if ((form ?? (order.type === 'LIMIT_MAKER' ? 'ACK' : 'FULL')) === 'ACK') return ack;
  const rows = fills.map(({ price, qty, commission, commissionAsset, id }) => ({ price, qty, commission, commissionAsset, tradeId: id }));
  return { ...ack, ...result(order), ...(form !== 'RESULT' && { fills: rows }) };
}

function result(order: Order): Record<string, unknown> {
  return {
    price: order.price,
    origQty: order.origQty,
    executedQty: order.executedQty,
    origQuoteOrderQty: order.quoteOrderQty,
    cummulativeQuoteQty: order.cummulativeQuoteQty,
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
    workingTime: order.time,
    selfTradePreventionMode: 'EXPIRE_MAKER',
    ...expiry(order),
  };
}

/** An order as queries show it. */
export function queried(order: Order): Record<string, unknown> {
  return {
    symbol: order.symbol,
    orderId: order.orderId,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    price: order.price,
    origQty: order.origQty,
    executedQty: order.executedQty,
    cummulativeQuoteQty: order.cummulativeQuoteQty,
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
    stopPrice: '0.00000000',
    icebergQty: '0.00000000',
    time: order.time,
    updateTime: order.updateTime,
    isWorking: true,
    workingTime: order.time,
    origQuoteOrderQty: order.quoteOrderQty,
    selfTradePreventionMode: 'EXPIRE_MAKER',
    ...expiry(order),
  };
}

export function canceled(order: Order, cancelId: string): Record<string, unknown> {
  const { time: _time, updateTime, isWorking: _working, stopPrice: _stop, icebergQty: _iceberg, workingTime: _since, ...rest } = queried(order);
  return { ...rest, origClientOrderId: order.clientOrderId, clientOrderId: cancelId, transactTime: updateTime };
}

export const trade = (fill: Fill): Record<string, unknown> => ({ ...fill, orderListId: -1, isBestMatch: true });

export function account(state: Account, omitZero: boolean): Record<string, unknown> {
  const balances = [...state.balances].map(([asset, { free, locked }]) => ({ asset, free: show(free), locked: show(locked) }));
  const rates = { maker: '0.00100000', taker: '0.00100000', buyer: '0.00000000', seller: '0.00000000' };
  return {
    makerCommission: 10,
    takerCommission: 10,
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: rates,
    canTrade: true,
    canWithdraw: true,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: Date.now(),
    accountType: 'SPOT',
    balances: omitZero ? balances.filter(({ free, locked }) => /[1-9]/.test(free + locked)) : balances,
    permissions: ['SPOT'],
    uid: 1,
  };
}

/** The user stream's event of one execution; `fill` undefined for NEW, CANCELED and EXPIRED. */
export function executionReport(order: Order, kind: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED', fill: Fill | undefined, so: { status: string; executed: string; quote: string; cancelId?: string | undefined }): Record<string, unknown> {
  return {
    e: 'executionReport',
    E: Date.now(),
    s: order.symbol,
    c: so.cancelId ?? order.clientOrderId,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: order.origQty,
    p: order.price,
    P: '0.00000000',
    F: '0.00000000',
    g: -1,
    C: kind === 'CANCELED' ? order.clientOrderId : '',
    x: kind,
    X: so.status,
    r: 'NONE',
    i: order.orderId,
    l: fill?.qty ?? '0.00000000',
    z: so.executed,
    L: fill?.price ?? '0.00000000',
    n: fill?.commission ?? '0',
    N: fill?.commissionAsset ?? null,
    T: order.updateTime,
    t: fill?.id ?? -1,
    I: fill ? fill.id * 2 : order.orderId,
    w: kind === 'NEW',
    m: fill?.isMaker ?? false,
    M: false,
    O: order.time,
    Z: so.quote,
    Y: fill?.quoteQty ?? '0.00000000',
    Q: order.quoteOrderQty,
    W: order.time,
    V: 'EXPIRE_MAKER',
    ...(kind === 'EXPIRED' && { eR: reasonOf(order) }),
  };
}
