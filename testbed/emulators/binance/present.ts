import type { Account } from './account';
import { must, show, times } from './decimal';
import type { Fill, Order, OrderList, PreventedMatch, Settings } from './types';

/** What an executionReport tells of. */
export type Execution = 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED' | 'REJECTED' | 'TRADE_PREVENTION' | 'REPLACED';

let executions = Date.now() * 1000;
/** Execution ids grow over restarts too. */
export const nextExecution = (): number => ++executions;

const ZERO = '0.00000000';
const reasonOf = (order: Order): string =>
  order.expiryReason ??
  (order.type === 'MARKET'
    ? 'INSUFFICIENT_LIQUIDITY'
    : order.timeInForce === 'FOK'
      ? 'UNFILLED_FOK_ORDER_EXPIRED'
      : 'UNFILLED_IOC_QUANTITY_EXPIRED');
const expiry = (order: Order): { expiryReason?: string } =>
  order.status === 'EXPIRED' ? { expiryReason: reasonOf(order) } : {};
const stopOf = ({ stopPrice = ZERO }: Order): { stopPrice?: string } => (must(stopPrice) > 0n ? { stopPrice } : {});
const icebergOf = ({ icebergQty = ZERO }: Order): { icebergQty?: string } =>
  must(icebergQty) > 0n ? { icebergQty } : {};
/** What of the order ended by a prevented match, on the side that it was on. */
const preventedQuantity = (
  order: Order,
  { takerOrderId, takerPreventedQuantity, makerPreventedQuantity }: PreventedMatch,
): string => (takerOrderId === order.orderId ? takerPreventedQuantity : makerPreventedQuantity) ?? ZERO;
const preventedOf = (order: Order): object =>
  order.prevention
    ? {
        preventedMatchId: order.prevention.preventedMatchId,
        preventedQuantity: preventedQuantity(order, order.prevention),
      }
    : {};
const strategyOf = ({ strategyId, strategyType }: Order): object => ({
  ...(strategyId !== undefined && { strategyId }),
  ...(strategyType !== undefined && { strategyType }),
});

/** The answer to a new order: ACK, RESULT or FULL; unasked, what takes is answered in full. */
export function placed(order: Order, fills: readonly Fill[], form: string | undefined): Record<string, unknown> {
  const { symbol, orderId, clientOrderId } = order;
  const ack = { symbol, orderId, orderListId: order.orderListId ?? -1, clientOrderId, transactTime: order.updateTime };
  if ((form ?? (order.type === 'LIMIT' || order.type === 'MARKET' ? 'FULL' : 'ACK')) === 'ACK') return ack;
  const rows = fills.map(({ price, qty, commission, commissionAsset, id }) => ({
    price,
    qty,
    commission,
    commissionAsset,
    tradeId: id,
  }));
  return { ...ack, ...result(order), ...(form !== 'RESULT' && { fills: rows }) };
}

export function result(order: Order): Record<string, unknown> {
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
    ...stopOf(order),
    ...icebergOf(order),
    ...strategyOf(order),
    ...preventedOf(order),
    workingTime: workingSince(order),
    selfTradePreventionMode: order.selfTradePreventionMode ?? 'EXPIRE_MAKER',
    ...expiry(order),
  };
}

const workingSince = (order: Order): number => (order.isWorking === false ? -1 : (order.workingTime ?? order.time));

/** An order as queries show it. */
export function queried(order: Order): Record<string, unknown> {
  return {
    symbol: order.symbol,
    orderId: order.orderId,
    orderListId: order.orderListId ?? -1,
    clientOrderId: order.clientOrderId,
    price: order.price,
    origQty: order.origQty,
    executedQty: order.executedQty,
    cummulativeQuoteQty: order.cummulativeQuoteQty,
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
    stopPrice: order.stopPrice ?? ZERO,
    icebergQty: order.icebergQty ?? ZERO,
    time: order.time,
    updateTime: order.updateTime,
    isWorking: order.isWorking ?? true,
    ...strategyOf(order),
    ...preventedOf(order),
    workingTime: workingSince(order),
    origQuoteOrderQty: order.quoteOrderQty,
    selfTradePreventionMode: order.selfTradePreventionMode ?? 'EXPIRE_MAKER',
    ...expiry(order),
  };
}

export function canceled(order: Order, cancelId: string): Record<string, unknown> {
  return {
    symbol: order.symbol,
    origClientOrderId: order.clientOrderId,
    orderId: order.orderId,
    orderListId: order.orderListId ?? -1,
    clientOrderId: cancelId,
    transactTime: order.updateTime,
    ...result(order),
  };
}

/** A smaller quantity, as the answer tells it. */
export function amended(order: Order, origClientOrderId: string): Record<string, unknown> {
  const {
    symbol,
    orderId,
    clientOrderId,
    price,
    origQty: qty,
    executedQty,
    quoteOrderQty,
    cummulativeQuoteQty: cumulativeQuoteQty,
    status,
    timeInForce,
    type,
    side,
  } = order;
  return {
    symbol,
    orderId,
    orderListId: order.orderListId ?? -1,
    origClientOrderId,
    clientOrderId,
    price,
    qty,
    executedQty,
    preventedQty: ZERO,
    quoteOrderQty,
    cumulativeQuoteQty,
    status,
    timeInForce,
    type,
    side,
    ...stopOf(order),
    ...icebergOf(order),
    ...strategyOf(order),
    workingTime: workingSince(order),
    selfTradePreventionMode: order.selfTradePreventionMode ?? 'EXPIRE_MAKER',
  };
}

/** A list as queries show it; answers to a placement and a cancel have reports too. */
export function list({
  orderListId,
  contingencyType,
  listStatusType,
  listOrderStatus,
  listClientOrderId,
  transactionTime,
  symbol,
  orders,
}: OrderList): Record<string, unknown> {
  return {
    orderListId,
    contingencyType,
    listStatusType,
    listOrderStatus,
    listClientOrderId,
    transactionTime,
    symbol,
    orders,
  };
}

export const trade = (fill: Fill, listId = -1): Record<string, unknown> => ({
  ...fill,
  orderListId: listId,
  isBestMatch: true,
});

const NONE = { maker: ZERO, taker: ZERO, buyer: ZERO, seller: ZERO };

export function commission(symbol: string, { maker, taker, bnbBurn }: Settings): Record<string, unknown> {
  const discount = { enabledForAccount: bnbBurn, enabledForSymbol: true, discountAsset: 'BNB', discount: '0.75000000' };
  return {
    symbol,
    standardCommission: { ...NONE, maker, taker },
    specialCommission: NONE,
    taxCommission: NONE,
    discount,
  };
}

export function account(state: Account, omitZero: boolean): Record<string, unknown> {
  const balances = [...state.balances].map(([asset, { free, locked }]) => ({
    asset,
    free: show(free),
    locked: show(locked),
  }));
  const { maker, taker } = state.settings;
  const points = (rate: string): number => Number(must(rate) / 10n ** 14n);
  return {
    makerCommission: points(maker),
    takerCommission: points(taker),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: { ...NONE, maker, taker },
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

/** The user stream's event of one execution; `fill` undefined where none was traded. */
export function executionReport(
  order: Order,
  kind: Execution,
  fill: Fill | undefined,
  so: { status: string; executed: string; quote: string; cancelId?: string | undefined },
): Record<string, unknown> {
  const isWorking = order.isWorking !== false;
  const replaced = kind === 'REPLACED' ? order.amendments?.at(-1)?.origClientOrderId : undefined;
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
    P: order.stopPrice ?? ZERO,
    F: order.icebergQty ?? ZERO,
    g: order.orderListId ?? -1,
    C: kind === 'CANCELED' ? order.clientOrderId : (replaced ?? ''),
    x: kind,
    X: so.status,
    r: 'NONE',
    i: order.orderId,
    l: fill?.qty ?? ZERO,
    z: so.executed,
    L: fill?.price ?? ZERO,
    n: fill?.commission ?? '0',
    N: fill?.commissionAsset ?? null,
    T: order.updateTime,
    t: fill?.id ?? -1,
    I: nextExecution(),
    w: isWorking && (kind === 'NEW' || kind === 'REPLACED' || so.status === 'PARTIALLY_FILLED'),
    m: fill?.isMaker ?? false,
    M: false,
    O: order.time,
    Z: so.quote,
    Y: fill?.quoteQty ?? ZERO,
    Q: order.quoteOrderQty,
    ...(isWorking && { W: workingSince(order) }),
    V: order.selfTradePreventionMode ?? 'EXPIRE_MAKER',
    ...(order.strategyId !== undefined && { j: order.strategyId }),
    ...(order.strategyType !== undefined && { J: order.strategyType }),
    ...(kind === 'EXPIRED' && { eR: reasonOf(order) }),
    ...(kind === 'TRADE_PREVENTION' && order.prevention && preventionEvent(order, order.prevention)),
  };
}

/** Of a trade that was prevented: its number, how much, and the order on the other side. */
function preventionEvent(order: Order, match: PreventedMatch): Record<string, unknown> {
  const isTaker = match.takerOrderId === order.orderId;
  const quantity = preventedQuantity(order, match);
  return {
    v: match.preventedMatchId,
    A: quantity,
    B: quantity,
    u: match.tradeGroupId,
    U: isTaker ? match.makerOrderId : match.takerOrderId,
    Cs: isTaker ? match.makerSymbol : match.symbol,
    pl: quantity,
    pL: match.price,
    pY: show(times(must(match.price), must(quantity))),
  };
}
