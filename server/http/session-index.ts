/** Which sessions a user has: their ids beside the sessions themselves, in Redis. What is not there is no session. */
import type { Redis } from 'ioredis';
import type { Clock } from '../../domain/clock-and-ids';

/** What a session says of itself, as it is stored. */
interface Stored {
  readonly userId?: string;
  readonly publicId?: string;
  readonly generation?: number;
  readonly loggedInAt?: number;
  readonly address?: string;
  readonly agent?: string;
}

/** A session as its owner may see it. */
export interface OpenSession {
  /** Known to its owner alone, and opens nothing: the id in the cookie is another. */
  readonly id: string;
  readonly address: string;
  readonly agent: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

export interface SessionIndex {
  add(userId: string, publicId: string, sessionId: string): Promise<void>;
  /** Newest first: those of this generation that are there. */
  list(userId: string, generation: number): Promise<OpenSession[]>;
  /** The id in the cookie. */
  sessionOf(userId: string, publicId: string): Promise<string | undefined>;
  all(userId: string): Promise<Record<string, string>>;
  remove(userId: string, publicIds: readonly string[]): Promise<void>;
}

interface IndexOptions {
  readonly idleSeconds: number;
  readonly keptSeconds: number;
  readonly prefix: string;
}

export function createSessionIndex(
  redis: Redis,
  clock: Clock,
  { idleSeconds, keptSeconds, prefix }: IndexOptions,
): SessionIndex {
  const key = (userId: string): string => `javizen:sessions-of:${userId}`;
  const look = async (sessionId: string): Promise<{ stored: Stored; idleMs: number } | undefined> => {
    const [text, left] = await Promise.all([redis.get(`${prefix}${sessionId}`), redis.pttl(`${prefix}${sessionId}`)]);
    // Each use of a session sets its end anew: what is left of that tells when it was.
    return text === null
      ? undefined
      : { stored: JSON.parse(text) as Stored, idleMs: Math.max(0, idleSeconds * 1000 - left) };
  };
  const remove: SessionIndex['remove'] = async (userId, publicIds) => {
    if (publicIds.length > 0) await redis.hdel(key(userId), ...publicIds);
  };
  return {
    add: async (userId, publicId, sessionId) => {
      await redis.hset(key(userId), publicId, sessionId);
      await redis.expire(key(userId), keptSeconds);
    },
    list: async (userId, generation) => {
      const entries = Object.entries(await redis.hgetall(key(userId)));
      const found = await Promise.all(entries.map(async ([id, sessionId]) => ({ id, session: await look(sessionId) })));
      await remove(
        userId,
        found.flatMap(({ id, session }) => (session ? [] : [id])),
      );
      return found
        .flatMap(({ id, session }) => {
          if (
            session?.stored.userId !== userId ||
            session.stored.publicId !== id ||
            session.stored.generation !== generation
          )
            return [];
          const {
            stored: { address = '', agent = '', loggedInAt = 0 },
            idleMs,
          } = session;
          const used = clock.now() - idleMs;
          return [
            { id, address, agent, createdAt: loggedInAt, lastUsedAt: Math.max(loggedInAt, used - (used % 60_000)) },
          ];
        })
        .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    },
    sessionOf: async (userId, publicId) => (await redis.hget(key(userId), publicId)) ?? undefined,
    all: (userId) => redis.hgetall(key(userId)),
    remove,
  };
}
