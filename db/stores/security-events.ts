/** Security events: rows are only ever added; see db/chains.ts. */
import { MoreThan } from 'typeorm';
import type { DataSource, FindOptionsWhere } from 'typeorm';
import { SecurityEventEntity } from '../entities/security';
import type { SecurityEventRow } from '../entities/security';
import { pageOf } from './pages';
import type { ListPage, Page } from './pages';
import { insertRow, writeRows } from './rows';

export async function insertSecurityEvent(dataSource: DataSource, row: SecurityEventRow): Promise<void> {
  await writeRows(dataSource, [insertRow(SecurityEventEntity, row)]);
}

/** Newest first. */
export const listSecurityEvents = (
  dataSource: DataSource,
  page: ListPage,
  where: Partial<Pick<SecurityEventRow, 'userId' | 'kind'>>,
): Promise<Page<SecurityEventRow>> =>
  pageOf(
    dataSource,
    {
      entity: SecurityEventEntity,
      by: ['at', 'id'],
      order: 'DESC',
      where: where as FindOptionsWhere<SecurityEventRow>,
    },
    page,
  );

/** How many of a kind and outcome there were since a time: about an account, or from an address where none is given. */
export const countSecurityEvents = (
  dataSource: DataSource,
  since: number,
  what: Partial<Pick<SecurityEventRow, 'userId' | 'kind' | 'outcome' | 'address'>>,
): Promise<number> =>
  dataSource
    .getRepository(SecurityEventEntity)
    .count({ where: { ...(what as FindOptionsWhere<SecurityEventRow>), at: MoreThan(since) } });
