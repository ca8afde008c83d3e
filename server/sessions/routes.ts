import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { presentSession } from '../accounts/present';
import type { Accounts } from '../accounts/service';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { beginSession, endSession } from '../http/session';
import type { Post } from '../jobs/mail';
import type { SecondFactors } from '../second-factor/service';
import { createPasswordLogin } from './password-login';

/** Accounts and sessions. `ended` hears of each session that was logged out. */
export function sessionRoutes(
  deps: Pick<ServerDeps, 'clock'>,
  accounts: Accounts,
  secondFactors: Pick<SecondFactors, 'prove' | 'due'>,
  { post, ended }: { readonly post: Post; readonly ended: (sessionId: string) => void },
): Route[] {
  const passwordLogin = createPasswordLogin(accounts);
  return [
    route(ENDPOINTS.register, async ({ body, req }) => {
      const user = await accounts.open(body);
      post.send('welcome', user.id, user);
      return presentSession(user, await beginSession(req, user.id, deps.clock.now()));
    }),
    route(ENDPOINTS.login, async ({ req, res, body }) => {
      const user = await passwordLogin(req, res);
      // After the password: nobody learns of a second factor without it.
      await secondFactors.prove(user.id, body.code);
      return presentSession(user, await beginSession(req, user.id, deps.clock.now()), await secondFactors.due(user));
    }),
    route(ENDPOINTS.logout, async ({ req }) => {
      const { sessionID } = req;
      await endSession(req);
      ended(sessionID);
      return {};
    }),
    route(ENDPOINTS.session, async ({ user, req }) => presentSession(user, req.session.csrf, user !== null && (await secondFactors.due(user)))),
  ];
}
