/** Orders on their way to the engine. Its answer is the order as the API shows it: placing one reads no table. */
import type { OrderRow } from '../../db/entities/orders';
import { orderByClientId, orderOf } from '../../db/stores/orders';
import { orderView } from '../../domain/contract/api/orders';
import type { OrderView, PlaceOco, PlaceOrder, PlaceOrders } from '../../domain/contract/api/orders';
import type { CommandAnswer, OrderTerms } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { ServerDeps } from '../deps';
import { errorView } from '../http/errors';
import { view } from '../present';
import { presentOrder } from './present';

export type BatchAnswer =
  { order: OrderView } | { error: { code: string; message: string; details?: Record<string, unknown> } };

export interface OrderService {
  /** The same key with the same order is one order, however often it is sent. */
  place(userId: string, order: PlaceOrder, key: string): Promise<OrderView>;
  /** One answer an order, in their order; what is refused stops none of the others. */
  placeAll(userId: string, orders: PlaceOrders['orders']): Promise<BatchAnswer[]>;
  placeOco(userId: string, oco: PlaceOco, key: string): Promise<{ listId: string; orders: OrderView[] }>;
  cancel(userId: string, id: string): Promise<OrderView>;
  cancelAll(userId: string, symbol: string): Promise<{ canceled: number; pending: number }>;
  amend(userId: string, id: string, quantity: string, key: string): Promise<OrderView>;
  replace(
    userId: string,
    id: string,
    order: PlaceOrder,
    key: string,
  ): Promise<{ canceled: OrderView; placed: OrderView }>;
  /** Refuses NOT_FOUND, also for another's. */
  find(userId: string, id: string): Promise<OrderView>;
  findByClientId(userId: string, clientOrderId: string): Promise<OrderView>;
}

type Deps = Pick<ServerDeps, 'dataSource' | 'engine' | 'ids' | 'logger'>;

export function createOrderService({ dataSource, engine, ids, logger }: Deps): OrderService {
  const find = async (userId: string, id: string): Promise<OrderView> => shown(await orderOf(dataSource, userId, id));
  /** The engine keeps only the order's id with a reference that is asked again: then the order is read as it is now. */
  const viewIn = async (userId: string, answer: CommandAnswer): Promise<OrderView> =>
    typeof answer.orderId === 'string' ? find(userId, answer.orderId) : view(orderView, answer as OrderView);
  /** ORDER_STATE of an order that is not the caller's, or that never was, is NOT_FOUND. */
  const own = async <T>(userId: string, orderId: string, work: Promise<T>): Promise<T> =>
    work.catch(async (error: unknown) => {
      if (error instanceof DomainError && error.code === 'ORDER_STATE') await find(userId, orderId);
      throw error;
    });
  const place = async (userId: string, order: PlaceOrder, key: string): Promise<OrderView> =>
    viewIn(
      userId,
      await engine.submit({
        kind: 'order.place',
        userId,
        clientOrderId: key,
        ...termsOf(order),
        reference: `order:${userId}:${key}`,
      }),
    );
  const placeOne = async (
    userId: string,
    { clientOrderId, ...order }: PlaceOrders['orders'][number],
  ): Promise<BatchAnswer> => {
    try {
      return { order: await place(userId, order, clientOrderId) };
    } catch (error) {
      if (!(error instanceof DomainError))
        logger.error({ event: 'orders.batch_item_failed', error: String(error) }, 'an order of a batch failed');
      return errorView(error instanceof DomainError ? error : new DomainError('INTERNAL'));
    }
  };
  return {
    find,
    findByClientId: async (userId, clientOrderId) => shown(await orderByClientId(dataSource, userId, clientOrderId)),
    place,
    placeAll: (userId, orders) => Promise.all(orders.map((order) => placeOne(userId, order))),
    placeOco: async (userId, oco, key) => {
      const answer = await engine.submit({
        kind: 'order.oco',
        userId,
        clientOrderId: key,
        ...ocoOf(oco),
        reference: `order:${userId}:${key}`,
      });
      const orders = await Promise.all([find(userId, String(answer.limitId)), find(userId, String(answer.stopId))]);
      return { listId: String(answer.listId), orders };
    },
    // Each wish to cancel is one of its own: an order that was in flight may be asked for again.
    cancel: async (userId, orderId) =>
      viewIn(
        userId,
        await own(
          userId,
          orderId,
          engine.submit({ kind: 'order.cancel', userId, orderId, reference: `order-cancel:${orderId}:${ids.next()}` }),
        ),
      ),
    cancelAll: async (userId, symbol) => {
      const reference = `order-cancel-all:${userId}:${symbol}:${ids.next()}`;
      const { canceled, pending } = await engine.submit({ kind: 'order.cancelAll', userId, symbol, reference });
      return { canceled: Number(canceled), pending: Number(pending) };
    },
    amend: async (userId, orderId, quantity, key) =>
      viewIn(
        userId,
        await own(
          userId,
          orderId,
          engine.submit({
            kind: 'order.amend',
            userId,
            orderId,
            quantity: exact(quantity),
            reference: `order-amend:${userId}:${key}`,
          }),
        ),
      ),
    replace: async (userId, orderId, order, key) => {
      const reference = `order:${userId}:${key}`;
      const answer = await own(
        userId,
        orderId,
        engine.submit({ kind: 'order.replace', userId, clientOrderId: key, orderId, ...termsOf(order), reference }),
      );
      return { placed: await viewIn(userId, answer), canceled: await find(userId, String(answer.canceledId)) };
    },
  };
}

function shown(row: OrderRow | null): OrderView {
  if (!row) throw new DomainError('NOT_FOUND');
  return presentOrder(row);
}

/** One spelling of an amount, so that "1.0" and "1" are the same order. */
const exact = (amount: string): string =>
  amount.endsWith('0') && amount.includes('.') ? formatAmount(parseAmount(amount)) : amount;

const AMOUNTS = ['quantity', 'quoteOrderQty', 'price', 'stopPrice', 'icebergQty'] as const;

/** What was sent and nothing else: a field that was left out is not in the command. */
function termsOf({
  symbol,
  side,
  type,
  timeInForce,
  trailingDelta,
  selfTradePreventionMode,
  ...amounts
}: PlaceOrder): OrderTerms {
  return {
    symbol,
    side,
    type,
    ...(timeInForce !== undefined && { timeInForce }),
    ...Object.fromEntries(
      AMOUNTS.flatMap((name) => (amounts[name] === undefined ? [] : [[name, exact(amounts[name])]])),
    ),
    ...(trailingDelta !== undefined && { trailingDelta }),
    ...(selfTradePreventionMode !== undefined && { selfTradePreventionMode }),
  };
}

const ocoOf = ({ symbol, side, quantity, price, stopPrice, stopLimitPrice, selfTradePreventionMode }: PlaceOco) => ({
  symbol,
  side,
  quantity: exact(quantity),
  price: exact(price),
  stopPrice: exact(stopPrice),
  ...(stopLimitPrice !== undefined && { stopLimitPrice: exact(stopLimitPrice) }),
  ...(selfTradePreventionMode !== undefined && { selfTradePreventionMode }),
});
