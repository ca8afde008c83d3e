import type { IncomingMessage } from 'node:http';
import type { ServerConfig } from '../deps';
import { addressOf } from './limits';
import { trustedNetworks } from './proxies';
import { trustedProxies } from './session';

/** Counts what stands open for whom: sockets of a user, of an address. */
export interface Seats {
  /**
   * Takes one more for each key, or none where one of them has its `most` already. Answers what gives them back, once.
   */
  take(wanted: readonly (readonly [key: string, most: number])[]): (() => void) | undefined;
  /** Could they be taken now? */
  free(wanted: readonly (readonly [key: string, most: number])[]): boolean;
}

export function createSeats(): Seats {
  const taken = new Map<string, number>();
  const add = (key: string, count: number): void => {
    const now = (taken.get(key) ?? 0) + count;
    if (now > 0) taken.set(key, now);
    else taken.delete(key);
  };
  const free: Seats['free'] = (wanted) => wanted.every(([key, most]) => (taken.get(key) ?? 0) < most);
  return {
    free,
    take: (wanted) => {
      if (!free(wanted)) return undefined;
      let held = true;
      for (const [key] of wanted) add(key, 1);
      return () => {
        if (held) for (const [key] of wanted) add(key, -1);
        held = false;
      };
    },
  };
}

const SOCKETS_OF_ADDRESS = 100;
/**
 * Behind one address may be an office: those who are logged in are counted by user, and together by this many times
 * the anonymous ones.
 */
const KNOWN_TIMES = 10;

/** What a socket of `kind` takes: of its user, or of those who are nobody; and of its address. */
export function seatsFor(
  kind: string,
  req: IncomingMessage,
  config: Pick<ServerConfig, 'socketsPerAddress' | 'trustedProxies' | 'secureCookies'>,
  user: { readonly id: string | undefined; readonly most: number },
): [string, number][] {
  const address = callerAddress(req, config);
  const most = config.socketsPerAddress ?? SOCKETS_OF_ADDRESS;
  const own: [string, number] =
    user.id === undefined ? [`${kind} nobody ${address}`, most] : [`${kind} user ${user.id}`, user.most];
  return [own, [`${kind} address ${address}`, most * KNOWN_TIMES]];
}

/** The caller's address of a request that does not pass Express, read as Express reads it. */
export function callerAddress(
  req: IncomingMessage,
  config: Pick<ServerConfig, 'trustedProxies' | 'secureCookies'>,
): string {
  const isProxy = proxiesOf(trustedProxies(config));
  const named = String(req.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  let ip = req.socket.remoteAddress ?? 'unknown';
  // Whoever came to a proxy of ours is who it says; what was said to it before is anybody's word.
  while (isProxy(ip) && named.length > 0) ip = named.pop() ?? ip;
  return addressOf({ ip });
}

const known = new WeakMap<readonly string[], ReturnType<typeof trustedNetworks>>();
function proxiesOf(networks: readonly string[]): ReturnType<typeof trustedNetworks> {
  const isProxy = known.get(networks) ?? trustedNetworks(networks);
  known.set(networks, isProxy);
  return isProxy;
}

/** Adds up what a socket does within a time; answers true once it was more than `most`. */
export function countWithin(
  most: number,
  windowMs: number,
  ticks: () => number = () => performance.now(),
): (points: number) => boolean {
  let [began, used] = [ticks(), 0];
  return (points) => {
    const now = ticks();
    if (now - began >= windowMs) [began, used] = [now, 0];
    used += points;
    return used >= most;
  };
}
