/** The live feed: what was committed, told at once to whom it concerns, numbered so that a gap is noticed. */
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { ALERTS } from '../../domain/alerts';
import type { ServerConfig, ServerDeps } from '../deps';
import type { Answers } from '../http/answers';
import type { Sessions } from '../http/session';
import { createSeats } from '../http/seats';
import type { Admission } from '../http/access';
import type { SecurityEdge } from '../security/edge';
import { guardMessages } from './conduct';
import { ADMINS, LIVE, allowRequest, guardSockets, lookAtAdmins, lookAtAll, lookAtUser, seatSockets } from './gate';
import type { LiveServer } from './gate';
import { createMarketFeed } from './markets';
import { createPrivateFeed } from './private';

export interface Live {
  attach(server: HttpServer): void;
  close(): Promise<void>;
}

const TICKER_MS = 1000;
const RECHECK_MS = 60_000;
/** A role that was taken away in the table is noticed so soon. */
const ADMINS_MS = 5000;

interface Shared {
  readonly sessions: Sessions;
  readonly admission: Admission;
  readonly answers: Answers;
  readonly security: SecurityEdge;
}

export function createLive(
  deps: ServerDeps,
  config: ServerConfig,
  { sessions, admission, answers, security }: Shared,
): Live {
  const seats = createSeats();
  const door = { ...deps, security };
  const io: LiveServer = new Server({
    path: LIVE,
    serveClient: false,
    maxHttpBufferSize: 10_000,
    allowRequest: allowRequest(door, config, seats),
  });
  const placing = { ...deps, admission };
  const mine = createPrivateFeed(io, deps, answers);
  const markets = createMarketFeed(io, deps, answers);
  const ends = [
    mine.close,
    markets.close,
    forwardToAdmins(io, deps),
    // Nobody knows what was missed: all come back, as after a broken line, and fetch.
    deps.events.on('feed.gap', () => {
      mine.restart();
      for (const { conn } of io.of('/').sockets.values()) conn.close(true);
    }),
    deps.events.on('access.changed', ({ userId }) => {
      lookAtUser(io, placing, sessions, userId).catch((error: unknown) =>
        deps.logger.warn(
          { event: 'live.sockets_not_checked', error: String(error) },
          'sockets of a user were not looked at',
        ),
      );
    }),
    every(TICKER_MS, deps, markets.tellTickers),
    every(ADMINS_MS, deps, () => lookAtAdmins(io, placing, sessions)),
    every(RECHECK_MS, deps, async () => {
      mine.tidy();
      await lookAtAll(io, placing, sessions);
    }),
  ];
  return {
    attach: (server) => {
      io.attach(server);
      guardSockets(io, placing, sessions);
      seatSockets(io, door, config, seats);
      io.on('connection', (socket) => {
        guardMessages(socket);
        markets.serve(socket);
        mine.greet(socket);
      });
    },
    close: async () => {
      for (const end of ends) end();
      io.disconnectSockets(true);
      // The http server is its owner's to close.
      io.engine?.close();
    },
  };
}

function forwardToAdmins(io: LiveServer, { events }: ServerDeps): () => void {
  const off = [
    events.on('kyc.changed', () => io.to(ADMINS).emit('admin', { name: 'queue.changed', queue: 'kyc' })),
    events.on('withdrawal.changed', () => io.to(ADMINS).emit('admin', { name: 'queue.changed', queue: 'withdrawals' })),
    events.on('alert', ({ code, message }) =>
      io.to(ADMINS).emit('admin', { name: 'alert', code, message, ...ALERTS[code] }),
    ),
  ];
  return () => off.forEach((end) => end());
}

/** Repeats until ended; a failure is logged and the next turn tries again. */
function every(ms: number, { logger }: ServerDeps, work: () => Promise<void>): () => void {
  const timer = setInterval(() => {
    work().catch((error: unknown) =>
      logger.warn({ event: 'live.turn_missed', error: String(error) }, 'the live feed missed a turn'),
    );
  }, ms);
  timer.unref();
  return () => clearInterval(timer);
}
