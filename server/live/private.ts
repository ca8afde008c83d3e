/** What concerns one user: told in order, each with the next number, and kept for a while for one who comes back. */
import type { z } from 'zod';
import { LIVE_VIEWS } from '../../domain/contract/api/live';
import type { LiveEvent, LiveName, LiveStamp } from '../../domain/contract/api/live';
import type { EventOf } from '../../domain/contract/events';
import type { ServerDeps } from '../deps';
import type { Answers } from '../http/answers';
import { userRoom } from './gate';
import type { LiveServer, LiveSocket } from './gate';
import { createRings } from './ring';
import { createRows } from './rows';

/** These events carry their row themselves, so that a busy feed reads no table. */
const WHOLE = {
  'order.changed': (event: EventOf<'order.changed'>) => event.order,
  'fill.made': (event: EventOf<'fill.made'>) => event.fill,
} as const;
type Whole = keyof typeof WHOLE;

const READ: readonly Exclude<LiveName, Whole>[] = [
  'balance.changed',
  'deposit.changed',
  'swap.changed',
  'withdrawal.changed',
  'kyc.changed',
];
const KEPT_EVENTS = 500;
const KEPT_MS = 10 * 60_000;

export interface PrivateFeed {
  /** Says hello: as if nothing had been, or from where the client says it was, with what it missed. */
  greet(socket: LiveSocket): void;
  /** Forgets what was kept for users who have been away too long. */
  tidy(): void;
  /** Counts anew: whoever comes back is told to fetch again. */
  restart(): void;
  close(): void;
}

export function createPrivateFeed(io: LiveServer, deps: ServerDeps, answers: Answers): PrivateFeed {
  let epoch = deps.ids.next();
  let rings = createRings(KEPT_EVENTS, () => deps.clock.now());
  const numbers = new Map<string, number>();
  const numberOf = (userId: string | undefined): number => numbers.get(userId ?? '') ?? 0;
  const listens = (userId: string): boolean => io.of('/').adapter.rooms.has(userRoom(userId));
  /** What does not fit is told as changed, without its row: the client fetches. */
  const shown = (name: LiveName, data: LiveEvent['data']): LiveEvent['data'] => {
    try {
      return data && (answers.make<z.ZodType>(LIVE_VIEWS[name], data, `live ${name}`) as LiveEvent['data']);
    } catch (error) {
      deps.logger.error(
        { event: 'live.event_malformed', name, error: String(error) },
        'a live event does not fit its schema',
      );
      return null;
    }
  };
  const tell = (userId: string, name: LiveName, data: LiveEvent['data']): void => {
    const seq = numberOf(userId) + 1;
    numbers.set(userId, seq);
    // Most users of a busy house are programs that listen to nothing: for them only the number moves.
    if (!rings.keeps(userId) && !listens(userId)) return;
    const event = { epoch, seq, name, data: shown(name, data) } as LiveEvent;
    rings.push(userId, event);
    io.to(userRoom(userId)).emit('event', event);
  };
  const off = forward(deps, listens, tell);
  return {
    greet: (socket) => {
      const { userId } = socket.data;
      if (userId !== undefined) rings.begin(userId);
      const was = stampIn(socket);
      const now = numberOf(userId);
      if (!was || userId === undefined || (was.epoch === epoch && was.seq === now)) {
        socket.emit('hello', { epoch, seq: now });
        return;
      }
      const missed = was.epoch === epoch && was.seq < now ? rings.after(userId, was.seq) : null;
      // The number after which the events go on: of what was missed first, then of what happens.
      socket.emit('hello', missed ? { epoch, seq: was.seq } : { epoch, seq: now, resync: true });
      for (const event of missed ?? []) socket.emit('event', event);
    },
    tidy: () => rings.forget(deps.clock.now() - KEPT_MS, deps.clock.now(), listens),
    restart: () => {
      epoch = deps.ids.next();
      rings = createRings(KEPT_EVENTS, () => deps.clock.now());
      numbers.clear();
    },
    close: () => off.forEach((end) => end()),
  };
}

/** Where the client says it was; anything else than a stamp is no word about it. */
function stampIn({ handshake }: LiveSocket): LiveStamp | undefined {
  const { epoch, seq } = handshake.auth as Partial<Record<keyof LiveStamp, unknown>>;
  return typeof epoch === 'string' && typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0
    ? { epoch, seq }
    : undefined;
}

type Tell = (userId: string, name: LiveName, data: LiveEvent['data']) => void;

/** One event of a user after the other, in the order they happened, although some of them wait for a row first. */
function forward(deps: ServerDeps, listens: (userId: string) => boolean, tell: Tell): (() => void)[] {
  const rows = createRows(deps);
  const waiting = new Map<string, Promise<void>>();
  const inTurn = (userId: string, work: () => void | Promise<void>): void => {
    const turn = (waiting.get(userId) ?? Promise.resolve()).then(work);
    waiting.set(userId, turn);
    void turn.finally(() => waiting.get(userId) === turn && waiting.delete(userId));
  };
  const whole = (Object.keys(WHOLE) as Whole[]).map((name) =>
    deps.events.on(name, (event) => {
      const data = (WHOLE[name] as (told: typeof event) => LiveEvent['data'])(event);
      if (waiting.has(event.userId)) inTurn(event.userId, () => tell(event.userId, name, data));
      else tell(event.userId, name, data);
    }),
  );
  const read = READ.map((name) =>
    deps.events.on(name, (event) => {
      if (!waiting.has(event.userId) && !listens(event.userId)) return tell(event.userId, name, null);
      inTurn(event.userId, async () => {
        const row = rows[name] as (told: typeof event) => Promise<LiveEvent['data']>;
        tell(event.userId, name, listens(event.userId) ? await row(event).catch(() => null) : null);
      });
    }),
  );
  return [...whole, ...read];
}
