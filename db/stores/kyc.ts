/** Identity applications. The document number arrives and leaves encrypted; this house never holds the key. */
import type { DataSource, EntityManager } from 'typeorm';
import type { KycState } from '../../domain/lifecycle/kyc';
import { KycApplicationEntity } from '../entities/accounts';
import type { KycApplicationRow } from '../entities/accounts';
import { pageOf } from './pages';
import type { ListPage, Page } from './pages';

export async function insertApplication(manager: EntityManager, row: KycApplicationRow): Promise<void> {
  await manager.getRepository(KycApplicationEntity).insert(row);
}

export const applicationById = (source: DataSource | EntityManager, id: string): Promise<KycApplicationRow | null> =>
  source.getRepository(KycApplicationEntity).findOneBy({ id });

/** The user's newest application. */
export const latestApplication = (dataSource: DataSource, userId: string): Promise<KycApplicationRow | null> =>
  dataSource.getRepository(KycApplicationEntity).findOne({ where: { userId }, order: { createdAt: 'DESC', id: 'DESC' } });

/** In one state, oldest first (a queue); in all states, newest first. */
export const listApplications = (dataSource: DataSource, page: ListPage, state?: KycState): Promise<Page<KycApplicationRow>> =>
  pageOf(dataSource, { entity: KycApplicationEntity, by: ['createdAt', 'id'], order: state === 'SUBMITTED' ? 'ASC' : 'DESC', where: state ? { state } : {} }, page);

export async function decideApplication(
  manager: EntityManager,
  id: string,
  decision: Pick<KycApplicationRow, 'state' | 'reason' | 'decidedAt' | 'decidedBy'>,
): Promise<void> {
  await manager.getRepository(KycApplicationEntity).update({ id }, decision);
}
