/** Identity applications. The document number arrives and leaves encrypted; this house never holds the key. */
import { In, IsNull, MoreThan } from 'typeorm';
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

/** All applications that showed one of these documents, by its hash. */
export async function applicationsByDocument(dataSource: DataSource, hashes: readonly string[]): Promise<Map<string, KycApplicationRow[]>> {
  const found = new Map<string, KycApplicationRow[]>();
  if (hashes.length === 0) return found;
  const rows = await dataSource.getRepository(KycApplicationEntity).find({ where: { documentHash: In([...hashes]) }, order: { createdAt: 'ASC', id: 'ASC' } });
  for (const row of rows) found.set(row.documentHash ?? '', [...(found.get(row.documentHash ?? '') ?? []), row]);
  return found;
}

/** Those of older versions, without a hash, in the order of their ids. */
export const applicationsWithoutHash = (dataSource: DataSource, afterId: string, most: number): Promise<KycApplicationRow[]> =>
  dataSource.getRepository(KycApplicationEntity).find({ where: { documentHash: IsNull(), id: MoreThan(afterId) }, order: { id: 'ASC' }, take: most });

export async function setDocumentHash(dataSource: DataSource, id: string, documentHash: string): Promise<void> {
  await dataSource.getRepository(KycApplicationEntity).update({ id, documentHash: IsNull() }, { documentHash });
}
