/** Who may connect to the live feed, and which rooms they stand in. */
import type { IncomingMessage } from 'node:http';
import type { UserRow } from '../../db/entities/accounts';
import { userById } from '../../db/stores/users';
import { DomainError } from '../../domain/contract/errors';
import type { ErrorCode } from '../../domain/contract/errors';
import type { ServerConfig, ServerDeps } from '../deps';
import { ownHost, ownOrigin } from '../http/origin';
import type { Admission } from '../http/access';
import { isCurrent, sessionUserId } from '../http/session';
import type { Sessions } from '../http/session';
import { callerAddress, seatsFor } from '../http/seats';
import type { Seats } from '../http/seats';
import { handshakeOf } from '../security/edge';
import type { SecurityEdge } from '../security/edge';
import { guardConnection } from './conduct';
import type { LiveServer, LiveSocket } from './sockets';

export type { LiveServer, LiveSocket } from './sockets';

export const userRoom = (userId: string): string => `user:${userId}`;
export const marketRoom = (symbol: string): string => `market:${symbol}`;
export const ADMINS = 'admins';
export const TICKERS = 'tickers';

/**
 * Other pages may not connect in a user's name: browsers send cookies with a WebSocket from anywhere. Who is refused
 * leaves a security event.
 */
export const allowRequest =
  (deps: Door, config: SocketConfig, seats: Seats) =>
  (req: IncomingMessage, answer: (error: string | null, allowed: boolean) => void): void => {
    const refusal = refusalOf(req, deps, config, seats);
    if (refusal) tellRefused(req, deps, config, refusal);
    answer(null, refusal === undefined);
  };

function refusalOf(req: IncomingMessage, deps: Door, config: SocketConfig, seats: Seats): ErrorCode | undefined {
  if (!ownHost(req, config.publicOrigin)) return 'MISDIRECTED';
  if (!ownOrigin(req, config.publicOrigin)) return 'CSRF';
  return seats.free(wanted(req, deps, config)) ? undefined : 'TOO_MANY_REQUESTS';
}

function tellRefused(req: Handshake, { clock, security }: Door, config: SocketConfig, code: ErrorCode): void {
  const { headers, socket } = req;
  security.refused(
    HANDSHAKE,
    { headers, socket, ip: callerAddress(req, config) },
    sessionUserId(req, clock),
    new DomainError(code),
  );
}

export const LIVE = '/live';
const HANDSHAKE = handshakeOf(LIVE);
type Door = Pick<ServerDeps, 'clock'> & { readonly security: Pick<SecurityEdge, 'refused'> };

/** Live sockets of one user: some tabs on some devices. */
const SOCKETS_OF_USER = 20;
type SocketConfig = Pick<ServerConfig, 'publicOrigin' | 'socketsPerAddress' | 'trustedProxies' | 'secureCookies'>;
const wanted = (req: Handshake, { clock }: Pick<ServerDeps, 'clock'>, config: SocketConfig): [string, number][] =>
  seatsFor('live', req, config, { id: sessionUserId(req, clock), most: SOCKETS_OF_USER });

/** Each connection takes its seat before it has said a word; the one too many, of several at once, is closed. */
export function seatSockets(io: LiveServer, deps: Door, config: SocketConfig, seats: Seats): void {
  io.engine.on('connection', (connection: LiveSocket['conn']) => {
    guardConnection(connection);
    const release = seats.take(wanted(connection.request, deps, config));
    if (release) return void connection.once('close', release);
    tellRefused(connection.request, deps, config, 'TOO_MANY_REQUESTS');
    connection.close();
  });
}

/**
 * Reads the session of the handshake and places the socket: everybody hears prices, a user their own, admins the
 * queues.
 */
export function guardSockets(io: LiveServer, deps: Placing, sessions: Sessions): void {
  io.engine.use(sessions.middleware);
  io.use((socket, next) => {
    place(socket, deps).then(() => next(), next);
  });
}

export type Placing = Pick<ServerDeps, 'dataSource' | 'clock'> & { readonly admission: Pick<Admission, 'isDue'> };
type Handshake = IncomingMessage & {
  session?: { userId?: string; loggedInAt?: number; generation?: number; provenAt?: number };
  sessionID?: string;
};

async function place(socket: LiveSocket, deps: Placing): Promise<void> {
  const request = socket.request as Handshake;
  const { session = {} } = request;
  const userId = sessionUserId(request, deps.clock);
  const found = userId === undefined ? null : await userById(deps.dataSource, userId);
  const user = found && isCurrent(session, found) ? found : null;
  socket.data = {
    userId: user?.id,
    sessionId: user ? request.sessionID : undefined,
    generation: user?.sessionGeneration ?? 0,
    provenAt: session.provenAt,
  };
  await socket.join(TICKERS);
  if (user) await socket.join(userRoom(user.id));
  if (user?.role === 'admin' && !deps.admission.isDue(user, session)) await socket.join(ADMINS);
}

/**
 * Looks again at sockets: whose session is no more (logged out elsewhere, expired, flushed, of before a change) is cut
 * off, and who is no admin leaves their room.
 */
async function lookAgain(
  sockets: readonly LiveSocket[],
  deps: Placing,
  sessions: Pick<Sessions, 'isAlive'>,
): Promise<void> {
  const users = new Map<string, Promise<UserRow | null>>();
  const alive = new Map<string, Promise<boolean>>();
  for (const socket of sockets) {
    const { userId, sessionId, generation, provenAt } = socket.data;
    if (userId === undefined || sessionId === undefined) continue;
    if (!users.has(userId)) users.set(userId, userById(deps.dataSource, userId));
    if (!alive.has(sessionId)) alive.set(sessionId, sessions.isAlive(sessionId));
    const user = await users.get(userId);
    if (!user || user.sessionGeneration !== generation || !(await alive.get(sessionId))) socket.disconnect(true);
    else if (user.role !== 'admin' || deps.admission.isDue(user, { provenAt })) await socket.leave(ADMINS);
  }
}

const socketsIn = (io: LiveServer, room: string): LiveSocket[] =>
  [...(io.of('/').adapter.rooms.get(room) ?? [])].flatMap((id) => io.of('/').sockets.get(id) ?? []);

export const lookAtAll = (io: LiveServer, deps: Placing, sessions: Sessions): Promise<void> =>
  lookAgain([...io.of('/').sockets.values()], deps, sessions);
export const lookAtUser = (io: LiveServer, deps: Placing, sessions: Sessions, userId: string): Promise<void> =>
  lookAgain(socketsIn(io, userRoom(userId)), deps, sessions);
export const lookAtAdmins = (io: LiveServer, deps: Placing, sessions: Sessions): Promise<void> =>
  lookAgain(socketsIn(io, ADMINS), deps, sessions);
