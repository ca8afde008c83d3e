import QRCode from 'qrcode';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { Sessions } from '../http/session';
import type { Post } from '../jobs/mail';
import { attemptIn } from './attempt';
import type { SecondFactors } from './service';

interface Around {
  readonly sessions: Sessions;
  readonly post: Post;
}

/** Where the factor changes all other sessions end, and the one that changed it goes on under a new id. */
export function secondFactorRoutes(
  { clock }: Pick<ServerDeps, 'clock'>,
  service: SecondFactors,
  { sessions, post }: Around,
): Route[] {
  return [
    route(ENDPOINTS.secondFactor, ({ user }) => service.view(user.id)),
    route(ENDPOINTS.beginSecondFactor, async ({ user, body }) => {
      const offered = await service.begin(user, body.password);
      return {
        ...offered,
        qr: `data:image/svg+xml;utf8,${encodeURIComponent(await QRCode.toString(offered.uri, { type: 'svg', margin: 2 }))}`,
      };
    }),
    route(ENDPOINTS.confirmSecondFactor, async ({ user, body, req }) => {
      const { recoveryCodes, generation } = await service.confirm(user.id, body.code, attemptIn(sessions, req));
      await sessions.renew(req, generation, clock.now());
      await sessions.end(user.id, { except: req.session.publicId });
      post.send('second-factor-on', `${user.id}-${clock.now()}`, user);
      return { recoveryCodes };
    }),
    route(ENDPOINTS.removeSecondFactor, async ({ user, body, req }) => {
      const generation = await service.remove(user.id, body.code, attemptIn(sessions, req));
      await sessions.renew(req, generation, undefined);
      await sessions.end(user.id, { except: req.session.publicId });
      post.send('second-factor-off', `${user.id}-${clock.now()}`, user);
      return {};
    }),
  ];
}
