import type { Request } from 'express';
import type { Sessions } from '../http/session';
import type { Attempt } from './service';

/** Codes that are shown in this session: five wrong ones in a row end it, and nothing else. */
export function attemptIn(sessions: Pick<Sessions, 'end'>, req: Request): Attempt {
  const { userId = '', publicId = '' } = req.session;
  return {
    purpose: `session:${publicId}`,
    exhausted: () => sessions.end(userId, { only: publicId }),
  };
}
