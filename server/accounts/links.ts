import type { Clock } from '../../domain/clock-and-ids';
import type { ServerConfig } from '../deps';
import { signerFor } from '../sessions/signed';

/** A letter is answered late, and freezing does no harm that cannot be undone. */
const FREEZE_MS = 30 * 86_400_000;

/** Links of letters, and what their tokens say. */
export interface Links {
  confirm(token: string): string;
  freeze(userId: string): string;
  /** Whose account the token of a letter may freeze; undefined where it is none, or too old. */
  frozenBy(token: string): string | undefined;
}

export function createLinks(
  { sessionSecret, siteUrl = 'http://localhost' }: Pick<ServerConfig, 'sessionSecret' | 'siteUrl'>,
  clock: Clock,
): Links {
  const signer = signerFor(sessionSecret, 'freeze link');
  return {
    confirm: (token) => `${siteUrl}/confirm/${token}`,
    freeze: (userId) => {
      const ends = (clock.now() + FREEZE_MS).toString(36);
      return `${siteUrl}/freeze/${userId}.${ends}.${signer.sign(userId, ends)}`;
    },
    frozenBy: (token) => {
      const [userId = '', ends = '', mac = ''] = token.split('.');
      return signer.fits(mac, userId, ends) && Number.parseInt(ends, 36) > clock.now() ? userId : undefined;
    },
  };
}
