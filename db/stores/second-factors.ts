/** Second factors of users. */
import { LessThan } from 'typeorm';
import type { DataSource, EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { SecondFactorEntity, SecondFactorFailuresEntity } from '../entities/second-factors';
import type { SecondFactorFailuresRow, SecondFactorRow } from '../entities/second-factors';

export const secondFactorOf = (dataSource: DataSource, userId: string): Promise<SecondFactorRow | null> =>
  dataSource.getRepository(SecondFactorEntity).findOneBy({ userId });

/** Locked until the transaction ends: two tries with one code go one after the other. */
export const lockSecondFactor = (manager: EntityManager, userId: string): Promise<SecondFactorRow | null> =>
  manager.getRepository(SecondFactorEntity).findOne({ where: { userId }, lock: { mode: 'pessimistic_write' } });

export async function saveSecondFactor(manager: EntityManager, row: SecondFactorRow): Promise<void> {
  await manager.getRepository(SecondFactorEntity).upsert(row as QueryDeepPartialEntity<SecondFactorRow>, ['userId']);
}

export async function dropSecondFactor(manager: EntityManager, userId: string): Promise<void> {
  await manager.getRepository(SecondFactorEntity).delete({ userId });
}

/** Wrong codes of this purpose; none where there is no row. Call with the user's factor locked. */
export const failuresOf = (
  manager: EntityManager,
  userId: string,
  purpose: string,
): Promise<SecondFactorFailuresRow | null> =>
  manager.getRepository(SecondFactorFailuresEntity).findOneBy({ userId, purpose });

export async function saveFailures(manager: EntityManager, row: SecondFactorFailuresRow): Promise<void> {
  await manager.getRepository(SecondFactorFailuresEntity).upsert(row, ['userId', 'purpose']);
}

export async function dropFailures(manager: EntityManager, userId: string, purpose: string): Promise<void> {
  await manager.getRepository(SecondFactorFailuresEntity).delete({ userId, purpose });
}

/** Forgets counts that matter no more: a session that counted lives no longer than its absolute age. */
export async function dropOldFailures(manager: EntityManager, userId: string, before: number): Promise<void> {
  await manager.getRepository(SecondFactorFailuresEntity).delete({ userId, failedAt: LessThan(before) });
}

export const allSecondFactors = (dataSource: DataSource): Promise<SecondFactorRow[]> =>
  dataSource.getRepository(SecondFactorEntity).find();

/** The same secret under another seal; one that its user has replaced meanwhile is left alone. */
export async function setSealedSecret(
  dataSource: DataSource,
  userId: string,
  before: string,
  secret: string,
): Promise<void> {
  await dataSource.getRepository(SecondFactorEntity).update({ userId, secret: before }, { secret });
}
