import { addressBook, forgetAddress, knowAddress } from '../../db/stores/reviews';
import type { KnownAddressRow } from '../../db/entities/reviews';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { KnownAddressView } from '../../domain/contract/api/withdrawals';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { SecondFactors } from '../second-factor/service';
import { isTrusted } from './request';

type Deps = Pick<ServerDeps, 'dataSource' | 'addressCheck' | 'registry' | 'clock'>;

/** A user's book of addresses. */
export function addressRoutes({ dataSource, addressCheck, registry, clock }: Deps, secondFactors: SecondFactors): Route[] {
  const shown = ({ network, address, since }: KnownAddressRow): KnownAddressView => ({ network, address, since, trusted: isTrusted(since, clock.now()) });
  return [
    route(ENDPOINTS.knownAddresses, async ({ user, query }) => presentPage(await addressBook(dataSource, user.id, query), shown)),
    route(ENDPOINTS.knowAddress, async ({ user, body: { network, address: text, code } }) => {
      const asset = registry.rails.find((rail) => rail.network === network)?.asset;
      if (asset === undefined) throw new DomainError('UNKNOWN_NETWORK', { network });
      const { address } = await addressCheck.check(network, asset, text);
      await secondFactors.prove(user.id, code);
      return shown(await knowAddress(dataSource.manager, { userId: user.id, network, address, since: clock.now() }));
    }),
    route(ENDPOINTS.forgetAddress, async ({ user, body: { network, address } }) => {
      await forgetAddress(dataSource.manager, user.id, network, address);
      return {};
    }),
  ];
}
