import type { IncomingMessage, ServerResponse } from 'node:http';
import { SIGNED } from './account-routes';
import { ApiError, BAD_KEY, OUT_OF_WINDOW } from './errors';
import { tooMuch } from './limits';
import { answerInMicroseconds, isInMicroseconds } from './microseconds';
import { ORDERS } from './order-routes';
import { checkParameters, readPart } from './parameters';
import { AFTER, BAD_GATEWAY, FORBIDDEN, INSTEAD, Page } from './refusals';
import { PUBLIC } from './routes';
import type { Deps, Params, Route } from './routes';
import { spoil } from './spoil';
import type { ApiKey } from './types';

const ROUTES: Readonly<Record<string, Route>> = { ...PUBLIC, ...SIGNED, ...ORDERS };
/** Weigh nothing when they succeed. */
const FREE = new Set([
  'POST /api/v3/order',
  'DELETE /api/v3/order',
  'DELETE /api/v3/openOrders',
  'POST /api/v3/order/cancelReplace',
  'POST /api/v3/orderList/oco',
  'POST /api/v3/orderList/oto',
  'POST /api/v3/orderList/otoco',
  'DELETE /api/v3/orderList',
]);
/** Place orders: their answers tell how many are unfilled. */
export const COUNTED: ReadonlySet<string> = new Set([
  'POST /api/v3/order',
  'POST /api/v3/order/cancelReplace',
  'POST /api/v3/orderList/oco',
  'POST /api/v3/orderList/oto',
  'POST /api/v3/orderList/otoco',
]);

export const routeOf = (name: string): Route | undefined => (Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined);

/** A key that has signed well may still be refused: by the faults of keys and clocks, and for what it may not do. */
export function authorised(deps: Deps, call: string, key: ApiKey, route?: Route): ApiKey {
  const { faults } = deps.exchange;
  if (faults.fires('key-revoked', call)) {
    deps.auth.revoke(key.apiKey, faults.lasts('key-revoked'));
    deps.sockets.revoke(key.apiKey);
    throw BAD_KEY();
  }
  if (faults.fires('clock-skew', call)) throw OUT_OF_WINDOW();
  if ((route?.signed === 'TRADE' || route?.signed === 'WITHDRAW') && !key.permissions.includes(route.signed))
    throw BAD_KEY();
  return key;
}

/** Runs a route between the faults of a call. `sever` ends the connection; `call` is the name that faults go by. */
export async function runRoute(
  deps: Deps,
  name: string,
  call: string,
  asked: Parameters<Route['run']>[1],
  sever: () => never,
): Promise<unknown> {
  const { faults, journal } = deps.exchange;
  if (faults.fires('reset-before', call)) sever();
  for (const [fault, error] of INSTEAD) if (faults.fires(fault, call)) throw error();
  const route = routeOf(name);
  const result = await route?.run(deps, asked);
  // What an answer tells must still be so after a kill.
  if (route?.signed) await journal.settled();
  if (faults.fires('answer-late', call))
    await new Promise((resolve) => setTimeout(resolve, faults.lasts('answer-late')));
  if (faults.fires('reset-after', call)) sever();
  for (const [fault, error] of AFTER) if (faults.fires(fault, call)) throw error();
  if (call === name && faults.fires('bad-gateway-executed', call)) throw BAD_GATEWAY();
  return result;
}

/** Counts a call's weight and refuses the one too many; what is free when it succeeds is counted when it fails. */
export async function weighed<T>(
  { limits, exchange }: Deps,
  name: string,
  call: string,
  params: Params,
  work: () => Promise<T>,
): Promise<T> {
  const { faults } = exchange;
  const capital = name.includes(' /sapi/');
  if (faults.fires('ban', call)) limits.ban(faults.lasts('ban'));
  if (faults.fires('rate-limit', call)) throw tooMuch();
  const weight = routeOf(name)?.weight ?? 2;
  const amount = typeof weight === 'function' ? weight(params) : weight;
  limits.request(FREE.has(name) ? 0 : amount, capital);
  try {
    return await work();
  } catch (error) {
    if (FREE.has(name) && error instanceof ApiError && error.status < 429) limits.weight(amount, capital);
    throw error;
  }
}

class Severed extends Error {}

function send(response: ServerResponse, status: number, text: string, headers: Record<string, string>): void {
  response.writeHead(status, {
    'content-type': 'application/json;charset=UTF-8',
    'x-emulator': 'javizen-local',
    ...headers,
  });
  response.end(text);
}

/** Answers one REST request. */
export async function handleRest(
  deps: Deps,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): Promise<void> {
  const target = request.url ?? '/';
  const cut = target.indexOf('?') < 0 ? target.length : target.indexOf('?');
  const [path, query] = [target.slice(0, cut), target.slice(cut + 1)];
  const name = `${request.method} ${path}`;
  const { limits, exchange } = deps;
  const sever = (): never => {
    request.socket.destroy();
    throw new Severed();
  };
  try {
    if (exchange.faults.fires('bad-gateway', name)) throw BAD_GATEWAY();
    if (exchange.faults.fires('forbidden', name)) throw FORBIDDEN();
    const route = routeOf(name);
    if (!route)
      return send(response, 404, JSON.stringify({ code: -1000, msg: `The emulator does not know ${name}.` }), {});
    // On a duplicate the query wins.
    const sent: Params = { ...readPart(body), ...readPart(query) };
    const finely = isInMicroseconds(request.headers['x-mbx-time-unit']);
    const answer = await weighed(deps, name, name, sent, async () => {
      const key = route.signed
        ? authorised(
            deps,
            name,
            deps.auth.rest(request.headers['x-mbx-apikey'] as string | undefined, query, body, sent),
            route,
          )
        : undefined;
      return runRoute(
        deps,
        name,
        name,
        { params: checkParameters(name, sent, route.signed !== undefined), key },
        sever,
      );
    });
    const told = finely ? answerInMicroseconds(name, answer) : answer;
    send(response, 200, spoil(exchange.faults, name, JSON.stringify(told)), limits.headers(COUNTED.has(name)));
  } catch (error) {
    if (!(error instanceof Severed)) refuse(deps, response, error);
  }
}

function refuse({ limits }: Deps, response: ServerResponse, error: unknown): void {
  if (error instanceof Page)
    return void response.writeHead(error.status, { 'content-type': 'text/html' }).end(error.html);
  const headers = limits.headers(false);
  if (!(error instanceof ApiError))
    return send(
      response,
      500,
      JSON.stringify({
        code: -1000,
        msg: 'An unknown error occurred while processing the request.',
        cause: String(error),
      }),
      headers,
    );
  const wait: Record<string, string> =
    error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) };
  const { code, msg, data } = error;
  send(response, error.status, JSON.stringify({ code, msg, ...(data && { data }) }), { ...headers, ...wait });
}
