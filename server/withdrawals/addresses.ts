import type { UserRow } from '../../db/entities/accounts';
import { recordAdminAction } from '../../db/stores/admin-audit';
import { addressBook, forgetAddress, knowAddress, setTier, tierOf } from '../../db/stores/reviews';
import { userById } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { SecondFactors } from '../second-factor/service';
import { isTrusted } from './request';

type Deps = Pick<ServerDeps, 'dataSource' | 'addressCheck' | 'registry' | 'clock' | 'ids'>;

/** A user's book of addresses, and the tiers of limits. */
export function addressRoutes({ dataSource, addressCheck, registry, clock, ids }: Deps, secondFactors: SecondFactors): Route[] {
  const book = async (userId: string) => (await addressBook(dataSource, userId)).map(({ network, address, since }) => ({ network, address, since, trusted: isTrusted(since, clock.now()) }));
  return [
    route(ENDPOINTS.knownAddresses, async ({ user }) => ({ items: await book(user.id) })),
    route(ENDPOINTS.knowAddress, async ({ user, body: { network, address: text, code } }) => {
      const asset = registry.rails.find((rail) => rail.network === network)?.asset;
      if (asset === undefined) throw new DomainError('UNKNOWN_NETWORK', { network });
      const { address } = await addressCheck.check(network, asset, text);
      await secondFactors.prove(user.id, code);
      await knowAddress(dataSource.manager, { userId: user.id, network, address, since: clock.now() });
      const known = (await book(user.id)).find((one) => one.network === network && one.address === address);
      if (!known) throw new DomainError('NOT_FOUND');
      return known;
    }),
    route(ENDPOINTS.forgetAddress, async ({ user, body: { network, address } }) => {
      await forgetAddress(dataSource.manager, user.id, network, address);
      return {};
    }),
    route(ENDPOINTS.setTier, async ({ user, params, body }) => {
      await putIntoTier({ dataSource, clock, ids }, user, params.id, body.tier);
      return {};
    }),
  ];
}

async function putIntoTier({ dataSource, clock, ids }: Pick<Deps, 'dataSource' | 'clock' | 'ids'>, admin: UserRow, userId: string, tier: number): Promise<void> {
  if (admin.id === userId) throw new DomainError('OWN_REQUEST');
  if (!(await userById(dataSource, userId))) throw new DomainError('NOT_FOUND');
  await inTransaction(dataSource, async (manager) => {
    const before = await tierOf(manager, userId);
    await setTier(manager, { userId, tier, adminId: admin.id, at: clock.now() });
    await recordAdminAction(manager, { id: ids.next(), adminId: admin.id, action: 'user.tier', subject: userId, details: { before, tier }, at: clock.now() });
  });
}
