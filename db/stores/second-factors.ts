/** Second factors of users. */
import type { DataSource, EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { SecondFactorEntity } from '../entities/second-factors';
import type { SecondFactorRow } from '../entities/second-factors';

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
