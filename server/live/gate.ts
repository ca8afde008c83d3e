/** Who may connect to the live feed, and which rooms they stand in. */
import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'socket.io';
import { userById } from '../../db/stores/users';
import type { ClientToServer, ServerToClient } from '../../domain/contract/api/live';
import type { ServerConfig, ServerDeps } from '../deps';
import { ownOrigin } from '../http/origin';
import { seatsFor } from '../http/seats';
import type { Seats } from '../http/seats';
import { sessionUserId } from '../http/session';
import type { Sessions } from '../http/session';
import { guardConnection } from './conduct';
import type { SecondFactors } from '../second-factor/service';

export interface SocketData {
  userId: string | undefined;
  sessionId: string | undefined;
}
export type LiveServer = Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>;
export type LiveSocket = Socket<ClientToServer, ServerToClient, Record<string, never>, SocketData>;

export const userRoom = (userId: string): string => `user:${userId}`;
export const sessionRoom = (sessionId: string): string => `session:${sessionId}`;
export const marketRoom = (symbol: string): string => `market:${symbol}`;
export const ADMINS = 'admins';
export const TICKERS = 'tickers';

/** Other pages may not connect in a user's name: browsers send cookies with a WebSocket from anywhere. */
export const allowRequest =
  (deps: Pick<ServerDeps, 'clock'>, config: SocketConfig, seats: Seats) =>
  (req: IncomingMessage, answer: (error: string | null, allowed: boolean) => void): void =>
    answer(null, ownOrigin(req, config.publicOrigin) && seats.free(wanted(req, deps, config)));

/** Live sockets of one user: some tabs on some devices. */
const SOCKETS_OF_USER = 20;
type SocketConfig = Pick<ServerConfig, 'publicOrigin' | 'socketsPerAddress' | 'trustedProxies' | 'secureCookies'>;
const wanted = (req: Handshake, { clock }: Pick<ServerDeps, 'clock'>, config: SocketConfig): [string, number][] =>
  seatsFor('live', req, config, { id: sessionUserId(req, clock), most: SOCKETS_OF_USER });

/** Each connection takes its seat before it has said a word; the one too many, of several at once, is closed. */
export function seatSockets(io: LiveServer, deps: Pick<ServerDeps, 'clock'>, config: SocketConfig, seats: Seats): void {
  io.engine.on('connection', (connection: LiveSocket['conn']) => {
    guardConnection(connection);
    const release = seats.take(wanted(connection.request, deps, config));
    if (release) connection.once('close', release);
    else connection.close();
  });
}

/** Reads the session of the handshake and places the socket: everybody hears prices, a user their own, admins the queues. */
export function guardSockets(io: LiveServer, deps: Placing, sessions: Sessions): void {
  io.engine.use(sessions.middleware);
  io.use((socket, next) => {
    place(socket, deps).then(() => next(), next);
  });
}

type Placing = Pick<ServerDeps, 'dataSource' | 'clock'> & { readonly secondFactors: Pick<SecondFactors, 'due'> };
type Handshake = IncomingMessage & { session?: { userId?: string; loggedInAt?: number }; sessionID?: string };

async function place(socket: LiveSocket, deps: Placing): Promise<void> {
  const request = socket.request as Handshake;
  const userId = sessionUserId(request, deps.clock);
  const user = userId === undefined ? null : await userById(deps.dataSource, userId);
  socket.data = { userId: user?.id, sessionId: user ? request.sessionID : undefined };
  await socket.join(TICKERS);
  if (user) await socket.join([userRoom(user.id), sessionRoom(request.sessionID ?? '')]);
  if (user?.role === 'admin' && !(await deps.secondFactors.due(user))) await socket.join(ADMINS);
}

/** Ends the sockets whose session is no more (logged out elsewhere, expired, flushed). */
export async function dropEnded(io: LiveServer, sessions: Sessions): Promise<void> {
  const open = new Set([...io.of('/').sockets.values()].flatMap((socket) => socket.data.sessionId ?? []));
  for (const sessionId of open) {
    if (!(await sessions.isAlive(sessionId))) io.in(sessionRoom(sessionId)).disconnectSockets(true);
  }
}
