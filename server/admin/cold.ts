import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';

/** Cold storage, for operators. Nothing here can move a coin: people with keys sign elsewhere. */
export function coldRoutes({ coldStorage }: Pick<ServerDeps, 'coldStorage'>): Route[] {
  return [
    route(ENDPOINTS.cold, () => coldStorage.view()),
    route(ENDPOINTS.planCold, ({ user, body }) => coldStorage.plan({ ...body, adminId: user.id })),
    route(ENDPOINTS.gatherCold, async ({ user, params, body }) => {
      await coldStorage.gather(params.id, body.psbt, user.id);
      return {};
    }),
    route(ENDPOINTS.announceCold, async ({ user, params, body }) => {
      await coldStorage.announce(params.id, body.txid, user.id);
      return {};
    }),
    route(ENDPOINTS.cancelCold, async ({ user, params }) => {
      await coldStorage.cancel(params.id, user.id);
      return {};
    }),
  ];
}
