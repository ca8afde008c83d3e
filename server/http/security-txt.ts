/** Where to report a hole: RFC 9116. */
import type { Express } from 'express';
import type { Clock } from '../../domain/clock-and-ids';
import type { ServerConfig } from '../deps';
import { unknownRoute } from './errors';

const VALID_MS = 180 * 86_400_000;

/** Without a contact in the settings there is no such file; the page is not sent in its place. */
export function serveSecurityTxt(
  app: Express,
  clock: Clock,
  { securityContact, publicOrigin }: Pick<ServerConfig, 'securityContact' | 'publicOrigin'>,
): void {
  app.get('/.well-known/security.txt', (_req, res, next) => {
    if (securityContact === undefined) return next();
    const lines = [
      `Contact: ${securityContact}`,
      `Expires: ${new Date(clock.now() + VALID_MS).toISOString()}`,
      'Preferred-Languages: en, fa',
      ...(publicOrigin === null ? [] : [`Canonical: ${publicOrigin}/.well-known/security.txt`]),
    ];
    res.type('text/plain').send(`${lines.join('\n')}\n`);
  });
  app.get('/.well-known/{*any}', unknownRoute);
}
