/**
 * The few requests that come by the thousand, answered before Express: the same routes, schemas, guards and words,
 * without the middleware in front of them. Whatever is not plainly one of them goes to Express untouched.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import { idempotencyKey } from '../../domain/contract/api/common';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError, ERRORS } from '../../domain/contract/errors';
import type { Logger } from '../../domain/contract/ports';
import type { ServerConfig } from '../deps';
import { securityHeaders } from './app';
import type { Admission } from './access';
import type { Answers } from './answers';
import { errorView, refusalOf } from './errors';
import type { KnownSession } from './known-sessions';
import { pointsOf } from './limits';
import type { Limits } from './limits';
import { ownHost, ownOrigin } from './origin';
import { spokeHttps, trustedNetworks } from './proxies';
import { nameOf, valid } from './route';
import type { Call, Route } from './route';
import { isYoung, trustedProxies } from './session';
import type { Sessions } from './session';
import type { SecurityEdge } from '../security/edge';

export interface HotDeps {
  readonly answers: Answers;
  readonly sessions: Sessions;
  readonly admission: Admission;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly security: SecurityEdge;
}

const HOT = ['post /orders', 'post /orders/batch', 'delete /orders/:id'];
/** Asked by whoever watches the machine, under any name. */
const HEALTH = '/healthz';
const MOST_BYTES = 32 * 1024;
const ORDER_PATH = /^\/api\/orders\/([A-Za-z0-9_-]{1,64})$/;

interface Asked {
  readonly route: Route;
  readonly params: Record<string, string>;
}

/** Answers the hot routes itself and leaves everything else to `rest`. */
export function hotFirst(
  deps: HotDeps,
  config: ServerConfig,
  routes: readonly Route[],
  rest: RequestListener,
): RequestListener {
  const table = new Map(
    routes.map((route) => [nameOf(route.endpoint), route]).filter(([name]) => HOT.includes(name as string)) as [
      string,
      Route,
    ][],
  );
  const headers = [
    ...headersOf(config),
    'Cache-Control',
    'no-store',
    'Content-Type',
    'application/json; charset=utf-8',
  ];
  const isProxy = trustedNetworks(trustedProxies(config));
  const answer = async (
    req: IncomingMessage,
    res: ServerResponse,
    asked: Asked,
    session: KnownSession,
    text: string,
  ): Promise<void> => {
    let status = asked.route.endpoint.status as number;
    let body: unknown;
    const more: string[] = renewalOf(session, req, config, isProxy);
    try {
      const { endpoint, handle } = asked.route;
      body = deps.answers.make(
        endpoint.answers as z.ZodType,
        await handle(callOf(deps, config, req, asked, session, text, more, () => (status = 202))),
        nameOf(endpoint),
      );
    } catch (error) {
      const refusal = refusalOf(error);
      deps.security.refused(asked.route.endpoint, req, session.user.id, error);
      if (!refusal)
        deps.logger.error(
          {
            event: 'http.request_failed',
            method: req.method,
            path: req.url,
            error: error instanceof Error ? error.stack : String(error),
          },
          'a request failed',
        );
      const told = refusal ?? new DomainError('INTERNAL');
      status = ERRORS[told.code].status;
      body = errorView(told);
    }
    const json = JSON.stringify(body);
    res.writeHead(status, [...headers, ...more, 'Content-Length', String(Buffer.byteLength(json))]);
    res.end(json);
  };
  const enter = (req: IncomingMessage, res: ServerResponse, asked: Asked, session: KnownSession | undefined): void => {
    if (!session || !isYoung(session.loggedInAt, deps.clock)) rest(req, res);
    else if (asked.route.endpoint.carries === 'nothing') void answer(req, res, asked, session, '');
    else read(req, (text) => void answer(req, res, asked, session, text));
  };
  return (req, res) => {
    if (!ownHost(req, config.publicOrigin) && req.url !== HEALTH) return misdirected(res, headers);
    const asked = find(table, req);
    if (!asked) return rest(req, res);
    const session = deps.sessions.known.of(req.headers.cookie);
    if (!(session instanceof Promise)) return enter(req, res, asked, session);
    session.then(
      (found) => enter(req, res, asked, found),
      () => rest(req, res),
    );
  };
}

/** Nothing is told under another name, and no cookie is set there. */
function misdirected(res: ServerResponse, headers: readonly string[]): void {
  const error = new DomainError('MISDIRECTED');
  const json = JSON.stringify(errorView(error));
  res.writeHead(ERRORS[error.code].status, [
    ...headers,
    'Content-Length',
    String(Buffer.byteLength(json)),
    'Connection',
    'close',
  ]);
  res.end(json);
}

/** The hot route that this request plainly is, by its first line and its head. */
function find(table: ReadonlyMap<string, Route>, { method, url = '', headers }: IncomingMessage): Asked | undefined {
  if (
    headers['transfer-encoding'] !== undefined ||
    headers['content-encoding'] !== undefined ||
    headers.expect !== undefined
  )
    return undefined;
  const length = Number(headers['content-length'] ?? 0);
  if (method === 'DELETE') {
    const id = length === 0 ? ORDER_PATH.exec(url)?.[1] : undefined;
    const route = table.get('delete /orders/:id');
    return route && id !== undefined ? { route, params: { id } } : undefined;
  }
  if (method !== 'POST' || length === 0 || length > MOST_BYTES || headers['content-type'] !== 'application/json')
    return undefined;
  const route =
    url === '/api/orders'
      ? table.get('post /orders')
      : url === '/api/orders/batch'
        ? table.get('post /orders/batch')
        : undefined;
  return route && { route, params: {} };
}

function read(req: IncomingMessage, done: (text: string) => void): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  req.on('data', (chunk: Buffer) => {
    if (!first) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  req.on('end', () => done((more ? Buffer.concat(more) : (first ?? Buffer.alloc(0))).toString('utf8')));
  // A request that was broken off has nobody to answer.
  req.on('error', () => undefined);
}

/**
 * Everything that Express asks on the way, in the same order: the body's form, the limit, where it came from, who,
 * what.
 */
function callOf(
  deps: HotDeps,
  { publicOrigin }: ServerConfig,
  req: IncomingMessage,
  { route: { endpoint }, params }: Asked,
  session: KnownSession,
  text: string,
  headers: string[],
  accepted: () => void,
): Call {
  if (!ownOrigin(req, publicOrigin) || !tokenFits(session, req.headers['x-csrf-token'])) throw new DomainError('CSRF');
  const body = endpoint.carries === 'nothing' ? undefined : parsed(text);
  const wait = deps.limits.orders(session.user.id, pointsOf(body));
  if (wait > 0) {
    headers.push('Retry-After', String(wait));
    throw new DomainError('TOO_MANY_REQUESTS');
  }
  deps.admission.admit(endpoint.access, session.user, session);
  const key = idempotencyKey.safeParse(req.headers['idempotency-key']);
  if (endpoint.idempotent && !key.success) throw new DomainError('IDEMPOTENCY_KEY_REQUIRED');
  const none = { file: undefined, req: undefined, res: undefined } as unknown as Pick<Call, 'file' | 'req' | 'res'>;
  return {
    user: session.user,
    params: valid(endpoint.params, params),
    query: {},
    body: body === undefined ? undefined : valid(endpoint.body, body),
    key: key.data ?? '',
    accepted,
    tell: () => undefined,
    ...none,
  };
}

function parsed(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // Said below.
  }
  throw new DomainError('BAD_REQUEST');
}

function tokenFits({ csrf }: KnownSession, given: string | string[] | undefined): boolean {
  const token = Buffer.from(typeof given === 'string' ? given : '');
  return token.length === csrf.length && timingSafeEqual(token, csrf);
}

/** The session's cookie again with a later end, once each time it was read; a secure one only where https is spoken. */
function renewalOf(
  session: KnownSession,
  req: IncomingMessage,
  config: ServerConfig,
  isProxy: (address: string | undefined) => boolean,
): string[] {
  const { renewal } = session;
  if (renewal === undefined || (config.secureCookies && !spokeHttps(req, isProxy))) return [];
  session.renewal = undefined;
  return ['Set-Cookie', renewal];
}

/** What the security middleware puts on every answer, asked of it once. */
function headersOf(config: ServerConfig): string[] {
  const headers: string[] = [];
  const response = {
    setHeader: (name: string, value: string) => headers.push(name, value),
    removeHeader: () => undefined,
  };
  securityHeaders(config)({} as never, response as never, () => undefined);
  return headers;
}
