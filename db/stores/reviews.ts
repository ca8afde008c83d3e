/** What is known of users when they ask for a withdrawal. */
import { In } from 'typeorm';
import type { DataSource, EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { KnownAddressEntity, WithdrawalReviewEntity } from '../entities/reviews';
import type { KnownAddressRow, WithdrawalReviewRow } from '../entities/reviews';
import { pageOf } from './pages';
import type { ListPage, Page } from './pages';

/**
 * Value and number of the user's withdrawals since then that were neither refused nor taken back; transfers inside
 * count too.
 */
export async function spentSince(
  manager: EntityManager,
  userId: string,
  since: number,
): Promise<{ spent: Units; count: number }> {
  const rows = (await manager.query(
    `SELECT r.value AS value FROM withdrawal_reviews r JOIN withdrawals w ON w.id = r.withdrawal_id
      WHERE r.user_id = ? AND r.at > ? AND w.state NOT IN ('REJECTED', 'CANCELED')`,
    [userId, since],
  )) as { value: string | null }[];
  return {
    spent: rows.reduce((sum, { value }) => sum + (value === null ? 0n : parseAmount(value)), 0n),
    count: rows.length,
  };
}

/** `spentSince` of many users; who is not named has spent nothing. */
export async function spentByUsers(
  dataSource: DataSource,
  userIds: readonly string[],
  since: number,
): Promise<Map<string, Units>> {
  if (userIds.length === 0) return new Map();
  const rows = (await dataSource.query(
    `SELECT r.user_id AS userId, SUM(r.value) AS value FROM withdrawal_reviews r JOIN withdrawals w ON w.id = r.withdrawal_id
      WHERE r.user_id IN (?) AND r.at > ? AND r.value IS NOT NULL AND w.state NOT IN ('REJECTED', 'CANCELED') GROUP BY r.user_id`,
    [userIds, since],
  )) as { userId: string; value: string }[];
  return new Map(rows.map(({ userId, value }) => [userId, parseAmount(value)]));
}

/** Written before the withdrawal itself; a request that was refused then may be judged anew. */
export async function saveReview(dataSource: DataSource, row: WithdrawalReviewRow): Promise<void> {
  await dataSource
    .getRepository(WithdrawalReviewEntity)
    .upsert(row as QueryDeepPartialEntity<WithdrawalReviewRow>, ['withdrawalId']);
}

export async function reviewsOf(
  dataSource: DataSource,
  ids: readonly string[],
): Promise<Map<string, WithdrawalReviewRow>> {
  if (ids.length === 0) return new Map();
  const rows = await dataSource.getRepository(WithdrawalReviewEntity).findBy({ withdrawalId: In([...ids]) });
  return new Map(rows.map((row) => [row.withdrawalId, row]));
}

/** Since when the user knows the address, or null. */
export const knownSince = async (
  manager: EntityManager,
  userId: string,
  network: string,
  address: string,
): Promise<number | null> =>
  (await manager.getRepository(KnownAddressEntity).findOneBy({ userId, network, address }))?.since ?? null;

/** Writes it into the user's book, if it is not there. Answers what stands there. */
export async function knowAddress(manager: EntityManager, row: KnownAddressRow): Promise<KnownAddressRow> {
  const { userId, network, address, since } = row;
  await manager.query('INSERT IGNORE INTO known_addresses (user_id, network, address, since) VALUES (?, ?, ?, ?)', [
    userId,
    network,
    address,
    since,
  ]);
  return (await manager.getRepository(KnownAddressEntity).findOneBy({ userId, network, address })) ?? row;
}

/** Newest first. */
export const addressBook = (
  dataSource: DataSource,
  userId: string,
  { network, ...page }: ListPage & { readonly network?: string | undefined },
): Promise<Page<KnownAddressRow>> =>
  pageOf(
    dataSource,
    {
      entity: KnownAddressEntity,
      by: ['since', 'network', 'address'],
      order: 'DESC',
      where: { userId, ...(network !== undefined && { network }) },
    },
    page,
  );

/** False where the book has no such address. */
export async function forgetAddress(
  manager: EntityManager,
  userId: string,
  network: string,
  address: string,
): Promise<boolean> {
  return (await manager.getRepository(KnownAddressEntity).delete({ userId, network, address })).affected === 1;
}

/** What came to the user from others by transfers inside the books since then, and when the last of it did. */
export async function receivedInside(
  manager: EntityManager,
  userId: string,
  since: number,
): Promise<{ asset: string; amount: string; at: number }[]> {
  const rows = (await manager.query(
    `SELECT w.asset AS asset, SUM(w.amount) AS amount, MAX(w.updated_at) AS at FROM deposit_addresses d JOIN withdrawals w ON w.network = d.network AND w.address = d.address
      WHERE d.user_id = ? AND w.user_id <> d.user_id AND w.state = 'CONFIRMED' AND w.reason = 'INTERNAL' AND w.updated_at > ? GROUP BY w.asset`,
    [userId, since],
  )) as { asset: string; amount: string; at: string | number }[];
  return rows.map(({ at, ...row }) => ({ ...row, at: Number(at) }));
}
