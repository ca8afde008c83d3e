/** Accounts. */
import { In, Like } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import type { KycState } from '../../domain/lifecycle/kyc';
import { UserEntity } from '../entities/accounts';
import type { UserRow } from '../entities/accounts';
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

export const userByEmail = (dataSource: DataSource, email: string): Promise<UserRow | null> =>
  dataSource.getRepository(UserEntity).findOneBy({ email });

/** Newest first; `email`: what the address begins with. */
export function listUsers(dataSource: DataSource, page: ListPage, email?: string): Promise<Page<UserRow>> {
  const where = email === undefined ? {} : { email: Like(`${email.replaceAll(/[\\%_]/g, '\\$&')}%`) };
  return pageOf(dataSource, { entity: UserEntity, by: ['createdAt', 'id'], order: 'DESC', where }, page);
}

/** The e-mail address of each of these users. */
export async function emailsOf(dataSource: DataSource, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await dataSource.getRepository(UserEntity).find({ where: { id: In([...new Set(ids)]) }, select: { id: true, email: true } });
  return new Map(rows.map((row) => [row.id, row.email]));
}

/** Locks the user's row until the transaction ends, so that two decisions about it go one after the other. */
export const lockUser = (manager: EntityManager, id: string): Promise<UserRow | null> =>
  manager.getRepository(UserEntity).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });

export async function setKycState(manager: EntityManager, id: string, kycState: KycState): Promise<void> {
  await manager.getRepository(UserEntity).update({ id }, { kycState });
}
