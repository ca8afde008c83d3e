/** What admins did: rows are only ever added. */
import { LessThan } from 'typeorm';
import type { DataSource, EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { AdminAuditEntity } from '../entities/accounts';
import type { AdminAuditRow } from '../entities/accounts';
import type { ListPage } from './users';

/** Pass the manager of the transaction that carries the action out. */
export async function recordAdminAction(source: DataSource | EntityManager, row: AdminAuditRow): Promise<void> {
  await source.getRepository(AdminAuditEntity).insert(row as QueryDeepPartialEntity<AdminAuditRow>);
}

export const listAdminActions = (dataSource: DataSource, page: ListPage): Promise<AdminAuditRow[]> =>
  dataSource.getRepository(AdminAuditEntity).find({
    where: page.before === undefined ? {} : { at: LessThan(page.before) },
    order: { at: 'DESC', id: 'DESC' },
    take: page.limit,
  });
