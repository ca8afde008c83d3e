/** Orders and fills as their owner asks for them. Reads only: the engine alone writes them. */
import { In, Not } from 'typeorm';
import type { DataSource, FindOptionsWhere } from 'typeorm';
import { FillEntity, OrderEntity } from '../entities/orders';
import type { FillRow, OrderRow } from '../entities/orders';
import { olderThan } from './users';
import type { ListPage } from './users';

export interface OrdersQuery extends ListPage {
  readonly symbol?: string | undefined;
  readonly state: 'open' | 'closed' | 'all';
}

export interface FillsQuery extends ListPage {
  readonly symbol?: string | undefined;
  readonly orderId?: string | undefined;
}

const OPEN: OrderRow['state'][] = ['NEW', 'PARTIALLY_FILLED', 'PENDING_CANCEL'];

/**
 * The user's orders, newest first. A full page goes on to the end of its last millisecond: a batch makes many orders in
 * one, and the next page, which begins before it, would leave the rest out.
 */
export async function ordersOf(dataSource: DataSource, userId: string, query: OrdersQuery): Promise<OrderRow[]> {
  const { symbol, state, limit } = query;
  const orders = dataSource.getRepository(OrderEntity);
  const where: FindOptionsWhere<OrderRow> = {
    userId,
    ...(symbol !== undefined && { symbol }),
    ...(state !== 'all' && { state: state === 'open' ? In(OPEN) : Not(In(OPEN)) }),
  };
  const order = { createdAt: 'DESC', seq: 'DESC' } as const;
  const rows = await orders.find({ where: { ...where, ...olderThan(query) }, order, take: limit });
  const last = rows.at(-1);
  if (!last || rows.length < limit) return rows;
  const together = await orders.find({ where: { ...where, createdAt: last.createdAt }, order });
  return [...rows.filter(({ createdAt }) => createdAt !== last.createdAt), ...together];
}

/** The user's own order; null for another's. */
export const orderOf = (dataSource: DataSource, userId: string, id: string): Promise<OrderRow | null> =>
  dataSource.getRepository(OrderEntity).findOneBy({ id, userId });

/** The user's own order by the id they gave it. */
export const orderByClientId = (dataSource: DataSource, userId: string, clientOrderId: string): Promise<OrderRow | null> =>
  dataSource.getRepository(OrderEntity).findOneBy({ userId, clientOrderId });

/** The user's side of their trades, newest first; a full page goes on to the end of its last millisecond. */
export async function fillsOf(dataSource: DataSource, userId: string, query: FillsQuery): Promise<FillRow[]> {
  const { symbol, orderId, limit } = query;
  const fills = dataSource.getRepository(FillEntity);
  const where: FindOptionsWhere<FillRow> = { userId, ...(symbol !== undefined && { symbol }), ...(orderId !== undefined && { orderId }) };
  const order = { at: 'DESC', tradeId: 'DESC', maker: 'ASC' } as const;
  const { createdAt: at } = olderThan(query);
  const rows = await fills.find({ where: { ...where, ...(at && { at }) }, order, take: limit });
  const last = rows.at(-1);
  if (!last || rows.length < limit) return rows;
  const together = await fills.find({ where: { ...where, at: last.at }, order });
  return [...rows.filter((row) => row.at !== last.at), ...together];
}
