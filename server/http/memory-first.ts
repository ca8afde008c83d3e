/** What the shared count says of a key after some more of it was used. */
interface Shared {
  readonly consumedPoints: number;
  readonly msBeforeNext: number;
}

interface Used {
  points: number;
  ends: number;
  /** Not told to the shared count yet. */
  untold: number;
}

const TELL_AFTER_MS = 500;

/**
 * Counts in this process at once and tells the shared count a moment later, which answers what all processes used
 * together: a request waits for nobody. `share` adds to the shared count; it rejects with the same figures where that
 * is over. Answers the seconds to wait, 0 where the caller may go on.
 */
export function memoryFirst(
  most: number,
  windowMs: number,
  share: (key: string, points: number) => Promise<Shared>,
): (key: string, points: number) => number {
  const used = new Map<string, Used>();
  const untold = new Set<string>();
  const take = (key: string, told: Partial<Shared> | undefined): void => {
    const entry = used.get(key);
    if (!entry || told?.consumedPoints === undefined || told.msBeforeNext === undefined) return;
    entry.points = Math.max(entry.points, told.consumedPoints + entry.untold);
    entry.ends = performance.now() + told.msBeforeNext;
  };
  const tell = (): void => {
    for (const key of untold) {
      const entry = used.get(key);
      if (!entry) continue;
      const points = entry.untold;
      entry.untold = 0;
      const hear = (told: unknown): void => take(key, told as Partial<Shared>);
      // While nobody keeps the shared count this process goes by its own.
      share(key, points).then(hear, hear);
    }
    untold.clear();
    for (const [key, { ends }] of used) if (ends < performance.now()) used.delete(key);
  };
  return (key, points) => {
    const now = performance.now();
    let entry = used.get(key);
    if (!entry || entry.ends <= now) {
      entry = { points: 0, ends: now + windowMs, untold: 0 };
      used.set(key, entry);
    }
    entry.points += points;
    entry.untold += points;
    if (untold.size === 0) setTimeout(tell, TELL_AFTER_MS).unref();
    untold.add(key);
    return entry.points > most ? Math.ceil((entry.ends - now) / 1000) : 0;
  };
}
