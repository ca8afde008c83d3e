/** What admins did: rows are only ever added. */
import type { DataSource, EntityManager } from 'typeorm';
import { AdminAuditEntity } from '../entities/accounts';
import type { AdminAuditRow } from '../entities/accounts';
import { pageOf } from './pages';
import type { ListPage, Page } from './pages';
import { insertRow, writeRows } from './rows';

/** Pass the manager of the transaction that carries the action out. */
export async function recordAdminAction(source: DataSource | EntityManager, row: AdminAuditRow): Promise<void> {
  await writeRows(source, [insertRow(AdminAuditEntity, row)]);
}

/** Newest first. */
export const listAdminActions = (dataSource: DataSource, page: ListPage): Promise<Page<AdminAuditRow>> =>
  pageOf(dataSource, { entity: AdminAuditEntity, by: ['at', 'id'], order: 'DESC', where: {} }, page);
