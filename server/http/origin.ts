import type { IncomingMessage } from 'node:http';

/** Did the request come from our own page? True also where no Origin is named: programs, and same-origin reads. */
export function ownOrigin(req: IncomingMessage, publicOrigin: string | null): boolean {
  const { origin, host } = req.headers;
  if (origin === undefined) return req.headers['sec-fetch-site'] !== 'cross-site';
  if (publicOrigin !== null) return origin === publicOrigin;
  return origin === `http://${host}` || origin === `https://${host}`;
}
