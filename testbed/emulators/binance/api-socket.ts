import { ApiError, BAD_KEY } from './errors';
import { answerInMicroseconds, eventInMicroseconds, isInMicroseconds } from './microseconds';
import { checkParameters, readJson } from './parameters';
import { Page } from './refusals';
import { COUNTED, authorised, routeOf, runRoute, weighed } from './rest';
import type { Deps, Params } from './routes';
import type { Line } from './sockets';
import type { ApiKey } from './types';
import { userEvents } from './user-events';

/** Methods that are a REST call by another name. */
const SAME_AS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ping: 'GET /api/v3/ping',
    time: 'GET /api/v3/time',
    exchangeInfo: 'GET /api/v3/exchangeInfo',
    executionRules: 'GET /api/v3/executionRules',
    referencePrice: 'GET /api/v3/referencePrice',
    depth: 'GET /api/v3/depth',
    'trades.recent': 'GET /api/v3/trades',
    'trades.historical': 'GET /api/v3/historicalTrades',
    'trades.aggregate': 'GET /api/v3/aggTrades',
    klines: 'GET /api/v3/klines',
    uiKlines: 'GET /api/v3/uiKlines',
    avgPrice: 'GET /api/v3/avgPrice',
    ticker: 'GET /api/v3/ticker',
    'ticker.24hr': 'GET /api/v3/ticker/24hr',
    'ticker.tradingDay': 'GET /api/v3/ticker/tradingDay',
    'ticker.price': 'GET /api/v3/ticker/price',
    'ticker.book': 'GET /api/v3/ticker/bookTicker',
    'order.place': 'POST /api/v3/order',
    'order.test': 'POST /api/v3/order/test',
    'order.status': 'GET /api/v3/order',
    'order.cancel': 'DELETE /api/v3/order',
    'order.cancelReplace': 'POST /api/v3/order/cancelReplace',
    'order.amend.keepPriority': 'PUT /api/v3/order/amend/keepPriority',
    'order.amendments': 'GET /api/v3/order/amendments',
    'openOrders.status': 'GET /api/v3/openOrders',
    'openOrders.cancelAll': 'DELETE /api/v3/openOrders',
    'orderList.place.oco': 'POST /api/v3/orderList/oco',
    'orderList.place.oto': 'POST /api/v3/orderList/oto',
    'orderList.place.otoco': 'POST /api/v3/orderList/otoco',
    'orderList.status': 'GET /api/v3/orderList',
    'orderList.cancel': 'DELETE /api/v3/orderList',
    'openOrderLists.status': 'GET /api/v3/openOrderList',
    allOrderLists: 'GET /api/v3/allOrderList',
    'account.status': 'GET /api/v3/account',
    'account.commission': 'GET /api/v3/account/commission',
    'account.rateLimits.orders': 'GET /api/v3/rateLimit/order',
    allOrders: 'GET /api/v3/allOrders',
    myTrades: 'GET /api/v3/myTrades',
    myPreventedMatches: 'GET /api/v3/myPreventedMatches',
    myAllocations: 'GET /api/v3/myAllocations',
    myFilters: 'GET /api/v3/myFilters',
  }),
);

interface Connection {
  readonly line: Line;
  readonly connectedSince: number;
  /** The session's key after a logon, which HMAC keys do not have. */
  session: { readonly key: ApiKey; readonly since: number } | undefined;
  /** One user stream a connection, since the emulator has one account. */
  subscription: { readonly id: number; readonly apiKey: string; readonly isOfSession: boolean } | undefined;
  /** Asked for in the address: times in microseconds, and whether answers tell how much of the limits is used. */
  readonly finely: boolean;
  readonly tellsLimits: boolean;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

const NO_ANSWER = Symbol('no answer');
const LONGEST_ID = 36;
/** What every request may send besides its own parameters, and every signed one. */
const OF_ALL = ['returnRateLimits'];
const OF_SIGNED = [...OF_ALL, 'apiKey'];
let subscriptions = 0;

/** `/ws-api/v3`: requests, orders and the user data stream. */
export function apiSocket(deps: Deps, line: Line, address: URLSearchParams): void {
  const asked = {
    finely: isInMicroseconds(address.get('timeUnit') ?? undefined),
    tellsLimits: address.get('returnRateLimits') !== 'false',
  };
  const connection: Connection = {
    line,
    connectedSince: Date.now(),
    session: undefined,
    subscription: undefined,
    ...asked,
  };
  const detach = userEvents(deps, (event) => tell(connection, event));
  line.socket.on('close', detach);
  line.onMessage((text) => void answer(deps, connection, text));
  deps.sockets.add(line, {
    shutdown: () => line.send('event serverShutdown', { event: { e: 'serverShutdown', E: Date.now() } }),
    endStream: () => {
      if (!connection.subscription || !deps.exchange.faults.fires('user-stream-ended', 'api')) return false;
      endStream(connection);
      return true;
    },
    revoked: (apiKey) => {
      if (connection.session?.key.apiKey !== apiKey && connection.subscription?.apiKey !== apiKey) return;
      line.send('event revoked', {
        id: null,
        status: 401,
        error: { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' },
      });
      [connection.session, connection.subscription] = [undefined, undefined];
    },
  });
}

function tell({ line, subscription, finely }: Connection, event: Record<string, unknown>): void {
  if (subscription)
    line.send(`event ${String(event.e)}`, {
      subscriptionId: subscription.id,
      event: finely ? eventInMicroseconds(event) : event,
    });
}

/** An id is a number, a short text or nothing; it comes back as it was sent. */
const isId = (id: unknown): boolean =>
  id === null || Number.isSafeInteger(id) || (typeof id === 'string' && id.length <= LONGEST_ID);

function endStream(connection: Connection): void {
  tell(connection, { e: 'eventStreamTerminated', E: Date.now() });
  connection.subscription = undefined;
}

async function answer(deps: Deps, connection: Connection, raw: string): Promise<void> {
  let message: Message;
  try {
    message = JSON.parse(raw) as Message;
    if (!isId(message.id ?? null) || typeof message.method !== 'string') throw new Error('not a request');
  } catch {
    return connection.line.send('', { id: null, status: 400, error: { code: -1135, msg: 'Invalid JSON Request' } });
  }
  const { id = null, params = {} } = message;
  const method = String(message.method).replace(/^v3\//, '');
  const name = SAME_AS.get(method) ?? method;
  const send = (body: Record<string, unknown>): void => connection.line.send(method, body);
  const rateLimits = (): Record<string, unknown> => {
    const { returnRateLimits = connection.tellsLimits } = params as { returnRateLimits?: unknown };
    if (returnRateLimits === false) return {};
    return { rateLimits: [...(COUNTED.has(name) ? deps.limits.orderCounts() : []), ...deps.limits.requestWeight()] };
  };
  try {
    const text = readJson(params);
    const result = await weighed(deps, name, method, text, () =>
      call(deps, connection, method, params as Record<string, unknown>, text),
    );
    if (result !== NO_ANSWER)
      send({
        id,
        status: 200,
        result: connection.finely ? answerInMicroseconds(name, result) : result,
        ...rateLimits(),
      });
  } catch (error) {
    if (error instanceof Page) return send({ id, status: error.status, error: { code: -1000, msg: error.html } });
    if (!(error instanceof ApiError))
      return send({
        id,
        status: 500,
        error: { code: -1000, msg: 'An unknown error occurred while processing the request.', cause: String(error) },
        ...rateLimits(),
      });
    const wait =
      error.retryAfter === undefined
        ? undefined
        : { serverTime: Date.now(), retryAfter: Date.now() + error.retryAfter * 1000 };
    const data = wait ?? error.data;
    send({
      id,
      status: error.status,
      error: { code: error.code, msg: error.msg, ...(data && { data }) },
      ...rateLimits(),
    });
  }
}

/** The key of a signed request: its own signature, or the session's logon. */
function keyOf(deps: Deps, { session }: Connection, params: Record<string, unknown>, text: Params): ApiKey {
  if (params.signature !== undefined || !session) return deps.auth.socket(params);
  if (deps.auth.isRevoked(session.key.apiKey)) throw BAD_KEY();
  deps.auth.checkTime(text);
  return session.key;
}

async function call(
  deps: Deps,
  connection: Connection,
  method: string,
  params: Record<string, unknown>,
  text: Params,
): Promise<unknown> {
  const name = SAME_AS.get(method);
  const route = name === undefined ? undefined : routeOf(name);
  if (name === undefined || !route)
    return ofSession(deps, connection, method, params, checkParameters(method, text, false, OF_ALL));
  const key = route.signed ? authorised(deps, method, keyOf(deps, connection, params, text), route) : undefined;
  const { faults } = deps.exchange;
  if (faults.fires('ws-silent', method)) return NO_ANSWER;
  const { socket } = connection.line;
  const sever = (): never => {
    socket.terminate();
    throw new ApiError(503, -1001, 'Internal error; unable to process your request. Please try again.');
  };
  const result = await runRoute(
    deps,
    name,
    method,
    { params: checkParameters(name, text, key !== undefined, key ? OF_SIGNED : OF_ALL), key },
    sever,
  );
  if (faults.fires('ws-silent-executed', method)) return NO_ANSWER;
  if (!faults.fires('day-close-in-order', method)) return result;
  socket.close(1000, 'disconnected after 24 hours');
  return NO_ANSWER;
}

function ofSession(
  deps: Deps,
  connection: Connection,
  method: string,
  params: Record<string, unknown>,
  { subscriptionId }: Params,
): unknown {
  switch (method) {
    case 'userDataStream.subscribe.signature':
      return subscribe(connection, authorised(deps, method, deps.auth.socket(params)), false);
    case 'userDataStream.subscribe':
      if (!connection.session) throw new ApiError(400, -1002, 'You are not authorized to execute this request.');
      return subscribe(connection, connection.session.key, true);
    case 'userDataStream.unsubscribe':
      // Without a number all of them end; there is at most one.
      if (subscriptionId !== undefined && connection.subscription?.id !== Number(subscriptionId))
        throw new ApiError(400, -2036, 'User Data Stream subscription not active.');
      endStream(connection);
      return {};
    case 'session.subscriptions':
      return connection.subscription === undefined ? [] : [{ subscriptionId: connection.subscription.id }];
    case 'session.logon': {
      const key = deps.auth.socket(params);
      if (key.type !== 'ed25519')
        throw new ApiError(400, -4056, `${key.type === 'hmac' ? 'HMAC_SHA256' : 'RSA'} API key is not supported.`);
      connection.session = { key, since: Date.now() };
      return status(connection);
    }
    case 'session.status':
      return status(connection);
    case 'session.logout':
      // What the session has opened ends with it; a subscription with a signature of its own goes on.
      if (connection.subscription?.isOfSession) endStream(connection);
      connection.session = undefined;
      return status(connection);
    case 'userDataStream.start':
    case 'userDataStream.ping':
    case 'userDataStream.stop':
      throw new ApiError(410, -1016, 'This service is no longer available.');
    default:
      throw new ApiError(400, -1020, 'This operation is not supported.');
  }
}

function subscribe(connection: Connection, { apiKey }: ApiKey, isOfSession: boolean): { subscriptionId: number } {
  if (connection.subscription !== undefined)
    throw new ApiError(400, -2035, 'User Data Stream subscription already active.');
  connection.subscription = { id: subscriptions++, apiKey, isOfSession };
  return { subscriptionId: connection.subscription.id };
}

function status({ session, connectedSince, subscription, tellsLimits }: Connection): Record<string, unknown> {
  const open = { apiKey: session?.key.apiKey ?? null, authorizedSince: session?.since ?? null };
  return {
    ...open,
    connectedSince,
    returnRateLimits: tellsLimits,
    serverTime: Date.now(),
    userDataStream: subscription !== undefined,
  };
}
