import { addressBook, forgetAddress, knowAddress } from '../../db/stores/reviews';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { SecondFactors } from '../second-factor/service';
import { isTrusted } from './request';

type Deps = Pick<ServerDeps, 'dataSource' | 'addressCheck' | 'registry' | 'clock'>;

/** A user's book of addresses. */
export function addressRoutes({ dataSource, addressCheck, registry, clock }: Deps, secondFactors: SecondFactors): Route[] {
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
  ];
}
