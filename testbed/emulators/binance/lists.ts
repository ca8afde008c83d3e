import { randomBytes } from 'node:crypto';
import { lockOf } from './account';
import { must } from './decimal';
import { ApiError, filterFailure, missing } from './errors';
import { endOrder, enter } from './execution';
import type { Entered } from './execution';
import { draftOf } from './exchange';
import type { Exchange } from './exchange';
import { checkId, filterOf } from './filters';
import { progress, tellList } from './progress';
import type { Order, OrderList } from './types';

type Params = Record<string, string>;

/** The parameters of one leg: those with the prefix, without it, besides those that are shared. */
function leg(params: Params, prefix: string, shared: Params): Params {
  const own = Object.entries(params).flatMap(([name, value]): [string, string][] => {
    if (!name.startsWith(prefix) || !/[A-Z]/.test(name[prefix.length] ?? '')) return [];
    const rest = name.slice(prefix.length);
    const plain = `${rest[0]?.toLowerCase()}${rest.slice(1)}`;
    return [[plain === 'clientOrderId' ? 'newClientOrderId' : plain, value]];
  });
  return { ...shared, ...Object.fromEntries(own) };
}

const need = (params: Params, ...names: string[]): void => {
  for (const name of names) if (!params[name]) throw missing(name);
};
const shared = (params: Params): Params => ({
  symbol: params.symbol ?? '',
  ...(params.selfTradePreventionMode && { selfTradePreventionMode: params.selfTradePreventionMode }),
});
const drafted = (exchange: Exchange, params: Params): Order => draftOf(exchange.check(params).request);
const PRICES = (): ApiError =>
  new ApiError(400, -2010, 'The relationship of the prices for the orders is not correct.');

/**
 * Which kinds of order may stand above the market and which below it, by side; what is said of one on the wrong side.
 */
const WRONG_SIDES: readonly {
  side: 'BUY' | 'SELL';
  at: 'above' | 'below';
  type: RegExp;
  code: number;
  text: string;
}[] = [
  { side: 'BUY', at: 'above', type: /^LIMIT_MAKER$/, code: -1165, text: 'A limit order in a buy OCO must be below.' },
  { side: 'SELL', at: 'below', type: /^LIMIT_MAKER$/, code: -1166, text: 'A limit order in a sell OCO must be above.' },
  { side: 'BUY', at: 'below', type: /^STOP_LOSS/, code: -1196, text: 'A stop loss order in a buy OCO must be above.' },
  {
    side: 'SELL',
    at: 'above',
    type: /^STOP_LOSS/,
    code: -1197,
    text: 'A stop loss order in a sell OCO must be below.',
  },
  {
    side: 'BUY',
    at: 'above',
    type: /^TAKE_PROFIT/,
    code: -1198,
    text: 'A take profit order in a buy OCO must be below.',
  },
  {
    side: 'SELL',
    at: 'below',
    type: /^TAKE_PROFIT/,
    code: -1199,
    text: 'A take profit order in a sell OCO must be above.',
  },
];
const PAIRED = ['LIMIT_MAKER', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'];

function checkTypes(params: Params, prefixes: readonly [string, string], side: string): void {
  const types = prefixes.map((prefix) => params[`${prefix}Type`] ?? '');
  if (types.some((type) => !PAIRED.includes(type))) throw new ApiError(400, -1158, 'Order type not supported in OCO.');
  if (types.every((type) => type === 'LIMIT_MAKER'))
    throw new ApiError(400, -1168, 'At least one OCO order must be contingent.');
  for (const [n, at] of (['above', 'below'] as const).entries()) {
    const wrong = WRONG_SIDES.find((row) => row.side === side && row.at === at && row.type.test(types[n] ?? ''));
    if (wrong) throw new ApiError(400, wrong.code, wrong.text);
    const prefix = prefixes[n] ?? at;
    const timeInForce = params[`${prefix}TimeInForce`] ?? 'GTC';
    if (params[`${prefix}IcebergQty`] !== undefined && timeInForce !== 'GTC')
      throw new ApiError(
        400,
        -1160,
        `Parameter '${prefix}IcebergQty' is not supported if \`${prefix}TimeInForce\` is not GTC.`,
      );
  }
}

/**
 * The two legs above and below the market, the stop first: one a stop, the other a limit or a profit. They share what
 * they keep locked: the one that needs more holds it.
 */
function pair(exchange: Exchange, params: Params, prefixes: readonly [string, string], common: Params): [Order, Order] {
  checkTypes(params, prefixes, common.side ?? '');
  const [above, below] = prefixes.map((prefix) => {
    try {
      return { ...drafted(exchange, leg(params, prefix, common)), isPaired: true };
    } catch (error) {
      throw error instanceof ApiError && error.msg === 'Order would trigger immediately.' ? PRICES() : error;
    }
  }) as [Order, Order];
  const [aboveAt, belowAt] = [above, below].map(({ price, stopPrice }) => must(stopPrice ?? '0') || must(price)) as [
    bigint,
    bigint,
  ];
  if (aboveAt <= belowAt) throw PRICES();
  const { info } = exchange.of(above.symbol);
  const [stop, other] = above.type.startsWith('STOP') ? [above, below] : [below, above];
  return lockOf(stop, info).amount >= lockOf(other, info).amount
    ? [stop, { ...other, isLockless: true }]
    : [{ ...stop, isLockless: true }, other];
}

/** Refuses one list too many. */
function checkCount(exchange: Exchange, symbol: string): void {
  const most = Number(filterOf(exchange.of(symbol).info, 'MAX_NUM_ORDER_LISTS').maxNumOrderLists ?? 20);
  const open = [...exchange.account.lists.values()].filter(
    (list) => list.symbol === symbol && list.listOrderStatus === 'EXECUTING',
  );
  if (open.length >= most) throw filterFailure('MAX_NUM_ORDER_LISTS');
}

/** A limit of the pair that would take at once is refused before anything is done. */
function checkMakers(exchange: Exchange, drafts: readonly Order[]): void {
  for (const { symbol, side, type, price } of drafts) {
    if (type !== 'LIMIT_MAKER') continue;
    const best = exchange.of(symbol).market.best(side === 'BUY' ? 'a' : 'b')?.[0];
    if (best !== undefined && (side === 'BUY' ? must(price) >= best : must(price) <= best)) throw PRICES();
  }
}

const pending = (order: Order): Order => ({ ...order, status: 'PENDING_NEW', isWorking: false, role: 'then' });

function drafts(exchange: Exchange, kind: 'oco' | 'oto' | 'otoco', params: Params): Order[] {
  need(params, 'symbol');
  if (kind === 'oco') {
    need(params, 'side', 'quantity', 'aboveType', 'belowType');
    const legs = pair(exchange, params, ['above', 'below'], {
      ...shared(params),
      side: params.side ?? '',
      quantity: params.quantity ?? '',
    });
    checkMakers(exchange, legs);
    return legs;
  }
  need(params, 'workingType', 'workingSide', 'workingPrice', 'workingQuantity', 'pendingSide', 'pendingQuantity');
  if (params.workingType !== 'LIMIT' && params.workingType !== 'LIMIT_MAKER')
    throw new ApiError(400, -1160, 'Working order type is not supported.');
  const first: Order = { ...drafted(exchange, leg(params, 'working', shared(params))), role: 'first' };
  const common = { ...shared(params), side: params.pendingSide ?? '', quantity: params.pendingQuantity ?? '' };
  if (kind === 'oto') return [first, pending(drafted(exchange, leg(params, 'pending', common)))];
  return [first, ...pair(exchange, params, ['pendingAbove', 'pendingBelow'], common).map(pending)];
}

/** Places two or three orders that hang together. */
export async function placeList(
  exchange: Exchange,
  kind: 'oco' | 'oto' | 'otoco',
  params: Params,
): Promise<{ list: OrderList; placed: readonly Entered[] }> {
  const listClientOrderId = checkId(params.listClientOrderId ?? randomBytes(11).toString('hex'), 'listClientOrderId');
  const orderListId = exchange.account.nextListId();
  const placed: Entered[] = [];
  try {
    const legs = drafts(exchange, kind, params).map((draft) => ({ ...draft, orderListId }));
    checkCount(exchange, params.symbol ?? '');
    for (const draft of legs) draft.orderId = exchange.account.nextOrderId();
    // The leg that holds the money of a pair comes to the book first: where there is too little, neither has been
    // there.
    for (const draft of legs.toSorted((one, two) => Number(one.isLockless ?? false) - Number(two.isLockless ?? false)))
      placed.push(enter(exchange, draft));
    placed.sort((one, two) => one.order.orderId - two.order.orderId);
  } catch (error) {
    await Promise.all(placed.map(({ order }) => endOrder(exchange, order, 'CANCELED')));
    throw error;
  }
  const orders = placed.map(({ order }) => order);
  const list: OrderList = {
    orderListId,
    contingencyType: kind === 'oco' ? 'OCO' : 'OTO',
    listStatusType: 'EXEC_STARTED',
    listOrderStatus: 'EXECUTING',
    listClientOrderId,
    transactionTime: Date.now(),
    symbol: params.symbol ?? '',
    orders: orders.map(({ symbol, orderId, clientOrderId }) => ({ symbol, orderId, clientOrderId })),
  };
  await Promise.all([...placed.map(({ durable }) => durable), exchange.record({ k: 'list', list })]);
  tellList(exchange, list);
  for (const { orderId } of orders) await progress(exchange, exchange.account.orders.get(orderId) as Order);
  return { list, placed };
}

/** The list that is meant, by its number or its client's name, and by its symbol where one is told. */
export function findList(
  exchange: Exchange,
  { symbol, orderListId, listClientOrderId, origClientOrderId }: Params,
): OrderList | undefined {
  const id = listClientOrderId ?? origClientOrderId;
  if (!orderListId && !id)
    throw new ApiError(
      400,
      -1102,
      "Param 'origClientOrderId' or 'orderListId' must be sent, but both were empty/null!",
    );
  if (symbol !== undefined) exchange.of(symbol);
  const isMeant = (list: OrderList): boolean =>
    (!orderListId || list.orderListId === Number(orderListId)) &&
    (!id || list.listClientOrderId === id) &&
    (!symbol || list.symbol === symbol);
  return [...exchange.account.lists.values()].findLast(isMeant);
}

/** Ends every leg. */
export async function cancelList(
  exchange: Exchange,
  params: Params,
): Promise<{ list: OrderList; orders: Order[]; cancelId: string }> {
  if (!params.symbol) throw missing('symbol');
  const found = findList(exchange, params);
  if (!found) throw new ApiError(400, -2011, 'Unknown order list sent.');
  const { orderListId, orders } = found;
  const cancelId = params.newClientOrderId ?? randomBytes(11).toString('hex');
  const legs = (): Order[] => orders.flatMap(({ orderId }) => exchange.account.orders.get(orderId) ?? []);
  const list = (): OrderList => exchange.account.lists.get(orderListId) as OrderList;
  if (list().listOrderStatus === 'ALL_DONE') throw new ApiError(400, -2011, 'Unknown order list sent.');
  const steps = legs().map((order) => endOrder(exchange, order, 'CANCELED', { cancelId }));
  const [last] = legs();
  if (last) steps.push(progress(exchange, last));
  await Promise.all(steps);
  return { list: list(), orders: legs(), cancelId };
}
