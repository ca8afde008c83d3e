/** The seam where events of security are told; the append-only log of them takes its place. Here they are only said in the process's log. */
import type { Request } from 'express';
import type { ServerDeps } from '../deps';
import { rangeOf } from '../http/limits';

export interface SecurityEvent {
  readonly kind: string;
  readonly userId: string | null;
  readonly req?: Request | undefined;
}

export function recordSecurityEvent({ logger }: Pick<ServerDeps, 'logger'>, { kind, userId, req }: SecurityEvent): void {
  logger.info({ security: kind, userId, ...(req && { address: rangeOf(req) }) }, 'security');
}
