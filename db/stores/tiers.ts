/** Users' tiers, and what admins want of them. */
import { In, IsNull } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { TierEntity, TierWishEntity } from '../entities/reviews';
import type { TierRow, TierWishRow } from '../entities/reviews';

/** Of everybody whom no admin has put elsewhere. */
export const FIRST_TIER = 1;

export const tierOf = async (manager: EntityManager, userId: string): Promise<number> =>
  (await manager.getRepository(TierEntity).findOneBy({ userId }))?.tier ?? FIRST_TIER;

/** Of those who are in another than the first. */
export async function tiersOf(dataSource: DataSource, userIds: readonly string[]): Promise<Map<string, number>> {
  if (userIds.length === 0) return new Map();
  const rows = await dataSource.getRepository(TierEntity).findBy({ userId: In([...userIds]) });
  return new Map(rows.map(({ userId, tier }) => [userId, tier]));
}

/** Sets the tier; what was wished for the user is decided by that. Lock the user's row first. */
export async function setTier(manager: EntityManager, row: TierRow): Promise<void> {
  await manager.getRepository(TierEntity).upsert(row, ['userId']);
  await endWish(manager, row.userId, row.at);
}

/** The wish that waits for another admin, by user. */
export async function waitingWishes(
  source: DataSource | EntityManager,
  userIds: readonly string[],
): Promise<Map<string, TierWishRow>> {
  if (userIds.length === 0) return new Map();
  const rows = await source.getRepository(TierWishEntity).findBy({ userId: In([...userIds]), decidedAt: IsNull() });
  return new Map(rows.map((row) => [row.userId, row]));
}

/** In place of the one before. Lock the user's row first. */
export async function addWish(manager: EntityManager, row: TierWishRow): Promise<void> {
  await endWish(manager, row.userId, row.at);
  await manager.getRepository(TierWishEntity).insert(row);
}

export async function endWish(manager: EntityManager, userId: string, at: number): Promise<void> {
  await manager.getRepository(TierWishEntity).update({ userId, decidedAt: IsNull() }, { decidedAt: at });
}
