/** The live feed: what was committed, told at once to whom it concerns, numbered so that a gap is noticed. */
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { LiveEvent, LiveName, LiveStamp } from '../../domain/contract/api/live';
import type { EventOf } from '../../domain/contract/events';
import type { ServerConfig, ServerDeps } from '../deps';
import type { Sessions } from '../http/session';
import { ADMINS, TICKERS, allowRequest, dropEnded, guardSockets, sessionRoom, userRoom } from './gate';
import type { LiveServer } from './gate';
import { createRows } from './rows';

export interface Live {
  attach(server: HttpServer): void;
  /** Cuts off what this session still listens to. */
  ended(sessionId: string): void;
  close(): Promise<void>;
}

const TICKER_MS = 1000;
const RECHECK_MS = 60_000;
const PRIVATE: readonly LiveName[] = ['balance.changed', 'deposit.changed', 'swap.changed', 'withdrawal.changed', 'kyc.changed'];

export function createLive(deps: ServerDeps, config: ServerConfig, sessions: Sessions): Live {
  const io: LiveServer = new Server({ path: '/live', serveClient: false, maxHttpBufferSize: 10_000, allowRequest: allowRequest(config) });
  const epoch = deps.ids.next();
  const numbers = new Map<string, number>();
  const stampOf = (userId: string | undefined): LiveStamp => ({ epoch, seq: numbers.get(userId ?? '') ?? 0 });
  const ends = [forwardPrivate(io, deps, epoch, numbers), forwardToAdmins(io, deps), every(TICKER_MS, deps, () => tellTickers(io, deps))];
  ends.push(every(RECHECK_MS, deps, () => dropEnded(io, sessions)));
  return {
    attach: (server) => {
      io.attach(server);
      guardSockets(io, deps, sessions);
      io.on('connection', (socket) => socket.emit('hello', stampOf(socket.data.userId)));
    },
    ended: (sessionId) => io.in(sessionRoom(sessionId)).disconnectSockets(true),
    close: async () => {
      for (const end of ends) end();
      io.disconnectSockets(true);
      // The http server is its owner's to close.
      io.engine?.close();
    },
  };
}

/** One event of a user goes out after the other, in the order they happened, each with the next number. */
function forwardPrivate(io: LiveServer, deps: ServerDeps, epoch: string, numbers: Map<string, number>): () => void {
  const rows = createRows(deps);
  const waiting = new Map<string, Promise<void>>();
  const tell = async (event: EventOf<LiveName>): Promise<void> => {
    const { name, userId } = event;
    const heard = io.of('/').adapter.rooms.has(userRoom(userId));
    const row = rows[name] as (event: EventOf<LiveName>) => Promise<LiveEvent['data']>;
    const data = heard ? await row(event).catch(() => null) : null;
    const seq = (numbers.get(userId) ?? 0) + 1;
    numbers.set(userId, seq);
    io.to(userRoom(userId)).emit('event', { epoch, seq, name, data } as LiveEvent);
  };
  const off = PRIVATE.map((name) =>
    deps.events.on(name, (event) => {
      const turn = (waiting.get(event.userId) ?? Promise.resolve()).then(() => tell(event));
      waiting.set(event.userId, turn);
      void turn.finally(() => waiting.get(event.userId) === turn && waiting.delete(event.userId));
    }),
  );
  return () => off.forEach((end) => end());
}

function forwardToAdmins(io: LiveServer, { events }: ServerDeps): () => void {
  const off = [
    events.on('kyc.changed', () => io.to(ADMINS).emit('admin', { name: 'queue.changed', queue: 'kyc' })),
    events.on('withdrawal.changed', () => io.to(ADMINS).emit('admin', { name: 'queue.changed', queue: 'withdrawals' })),
    events.on('alert', ({ code, message }) => io.to(ADMINS).emit('admin', { name: 'alert', code, message })),
  ];
  return () => off.forEach((end) => end());
}

async function tellTickers(io: LiveServer, { quotes }: ServerDeps): Promise<void> {
  if (io.of('/').adapter.rooms.has(TICKERS)) io.to(TICKERS).emit('tickers', await quotes.tickers());
}

/** Repeats until ended; a failure is logged and the next turn tries again. */
function every(ms: number, { logger }: ServerDeps, work: () => Promise<void>): () => void {
  const timer = setInterval(() => {
    work().catch((error: unknown) => logger.warn({ error: String(error) }, 'the live feed missed a turn'));
  }, ms);
  timer.unref();
  return () => clearInterval(timer);
}
