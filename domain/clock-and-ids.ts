/** Time and identity come from outside, so that every pure part can be replayed. Only `deploy` makes real ones. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
}

export interface Ids {
  /** A new unique id, 22 to 32 characters of [A-Za-z0-9_-], sorting roughly by time. */
  next(): string;
}

/** A clock that stands still until it is moved; for tests. */
export function fixedClock(start = 1_700_000_000_000): Clock & { advance(ms: number): void } {
  let at = start;
  return {
    now: () => at,
    advance: (ms) => {
      at += ms;
    },
  };
}

/** Ids that count up; for tests. */
export function countingIds(prefix = 'id'): Ids {
  let n = 0;
  return { next: () => `${prefix}${String(++n).padStart(8, '0')}` };
}
