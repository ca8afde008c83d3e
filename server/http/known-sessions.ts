/** Who is behind a session cookie, remembered for a moment, for the requests that come a hundred a second. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SessionData, Store } from 'express-session';
import type { UserRow } from '../../db/entities/accounts';

export interface KnownSession {
  readonly sessionId: string;
  readonly csrf: Buffer;
  readonly loggedInAt: number;
  readonly user: UserRow;
  /** When a code of the second factor was shown in it. */
  readonly provenAt: number | undefined;
  /** The cookie again, with a later end, to be sent once; a session ends when it is idle. */
  renewal: string | undefined;
}

export interface KnownSessions {
  /**
   * The session of this request's cookie, or undefined where there is none that is whole: then the slow way decides.
   * Answers at once what it remembers. Rejects when the session cannot be read.
   */
  of(cookies: string | undefined): KnownSession | undefined | Promise<KnownSession | undefined>;
  /** To be called before and after a session is ended: what was being read meanwhile is not remembered. */
  forget(sessionId: string): void;
  /** A user's role or state has changed. */
  forgetUser(userId: string): void;
}

export interface KnownSessionsDeps {
  readonly store: Pick<Store, 'get' | 'touch'>;
  readonly cookieName: string;
  /** The first signs; what any of them signed is believed. */
  readonly secrets: readonly string[];
  /** Attributes of the cookie besides its end. */
  readonly attributes: string;
  readonly idleSeconds: number;
  readonly userById: (id: string) => Promise<UserRow | null>;
  /** Milliseconds that only go forward. */
  readonly ticks?: () => number;
}

/** So long a session that was ended by another process may still be believed here. */
const REMEMBERED_MS = 5000;
const MOST = 20_000;

export function createKnownSessions(deps: KnownSessionsDeps): KnownSessions {
  const ticks = deps.ticks ?? (() => performance.now());
  const known = new Map<string, { session: KnownSession; until: number }>();
  const reading = new Map<string, Promise<KnownSession | undefined>>();
  let forgotten = 0;

  const read = async (cookie: string): Promise<KnownSession | undefined> => {
    const before = forgotten;
    const sessionId = unsigned(cookie, deps.secrets);
    const data = sessionId === undefined ? undefined : await stored(deps.store, sessionId);
    const user = data?.userId === undefined ? null : await deps.userById(data.userId);
    if (sessionId === undefined || !data?.csrf || !user || (data.generation ?? 0) !== user.sessionGeneration)
      return undefined;
    const ends = new Date(Date.now() + deps.idleSeconds * 1000);
    await touch(deps.store, sessionId, { ...data, cookie: { ...data.cookie, expires: ends } } as SessionData);
    const renewal = `${deps.cookieName}=${cookie}; Path=/; Expires=${ends.toUTCString()}; ${deps.attributes}`;
    const session: KnownSession = {
      sessionId,
      csrf: Buffer.from(data.csrf),
      loggedInAt: data.loggedInAt,
      user,
      provenAt: data.provenAt,
      renewal,
    };
    // Somebody was forgotten while it was being read: it may have been this one.
    if (before !== forgotten) return session;
    for (const oldest of known.keys()) {
      if (known.size < MOST) break;
      known.delete(oldest);
    }
    known.set(cookie, { session, until: ticks() + REMEMBERED_MS });
    return session;
  };
  const drop = (which: (session: KnownSession) => boolean): void => {
    forgotten++;
    // Whoever asks from now on does not join a reading that began before.
    reading.clear();
    for (const [cookie, { session }] of known) if (which(session)) known.delete(cookie);
  };

  return {
    of: (cookies) => {
      const cookie = valueOf(cookies, deps.cookieName);
      if (cookie === undefined) return undefined;
      const remembered = known.get(cookie);
      if (remembered && remembered.until > ticks()) return remembered.session;
      if (remembered) known.delete(cookie);
      const joined = reading.get(cookie);
      if (joined) return joined;
      const begun = read(cookie).finally(() => reading.get(cookie) === begun && reading.delete(cookie));
      reading.set(cookie, begun);
      return begun;
    },
    forget: (sessionId) => drop((session) => session.sessionId === sessionId),
    forgetUser: (userId) => drop((session) => session.user.id === userId),
  };
}

/** The value of the first cookie of this name, as it was sent. */
function valueOf(cookies: string | undefined, name: string): string | undefined {
  if (cookies === undefined) return undefined;
  for (const part of cookies.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** The session's id out of a cookie that we signed, in the way of express-session; undefined for any other. */
function unsigned(cookie: string, secrets: readonly string[]): string | undefined {
  let plain: string;
  try {
    plain = decodeURIComponent(cookie);
  } catch {
    return undefined;
  }
  const dot = plain.lastIndexOf('.');
  if (!plain.startsWith('s:') || dot < 0) return undefined;
  const id = plain.slice(2, dot);
  const given = Buffer.from(plain.slice(dot + 1));
  const fits = secrets.some((secret) => {
    const expected = Buffer.from(createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, ''));
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
  return fits ? id : undefined;
}

const stored = (store: KnownSessionsDeps['store'], id: string): Promise<SessionData | null | undefined> =>
  new Promise((resolve, reject) => {
    store.get(id, (error: unknown, data) => (error ? reject(error as Error) : resolve(data)));
  });

const touch = (store: KnownSessionsDeps['store'], id: string, data: SessionData): Promise<void> =>
  new Promise((resolve) => {
    // Not renewed is no reason to refuse: the next time will.
    if (store.touch) store.touch(id, data, () => resolve());
    else resolve();
  });
