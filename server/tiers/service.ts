import type { UserRow } from '../../db/entities/accounts';
import type { TierWishRow } from '../../db/entities/reviews';
import { recordAdminAction } from '../../db/stores/admin-audit';
import { spentByUsers, spentSince } from '../../db/stores/reviews';
import { addWish, endWish, setTier, tierOf, tiersOf, waitingWishes } from '../../db/stores/tiers';
import { emailsOf, listUsers, lockUser, userById } from '../../db/stores/users';
import type { ListPage } from '../../db/stores/pages';
import { inTransaction } from '../../db/transaction';
import type { Transaction } from '../../db/transaction';
import { adminUserView } from '../../domain/contract/api/tiers';
import type { AdminUserView, MyTierView, SetTier, SetTierAnswer } from '../../domain/contract/api/tiers';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { view } from '../present';
import type { SecondFactors } from '../second-factor/service';
import { DAY_MS, QUOTE, asksOf, dayOf, isMet, tierIn } from './policy';
import type { Tiers } from './policy';

export interface TierService {
  mine(user: UserRow): Promise<MyTierView>;
  users(
    page: ListPage,
    email?: string,
  ): Promise<{ items: AdminUserView[]; next: string | null; previous: string | null }>;
  /**
   * A lower tier is set at once; a higher one when as many admins want it as the settings ask for. The tier that the
   * user has takes back what was wished. Refuses NOT_FOUND, UNKNOWN_TIER, KYC_STATE, SELF_APPROVAL.
   */
  set(admin: UserRow, userId: string, wish: SetTier): Promise<SetTierAnswer>;
}

type Deps = Pick<ServerDeps, 'dataSource' | 'reader' | 'clock' | 'ids'>;

export interface TierSettings {
  readonly tiers: Tiers;
  /** How many admins it takes to raise a user's tier. */
  readonly adminsToRaise: 1 | 2;
}

export function createTierService(deps: Deps, secondFactors: SecondFactors, settings: TierSettings): TierService {
  const { dataSource, reader, clock } = deps;
  const { tiers } = settings;
  return {
    mine: async (user) => {
      const [since, number, { spent }] = [
        await secondFactors.since(user.id),
        await tierOf(dataSource.manager, user.id),
        await spentSince(dataSource.manager, user.id, clock.now() - DAY_MS),
      ];
      const has = { kycState: user.kycState, secondFactor: since !== null };
      const all = tiers.map((one, at) => ({
        tier: at + 1,
        perDay: one.perDay,
        asks: asksOf(one).map((what) => ({ what, met: isMet(what, has) })),
      }));
      return { ...dayOf(tiers, user.kycState, number, spent), quote: QUOTE, tiers: all };
    },
    users: async (page, email) => {
      const found = await listUsers(reader, page, email);
      const names = found.rows.map(({ id }) => id);
      const [numbers, spent, wishes] = await Promise.all([
        tiersOf(reader, names),
        spentByUsers(reader, names, clock.now() - DAY_MS),
        waitingWishes(reader, names),
      ]);
      const emails = await emailsOf(
        reader,
        [...wishes.values()].map(({ adminId }) => adminId),
      );
      return presentPage(found, (row) =>
        view(adminUserView, {
          ...row,
          emailConfirmed: row.confirmedAt !== null,
          frozen: row.frozenAt !== null,
          ...dayOf(tiers, row.kycState, numbers.get(row.id) ?? 1, spent.get(row.id) ?? 0n),
          waiting: presentWish(wishes.get(row.id), emails),
        }),
      );
    },
    set: (admin, userId, wish) => put(deps, settings, admin, userId, wish),
  };
}

const presentWish = (row: TierWishRow | undefined, emails: ReadonlyMap<string, string>): AdminUserView['waiting'] =>
  row === undefined
    ? null
    : { tier: row.tier, why: row.why, adminId: row.adminId, adminEmail: emails.get(row.adminId) ?? null, at: row.at };

/** The wish that waits; of who is no admin any more it is nobody's. */
async function wishOfAdmin(manager: Transaction, userId: string): Promise<TierWishRow | undefined> {
  const wish = (await waitingWishes(manager, [userId])).get(userId);
  return wish && (await userById(manager, wish.adminId))?.role === 'admin' ? wish : undefined;
}

function put(
  deps: Deps,
  { tiers, adminsToRaise }: TierSettings,
  admin: UserRow,
  userId: string,
  { tier, why }: SetTier,
): Promise<SetTierAnswer> {
  const { dataSource, clock, ids } = deps;
  if (admin.id === userId) throw new DomainError('SELF_APPROVAL');
  if (tier > tiers.length) throw new DomainError('UNKNOWN_TIER', { tier, last: tiers.length });
  return inTransaction(dataSource, async (manager: Transaction) => {
    // Two admins at once go one after the other: the second of them confirms what the first one wished.
    const user = await lockUser(manager, userId);
    if (!user) throw new DomainError('NOT_FOUND');
    if (user.kycState !== 'APPROVED') throw new DomainError('KYC_STATE', { state: user.kycState });
    const [before, wish, at] = [
      tierIn(tiers, await tierOf(manager, userId)).number,
      await wishOfAdmin(manager, userId),
      clock.now(),
    ];
    const record = (action: string, details: object): Promise<void> =>
      recordAdminAction(manager, {
        id: ids.next(),
        adminId: admin.id,
        action,
        subject: userId,
        details: { before, tier, why, ...details },
        at,
      });
    if (tier === before) {
      if (wish) await record('user.tier.keep', { wished: wish.tier, wishedBy: wish.adminId });
      await endWish(manager, userId, at);
      return { tier, waiting: null };
    }
    const confirms = wish?.tier === tier && wish.adminId !== admin.id;
    if (tier > before && adminsToRaise > 1 && !confirms) {
      // Sent again by the same admin it is the same wish.
      const row =
        wish?.tier === tier ? wish : { id: ids.next(), userId, tier, why, adminId: admin.id, at, decidedAt: null };
      if (row !== wish) {
        await addWish(manager, row);
        await record('user.tier.wish', {});
      }
      return { tier: before, waiting: presentWish(row, new Map([[admin.id, admin.email]])) };
    }
    await setTier(manager, { userId, tier, adminId: admin.id, at });
    await record('user.tier', confirms ? { wishedBy: wish.adminId, wish: wish.why } : {});
    return { tier, waiting: null };
  });
}
