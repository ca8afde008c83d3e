import { setTimeout as wait } from 'node:timers/promises';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import type { Limits } from '../http/limits';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { Sessions } from '../http/session';
import type { Post } from '../jobs/mail';
import { attemptIn } from '../second-factor/attempt';
import type { SecondFactors } from '../second-factor/service';
import type { Devices } from '../sessions/devices';
import type { Freezing } from './freezing';
import type { Links } from './links';
import type { Accounts } from './service';

export interface AccountParts {
  readonly accounts: Accounts;
  readonly secondFactors: Pick<SecondFactors, 'prove'>;
  readonly sessions: Sessions;
  readonly devices: Devices;
  readonly freezing: Freezing;
  readonly links: Links;
  readonly limits: Limits;
  readonly post: Post;
}

type Deps = Pick<ServerDeps, 'clock' | 'ids'>;

export function accountRoutes(deps: Deps, parts: AccountParts): Route[] {
  return [...registrationRoutes(deps, parts), passwordRoute(deps, parts), ...freezeRoutes(parts)];
}

/** The same answer for every address: whether it has an account is told in a letter to its owner alone. */
function registrationRoutes(deps: Deps, { accounts, post, links, limits }: AccountParts): Route[] {
  return [
    route(ENDPOINTS.register, async ({ body }) => {
      const { user, token } = await accounts.register(body);
      if (!(await limits.letter(user.email))) return {};
      if (token === undefined) post.send('address-taken', deps.ids.next(), user);
      else
        post.send('confirm-address', deps.ids.next(), { ...user, locale: body.locale }, { link: links.confirm(token) });
      return {};
    }),
    route(ENDPOINTS.resendLetter, async ({ body }) => {
      const found = (await limits.letter(body.email)) ? await accounts.again(body.email) : undefined;
      if (found) post.send('confirm-address', deps.ids.next(), found.user, { link: links.confirm(found.token) });
      // What is written down for a letter takes a moment, which an address without one must not save.
      else await wait(5);
      return {};
    }),
    route(ENDPOINTS.confirmAccount, async ({ body, tell }) => {
      const user = await accounts.confirm(body.token);
      tell({ userId: user.id });
      post.send('welcome', user.id, user);
      return {};
    }),
  ];
}

function passwordRoute(deps: Deps, { accounts, secondFactors, sessions, devices, post }: AccountParts): Route {
  return route(ENDPOINTS.changePassword, async ({ user, body, req }) => {
    const lane = devices.knownTo(req, user.id) === undefined ? 'strangers' : 'known';
    if (!(await accounts.check(user, body.current, lane))) throw new DomainError('BAD_CREDENTIALS');
    const proven = await secondFactors.prove(user.id, body, attemptIn(sessions, req));
    const generation = await accounts.changePassword(user, body.next);
    await sessions.renew(req, generation, proven ? deps.clock.now() : req.session.provenAt);
    await sessions.end(user.id, { except: req.session.publicId });
    post.send('password-changed', `${user.id}-${deps.clock.now()}`, user);
    return {};
  });
}

function freezeRoutes({ freezing, links }: AccountParts): Route[] {
  const named = (token: string): string => {
    const userId = links.frozenBy(token);
    if (userId === undefined) throw new DomainError('NOT_FOUND');
    return userId;
  };
  return [
    route(ENDPOINTS.freeze, async ({ user }) => {
      await freezing.freeze(user.id);
      return {};
    }),
    // Whoever looks through letters follows links: looking freezes nothing and tells nothing.
    route(ENDPOINTS.freezeLink, async ({ params }) => {
      named(params.token);
      return {};
    }),
    route(ENDPOINTS.freezeByLink, async ({ params, tell }) => {
      const userId = named(params.token);
      tell({ userId });
      await freezing.freeze(userId);
      return {};
    }),
    route(ENDPOINTS.setFrozen, async ({ user, params, body, tell }) => {
      await freezing.set(user, params.id, body);
      tell({ kind: body.frozen ? 'account.freeze' : 'account.unfreeze', userId: params.id });
      return {};
    }),
  ];
}
