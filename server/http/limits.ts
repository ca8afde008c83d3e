/**
 * How often somebody may do something; counted in Redis, so that all processes count together (orders a moment later).
 */
import { isIPv6 } from 'node:net';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Request, Response } from 'express';
import type { LimitName } from '../../domain/contract/api/endpoints';
import { DomainError } from '../../domain/contract/errors';
import type { ServerConfig, ServerDeps } from '../deps';
import { memoryFirst } from './memory-first';

interface Limit {
  readonly points: number;
  readonly seconds: number;
  /** Nothing is let through while Redis does not answer. */
  readonly failsClosed: boolean;
}

/** One address may try so many accounts as often as one account alone. */
const ACCOUNTS_AN_ADDRESS = 10;
/** And a network of 256 addresses as often as ten of them. */
const ADDRESSES_A_NETWORK = 10;
const LETTERS_AN_HOUR = 5;

const LIMITS: Record<LimitName, Limit> = {
  login: { points: 20, seconds: 900, failsClosed: true },
  register: { points: 60, seconds: 3600, failsClosed: true },
  document: { points: 20, seconds: 3600, failsClosed: false },
  quote: { points: 240, seconds: 60, failsClosed: false },
  change: { points: 240, seconds: 60, failsClosed: false },
  order: { points: 6000, seconds: 60, failsClosed: false },
  read: { points: 2400, seconds: 60, failsClosed: false },
};

export interface Limits {
  /** Throws TOO_MANY_REQUESTS, with Retry-After set, when the caller is over the limit. */
  (name: LimitName, req: Request, res: Response): Promise<void>;
  /** Orders of this user are counted here first. Answers how many seconds to wait, 0 where none. */
  orders(userId: string, points: number): number;
  /** May another letter go to this address that anybody can ask for? Nobody's box is filled by a stranger. */
  letter(email: string): Promise<boolean>;
}

export function createLimits(deps: Pick<ServerDeps, 'redis' | 'logger'>, config: Pick<ServerConfig, 'limits'>): Limits {
  const limiter = (name: string, limit: Limit, points: number): RateLimiterRedis => {
    const local = new RateLimiterMemory({ points, duration: limit.seconds });
    const shared = { storeClient: deps.redis, keyPrefix: `javizen:limit:${name}`, points, duration: limit.seconds };
    return new RateLimiterRedis(limit.failsClosed ? shared : { ...shared, insuranceLimiter: local });
  };
  const pointsFor = (name: LimitName): number => config.limits?.[name] ?? LIMITS[name].points;
  const limiters = new Map(
    (Object.keys(LIMITS) as LimitName[]).map((name) => [name, limiter(name, LIMITS[name], pointsFor(name))]),
  );
  const logins = limiter('logins', LIMITS.login, pointsFor('login') * ACCOUNTS_AN_ADDRESS);
  const networks = limiter(
    'log-ins of a network',
    LIMITS.login,
    pointsFor('login') * ACCOUNTS_AN_ADDRESS * ADDRESSES_A_NETWORK,
  );
  const letters = limiter('letters', { points: LETTERS_AN_HOUR, seconds: 3600, failsClosed: true }, LETTERS_AN_HOUR);
  const { seconds } = LIMITS.order;
  const orders = memoryFirst(pointsFor('order'), seconds * 1000, (key, count) =>
    (limiters.get('order') as RateLimiterRedis).consume(key, count),
  );
  const ask = async (name: LimitName, req: Request, res: Response): Promise<void> => {
    if (name === 'order' && req.session.userId !== undefined) {
      const wait = orders(req.session.userId, pointsOf(req.body));
      if (wait === 0) return;
      res.set('Retry-After', String(wait));
      throw new DomainError('TOO_MANY_REQUESTS');
    }
    try {
      if (name === 'login') {
        await networks.consume(rangeOf(req));
        await logins.consume(addressOf(req));
      }
      await limiters.get(name)?.consume(callerOf(name, req), name === 'order' ? pointsOf(req.body) : 1);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) {
        deps.logger.error(
          { event: 'http.limiter_failed', limit: name, error: String(refusal) },
          'the rate limiter cannot count',
        );
        throw new DomainError('BUSY');
      }
      res.set('Retry-After', String(Math.ceil(refusal.msBeforeNext / 1000)));
      throw new DomainError('TOO_MANY_REQUESTS');
    }
  };
  return Object.assign(ask, {
    orders,
    letter: (email: string) =>
      letters.consume(email).then(
        () => true,
        () => false,
      ),
  });
}

/** A batch of orders counts as what is in it; this is asked before the body was looked at. */
export function pointsOf(body: unknown): number {
  const { orders } = (body ?? {}) as { orders?: unknown };
  return Array.isArray(orders) ? Math.min(Math.max(orders.length, 1), 20) : 1;
}

/**
 * Log-ins count for the account that is named and an address together, so that nobody can lock another out from
 * elsewhere; whose session asks is no matter, or each session of a guesser's own would be a count of its own. Asked
 * before the body was looked at.
 */
function callerOf(name: LimitName, req: Request): string {
  const address = addressOf(req);
  const { email } = (req.body ?? {}) as { email?: unknown };
  if (name === 'login')
    return `${address}|${typeof email === 'string' ? email.trim().toLowerCase().slice(0, 190) : (req.session.userId ?? '')}`;
  return name === 'register' ? address : (req.session.userId ?? address);
}

/** The caller's address; of IPv6 the network, of which one caller has all addresses. */
export function addressOf({ ip = 'unknown' }: Pick<Request, 'ip'>): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !isIPv6(ip)) return mapped ?? ip;
  const [before = '', after = ''] = ip.split('::');
  const head = before.split(':').filter(Boolean);
  const tail = after.split(':').filter(Boolean);
  const groups = ip.includes('::')
    ? [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail]
    : head;
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`;
}

/** The caller's address without what would name one household: of IPv4 the last part is left out. */
export const rangeOf = (req: Pick<Request, 'ip'>): string => addressOf(req).replace(/\.\d+$/, '.0/24');
