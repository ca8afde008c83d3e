import { DomainError } from '../../domain/contract/errors';

/**
 * Runs the work of one user at a time. Throws TOO_MANY_REQUESTS for a second piece of the same user, BUSY when too
 * many users wait, BAD_REQUEST when the signal says that nobody waits for it any more; the work hears the signal too.
 */
export type Turns = <T>(userId: string, gone: AbortSignal, work: (gone: AbortSignal) => Promise<T>) => Promise<T>;

interface Waiting {
  readonly userId: string;
  readonly begin: () => void;
  readonly drop: (error: DomainError) => void;
}

const MOST_WAITING = 20;
/** What somebody used is forgotten after so long. */
const REMEMBERED_MS = 3600_000;

/**
 * One at a time, and next whoever has used the least in the last hour, the earlier first: who sends what takes long
 * waits behind everybody who did not, and gives way to them when the line is full.
 */
export function fairTurns(mostWaiting = MOST_WAITING, ticks: () => number = () => performance.now()): Turns {
  const used = new Map<string, { ms: number; at: number }>();
  const line: Waiting[] = [];
  let running: string | undefined;

  const usedBy = (userId: string): number => used.get(userId)?.ms ?? 0;
  const next = (): void => {
    const first = line.reduce<Waiting | undefined>(
      (best, one) => (best && usedBy(best.userId) <= usedBy(one.userId) ? best : one),
      undefined,
    );
    if (!first || running !== undefined) return;
    line.splice(line.indexOf(first), 1);
    running = first.userId;
    first.begin();
  };
  const count = (userId: string, ms: number): void => {
    const now = ticks();
    for (const [key, { at }] of used) if (now - at > REMEMBERED_MS) used.delete(key);
    used.set(userId, { ms: usedBy(userId) + ms, at: now });
  };
  /** The one who used the most, and came last among those, leaves the full line. */
  const makeRoom = (userId: string): void => {
    if (line.length < mostWaiting) return;
    const last = line.reduce((worst, one) => (usedBy(one.userId) >= usedBy(worst.userId) ? one : worst));
    if (usedBy(last.userId) <= usedBy(userId)) throw new DomainError('BUSY');
    line.splice(line.indexOf(last), 1);
    last.drop(new DomainError('BUSY'));
  };
  const turn = async (userId: string, gone: AbortSignal): Promise<void> => {
    if (gone.aborted) throw new DomainError('BAD_REQUEST');
    if (running === userId || line.some((one) => one.userId === userId)) throw new DomainError('TOO_MANY_REQUESTS');
    makeRoom(userId);
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { userId, begin: settle(resolve), drop: settle(reject) };
      const leave = (): void => {
        line.splice(line.indexOf(waiting), 1);
        reject(new DomainError('BAD_REQUEST'));
      };
      function settle<A extends unknown[]>(end: (...given: A) => void): (...given: A) => void {
        return (...given) => {
          gone.removeEventListener('abort', leave);
          end(...given);
        };
      }
      gone.addEventListener('abort', leave, { once: true });
      line.push(waiting);
      next();
    });
  };
  return async (userId, gone, work) => {
    await turn(userId, gone);
    const began = ticks();
    try {
      const result = await work(gone);
      if (gone.aborted) throw new DomainError('BAD_REQUEST');
      return result;
    } finally {
      count(userId, ticks() - began);
      running = undefined;
      next();
    }
  };
}
