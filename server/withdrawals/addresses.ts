import { addressBook, forgetAddress, knowAddress } from '../../db/stores/reviews';
import type { KnownAddressRow } from '../../db/entities/reviews';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { KnownAddressView } from '../../domain/contract/api/withdrawals';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { Sessions } from '../http/session';
import type { Post } from '../jobs/mail';
import { attemptIn } from '../second-factor/attempt';
import type { SecondFactors } from '../second-factor/service';
import { assetFor, receiverIn } from './receiver';
import { isTrusted } from './request';

type Deps = Pick<ServerDeps, 'dataSource' | 'addressCheck' | 'registry' | 'clock'>;

interface Around {
  readonly secondFactors: SecondFactors;
  readonly sessions: Sessions;
  readonly post: Post;
}

/** A user's book of addresses. */
export function addressRoutes(
  { dataSource, addressCheck, registry, clock }: Deps,
  { secondFactors, sessions, post }: Around,
): Route[] {
  const shown = ({ network, address, since }: KnownAddressRow): KnownAddressView => ({
    network,
    address,
    since,
    trusted: isTrusted(since, clock.now()),
  });
  /** In the one spelling under which it is kept. Of which asset is no matter: they share the network's addresses. */
  const checked = (network: string, text: string): Promise<{ address: string }> => {
    const asset = assetFor(registry, network, text);
    if (asset === undefined) throw new DomainError('UNKNOWN_NETWORK', { network });
    return addressCheck.check(network, asset, receiverIn(registry, network, asset, text));
  };
  return [
    route(ENDPOINTS.knownAddresses, async ({ user, query }) =>
      presentPage(await addressBook(dataSource, user.id, query), shown),
    ),
    route(ENDPOINTS.knowAddress, async ({ user, req, body }) => {
      const { network, address: text } = body;
      const { address } = await checked(network, text);
      await secondFactors.prove(user.id, body, attemptIn(sessions, req));
      const known = await knowAddress(dataSource.manager, { userId: user.id, network, address, since: clock.now() });
      post.send('new-address', `${user.id}-${network}-${address}-${known.since}`, user, { network, address });
      return shown(known);
    }),
    route(ENDPOINTS.forgetAddress, async ({ user, body: { network, address: text } }) => {
      const manager = dataSource.manager;
      // One that is no longer taken may be forgotten all the same, as it stands in the book.
      const asItStands = /^[\x21-\x7e]+$/.test(text) && (await forgetAddress(manager, user.id, network, text));
      if (
        !asItStands &&
        !(await forgetAddress(manager, user.id, network, (await checked(network, text).catch(orNotFound)).address))
      )
        throw new DomainError('NOT_FOUND');
      return {};
    }),
  ];
}

/** What is no address of this network stands in no book. */
function orNotFound(error: unknown): never {
  const unknown =
    error instanceof DomainError && ['BAD_ADDRESS', 'ADDRESS_DENIED', 'UNKNOWN_NETWORK'].includes(error.code);
  throw unknown ? new DomainError('NOT_FOUND') : error;
}
