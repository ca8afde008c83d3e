import { isOpen, leftOf } from './account';
import { UNIT, must } from './decimal';
import { ApiError, BAD_SYMBOL, missing } from './errors';
import { checkId, checkLot, checkNotional, decimal, filterOf } from './filters';
import { cancelList, findList, placeList } from './lists';
import * as present from './present';
import { pairOf } from './progress';
import { limitOf, within } from './routes';
import type { Deps, Params, Route } from './routes';
import type { Fill, Order, OrderList } from './types';

const RATES = ['maker', 'taker', 'buyer', 'seller'];

/** A new order counts until it is filled. */
async function place({ exchange, limits }: Deps, params: Params): Promise<Record<string, unknown>> {
  limits.checkOrders();
  const { order, fills } = await exchange.place(params);
  limits.placed();
  if (fills.length > 0) limits.firstFill('taker');
  return present.placed(order, fills, params.newOrderRespType);
}

function test({ exchange }: Deps, params: Params): Record<string, unknown> {
  const { request } = exchange.check(params);
  if (params.computeCommissionRates !== 'true') return {};
  const { standardCommission, specialCommission, taxCommission, discount } = present.commission(
    request.info.symbol,
    exchange.account.settings,
  ) as Record<string, Record<string, unknown>>;
  const forOrder = (rates: Record<string, unknown> = {}): object =>
    Object.fromEntries(RATES.slice(0, 2).map((name) => [name, rates[name]]));
  return {
    standardCommissionForOrder: forOrder(standardCommission),
    specialCommissionForOrder: forOrder(specialCommission),
    taxCommissionForOrder: forOrder(taxCommission),
    discount,
  };
}

async function cancel({ exchange }: Deps, params: Params): Promise<Record<string, unknown>> {
  const { order, cancelId } = await exchange.cancel(params);
  const list = exchange.account.lists.get(order.orderListId ?? -1);
  return list
    ? listAnswer(
        list,
        list.orders
          .flatMap(({ orderId }) => exchange.account.orders.get(orderId) ?? [])
          .map((leg) => present.canceled(leg, cancelId)),
      )
    : present.canceled(order, cancelId);
}

async function cancelAll({ exchange }: Deps, params: Params): Promise<unknown[]> {
  if (!params.symbol) throw missing('symbol');
  if (!exchange.symbols.has(params.symbol)) throw BAD_SYMBOL();
  const open = exchange.account.openOrders(params.symbol);
  if (open.length === 0) throw new ApiError(400, -2011, 'Unknown order sent.');
  const lists = new Set(open.flatMap(({ orderListId }) => orderListId ?? []));
  const alone = open.filter(({ orderListId }) => orderListId === undefined);
  const ended = await Promise.all(
    alone.map(({ symbol, orderId }) => exchange.cancel({ symbol, orderId: String(orderId) })),
  );
  const { symbol } = params;
  const endedLists = await Promise.all(
    [...lists].map((orderListId) => cancelList(exchange, { symbol, orderListId: String(orderListId) })),
  );
  return [
    ...ended.map(({ order, cancelId }) => present.canceled(order, cancelId)),
    ...endedLists.map(({ list, orders, cancelId }) =>
      listAnswer(
        list,
        orders.map((order) => present.canceled(order, cancelId)),
      ),
    ),
  ];
}

interface Half {
  readonly result: 'SUCCESS' | 'FAILURE' | 'NOT_ATTEMPTED';
  readonly answer: unknown;
}
const SKIPPED: Half = { result: 'NOT_ATTEMPTED', answer: null };

async function attempt(step: () => Promise<unknown>): Promise<Half> {
  try {
    return { result: 'SUCCESS', answer: await step() };
  } catch (error) {
    if (error instanceof ApiError) return { result: 'FAILURE', answer: { code: error.code, msg: error.msg } };
    throw error;
  }
}

const REPLACES = [
  'cancelReplaceMode',
  'cancelOrderId',
  'cancelOrigClientOrderId',
  'cancelNewClientOrderId',
  'cancelRestrictions',
  'orderRateLimitExceededMode',
];

/** Cancels an order and places another; filters are checked before the cancel. */
async function cancelReplace(deps: Deps, params: Params): Promise<Record<string, unknown>> {
  const {
    cancelReplaceMode: mode,
    cancelOrderId,
    cancelOrigClientOrderId,
    cancelNewClientOrderId,
    cancelRestrictions,
  } = params;
  if (!mode) throw missing('cancelReplaceMode');
  if (!cancelOrderId && !cancelOrigClientOrderId)
    throw new ApiError(
      400,
      -1102,
      "Param 'cancelOrigClientOrderId' or 'cancelOrderId' must be sent, but both were empty/null!",
    );
  const order = Object.fromEntries(Object.entries(params).filter(([name]) => !REPLACES.includes(name)));
  const canceled: Params = {
    symbol: params.symbol ?? '',
    ...(cancelOrderId && { orderId: cancelOrderId }),
    ...(cancelOrigClientOrderId && { origClientOrderId: cancelOrigClientOrderId }),
    ...(cancelNewClientOrderId && { newClientOrderId: cancelNewClientOrderId }),
    ...(cancelRestrictions && { cancelRestrictions }),
  };
  const replaced = deps.exchange.asked(canceled);
  // Its client id is free again by the time the new order is placed.
  const own = replaced && isOpen(replaced) && replaced.clientOrderId === params.newClientOrderId;
  deps.exchange.check(own ? { ...order, newClientOrderId: `${replaced.orderId}` } : order);
  const first = await attempt(() => cancel(deps, canceled));
  const second =
    first.result === 'FAILURE' && mode === 'STOP_ON_FAILURE' ? SKIPPED : await attempt(() => place(deps, order));
  const answer = {
    cancelResult: first.result,
    newOrderResult: second.result,
    cancelResponse: first.answer,
    newOrderResponse: second.answer,
  };
  if (first.result === 'SUCCESS' && second.result === 'SUCCESS') return answer;
  if (first.result !== 'SUCCESS' && second.result !== 'SUCCESS')
    throw new ApiError(400, -2022, 'Order cancel-replace failed.', undefined, answer);
  throw new ApiError(409, -2021, 'Order cancel-replace partially failed.', undefined, answer);
}

async function amend({ exchange }: Deps, params: Params): Promise<Record<string, unknown>> {
  const order = exchange.asked(params);
  if (!params.newQty) throw missing('newQty');
  if (!order || !isOpen(order)) throw new ApiError(400, -2013, 'Order does not exist.');
  const { info } = exchange.of(order.symbol);
  const quantity = decimal(params, 'newQty');
  checkLot(quantity, filterOf(info, 'LOT_SIZE'));
  for (const leg of [order, ...(order.isPaired ? pairOf(exchange, order) : [])])
    checkNotional((quantity * (must(leg.price) || must(leg.stopPrice ?? '0'))) / UNIT, filterOf(info, 'NOTIONAL'));
  if (quantity >= must(order.origQty))
    throw new ApiError(400, -2038, 'The requested action would change no state; rejecting.');
  if (quantity <= must(order.origQty) - leftOf(order))
    throw new ApiError(400, -2038, 'The requested quantity is not above what is executed.');
  if ((order.amendments?.length ?? 0) >= Number(filterOf(info, 'MAX_NUM_ORDER_AMENDS').maxNumOrderAmends ?? 10))
    throw new ApiError(400, -2038, 'Order has been amended too often.');
  const executionId = present.nextExecution();
  const clientOrderId = params.newClientOrderId ? checkId(params.newClientOrderId) : `a${executionId}`;
  const { order: after, list } = await exchange.amend(order, quantity, clientOrderId, executionId);
  const { orderListId, contingencyType, listOrderStatus, listClientOrderId, symbol, orders } = list ?? {};
  const listStatus = list && { orderListId, contingencyType, listOrderStatus, listClientOrderId, symbol, orders };
  return {
    transactTime: after.updateTime,
    executionId,
    amendedOrder: present.amended(after, order.clientOrderId),
    ...(listStatus && { listStatus }),
  };
}

function openOrders({ exchange }: Deps, { params }: { params: Params }): unknown[] {
  if (params.symbol) exchange.of(params.symbol);
  return exchange.account.openOrders(params.symbol).map(present.queried);
}

function allOrders({ exchange }: Deps, params: Params): unknown[] {
  if (!params.symbol) throw missing('symbol');
  if (!exchange.symbols.has(params.symbol)) throw BAD_SYMBOL();
  const rows = [...exchange.account.orders.values()].filter(({ symbol }) => symbol === params.symbol);
  const limit = limitOf(params, 500, 1000);
  const from = params.orderId === undefined ? undefined : Number(params.orderId);
  return (
    from === undefined
      ? within(rows, params, ({ time }) => time, limit)
      : rows.filter(({ orderId }) => orderId >= from).slice(0, limit)
  ).map(present.queried);
}

const listAnswer = (list: OrderList, orderReports: unknown[]): Record<string, unknown> => ({
  ...present.list(list),
  orderReports,
});

function listRoute(kind: 'oco' | 'oto' | 'otoco'): Route {
  return {
    weight: 1,
    signed: 'TRADE',
    run: async ({ exchange, limits }, { params }) => {
      limits.checkOrders();
      const { list, placed } = await placeList(exchange, kind, params);
      for (const { fills } of placed) {
        limits.placed();
        if (fills.length > 0) limits.firstFill('taker');
      }
      const row = (order: Order, fills: readonly Fill[]): unknown =>
        present.placed(order, fills, params.newOrderRespType ?? 'RESULT');
      return listAnswer(
        list,
        placed.map(({ order, fills }) => row(order, fills)),
      );
    },
  };
}

function oneList({ exchange }: Deps, { params }: { params: Params }): Record<string, unknown> {
  const found = findList(exchange, params);
  if (!found) throw new ApiError(400, -2018, 'Order list does not exist.');
  return present.list(found);
}

function allLists({ exchange }: Deps, { params }: { params: Params }): unknown[] {
  const [lists, limit] = [[...exchange.account.lists.values()], limitOf(params, 500, 1000)];
  const { fromId } = params;
  const rows =
    fromId === undefined
      ? within(lists, params, ({ transactionTime }) => transactionTime, limit)
      : lists.filter(({ orderListId }) => orderListId >= Number(fromId)).slice(0, limit);
  return rows.map(present.list);
}

export const ORDERS: Record<string, Route> = {
  'POST /api/v3/order': { weight: 1, signed: 'TRADE', run: (deps, { params }) => place(deps, params) },
  'POST /api/v3/order/test': {
    weight: ({ computeCommissionRates }) => (computeCommissionRates === 'true' ? 20 : 1),
    signed: 'TRADE',
    run: (deps, { params }) => test(deps, params),
  },
  'GET /api/v3/order': {
    weight: 4,
    signed: 'READ',
    run: ({ exchange }, { params }) => present.queried(exchange.query(params)),
  },
  'DELETE /api/v3/order': { weight: 1, signed: 'TRADE', run: (deps, { params }) => cancel(deps, params) },
  'POST /api/v3/order/cancelReplace': {
    weight: 1,
    signed: 'TRADE',
    run: (deps, { params }) => cancelReplace(deps, params),
  },
  'PUT /api/v3/order/amend/keepPriority': {
    weight: 4,
    signed: 'TRADE',
    run: (deps, { params }) => amend(deps, params),
  },
  'GET /api/v3/order/amendments': {
    weight: 4,
    signed: 'READ',
    run: ({ exchange }, { params }) => {
      if (!params.orderId) throw missing('orderId');
      const from = Number(params.fromExecutionId ?? 0);
      return (exchange.query(params).amendments ?? [])
        .filter(({ executionId }) => executionId >= from)
        .slice(0, limitOf(params, 500, 1000));
    },
  },
  'GET /api/v3/openOrders': { weight: ({ symbol }) => (symbol ? 6 : 80), signed: 'READ', run: openOrders },
  'DELETE /api/v3/openOrders': { weight: 1, signed: 'TRADE', run: (deps, { params }) => cancelAll(deps, params) },
  'GET /api/v3/allOrders': { weight: 20, signed: 'READ', run: (deps, { params }) => allOrders(deps, params) },
  'POST /api/v3/orderList/oco': listRoute('oco'),
  'POST /api/v3/orderList/oto': listRoute('oto'),
  'POST /api/v3/orderList/otoco': listRoute('otoco'),
  'DELETE /api/v3/orderList': {
    weight: 1,
    signed: 'TRADE',
    run: async ({ exchange }, { params }) => {
      const { list, orders, cancelId } = await cancelList(exchange, params);
      return listAnswer(
        list,
        orders.map((order) => present.canceled(order, cancelId)),
      );
    },
  },
  'GET /api/v3/orderList': { weight: 4, signed: 'READ', run: oneList },
  'GET /api/v3/openOrderList': {
    weight: 6,
    signed: 'READ',
    run: ({ exchange }) =>
      [...exchange.account.lists.values()]
        .filter(({ listOrderStatus }) => listOrderStatus === 'EXECUTING')
        .map(present.list),
  },
  'GET /api/v3/allOrderList': {
    weight: 20,
    signed: 'READ',
    run: allLists,
  },
};
