/** Accounts. */
import { In, IsNull, LessThan, Like, Not } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import type { KycState } from '../../domain/lifecycle/kyc';
import { RegistrationEntity, UserEntity } from '../entities/accounts';
import type { RegistrationRow, UserRow } from '../entities/accounts';
import { isDuplicate } from '../transaction';
import { pageOf } from './pages';
import type { ListPage, Page } from './pages';

/** Stores the account; false when the e-mail address has one already. */
export async function insertUser(dataSource: DataSource, user: UserRow): Promise<boolean> {
  try {
    await dataSource.getRepository(UserEntity).insert(user);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

export const userById = (source: DataSource | EntityManager, id: string): Promise<UserRow | null> =>
  source.getRepository(UserEntity).findOneBy({ id });

export const userByEmail = (source: DataSource | EntityManager, email: string): Promise<UserRow | null> =>
  source.getRepository(UserEntity).findOneBy({ email });

/** Newest first; `email`: what the address begins with. */
export function listUsers(dataSource: DataSource, page: ListPage, email?: string): Promise<Page<UserRow>> {
  const where = email === undefined ? {} : { email: Like(`${email.replaceAll(/[\\%_]/g, '\\$&')}%`) };
  return pageOf(dataSource, { entity: UserEntity, by: ['createdAt', 'id'], order: 'DESC', where }, page);
}

/** The e-mail address of each of these users. */
export async function emailsOf(dataSource: DataSource, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await dataSource
    .getRepository(UserEntity)
    .find({ where: { id: In([...new Set(ids)]) }, select: { id: true, email: true } });
  return new Map(rows.map((row) => [row.id, row.email]));
}

/** Locks the user's row until the transaction ends, so that two decisions about it go one after the other. */
export const lockUser = (manager: EntityManager, id: string): Promise<UserRow | null> =>
  manager.getRepository(UserEntity).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });

export async function setKycState(manager: EntityManager, id: string, kycState: KycState): Promise<void> {
  await manager.getRepository(UserEntity).update({ id }, { kycState });
}

/**
 * What changes with who may use the account. Every session of before ends with it; answers the generation of those
 * that come.
 */
export async function changeAccess(
  manager: EntityManager,
  id: string,
  set: Partial<Pick<UserRow, 'passwordHash' | 'role' | 'withdrawalsFrom' | 'confirmedAt'>>,
): Promise<number> {
  const users = manager.getRepository(UserEntity);
  await users.update({ id }, { ...set, sessionGeneration: () => 'session_generation + 1' });
  return (await users.findOneByOrFail({ id })).sessionGeneration;
}

/** Those of these users whose accounts are frozen now. */
export async function frozenAmong(dataSource: DataSource, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await dataSource
    .getRepository(UserEntity)
    .find({ where: { id: In([...new Set(ids)]), frozenAt: Not(IsNull()) }, select: { id: true } });
  return new Set(rows.map(({ id }) => id));
}

/** Freezes the account, or thaws it. True where that changed something. */
export async function setFrozen(manager: EntityManager, id: string, frozenAt: number | null): Promise<boolean> {
  const changed = await manager.query(
    `UPDATE users SET frozen_at = ? WHERE id = ? AND frozen_at IS ${frozenAt === null ? 'NOT NULL' : 'NULL'}`,
    [frozenAt, id],
  );
  return (changed as { affectedRows: number }).affectedRows === 1;
}

/** Nothing is withdrawn before this, or a later time that stands already. */
export async function lockWithdrawals(manager: EntityManager, id: string, until: number): Promise<void> {
  await manager.query('UPDATE users SET withdrawals_from = GREATEST(withdrawals_from, ?) WHERE id = ?', [until, id]);
}

export async function confirmEmail(manager: EntityManager, id: string, confirmedAt: number): Promise<void> {
  await manager.getRepository(UserEntity).update({ id, confirmedAt: IsNull() }, { confirmedAt });
}

export async function addRegistration(
  source: DataSource | EntityManager,
  row: RegistrationRow,
  forgetBefore: number,
): Promise<void> {
  const rows = source.getRepository(RegistrationEntity);
  await rows.delete({ at: LessThan(forgetBefore) });
  await rows.insert(row);
}

export const registrationBy = (
  source: DataSource | EntityManager,
  tokenHash: string,
): Promise<RegistrationRow | null> => source.getRepository(RegistrationEntity).findOneBy({ tokenHash });

export const lastRegistration = (source: DataSource | EntityManager, email: string): Promise<RegistrationRow | null> =>
  source.getRepository(RegistrationEntity).findOne({ where: { email }, order: { at: 'DESC', tokenHash: 'ASC' } });

export async function dropRegistrations(manager: EntityManager, email: string): Promise<void> {
  await manager.getRepository(RegistrationEntity).delete({ email });
}
