/**
 * Sessions: a random id in an http-only cookie, its contents in Redis. Who holds which role is always read from the
 * tables.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import type { Request, RequestHandler, Response } from 'express';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import { versionsOf } from '../../domain/secret-versions';
import { userById } from '../../db/stores/users';
import type { UserRow } from '../../db/entities/accounts';
import type { ServerConfig, ServerDeps } from '../deps';
import { createKnownSessions } from './known-sessions';
import type { KnownSessions } from './known-sessions';
import { rangeOf } from './limits';
import { THIS_MACHINE } from './proxies';
import { createSessionIndex } from './session-index';
import type { SessionIndex } from './session-index';

declare module 'express-session' {
  interface SessionData {
    userId: string;
    csrf: string;
    loggedInAt: number;
    /** Of the user's row when it was opened or renewed: sessions of another generation have ended. */
    generation: number;
    /** When a code of the second factor was shown in this session. */
    provenAt: number | undefined;
    /** What its owner sees it under. */
    publicId: string;
    address: string;
    agent: string;
  }
}

const IDLE_SECONDS = 12 * 3600;
const ABSOLUTE_MS = 7 * 24 * 3600 * 1000;
/** The oldest of more than these ends. */
const MOST_SESSIONS = 100;
const PREFIX = 'javizen:session:';

export interface Sessions {
  readonly middleware: RequestHandler;
  /** Does the session still exist? Throws when that cannot be known. */
  isAlive(sessionId: string): Promise<boolean>;
  /** The same sessions for requests that do not pass the middleware. */
  readonly known: KnownSessions;
  readonly index: SessionIndex;
  /**
   * Logs in: always under a new session id, with a new token. `provenAt`: a code of the second factor was shown.
   * Answers the token.
   */
  begin(req: Request, user: UserRow, provenAt: number | undefined): Promise<string>;
  /**
   * A new id for the session that has just changed who may use the account: of the new generation, with the same token
   * and name.
   */
  renew(req: Request, generation: number, provenAt: number | undefined): Promise<void>;
  /** Ends the sessions of these names; all of the user's but `except` where none are named. */
  end(userId: string, which: { readonly only: string } | { readonly except: string | undefined }): Promise<void>;
  /** Ends the session that calls. */
  endOwn(req: Request): Promise<void>;
}

export function createSessions(
  deps: Pick<ServerDeps, 'redis' | 'logger' | 'dataSource' | 'clock' | 'events'>,
  config: ServerConfig,
): Sessions {
  const store = new RedisStore({ client: deps.redis, prefix: PREFIX, ttl: IDLE_SECONDS });
  const name = `${config.secureCookies ? '__Host-' : ''}javizen.sid`;
  const known = createKnownSessions({
    store,
    cookieName: name,
    secrets: versionsOf(config.sessionSecret),
    attributes: `HttpOnly;${config.secureCookies ? ' Secure;' : ''} SameSite=Lax`,
    idleSeconds: IDLE_SECONDS,
    userById: (id) => userById(deps.dataSource, id),
  });
  const ended = rememberEnded();
  endAlsoWhatIsKnown(store, known, ended);
  const load = session({
    name,
    secret: [...versionsOf(config.sessionSecret)],
    store,
    resave: false,
    saveUninitialized: false,
    rolling: true,
    cookie: { httpOnly: true, sameSite: 'lax', secure: config.secureCookies, path: '/', maxAge: IDLE_SECONDS * 1000 },
  });
  /** A session that cannot be read is nobody's fault but ours: nothing was done, and the request may be sent again. */
  const middleware: RequestHandler = (req, res, next) =>
    load(req, res, (error?: unknown) => {
      if (error) deps.logger.error({ event: 'session.unread', error: String(error) }, 'a session could not be read');
      else sayNoMoreOfEnded(req, res, ended);
      next(error ? new DomainError('BUSY') : undefined);
    });
  const index = createSessionIndex(deps.redis, deps.clock, {
    idleSeconds: IDLE_SECONDS,
    keptSeconds: ABSOLUTE_MS / 1000,
    prefix: PREFIX,
  });
  return {
    middleware,
    known,
    index,
    isAlive: async (sessionId) => (await deps.redis.exists(`${PREFIX}${sessionId}`)) === 1,
    ...holders(deps, index, (sessionId) => destroyed(store, sessionId)),
  };
}

/** What begins, renews and ends sessions. Everybody who serves or remembers one of the user's is told. */
function holders(
  { clock, events }: Pick<ServerDeps, 'clock' | 'events'>,
  index: SessionIndex,
  destroy: (sessionId: string) => Promise<void>,
): Pick<Sessions, 'begin' | 'renew' | 'end' | 'endOwn'> {
  const tell = (userId: string): void => events.publish({ name: 'access.changed', userId });
  const write = async (
    req: Request,
    data: Partial<session.SessionData> & { userId: string; publicId: string },
  ): Promise<void> => {
    await done((answer) => req.session.regenerate(answer));
    Object.assign(req.session, data);
    await done((answer) => req.session.save(answer));
    await index.add(data.userId, data.publicId, req.sessionID);
  };
  return {
    begin: async (req, { id: userId, sessionGeneration: generation }, provenAt) => {
      const csrf = randomBytes(24).toString('base64url');
      const agent = (req.get('user-agent') ?? '').replaceAll(/[^\x20-\x7e]/g, '').slice(0, 200);
      const publicId = randomBytes(12).toString('hex');
      await write(req, {
        userId,
        csrf,
        loggedInAt: clock.now(),
        generation,
        provenAt,
        publicId,
        address: rangeOf(req),
        agent,
      });
      const open = await index.list(userId, generation);
      const all = await index.all(userId);
      for (const { id } of open.slice(MOST_SESSIONS)) await destroy(all[id] ?? '');
      return csrf;
    },
    renew: async (req, generation, provenAt) => {
      const { userId = '', csrf = '', loggedInAt = 0, publicId = '', address = '', agent = '' } = req.session;
      await write(req, { userId, csrf, loggedInAt, generation, provenAt, publicId, address, agent });
    },
    end: async (userId, which) => {
      const all = Object.entries(await index.all(userId));
      const ending = all.filter(([id]) => ('only' in which ? id === which.only : id !== which.except));
      for (const [, sessionId] of ending) await destroy(sessionId);
      await index.remove(
        userId,
        ending.map(([id]) => id),
      );
      tell(userId);
    },
    endOwn: async (req) => {
      const { userId, publicId } = req.session;
      await done((answer) => req.session.destroy(answer));
      if (userId === undefined) return;
      await index.remove(userId, publicId === undefined ? [] : [publicId]);
      tell(userId);
    },
  };
}

const done = (work: (answer: (error: unknown) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => work((error) => (error ? reject(error as Error) : resolve())));

const destroyed = (store: RedisStore, sessionId: string): Promise<void> =>
  done((answer) => void store.destroy(sessionId, answer));

interface Ended {
  add(sessionId: string): void;
  has(sessionId: string): boolean;
}

const MOST_ENDED = 10_000;

/** Sessions that ended in this process lately, the oldest forgotten. */
function rememberEnded(): Ended {
  const ids = new Set<string>();
  return {
    add: (sessionId) => {
      ids.add(sessionId);
      if (ids.size > MOST_ENDED) ids.delete(ids.values().next().value ?? '');
    },
    has: (sessionId) => ids.has(sessionId),
  };
}

/**
 * A request that was under way while its session got another id must not put the old one back into the browser: with
 * its session taken off it, the library sets no cookie. Wrapped last, it is asked first.
 */
function sayNoMoreOfEnded(req: Request, res: Response, ended: Ended): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => Response;
  res.writeHead = ((...args: unknown[]) => {
    if (ended.has(req.sessionID)) delete (req as Partial<Request>).session;
    return writeHead(...args);
  }) as Response['writeHead'];
}

/**
 * A session that ends (logged out, replaced at a login) is forgotten here at once: before, and again after, for one
 * that read it meanwhile.
 */
function endAlsoWhatIsKnown(store: RedisStore, known: KnownSessions, ended: Ended): void {
  const destroy = store.destroy.bind(store);
  store.destroy = async (sessionId, done) => {
    ended.add(sessionId);
    known.forget(sessionId);
    return destroy(sessionId, (...answer: unknown[]) => {
      known.forget(sessionId);
      (done as ((...given: unknown[]) => void) | undefined)?.(...answer);
    });
  };
}

/** Networks of the proxies that are believed: where cookies need https and none is named, one on this machine. */
export const trustedProxies = (config: Pick<ServerConfig, 'trustedProxies' | 'secureCookies'>): readonly string[] =>
  config.trustedProxies ?? (config.secureCookies ? THIS_MACHINE : []);

/** Whose session it is, or undefined; a session ends after a week however busy it was. */
export function sessionUserId(
  req: { session?: { userId?: string; loggedInAt?: number } },
  clock: Clock,
): string | undefined {
  const { userId, loggedInAt } = req.session ?? {};
  return userId !== undefined && isYoung(loggedInAt ?? 0, clock) ? userId : undefined;
}

/** Is it of the generation whose sessions count? */
export const isCurrent = (
  session: { readonly generation?: number | undefined },
  user: Pick<UserRow, 'sessionGeneration'>,
): boolean => (session.generation ?? 0) === user.sessionGeneration;

export const isYoung = (loggedInAt: number, clock: Clock): boolean => clock.now() - loggedInAt < ABSOLUTE_MS;

export function csrfMatches(req: Request): boolean {
  const expected = Buffer.from(req.session.csrf ?? '');
  const given = Buffer.from(req.get('x-csrf-token') ?? '');
  return expected.length > 0 && expected.length === given.length && timingSafeEqual(expected, given);
}
