/** A route is a sentence: limit, who may, what was sent, the service, what leaves. */
import express from 'express';
import type { ErrorRequestHandler, Request, RequestHandler, Response, Router } from 'express';
import multer from 'multer';
import type { z } from 'zod';
import { AMOUNT_ISSUE, idempotencyKey } from '../../domain/contract/api/common';
import type { Endpoint } from '../../domain/contract/api/endpoints';
import type { SecurityEventKind } from '../../domain/contract/api/security';
import { DomainError } from '../../domain/contract/errors';
import type { UserRow } from '../../db/entities/accounts';
import type { Admission } from './access';
import type { Answers } from './answers';
import { refusalOf } from './errors';
import type { Limits } from './limits';
import type { SecurityEdge } from '../security/edge';
import { csrfMatches } from './session';

export interface FileAnswer {
  readonly bytes: Buffer;
  readonly mime: string;
  readonly name: string;
}

export interface Call<E extends Endpoint = Endpoint> {
  readonly user: E['access'] extends 'public' ? UserRow | null : UserRow;
  readonly params: z.output<E['params']>;
  readonly query: z.output<E['query']>;
  readonly body: z.output<E['body']>;
  /** Empty where the endpoint takes none. */
  readonly key: string;
  /** Says that it is taken on and not done yet: 202. */
  readonly accepted: () => void;
  /** What it was, where the endpoint's own security event does not say it, and whose account it is about. */
  readonly tell: (event: { readonly kind?: SecurityEventKind; readonly userId?: string }) => void;
  /** The bytes of the multipart file `document`. */
  readonly file: Buffer | undefined;
  readonly req: Request;
  readonly res: Response;
}

type Answer<E extends Endpoint> = E['answers'] extends z.ZodType ? z.input<E['answers']> : FileAnswer;

export interface Route {
  readonly endpoint: Endpoint;
  readonly handle: (call: Call) => Promise<unknown>;
}

/** Binds an endpoint to what carries it out; the types of both sides follow from its schemas. */
export function route<const E extends Endpoint>(endpoint: E, handle: (call: Call<E>) => Promise<Answer<E>>): Route {
  return { endpoint, handle: handle as unknown as Route['handle'] };
}

export interface Guards {
  readonly answers: Answers;
  readonly limits: Limits;
  /** The caller's row as it is now, or null. */
  readonly userOf: (req: Request) => Promise<UserRow | null>;
  readonly ownOrigin: (req: Request) => boolean;
  readonly admission: Admission;
  readonly security: SecurityEdge;
}

const MAX_DOCUMENT = 8 * 1024 * 1024;
const json = express.json({ limit: '32kb', type: 'application/json' });
const longJson = express.json({ limit: '1mb', type: 'application/json' });
const multipart = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: MAX_DOCUMENT, files: 1, fields: 20, fieldSize: 4096, fieldNameSize: 100, parts: 21 },
}).single('document');

/** The file is kept in memory alone: whatever goes wrong with a form is its sender's doing. */
const form: RequestHandler = (req, res, next) =>
  void multipart(req, res, (error: unknown) =>
    next(error ? (refusalOf(error) ?? new DomainError('BAD_REQUEST')) : undefined),
  );

/**
 * Is it of this type, and in UTF-8? In another charset the same bytes may read otherwise to whoever looks at them
 * before us.
 */
const taken = (req: Request, type: string): boolean => {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(req.get('content-type') ?? '')?.[1];
  return Boolean(req.is(type)) && (charset === undefined || /^utf-?8$/i.test(charset));
};
const REFUSED_TYPE: RequestHandler = (req, _res, next) =>
  next(taken(req, 'application/json') ? undefined : new DomainError('BAD_REQUEST'));
/** No body at all is as good as an empty one; one that is there is JSON. */
const REFUSED_OTHER_TYPE: RequestHandler = (req, res, next) =>
  req.headers['content-type'] === undefined ? next() : REFUSED_TYPE(req, res, next);
const REFUSED_FORM: RequestHandler = (req, _res, next) =>
  next(taken(req, 'multipart/form-data') ? undefined : new DomainError('BAD_REQUEST'));
/** The small JSON body is read before anything is decided; a long one or a document only after its sender is known. */
const EARLY: Record<Endpoint['carries'], RequestHandler[]> = {
  json: [REFUSED_TYPE, json],
  'optional-json': [REFUSED_OTHER_TYPE, json],
  'long-json': [REFUSED_TYPE],
  multipart: [REFUSED_FORM],
  nothing: [],
};
const LATE: Record<Endpoint['carries'], RequestHandler[]> = {
  json: [],
  'optional-json': [],
  'long-json': [longJson],
  multipart: [form],
  nothing: [],
};

export function mount(router: Router, routes: readonly Route[], guards: Guards): void {
  for (const { endpoint, handle } of routes) {
    const enter: RequestHandler = async (req, res, next) => {
      // Before anything is counted: another page must not use up what its visitor may do here.
      if (endpoint.method !== 'get' && !guards.ownOrigin(req)) throw new DomainError('CSRF');
      await guards.limits(endpoint.limit, req, res);
      res.locals.user = await admit(endpoint, req, guards);
      next();
    };
    const answer: RequestHandler = async (req, res) => {
      const call = received(endpoint, req, res);
      const given = await handle(call);
      const { kind = endpoint.event, userId } = res.locals.told as Parameters<Call['tell']>[0];
      // Of a log-in the caller is known after it, of a log-out before it.
      await guards.security.done(
        { ...endpoint, event: kind },
        req,
        userId ?? call.user?.id ?? req.session?.userId ?? null,
        call.params,
      );
      send(guards.answers, endpoint, res, given);
    };
    const refused: ErrorRequestHandler = (error: unknown, req, _res, next) => {
      guards.security.refused(endpoint, req, req.session?.userId, error);
      next(error);
    };
    router[endpoint.method](
      endpoint.path,
      ...EARLY[endpoint.carries],
      enter,
      ...LATE[endpoint.carries],
      answer,
      refused,
    );
  }
}

/** Who calls, if they may. What changes something must come from our page, and with the session's token. */
async function admit(endpoint: Endpoint, req: Request, guards: Guards): Promise<UserRow | null> {
  const changes = endpoint.method !== 'get';
  const user = await guards.userOf(req);
  const needsToken = changes && endpoint.access !== 'public' && user !== null;
  if (needsToken && !csrfMatches(req)) throw new DomainError('CSRF');
  guards.admission.admit(endpoint.access, user, req.session);
  return user;
}

function received(endpoint: Endpoint, req: Request, res: Response): Call {
  const key = idempotencyKey.safeParse(req.get('idempotency-key'));
  if (endpoint.idempotent && !key.success) throw new DomainError('IDEMPOTENCY_KEY_REQUIRED');
  const body = endpoint.carries === 'nothing' ? undefined : valid(endpoint.body, req.body);
  req.body = body;
  res.locals.told = {};
  return {
    user: res.locals.user as UserRow,
    params: valid(endpoint.params, req.params),
    query: valid(endpoint.query, req.query),
    body,
    key: key.data ?? '',
    accepted: () => void res.status(202),
    tell: (event) => void (res.locals.told = event),
    file: req.file?.buffer,
    req,
    res,
  };
}

/** The value as its schema says. Refuses with the names of the fields that do not fit, never with what was in them. */
export function valid(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const amounts = result.error.issues.some((issue) => issue.message === AMOUNT_ISSUE);
  const fields = result.error.issues
    .slice(0, 20)
    .flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')]));
  throw new DomainError(amounts ? 'BAD_AMOUNT' : 'BAD_REQUEST', {
    fields: [...new Set(fields.map((field) => field.slice(0, 60)))],
  });
}

function send(answers: Answers, endpoint: Endpoint, res: Response, answer: unknown): void {
  res.set('Cache-Control', 'no-store');
  if (endpoint.answers === 'file') {
    const { bytes, mime, name } = answer as FileAnswer;
    res.set({
      'Content-Type': mime,
      'Content-Disposition': `attachment; filename="${name}"`,
      'Content-Security-Policy': "sandbox; default-src 'none'",
    });
    res.status(endpoint.status).send(bytes);
    return;
  }
  const view = answers.make(endpoint.answers, answer, nameOf(endpoint));
  // A handler may have said that it is accepted and not done yet.
  res.status(res.statusCode === 202 ? 202 : endpoint.status).json(view);
}

/** An endpoint as people name it. */
export const nameOf = ({ method, path }: Endpoint): string => `${method} ${path}`;
