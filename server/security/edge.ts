/**
 * Which requests are security events, decided where every answer passes: an endpoint names its own, a refusal by its
 * code.
 */
import type { IncomingMessage } from 'node:http';
import { userByEmail } from '../../db/stores/users';
import type { Endpoint } from '../../domain/contract/api/endpoints';
import type { SecurityEventKind } from '../../domain/contract/api/security';
import { ERRORS } from '../../domain/contract/errors';
import type { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { refusalOf } from '../http/errors';
import { callerOf } from './caller';
import { REFUSALS } from './events';
import type { RecordSecurityEvent, SecurityEvent } from './events';

/** What is known of a request when it was refused. */
type Asked = Pick<IncomingMessage, 'headers' | 'socket'> & {
  readonly ip?: string | undefined;
  readonly body?: unknown;
};
type Named = Pick<Endpoint, 'method' | 'path' | 'event'>;

export interface SecurityEdge {
  /** Written down before the answer leaves. */
  done(endpoint: Named, req: Asked, userId: string | null, params: unknown): Promise<void>;
  /** Nobody waits for it. `req` with the caller's `ip` where it did not pass Express. */
  refused(endpoint: Named, req: Asked, userId: string | undefined, error: unknown): void;
  /** Resolves when what was refused is written down. */
  settled(): Promise<void>;
}

/** What a refused handshake of a socket is named by. Without a session it is a request for what is somebody's own. */
export const handshakeOf = (path: string): Named => ({ method: 'get', path, event: 'request.forbidden' });

/** Statuses of refusals that say something of who calls, besides those that have kinds of their own. */
const TELLING = new Set([401, 403, 429]);
const MOST_UNWRITTEN = 1000;

export function createSecurityEdge(dataSource: ServerDeps['dataSource'], record: RecordSecurityEvent): SecurityEdge {
  const unwritten = new Set<Promise<void>>();
  const kindOf = (endpoint: Named, { code }: DomainError): SecurityEventKind | undefined =>
    REFUSALS[code] ?? (TELLING.has(ERRORS[code].status) ? (endpoint.event ?? undefined) : undefined);
  const write = async (event: SecurityEvent, email: string | undefined): Promise<void> => {
    const account = email === undefined ? null : await userByEmail(dataSource, email).catch(() => null);
    await record(account ? { ...event, userId: account.id } : event);
  };
  return {
    done: async ({ event: kind }, req, userId, params) => {
      const { id } = (params ?? {}) as { id?: string };
      if (kind)
        await record({
          kind,
          outcome: 'done',
          userId,
          caller: callerOf(req),
          details: id === undefined ? {} : { subject: id },
        });
    },
    refused: (endpoint, req, userId, error) => {
      const refusal = refusalOf(error);
      const kind = refusal && kindOf(endpoint, refusal);
      if (!refusal || !kind || unwritten.size >= MOST_UNWRITTEN) return;
      const details = { code: refusal.code, endpoint: `${endpoint.method} ${endpoint.path}` };
      const written = write(
        { kind, outcome: 'refused', userId: userId ?? null, caller: callerOf(req), details },
        userId === undefined && endpoint.event === 'log-in' ? emailIn(req.body) : undefined,
      );
      unwritten.add(written);
      void written.finally(() => unwritten.delete(written));
    },
    settled: async () => void (await Promise.all(unwritten)),
  };
}

function emailIn(body: unknown): string | undefined {
  const { email } = (body ?? {}) as { email?: unknown };
  return typeof email === 'string' && email.length <= 190 ? email.trim().toLowerCase() : undefined;
}
