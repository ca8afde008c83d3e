import type { Request } from 'express';
import type { UserRow } from '../../db/entities/accounts';
import { changeAccess } from '../../db/stores/users';
import type { Login } from '../../domain/contract/api/accounts';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { DomainError } from '../../domain/contract/errors';
import { isCrowded } from '../accounts/passwords';
import { presentSession } from '../accounts/present';
import type { Accounts } from '../accounts/service';
import type { ServerDeps } from '../deps';
import type { Admission } from '../http/access';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { Sessions } from '../http/session';
import type { Post } from '../jobs/mail';
import type { PasskeyChanges } from '../passkeys/changes';
import { forgetDropped } from '../passkeys/routes';
import type { SecondFactors } from '../second-factor/service';
import type { Devices } from './devices';
import type { Guesses } from './guesses';
import { pageOfSessions } from './list';
import { createPasswordLogin } from './password-login';

export interface SessionParts {
  readonly accounts: Accounts;
  readonly secondFactors: Pick<SecondFactors, 'prove'>;
  readonly passkeyChanges: PasskeyChanges;
  readonly sessions: Sessions;
  readonly admission: Admission;
  readonly devices: Devices;
  readonly guesses: Guesses;
  readonly post: Post;
}

type Deps = Pick<ServerDeps, 'clock' | 'dataSource'>;

export function sessionRoutes(deps: Deps, parts: SessionParts): Route[] {
  const { sessions, admission } = parts;
  return [
    loginRoute(deps, parts),
    route(ENDPOINTS.logout, async ({ req }) => {
      await sessions.endOwn(req);
      return {};
    }),
    route(ENDPOINTS.session, async ({ user, req }) =>
      presentSession(user, req.session.csrf, user !== null && admission.isDue(user, req.session)),
    ),
    ...listRoutes(deps, parts),
  ];
}

function loginRoute(
  deps: Deps,
  { accounts, secondFactors, sessions, admission, devices, guesses, post, passkeyChanges }: SessionParts,
): Route {
  const passwordLogin = createPasswordLogin(async (req, email, password) => {
    const user = await accounts.find(email);
    const device = devices.knownTo(req, user?.id);
    await guesses.admit(email, device, isCrowded(), (req.body as Login).proof);
    const fits = await accounts.check(user, password, device === undefined ? 'strangers' : 'known');
    if (fits) return fits;
    await guesses.failed(email, device);
    return null;
  });
  return route(ENDPOINTS.login, async ({ req, res, body, tell }) => {
    const user = await passwordLogin(req, res);
    const device = devices.knownTo(req, user.id);
    await forgetDropped({ changes: passkeyChanges, post }, user);
    // After the password: nobody learns of a second factor without it. Who knows the password locks no device of the
    // owner's by wrong codes.
    const proven = await secondFactors.prove(user.id, body, {
      purpose: device === undefined ? 'login' : `device:${device}`,
    });
    const provenAt = proven ? deps.clock.now() : undefined;
    const csrf = await sessions.begin(req, user, provenAt);
    devices.remember(req, res, user.id);
    if (device === undefined) {
      tell({ kind: 'log-in.new-device' });
      if (user.confirmedAt !== null) writeOfDevice(post, req, user);
    }
    return presentSession(user, csrf, admission.isDue(user, { provenAt }));
  });
}

function writeOfDevice(
  post: Post,
  { session: { publicId = '', address = '', agent = '' } }: Request,
  user: UserRow,
): void {
  post.send('new-device', publicId, user, { address, agent: agent === '' ? '-' : agent });
}

/** A user's sessions: looked at, ended by one, ended all but this. */
function listRoutes({ dataSource }: Deps, { sessions }: SessionParts): Route[] {
  return [
    route(ENDPOINTS.sessions, async ({ user, query, req }) => {
      const open = await sessions.index.list(user.id, user.sessionGeneration);
      return pageOfSessions(
        open.map((one) => ({ ...one, current: one.id === req.session.publicId })),
        query,
      );
    }),
    route(ENDPOINTS.endSession, async ({ user, params }) => {
      if ((await sessions.index.sessionOf(user.id, params.id)) === undefined) throw new DomainError('NOT_FOUND');
      await sessions.end(user.id, { only: params.id });
      return {};
    }),
    route(ENDPOINTS.endOtherSessions, async ({ user, req }) => {
      // By the generation, not by the list: what the list has lost ends too.
      const generation = await changeAccess(dataSource.manager, user.id, {});
      await sessions.renew(req, generation, req.session.provenAt);
      await sessions.end(user.id, { except: req.session.publicId });
      return {};
    }),
  ];
}
