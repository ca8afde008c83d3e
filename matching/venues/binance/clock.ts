import type { Clock } from '../../../domain/clock-and-ids';
import type { Logger } from '../../../domain/contract/ports';
import type { Rest } from './rest';

/** Less than this is the network's doing and is left alone. */
const NOTICED_MS = 250;
/** Further than this something is wrong with one of the two clocks, and nobody guesses with which. */
export const MOST_OFF_MS = 60_000;
const READINGS = 3;

export interface VenueClock {
  now(): number;
  /** How far the venue is ahead of us (ms). */
  ahead(): number;
  /** Reads the venue's clock anew; many at once are one. Rejects when it cannot be read, or is too far off. */
  sync(): Promise<void>;
  onChange(listener: (aheadMs: number) => void): void;
}

/**
 * How far the venue's clock is ahead, measured over the quickest of a few questions. It goes into the timestamp that is
 * stored with an order, never into a request behind its back.
 */
export function createVenueClock(rest: Rest, deps: { clock: Clock; logger: Logger }): VenueClock {
  const listeners: ((aheadMs: number) => void)[] = [];
  let ahead = 0;
  let syncing: Promise<void> | undefined;

  const read = async (): Promise<{ took: number; ahead: number }> => {
    const sent = deps.clock.now();
    // Not getServerTime(): the SDK sends that one to the real exchange, whatever the configured address.
    const { serverTime } = (await rest.call(true, () => rest.trading.get('api/v3/time'))) as unknown as {
      serverTime: unknown;
    };
    if (typeof serverTime !== 'number' || !(serverTime > 0)) throw new Error('the venue did not tell its time');
    const took = deps.clock.now() - sent;
    const half = (took - (took % 2)) / 2;
    return { took, ahead: serverTime - sent - half };
  };

  const measure = async (): Promise<void> => {
    const readings: { took: number; ahead: number }[] = [];
    while (readings.length < READINGS) readings.push(await read());
    const best = readings.reduce((one, other) => (other.took < one.took ? other : one));
    const off = best.ahead < 0 ? -best.ahead : best.ahead;
    if (off > MOST_OFF_MS)
      throw new Error(`this machine's clock is ${best.ahead} ms off the venue's: set it right (NTP) and start again`);
    const next = off < NOTICED_MS ? 0 : best.ahead;
    if (next !== ahead)
      deps.logger.warn(
        { event: 'venue.clock_differs', aheadMs: next },
        "the venue's clock is not ours: its time is used for what it reads",
      );
    ahead = next;
    rest.trading.setTimeOffset(ahead);
    rest.treasury.setTimeOffset(ahead);
    for (const listener of listeners) listener(ahead);
    deps.logger.info({ aheadMs: ahead }, "the venue's clock was read");
  };

  return {
    now: () => deps.clock.now() + ahead,
    ahead: () => ahead,
    sync: () => {
      syncing ??= measure().finally(() => {
        syncing = undefined;
      });
      return syncing;
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
