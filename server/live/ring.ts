/** The last events of each user who listens, so that one who was away for a moment is told what happened meanwhile. */
import type { LiveEvent } from '../../domain/contract/api/live';

export interface Rings {
  /** Begins to keep what happens to this user. */
  begin(userId: string): void;
  keeps(userId: string): boolean;
  /** Keeps an event, if this user's are kept. */
  push(userId: string, event: LiveEvent): void;
  /** Everything after this number, without a gap; null when that is not kept (any more). */
  after(userId: string, seq: number): LiveEvent[] | null;
  /** Forgets the users who were last seen before this time; `listens` says who is here now. */
  forget(before: number, now: number, listens: (userId: string) => boolean): void;
}

interface Ring {
  events: LiveEvent[];
  seenAt: number;
}

export function createRings(size: number, now: () => number): Rings {
  const rings = new Map<string, Ring>();
  return {
    begin: (userId) => {
      const ring = rings.get(userId);
      if (ring) ring.seenAt = now();
      else rings.set(userId, { events: [], seenAt: now() });
    },
    keeps: (userId) => rings.has(userId),
    push: (userId, event) => {
      const ring = rings.get(userId);
      if (!ring) return;
      ring.events.push(event);
      // Cut off now and then rather than each time: moving an array costs as much as it is long.
      if (ring.events.length >= 2 * size) ring.events = ring.events.slice(-size);
    },
    after: (userId, seq) => {
      const events = rings.get(userId)?.events.slice(-size) ?? [];
      const first = events[0];
      return first && first.seq <= seq + 1 ? events.filter((event) => event.seq > seq) : null;
    },
    forget: (before, at, listens) => {
      for (const [userId, ring] of rings) {
        if (listens(userId)) ring.seenAt = at;
        else if (ring.seenAt < before) rings.delete(userId);
      }
    },
  };
}
