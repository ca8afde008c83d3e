/** What admins did: rows are only ever added. */
import type { DataSource, EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { AdminAuditEntity } from '../entities/accounts';
import type { AdminAuditRow } from '../entities/accounts';
import { pageOf } from './pages';
import type { ListPage, Page } from './pages';

/** Pass the manager of the transaction that carries the action out. */
export async function recordAdminAction(source: DataSource | EntityManager, row: AdminAuditRow): Promise<void> {
  await source.getRepository(AdminAuditEntity).insert(row as QueryDeepPartialEntity<AdminAuditRow>);
}

/** Newest first. */
export const listAdminActions = (dataSource: DataSource, page: ListPage): Promise<Page<AdminAuditRow>> =>
  pageOf(dataSource, { entity: AdminAuditEntity, by: ['at', 'id'], order: 'DESC', where: {} }, page);
