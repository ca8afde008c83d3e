/**
 * Orders over a plain WebSocket, for programs that send many: the same schemas, limits and answers as the endpoints.
 * The session is asked again at every message, so a socket says nothing more once its user has logged out.
 */
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { RawData, WebSocket } from 'ws';
import { orderMessage, orderView } from '../../domain/contract/api/orders';
import type { OrderMessage, OrderView } from '../../domain/contract/api/orders';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { Logger } from '../../domain/contract/ports';
import type { ServerConfig } from '../deps';
import type { Admission } from '../http/access';
import type { Answers } from '../http/answers';
import { errorView, refusalOf } from '../http/errors';
import type { KnownSession, KnownSessions } from '../http/known-sessions';
import type { Limits } from '../http/limits';
import { ownHost, ownOrigin } from '../http/origin';
import { callerAddress, countWithin, createSeats, seatsFor } from '../http/seats';
import type { Seats } from '../http/seats';
import { valid } from '../http/route';
import { isYoung } from '../http/session';
import { handshakeOf } from '../security/edge';
import type { SecurityEdge } from '../security/edge';
import type { OrderService } from './service';

export const ORDER_SOCKET = '/order-socket';
/** As refusals of its messages are written down. */
const SOCKET = { method: 'get', path: ORDER_SOCKET, event: null } as const;
const HANDSHAKE = handshakeOf(ORDER_SOCKET);
const MOST_BYTES = 4096;
/** Messages of one socket that are not answered yet; more are refused. */
const MOST_OUTSTANDING = 64;
/** Sockets of one user. */
const MOST_SOCKETS = 8;
/** What a message that is none costs of the user's orders; one that is costs 1. */
const POINTS_OF_NONSENSE = 5;
/** As many refusals within so long end the socket. */
const MOST_REFUSALS = 20;
const REFUSALS_WITHIN_MS = 10_000;
/** Who is told to go and does not is cut off. */
const LEAVE_MS = 1000;
/** A reader that leaves so much unread is cut off. */
const STUCK_BYTES = 1024 * 1024;
/** Sockets whose session has ended are found so often, also when they are silent. */
const LOOK_MS = 5000;
/** Closed for what the other side did: no session any more, or it does not read. */
const POLICY = 1008;

export interface OrderSocketDeps {
  readonly answers: Answers;
  readonly known: KnownSessions;
  readonly admission: Admission;
  readonly limits: Limits;
  readonly service: OrderService;
  readonly security: SecurityEdge;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Line {
  readonly socket: WebSocket;
  readonly cookies: string | undefined;
  readonly req: IncomingMessage;
  readonly userId: string;
  outstanding: number;
  /** Counts a refusal; true when there were too many. */
  readonly refused: (points: number) => boolean;
  ended: boolean;
}

export interface OrderSocket {
  attach(server: HttpServer): void;
  close(): void;
}

type SocketConfig = Pick<ServerConfig, 'publicOrigin' | 'socketsPerAddress' | 'trustedProxies' | 'secureCookies'>;

export function createOrderSocket(deps: OrderSocketDeps, config: SocketConfig): OrderSocket {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES, perMessageDeflate: false });
  const lines = new Set<Line>();
  const seats = createSeats();
  const upgrade = (req: IncomingMessage, stream: Duplex, head: Buffer): void => {
    if (req.url !== ORDER_SOCKET) return;
    stream.on('error', () => undefined);
    admit(deps, config, req, seats).then(
      ({ session, release }) => {
        if (stream.destroyed) return release();
        stream.once('close', release);
        const refused = countWithin(MOST_REFUSALS, REFUSALS_WITHIN_MS);
        sockets.handleUpgrade(req, stream, head, (socket) =>
          listen(deps, lines, {
            socket,
            req,
            cookies: req.headers.cookie,
            userId: session.user.id,
            outstanding: 0,
            refused,
            ended: false,
          }),
        );
      },
      (error: unknown) => {
        const { headers, socket } = req;
        deps.security.refused(
          HANDSHAKE,
          { headers, socket, ip: callerAddress(req, config) },
          error instanceof Unseated ? error.userId : undefined,
          error,
        );
        refuse(stream, error);
      },
    );
  };
  const timer = setInterval(() => {
    for (const line of lines) {
      sessionOf(deps, line).then(
        (session) => session ?? end(line),
        () => undefined,
      );
    }
  }, LOOK_MS);
  timer.unref();
  let attached: HttpServer | undefined;
  return {
    attach: (server) => {
      attached = server;
      server.on('upgrade', upgrade);
    },
    close: () => {
      clearInterval(timer);
      attached?.off('upgrade', upgrade);
      for (const { socket } of lines) socket.terminate();
      sockets.close();
    },
  };
}

/** Other pages may not connect in a user's name: browsers send cookies with a WebSocket from anywhere. */
async function admit(
  deps: OrderSocketDeps,
  config: SocketConfig,
  req: IncomingMessage,
  seats: Seats,
): Promise<{ session: KnownSession; release: () => void }> {
  if (!ownHost(req, config.publicOrigin)) throw new DomainError('MISDIRECTED');
  if (!ownOrigin(req, config.publicOrigin)) throw new DomainError('CSRF');
  const session = await sessionOf(deps, { cookies: req.headers.cookie });
  if (!session) throw new DomainError('NOT_LOGGED_IN');
  const release = seats.take(seatsFor('orders', req, config, { id: session.user.id, most: MOST_SOCKETS }));
  if (!release) throw new Unseated(session.user.id);
  return { session, release };
}

/** All seats of this user, or of the address, are taken. */
class Unseated extends DomainError {
  constructor(readonly userId: string) {
    super('TOO_MANY_REQUESTS');
  }
}

async function sessionOf(
  { known, clock }: OrderSocketDeps,
  { cookies }: Pick<Line, 'cookies'>,
): Promise<KnownSession | undefined> {
  const session = await known.of(cookies);
  return session && isYoung(session.loggedInAt, clock) ? session : undefined;
}

const STATUS: Partial<Record<string, string>> = {
  CSRF: '403 Forbidden',
  MISDIRECTED: '421 Misdirected Request',
  NOT_LOGGED_IN: '401 Unauthorized',
  TOO_MANY_REQUESTS: '429 Too Many Requests',
};

function refuse(stream: Duplex, error: unknown): void {
  const refusal = error instanceof DomainError ? error : new DomainError('BUSY');
  const body = JSON.stringify(errorView(refusal));
  stream.end(
    `HTTP/1.1 ${STATUS[refusal.code] ?? '503 Service Unavailable'}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function end(line: Line, why: 'NOT_LOGGED_IN' | 'TOO_MANY_REQUESTS' = 'NOT_LOGGED_IN'): void {
  if (line.ended) return;
  line.ended = true;
  line.socket.close(POLICY, why);
  setTimeout(() => line.socket.terminate(), LEAVE_MS).unref();
}

/** Tells a refusal that its sender could have known of; too many end the socket. */
function refuseMessage({ security }: OrderSocketDeps, line: Line, id: Id, error: DomainError): void {
  security.refused(SOCKET, line.req, line.userId, error);
  tell(line, id, errorView(error));
  if (line.refused(1)) end(line, 'TOO_MANY_REQUESTS');
}

function listen(deps: OrderSocketDeps, lines: Set<Line>, line: Line): void {
  const { socket } = line;
  lines.add(line);
  socket.on('close', () => lines.delete(line));
  // Too large, not UTF-8, not a frame: the library closes the socket with the code that says so.
  socket.on('error', () => undefined);
  socket.on('message', (data, isBinary) => {
    // What was on its way when the socket was ended is not even read.
    if (line.ended) return;
    const { id, message, refusal } = read(data, isBinary);
    const over = deps.limits.orders(line.userId, refusal ? POINTS_OF_NONSENSE : 1) > 0;
    if (refusal || over) return refuseMessage(deps, line, id, refusal ?? new DomainError('TOO_MANY_REQUESTS'));
    if (line.outstanding >= MOST_OUTSTANDING) return tell(line, id, errorView(new DomainError('TOO_MANY_REQUESTS')));
    line.outstanding++;
    void answer(deps, line, message).then((told) => {
      line.outstanding--;
      tell(line, id, told);
      if ('error' in told && told.error.code === 'KYC_REQUIRED' && line.refused(1)) end(line, 'TOO_MANY_REQUESTS');
    });
  });
}

type Id = OrderMessage['id'] | null;

/** The message, or why it is none; its id comes back as far as it can be read. */
function read(
  data: RawData,
  isBinary: boolean,
): { id: Id; message: OrderMessage; refusal?: undefined } | { id: Id; message?: undefined; refusal: DomainError } {
  let id: Id = null;
  try {
    const said: unknown = isBinary ? undefined : JSON.parse(String(data));
    const given = (said as { id?: unknown } | null)?.id;
    if (typeof given === 'number' || (typeof given === 'string' && given.length <= 64)) id = given;
    return { id, message: valid(orderMessage, said) as OrderMessage };
  } catch (error) {
    return { id, refusal: error instanceof DomainError ? error : new DomainError('BAD_REQUEST') };
  }
}

async function answer(
  deps: OrderSocketDeps,
  line: Line,
  message: OrderMessage,
): Promise<{ order: OrderView } | ReturnType<typeof errorView>> {
  try {
    const session = await sessionOf(deps, line);
    if (!session) {
      setImmediate(() => end(line));
      throw new DomainError('NOT_LOGGED_IN');
    }
    deps.admission.admit(message.op === 'place' ? 'active' : 'user', session.user, session);
    return {
      order: deps.answers.make(
        orderView,
        await carryOut(deps.service, line.userId, message),
        `${ORDER_SOCKET} ${message.op}`,
      ),
    };
  } catch (error) {
    const refusal = refusalOf(error);
    deps.security.refused(SOCKET, line.req, line.userId, error);
    if (!refusal)
      deps.logger.error(
        { event: 'orders.message_failed', op: message.op, error: error instanceof Error ? error.stack : String(error) },
        'a message for an order failed',
      );
    return errorView(refusal ?? new DomainError('INTERNAL'));
  }
}

function carryOut(service: OrderService, userId: string, message: OrderMessage): Promise<OrderView> {
  if (message.op === 'cancel') return service.cancel(userId, message.orderId);
  const { clientOrderId, ...order } = message.order;
  return service.place(userId, order, clientOrderId);
}

function tell({ socket }: Line, id: Id, told: object): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > STUCK_BYTES) return socket.terminate();
  socket.send(JSON.stringify({ id, ...told }));
}
