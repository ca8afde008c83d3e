/** The one place where security events are written down: who, from where, what, and how it ended. */
import { countSecurityEvents, insertSecurityEvent } from '../../db/stores/security-events';
import type { ErrorCode } from '../../domain/contract/errors';
import type { SecurityEventKind, SecurityEventOutcome } from '../../domain/contract/api/security';
import type { ServerDeps } from '../deps';
import type { Caller } from './caller';

export interface SecurityEvent {
  readonly kind: SecurityEventKind;
  readonly outcome: SecurityEventOutcome;
  /** Whose account it is about; null where nobody is known. */
  readonly userId: string | null;
  readonly caller: Caller;
  /** Codes, ids and counts; never what somebody typed. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Writes the event down, durably when it resolves. Never rejects: what was done stays done, and a log that cannot be
 * written is an alert. What a stranger can cause without end (`FLOODS`) is written once a minute for one caller, with
 * how many times it was since.
 */
export type RecordSecurityEvent = (event: SecurityEvent) => Promise<void>;

/** What a refusal is, wherever it is made. Others are events where the endpoint itself is one. */
export const REFUSALS: Partial<Record<ErrorCode, SecurityEventKind>> = {
  CSRF: 'request.forged',
  MISDIRECTED: 'request.forged',
  FORBIDDEN: 'request.forbidden',
  SELF_APPROVAL: 'request.forbidden',
  TOO_MANY_REQUESTS: 'request.too-many',
  SECOND_FACTOR_WRONG: 'second-factor.code',
};

const FLOODS: ReadonlySet<SecurityEventKind> = new Set(['request.forged', 'request.forbidden', 'request.too-many']);
const FLOOD_MS = 60_000;
const MOST_CALLERS = 10_000;

/** From so many within the time on, operators are told. `by`: of one account, or of one network of callers. */
const THRESHOLDS: readonly { kind: SecurityEventKind; by: 'userId' | 'address'; count: number; withinMs: number }[] = [
  { kind: 'log-in', by: 'userId', count: 10, withinMs: 900_000 },
  { kind: 'log-in', by: 'address', count: 50, withinMs: 900_000 },
  { kind: 'second-factor.code', by: 'userId', count: 5, withinMs: 900_000 },
  { kind: 'request.forged', by: 'userId', count: 5, withinMs: 3_600_000 },
  { kind: 'request.forbidden', by: 'userId', count: 5, withinMs: 3_600_000 },
];

type Deps = Pick<ServerDeps, 'dataSource' | 'clock' | 'ids' | 'events' | 'logger'>;

export function createSecurityEvents(deps: Deps): RecordSecurityEvent {
  const { dataSource, clock, ids, events, logger } = deps;
  const told = createTold(clock);
  const folded = createFolds(clock);

  const watch = async ({ kind, outcome, userId, caller }: SecurityEvent): Promise<void> => {
    if (outcome !== 'refused') return;
    for (const rule of THRESHOLDS.filter((one) => one.kind === kind)) {
      const who = rule.by === 'userId' ? userId : caller.address;
      if (who === null || told.recently(`${kind} ${who}`)) continue;
      const count = await countSecurityEvents(dataSource, clock.now() - rule.withinMs, {
        kind,
        outcome,
        [rule.by]: who,
      });
      if (count < rule.count) continue;
      told.note(`${kind} ${who}`, rule.withinMs);
      events.publish({
        name: 'alert',
        code: 'SECURITY_THRESHOLD',
        message: 'One account or one network was refused often.',
        details: { kind, [rule.by]: who, count, minutes: rule.withinMs / 60_000 },
      });
    }
  };

  return async (event) => {
    const { kind, outcome, userId, caller } = event;
    const times = FLOODS.has(kind) ? folded.take(`${kind} ${userId ?? ''} ${caller.address ?? ''}`) : 1;
    if (times === 0) return;
    const details = { ...event.details, ...(times > 1 && { times }) };
    try {
      await insertSecurityEvent(dataSource, {
        id: ids.next(),
        at: clock.now(),
        userId,
        kind,
        outcome,
        address: caller.address,
        agent: caller.agent,
        details,
      });
      await watch(event);
    } catch (error) {
      logger.error(
        { event: 'security.event_not_written', kind, outcome, userId, error: String(error) },
        'a security event could not be written down',
      );
      if (told.recently('unwritten')) return;
      told.note('unwritten', FLOOD_MS);
      events.publish({
        name: 'alert',
        code: 'SECURITY_LOG_FAILED',
        message: 'Security events cannot be written down.',
        details: { kind },
      });
    }
  };
}

/** What operators were told, and until when it is not told again. */
function createTold(clock: Deps['clock']) {
  const until = new Map<string, number>();
  return {
    recently: (what: string): boolean => (until.get(what) ?? 0) > clock.now(),
    note: (what: string, forMs: number): void => {
      for (const [old, end] of until) if (end <= clock.now()) until.delete(old);
      until.set(what, clock.now() + forMs);
    },
  };
}

/** How many times to write down: 0 while one stands already, and with the next one those that came since. */
function createFolds(clock: Deps['clock']) {
  const seen = new Map<string, { until: number; since: number }>();
  return {
    take: (what: string): number => {
      const now = clock.now();
      const before = seen.get(what);
      if (before && before.until > now) {
        before.since++;
        return 0;
      }
      if (seen.size >= MOST_CALLERS) seen.delete(seen.keys().next().value ?? '');
      seen.delete(what);
      seen.set(what, { until: now + FLOOD_MS, since: 0 });
      return 1 + (before?.since ?? 0);
    },
  };
}
