/** Orders and fills as their owner asks for them. Reads only: the engine alone writes them. */
import { In, Not } from 'typeorm';
import type { DataSource, FindOptionsWhere } from 'typeorm';
import { FillEntity, OrderEntity } from '../entities/orders';
import type { FillRow, OrderRow } from '../entities/orders';
import { pageOf } from './pages';
import type { ListPage, Page, Period } from './pages';

export interface OrdersQuery extends ListPage, Period {
  readonly market?: string | undefined;
  readonly state: 'open' | 'closed' | 'all';
}

export interface FillsQuery extends ListPage, Period {
  readonly market?: string | undefined;
  readonly orderId?: string | undefined;
}

const OPEN: OrderRow['state'][] = ['NEW', 'PARTIALLY_FILLED', 'PENDING_CANCEL'];

/** The user's orders, newest first: ids sort by the time and by the order in which the book took them. */
export function ordersOf(
  dataSource: DataSource,
  userId: string,
  { market, state, ...page }: OrdersQuery,
): Promise<Page<OrderRow>> {
  const where: FindOptionsWhere<OrderRow> = {
    userId,
    ...(market !== undefined && { symbol: market }),
    ...(state !== 'all' && { state: state === 'open' ? In(OPEN) : Not(In(OPEN)) }),
  };
  return pageOf(dataSource, { entity: OrderEntity, by: ['createdAt', 'id'], order: 'DESC', where, period: page }, page);
}

/** The user's own order; null for another's. */
export const orderOf = (dataSource: DataSource, userId: string, id: string): Promise<OrderRow | null> =>
  dataSource.getRepository(OrderEntity).findOneBy({ id, userId });

/** The user's own order by the id they gave it. */
export const orderByClientId = (
  dataSource: DataSource,
  userId: string,
  clientOrderId: string,
): Promise<OrderRow | null> => dataSource.getRepository(OrderEntity).findOneBy({ userId, clientOrderId });

/** The user's side of their trades, newest first. */
export function fillsOf(
  dataSource: DataSource,
  userId: string,
  { market, orderId, ...page }: FillsQuery,
): Promise<Page<FillRow>> {
  const where: FindOptionsWhere<FillRow> = {
    userId,
    ...(market !== undefined && { symbol: market }),
    ...(orderId !== undefined && { orderId }),
  };
  return pageOf(
    dataSource,
    { entity: FillEntity, by: ['at', 'symbol', 'tradeId', 'maker'], order: 'DESC', where, period: page },
    page,
  );
}
