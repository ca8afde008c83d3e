import type { Request } from 'express';
import type { ServerDeps } from '../deps';
import type { Sessions } from '../http/session';
import { recordSecurityEvent } from '../sessions/security-log';
import type { Attempt } from './service';

/** Codes that are shown in this session: five wrong ones in a row end it, and nothing else. */
export function attemptIn(deps: Pick<ServerDeps, 'logger'>, sessions: Pick<Sessions, 'end'>, req: Request): Attempt {
  const { userId = '', publicId = '' } = req.session;
  return {
    purpose: `session:${publicId}`,
    exhausted: async () => {
      recordSecurityEvent(deps, { kind: 'session.ended-after-wrong-codes', userId, req });
      await sessions.end(userId, { only: publicId });
    },
  };
}
