import type { IncomingMessage, ServerResponse } from 'node:http';
import { SIGNED } from './account-routes';
import { ApiError, BAD_KEY, TIMEOUT } from './errors';
import { tooMuch } from './limits';
import * as present from './present';
import { PUBLIC } from './routes';
import type { Deps, Params, Route } from './routes';

const BAN_MS = 2000;

/** A new order. It weighs nothing if it is accepted, and counts until it is filled. */
const NEW_ORDER: Route = {
  weight: 1,
  signed: 'TRADE',
  run: async ({ exchange, limits }, { params }) => {
    limits.checkOrders();
    const { order, fills } = await exchange.place(params);
    limits.placed();
    if (fills.length > 0) limits.firstFill('taker');
    return present.placed(order, fills, params.newOrderRespType);
  },
};

const ROUTES: Readonly<Record<string, Route>> = { ...PUBLIC, ...SIGNED, 'POST /api/v3/order': NEW_ORDER };
/** Weigh nothing when they succeed. */
const FREE = new Set(['POST /api/v3/order', 'DELETE /api/v3/order', 'DELETE /api/v3/openOrders']);

export const routeOf = (name: string): Route | undefined => (Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined);

/** Runs a route between the faults of a call. `sever` ends the connection; `call` is the name that faults go by. */
export async function runRoute(deps: Deps, name: string, call: string, asked: Parameters<Route['run']>[1], sever: () => never): Promise<unknown> {
  const { faults, journal } = deps.exchange;
  if (faults.fires('reset-before', call)) sever();
  if (faults.fires('timeout-not-executed', call)) throw TIMEOUT();
  const route = routeOf(name);
  const result = await route?.run(deps, asked);
  // What an answer tells must still be so after a kill.
  if (route?.signed) await journal.settled();
  if (faults.fires('reset-after', call)) sever();
  if (faults.fires('timeout-executed', call)) throw TIMEOUT();
  return result;
}

/** Counts a call's weight and refuses the one too many; what is free when it succeeds is counted when it fails. */
export async function weighed<T>({ limits, exchange }: Deps, name: string, call: string, params: Params, work: () => Promise<T>): Promise<T> {
  const { faults } = exchange;
  const capital = name.includes(' /sapi/');
  if (faults.fires('ban', call)) limits.ban(BAN_MS);
  if (faults.fires('rate-limit', call)) throw tooMuch();
  const weight = routeOf(name)?.weight ?? 2;
  const amount = typeof weight === 'function' ? weight(params) : weight;
  limits.weight(FREE.has(name) ? 0 : amount, capital);
  try {
    return await work();
  } catch (error) {
    if (FREE.has(name) && error instanceof ApiError && error.status < 429) limits.weight(amount, capital);
    throw error;
  }
}

class Severed extends Error {}

function send(deps: Deps, response: ServerResponse, status: number, answer: unknown, headers: Record<string, string>): void {
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', 'x-emulator': 'javizen-local', ...headers });
  response.end(JSON.stringify(answer));
}

/** Answers one REST request. */
export async function handleRest(deps: Deps, request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  const target = request.url ?? '/';
  const cut = target.indexOf('?') < 0 ? target.length : target.indexOf('?');
  const [path, query] = [target.slice(0, cut), target.slice(cut + 1)];
  const name = `${request.method} ${path}`;
  if (deps.exchange.faults.fires('bad-gateway', name)) {
    response.writeHead(502, { 'content-type': 'text/html' });
    return void response.end('<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>');
  }
  const route = routeOf(name);
  if (!route) return send(deps, response, 404, { code: -1000, msg: `The emulator does not know ${name}.` }, {});
  // On a duplicate the query wins.
  const params: Params = { ...Object.fromEntries(new URLSearchParams(body)), ...Object.fromEntries(new URLSearchParams(query)) };
  const sever = (): never => {
    request.socket.destroy();
    throw new Severed();
  };
  try {
    const answer = await weighed(deps, name, name, params, () => {
      const key = route.signed ? deps.auth.rest(request.headers['x-mbx-apikey'] as string | undefined, query, body, params) : undefined;
      if ((route.signed === 'TRADE' || route.signed === 'WITHDRAW') && !key?.permissions.includes(route.signed)) throw BAD_KEY();
      return runRoute(deps, name, name, { params, key }, sever);
    });
    send(deps, response, 200, answer, deps.limits.headers(name === 'POST /api/v3/order'));
  } catch (error) {
    if (error instanceof Severed) return;
    const { limits } = deps;
    if (!(error instanceof ApiError)) return send(deps, response, 500, { code: -1000, msg: 'An unknown error occurred while processing the request.', cause: String(error) }, limits.headers(false));
    const wait: Record<string, string> = error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) };
    send(deps, response, error.status, { code: error.code, msg: error.msg }, { ...limits.headers(false), ...wait });
  }
}
