/** Identity applications. The document number arrives and leaves encrypted; this house never holds the key. */
import { In, IsNull, LessThan, MoreThan, Not } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import type { KycState } from '../../domain/lifecycle/kyc';
import { FirstApprovalEntity, KycApplicationEntity } from '../entities/accounts';
import type { FirstApprovalRow, KycApplicationRow } from '../entities/accounts';
import { pageOf } from './pages';
import type { ListPage, Page } from './pages';

export async function insertApplication(manager: EntityManager, row: KycApplicationRow): Promise<void> {
  await manager.getRepository(KycApplicationEntity).insert(row);
}

export const applicationById = (source: DataSource | EntityManager, id: string): Promise<KycApplicationRow | null> =>
  source.getRepository(KycApplicationEntity).findOneBy({ id });

/** The user's newest application. */
export const latestApplication = (dataSource: DataSource, userId: string): Promise<KycApplicationRow | null> =>
  dataSource
    .getRepository(KycApplicationEntity)
    .findOne({ where: { userId }, order: { createdAt: 'DESC', id: 'DESC' } });

/** In one state, oldest first (a queue); in all states, newest first. */
export const listApplications = (
  dataSource: DataSource,
  page: ListPage,
  state?: KycState,
): Promise<Page<KycApplicationRow>> =>
  pageOf(
    dataSource,
    {
      entity: KycApplicationEntity,
      by: ['createdAt', 'id'],
      order: state === 'SUBMITTED' ? 'ASC' : 'DESC',
      where: state ? { state } : {},
    },
    page,
  );

export async function decideApplication(
  manager: EntityManager,
  id: string,
  decision: Pick<KycApplicationRow, 'state' | 'reason' | 'decidedAt' | 'decidedBy'>,
): Promise<void> {
  await manager.getRepository(KycApplicationEntity).update({ id }, decision);
}

/**
 * All applications of the same document or the same person as one of these, themselves among them, the oldest first.
 */
export async function applicationsLike(
  source: DataSource | EntityManager,
  rows: readonly Pick<KycApplicationRow, 'documentHash' | 'personHash'>[],
): Promise<KycApplicationRow[]> {
  const [documents, persons] = [
    rows.flatMap(({ documentHash }) => documentHash ?? []),
    rows.flatMap(({ personHash }) => personHash ?? []),
  ];
  if (documents.length + persons.length === 0) return [];
  return source.getRepository(KycApplicationEntity).find({
    where: [{ documentHash: In(documents) }, { personHash: In(persons) }],
    order: { createdAt: 'ASC', id: 'ASC' },
  });
}

/** What the first of two admins said of each of these. */
export async function firstApprovals(
  source: DataSource | EntityManager,
  applicationIds: readonly string[],
): Promise<Map<string, FirstApprovalRow>> {
  if (applicationIds.length === 0) return new Map();
  const rows = await source.getRepository(FirstApprovalEntity).findBy({ applicationId: In([...applicationIds]) });
  return new Map(rows.map((row) => [row.applicationId, row]));
}

/** In the place of one by who is no admin any more. */
export async function putFirstApproval(manager: EntityManager, row: FirstApprovalRow): Promise<void> {
  await manager.getRepository(FirstApprovalEntity).save(row);
}

/** Those of older versions, without a hash, in the order of their ids. */
export const applicationsWithoutHash = (
  dataSource: DataSource,
  afterId: string,
  most: number,
): Promise<KycApplicationRow[]> =>
  dataSource.getRepository(KycApplicationEntity).find({
    where: [
      { documentHash: IsNull(), id: MoreThan(afterId) },
      { personHash: IsNull(), id: MoreThan(afterId) },
    ],
    order: { id: 'ASC' },
    take: most,
  });

/** Refused before a time, with a document that is still there. */
export const refusedWithDocument = (
  dataSource: DataSource,
  before: number,
  most: number,
): Promise<KycApplicationRow[]> =>
  dataSource.getRepository(KycApplicationEntity).find({
    where: { state: 'REJECTED', decidedAt: LessThan(before), documentFile: Not('') },
    order: { decidedAt: 'ASC', id: 'ASC' },
    take: most,
  });

export async function documentDeleted(dataSource: DataSource, id: string): Promise<void> {
  await dataSource.getRepository(KycApplicationEntity).update({ id }, { documentFile: '' });
}

/** Which of these files an application has. */
export async function filesOfApplications(dataSource: DataSource, files: readonly string[]): Promise<Set<string>> {
  if (files.length === 0) return new Set();
  const rows = await dataSource
    .getRepository(KycApplicationEntity)
    .find({ where: { documentFile: In([...files]) }, select: { id: true, documentFile: true } });
  return new Set(rows.map(({ documentFile }) => documentFile));
}

export async function setHashes(
  dataSource: DataSource,
  id: string,
  hashes: Partial<Pick<KycApplicationRow, 'documentHash' | 'personHash'>>,
): Promise<void> {
  await dataSource.getRepository(KycApplicationEntity).update({ id }, hashes);
}

/** All of them, in the order of their ids. */
export const allApplications = (dataSource: DataSource, afterId: string, most: number): Promise<KycApplicationRow[]> =>
  dataSource
    .getRepository(KycApplicationEntity)
    .find({ where: { id: MoreThan(afterId) }, order: { id: 'ASC' }, take: most });

export async function setSealedNumber(dataSource: DataSource, id: string, documentNumber: string): Promise<void> {
  await dataSource.getRepository(KycApplicationEntity).update({ id }, { documentNumber });
}
