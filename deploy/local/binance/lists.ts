import { randomBytes } from 'node:crypto';
import { lockOf } from './account';
import { must } from './decimal';
import { ApiError, missing } from './errors';
import { endOrder, enter, isStop } from './execution';
import type { Entered } from './execution';
import { draftOf } from './exchange';
import type { Exchange } from './exchange';
import { checkId } from './filters';
import { progress, tellList } from './progress';
import { isAbove } from './resting';
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
const shared = (params: Params): Params => ({ symbol: params.symbol ?? '', ...(params.selfTradePreventionMode && { selfTradePreventionMode: params.selfTradePreventionMode }) });
const drafted = (exchange: Exchange, params: Params): Order => draftOf(exchange.check(params).request);
const PRICES = (): ApiError => new ApiError(400, -2010, 'The relationship of the prices for the orders is not correct.');

/** The two legs above and below the market: one a stop, the other a limit or a profit; they share what they keep locked. */
function pair(exchange: Exchange, params: Params, prefixes: readonly [string, string], common: Params): [Order, Order] {
  const [above, below] = prefixes.map((prefix) => drafted(exchange, leg(params, prefix, common))) as [Order, Order];
  const stops = [above, below].filter(({ type }) => type.startsWith('STOP'));
  if (stops.length !== 1 || [above, below].some(({ type }) => type === 'LIMIT' || type === 'MARKET')) throw new ApiError(400, -1158, 'Order type not supported in OCO.');
  const sides = (order: Order): boolean => (isStop(order) ? isAbove(order) : order.side === 'SELL');
  if (!sides(above) || sides(below)) throw PRICES();
  const { info } = exchange.of(above.symbol);
  const [one, other] = lockOf(above, info).amount >= lockOf(below, info).amount ? [above, below] : [below, above];
  return [one, { ...other, isLockless: true }];
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
    const legs = pair(exchange, params, ['above', 'below'], { ...shared(params), side: params.side ?? '', quantity: params.quantity ?? '' });
    checkMakers(exchange, legs);
    return legs;
  }
  need(params, 'workingType', 'workingSide', 'workingPrice', 'workingQuantity', 'pendingSide', 'pendingQuantity');
  if (params.workingType !== 'LIMIT' && params.workingType !== 'LIMIT_MAKER') throw new ApiError(400, -1160, 'Working order type is not supported.');
  const first: Order = { ...drafted(exchange, leg(params, 'working', shared(params))), role: 'first' };
  const common = { ...shared(params), side: params.pendingSide ?? '', quantity: params.pendingQuantity ?? '' };
  if (kind === 'oto') return [first, pending(drafted(exchange, leg(params, 'pending', common)))];
  return [first, ...pair(exchange, params, ['pendingAbove', 'pendingBelow'], common).map(pending)];
}

/** Places two or three orders that hang together. */
export async function placeList(exchange: Exchange, kind: 'oco' | 'oto' | 'otoco', params: Params): Promise<{ list: OrderList; placed: readonly Entered[] }> {
  const listClientOrderId = checkId(params.listClientOrderId ?? randomBytes(11).toString('hex'), 'listClientOrderId');
  const orderListId = exchange.account.nextListId();
  const placed: Entered[] = [];
  try {
    for (const draft of drafts(exchange, kind, params)) placed.push(enter(exchange, { ...draft, orderListId }));
  } catch (error) {
    await Promise.all(placed.map(({ order }) => endOrder(exchange, order, 'CANCELED')));
    throw error;
  }
  const orders = placed.map(({ order }) => order);
  const list: OrderList = {
    orderListId, contingencyType: kind === 'oco' ? 'OCO' : 'OTO', listStatusType: 'EXEC_STARTED', listOrderStatus: 'EXECUTING', listClientOrderId, transactionTime: Date.now(),
    symbol: params.symbol ?? '', orders: orders.map(({ symbol, orderId, clientOrderId }) => ({ symbol, orderId, clientOrderId })),
  };
  await Promise.all([...placed.map(({ durable }) => durable), exchange.record({ k: 'list', list })]);
  tellList(exchange, list);
  for (const { orderId } of orders) await progress(exchange, exchange.account.orders.get(orderId) as Order);
  return { list, placed };
}

/** The list that is meant, by its number or its client's name. */
export function findList(exchange: Exchange, { orderListId, listClientOrderId, origClientOrderId }: Params): OrderList {
  const id = listClientOrderId ?? origClientOrderId;
  if (!orderListId && !id) throw new ApiError(400, -1102, "Param 'origClientOrderId' or 'orderListId' must be sent, but both were empty/null!");
  const found = [...exchange.account.lists.values()].findLast((list) => (orderListId ? list.orderListId === Number(orderListId) : list.listClientOrderId === id));
  if (!found) throw new ApiError(400, -2018, 'Order list does not exist.');
  return found;
}

/** Ends every leg. */
export async function cancelList(exchange: Exchange, params: Params): Promise<{ list: OrderList; orders: Order[] }> {
  const { orderListId, orders } = findList(exchange, params);
  const legs = (): Order[] => orders.flatMap(({ orderId }) => exchange.account.orders.get(orderId) ?? []);
  const list = (): OrderList => exchange.account.lists.get(orderListId) as OrderList;
  if (list().listOrderStatus === 'ALL_DONE') throw new ApiError(400, -2011, 'Unknown order list sent.');
  const steps = legs().map((order) => endOrder(exchange, order, 'CANCELED'));
  const [last] = legs();
  if (last) steps.push(progress(exchange, last));
  await Promise.all(steps);
  return { list: list(), orders: legs() };
}
