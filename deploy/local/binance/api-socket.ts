import type { WebSocket } from 'ws';
import { ApiError, BAD_KEY } from './errors';
import { routeOf, runRoute, weighed } from './rest';
import type { Deps, Params } from './routes';
import type { ApiKey } from './types';
import { userEvents } from './user-events';

/** Methods that are a REST call by another name. */
const SAME_AS: ReadonlyMap<string, string> = new Map(Object.entries({
  ping: 'GET /api/v3/ping',
  time: 'GET /api/v3/time',
  exchangeInfo: 'GET /api/v3/exchangeInfo',
  depth: 'GET /api/v3/depth',
  'trades.recent': 'GET /api/v3/trades',
  klines: 'GET /api/v3/klines',
  uiKlines: 'GET /api/v3/uiKlines',
  avgPrice: 'GET /api/v3/avgPrice',
  'ticker.24hr': 'GET /api/v3/ticker/24hr',
  'ticker.price': 'GET /api/v3/ticker/price',
  'ticker.book': 'GET /api/v3/ticker/bookTicker',
  'order.place': 'POST /api/v3/order',
  'order.test': 'POST /api/v3/order/test',
  'order.status': 'GET /api/v3/order',
  'order.cancel': 'DELETE /api/v3/order',
  'openOrders.status': 'GET /api/v3/openOrders',
  'openOrders.cancelAll': 'DELETE /api/v3/openOrders',
  'account.status': 'GET /api/v3/account',
  'account.commission': 'GET /api/v3/account/commission',
  'account.rateLimits.orders': 'GET /api/v3/rateLimit/order',
  allOrders: 'GET /api/v3/allOrders',
  myTrades: 'GET /api/v3/myTrades',
}));

interface Connection {
  readonly socket: WebSocket;
  readonly connectedSince: number;
  /** The session's key after a logon, which HMAC keys do not have. */
  session: { readonly key: ApiKey; readonly since: number } | undefined;
  /** One user stream a connection, since the emulator has one account. */
  subscription: number | undefined;
}

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

const NO_ANSWER = Symbol('no answer');
let subscriptions = 0;

/** `/ws-api/v3`: requests, orders and the user data stream. */
export function apiSocket(deps: Deps, socket: WebSocket): void {
  const connection: Connection = { socket, connectedSince: Date.now(), session: undefined, subscription: undefined };
  const detach = userEvents(deps, (event) => tell(connection, event));
  socket.on('close', detach);
  socket.on('message', (raw) => void answer(deps, connection, String(raw)));
}

function tell({ socket, subscription }: Connection, event: unknown): void {
  if (subscription !== undefined && socket.readyState === socket.OPEN) socket.send(JSON.stringify({ subscriptionId: subscription, event }));
}

async function answer(deps: Deps, connection: Connection, raw: string): Promise<void> {
  const { socket } = connection;
  const send = (body: Record<string, unknown>): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(body));
  };
  let message: Message;
  try {
    message = JSON.parse(raw) as Message;
  } catch {
    return send({ id: null, status: 400, error: { code: -1000, msg: 'Invalid JSON.' } });
  }
  const { id = null, params = {} } = message;
  const method = (message.method ?? '').replace(/^v3\//, '');
  const rateLimits = (): Record<string, unknown> => {
    if (params.returnRateLimits === false) return {};
    return { rateLimits: [...(method === 'order.place' ? deps.limits.orderCounts() : []), deps.limits.requestWeight()] };
  };
  try {
    const text: Params = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? JSON.stringify(value) : String(value)]));
    const name = SAME_AS.get(method) ?? method;
    const result = await weighed(deps, name, method, text, () => call(deps, connection, method, params, text));
    if (result !== NO_ANSWER) send({ id, status: 200, result, ...rateLimits() });
  } catch (error) {
    if (!(error instanceof ApiError)) return send({ id, status: 500, error: { code: -1000, msg: 'An unknown error occurred while processing the request.', cause: String(error) }, ...rateLimits() });
    const data = error.retryAfter === undefined ? {} : { data: { serverTime: Date.now(), retryAfter: Date.now() + error.retryAfter * 1000 } };
    send({ id, status: error.status, error: { code: error.code, msg: error.msg, ...data }, ...rateLimits() });
  }
}

/** The key of a signed request: its own signature, or the session's logon. */
function keyOf(deps: Deps, { session }: Connection, params: Record<string, unknown>, text: Params): ApiKey {
  if (params.signature !== undefined || !session) return deps.auth.socket(params);
  deps.auth.checkTime(text);
  return session.key;
}

async function call(deps: Deps, connection: Connection, method: string, params: Record<string, unknown>, text: Params): Promise<unknown> {
  const name = SAME_AS.get(method);
  const route = name === undefined ? undefined : routeOf(name);
  if (name === undefined || !route) return ofSession(deps, connection, method, params);
  const key = route.signed ? keyOf(deps, connection, params, text) : undefined;
  if (route.signed === 'TRADE' && !key?.permissions.includes('TRADE')) throw BAD_KEY();
  if (deps.exchange.faults.fires('ws-silent', method)) return NO_ANSWER;
  const sever = (): never => {
    connection.socket.terminate();
    throw new ApiError(503, -1001, 'Internal error; unable to process your request. Please try again.');
  };
  return runRoute(deps, name, method, { params: text, key }, sever);
}

function ofSession(deps: Deps, connection: Connection, method: string, params: Record<string, unknown>): unknown {
  switch (method) {
    case 'userDataStream.subscribe.signature':
      deps.auth.socket(params);
      return subscribe(connection);
    case 'userDataStream.subscribe':
      if (!connection.session) throw new ApiError(400, -1002, 'You are not authorized to execute this request.');
      return subscribe(connection);
    case 'userDataStream.unsubscribe':
      tell(connection, { e: 'eventStreamTerminated', E: Date.now() });
      connection.subscription = undefined;
      return {};
    case 'session.subscriptions':
      return connection.subscription === undefined ? [] : [{ subscriptionId: connection.subscription }];
    case 'session.logon': {
      const key = deps.auth.socket(params);
      if (key.type !== 'ed25519') throw new ApiError(400, -4056, 'HMAC_SHA256 API key is not supported.');
      connection.session = { key, since: Date.now() };
      return status(connection);
    }
    case 'session.status':
      return status(connection);
    case 'session.logout':
      connection.session = undefined;
      return status(connection);
    default:
      throw new ApiError(400, -1020, 'This operation is not supported.');
  }
}

function subscribe(connection: Connection): { subscriptionId: number } {
  if (connection.subscription !== undefined) throw new ApiError(400, -2035, 'User Data Stream subscription already active.');
  connection.subscription = subscriptions++;
  return { subscriptionId: connection.subscription };
}

function status({ session, connectedSince, subscription }: Connection): Record<string, unknown> {
  const open = { apiKey: session?.key.apiKey ?? null, authorizedSince: session?.since ?? null };
  return { ...open, connectedSince, returnRateLimits: true, serverTime: Date.now(), userDataStream: subscription !== undefined };
}
