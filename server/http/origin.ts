import type { IncomingMessage } from 'node:http';

/** Did the request come from our own page? True also where no Origin is named: programs, and same-origin reads. */
export function ownOrigin(req: IncomingMessage, publicOrigin: string | null): boolean {
  const { origin, host } = req.headers;
  if (origin === undefined) return req.headers['sec-fetch-site'] !== 'cross-site';
  if (publicOrigin !== null) return origin === publicOrigin;
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** Hosts that name this machine, whatever the port. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Was it asked for under the exchange's own name? Where no public origin is set that is this machine's: a stranger's
 * name that leads here is a page of a stranger's that wants to be taken for ours.
 */
export function ownHost(req: IncomingMessage, publicOrigin: string | null): boolean {
  const host = req.headers.host ?? '';
  if (publicOrigin === null) return LOOPBACK.test(host);
  const { host: own, protocol } = new URL(publicOrigin);
  return host.toLowerCase() === own || host.toLowerCase() === `${own}:${protocol === 'https:' ? 443 : 80}`;
}
