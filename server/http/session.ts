/** Sessions: a random id in an http-only cookie, its contents in Redis. Who holds which role is always read from the tables. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import type { Request, RequestHandler } from 'express';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import { userById } from '../../db/stores/users';
import type { ServerConfig, ServerDeps } from '../deps';
import { createKnownSessions } from './known-sessions';
import type { KnownSessions } from './known-sessions';

declare module 'express-session' {
  interface SessionData {
    userId: string;
    csrf: string;
    loggedInAt: number;
  }
}

const IDLE_SECONDS = 12 * 3600;
const ABSOLUTE_MS = 7 * 24 * 3600 * 1000;

export interface Sessions {
  readonly middleware: RequestHandler;
  /** Does the session still exist? Throws when that cannot be known. */
  isAlive(sessionId: string): Promise<boolean>;
  /** The same sessions for requests that do not pass the middleware. */
  readonly known: KnownSessions;
}

export function createSessions(deps: Pick<ServerDeps, 'redis' | 'logger' | 'dataSource'>, config: ServerConfig): Sessions {
  const store = new RedisStore({ client: deps.redis, prefix: 'javizen:session:', ttl: IDLE_SECONDS });
  const name = `${config.secureCookies ? '__Host-' : ''}javizen.sid`;
  const known = createKnownSessions({
    store,
    cookieName: name,
    secret: config.sessionSecret,
    attributes: `HttpOnly;${config.secureCookies ? ' Secure;' : ''} SameSite=Lax`,
    idleSeconds: IDLE_SECONDS,
    userById: (id) => userById(deps.dataSource, id),
  });
  endAlsoWhatIsKnown(store, known);
  const load = session({
    name,
    secret: config.sessionSecret,
    store,
    resave: false,
    saveUninitialized: false,
    rolling: true,
    proxy: trustedProxies(config) > 0,
    cookie: { httpOnly: true, sameSite: 'lax', secure: config.secureCookies, path: '/', maxAge: IDLE_SECONDS * 1000 },
  });
  /** A session that cannot be read is nobody's fault but ours: nothing was done, and the request may be sent again. */
  const middleware: RequestHandler = (req, res, next) =>
    load(req, res, (error?: unknown) => {
      if (error) deps.logger.error({ error: String(error) }, 'a session could not be read');
      next(error ? new DomainError('BUSY') : undefined);
    });
  return {
    middleware,
    known,
    isAlive: async (sessionId) => (await deps.redis.exists(`javizen:session:${sessionId}`)) === 1,
  };
}

/** A session that ends (logged out, replaced at a login) is forgotten here at once: before, and again after, for one that read it meanwhile. */
function endAlsoWhatIsKnown(store: RedisStore, known: KnownSessions): void {
  const destroy = store.destroy.bind(store);
  store.destroy = async (sessionId, done) => {
    known.forget(sessionId);
    return destroy(sessionId, (...answer: unknown[]) => {
      known.forget(sessionId);
      (done as ((...given: unknown[]) => void) | undefined)?.(...answer);
    });
  };
}

/** How many proxies in front are believed: where cookies need https, the one that speaks it. */
export const trustedProxies = (config: Pick<ServerConfig, 'trustedProxies' | 'secureCookies'>): number => config.trustedProxies ?? (config.secureCookies ? 1 : 0);

/** Logs in: always under a new session id, with a new token. */
export async function beginSession(req: Request, userId: string, now: number): Promise<string> {
  await new Promise<void>((resolve, reject) => req.session.regenerate((error) => (error ? reject(error as Error) : resolve())));
  const csrf = randomBytes(24).toString('base64url');
  Object.assign(req.session, { userId, csrf, loggedInAt: now });
  await new Promise<void>((resolve, reject) => req.session.save((error) => (error ? reject(error as Error) : resolve())));
  return csrf;
}

export async function endSession(req: Request): Promise<void> {
  await new Promise<void>((resolve, reject) => req.session.destroy((error) => (error ? reject(error as Error) : resolve())));
}

/** Whose session it is, or undefined; a session ends after a week however busy it was. */
export function sessionUserId(req: { session?: { userId?: string; loggedInAt?: number } }, clock: Clock): string | undefined {
  const { userId, loggedInAt } = req.session ?? {};
  return userId !== undefined && isYoung(loggedInAt ?? 0, clock) ? userId : undefined;
}

export const isYoung = (loggedInAt: number, clock: Clock): boolean => clock.now() - loggedInAt < ABSOLUTE_MS;

export function csrfMatches(req: Request): boolean {
  const expected = Buffer.from(req.session.csrf ?? '');
  const given = Buffer.from(req.get('x-csrf-token') ?? '');
  return expected.length > 0 && expected.length === given.length && timingSafeEqual(expected, given);
}
