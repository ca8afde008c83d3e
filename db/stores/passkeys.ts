/** Passkeys of users. */
import { In, Not } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { ENDED_WITHDRAWALS } from '../../domain/lifecycle/withdrawal';
import { PasskeyEntity } from '../entities/passkeys';
import type { PasskeyRow } from '../entities/passkeys';
import { WithdrawalEntity } from '../entities/withdrawals';
import { isDuplicate } from '../transaction';

/** Oldest first. */
export const passkeysOf = (source: DataSource | EntityManager, userId: string): Promise<PasskeyRow[]> =>
  source.getRepository(PasskeyEntity).find({ where: { userId }, order: { createdAt: 'ASC', id: 'ASC' } });

/** False where some account has this credential already. */
export async function insertPasskey(manager: EntityManager, row: PasskeyRow): Promise<boolean> {
  try {
    await manager.getRepository(PasskeyEntity).insert(row);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

export async function passkeyUsed(dataSource: DataSource, id: string, counter: number, now: number): Promise<void> {
  await dataSource.getRepository(PasskeyEntity).update({ id }, { counter, lastUsedAt: now });
}

export async function passkeyEnrolled(dataSource: DataSource, id: string): Promise<void> {
  await dataSource.getRepository(PasskeyEntity).update({ id }, { enrolled: true, untold: null });
}

/** True where the user has such a passkey. */
export async function renamePasskey(
  dataSource: DataSource,
  userId: string,
  id: string,
  label: string,
): Promise<boolean> {
  await dataSource.getRepository(PasskeyEntity).update({ id, userId }, { label });
  return dataSource.getRepository(PasskeyEntity).existsBy({ id, userId });
}

export async function dropPasskey(source: DataSource | EntityManager, id: string): Promise<void> {
  await source.getRepository(PasskeyEntity).delete({ id });
}

/** Withdrawals of this user that have not ended. */
export const openWithdrawalsOf = (manager: EntityManager, userId: string): Promise<number> =>
  manager.getRepository(WithdrawalEntity).countBy({ userId, state: Not(In([...ENDED_WITHDRAWALS])) });
