const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The lengths of candles; a month has its own. */
export const INTERVALS: Readonly<Record<string, number>> = {
  ...{ '1s': 1000, '1m': MINUTE, '3m': 3 * MINUTE, '5m': 5 * MINUTE, '15m': 15 * MINUTE, '30m': 30 * MINUTE },
  ...{ '1h': HOUR, '2h': 2 * HOUR, '4h': 4 * HOUR, '6h': 6 * HOUR, '8h': 8 * HOUR, '12h': 12 * HOUR },
  ...{ '1d': DAY, '3d': 3 * DAY, '1w': 7 * DAY, '1M': 31 * DAY },
};
/** Weeks begin on Mondays; the epoch was a Thursday. */
const MONDAY = 4 * DAY;

export const isInterval = (interval: string): boolean => Object.hasOwn(INTERVALS, interval);
/** The longest that one lasts, in milliseconds; undefined for names that are none. */
export const lengthOf = (interval: string): number | undefined =>
  isInterval(interval) ? INTERVALS[interval] : undefined;

/**
 * When the candle opens in which this time lies. Days, weeks and months begin at midnight of a clock that is `ahead` of
 * UTC (all in ms).
 */
export function openOf(interval: string, time: number, ahead = 0): number {
  const there = time + ahead;
  if (interval === '1M') {
    const date = new Date(there);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) - ahead;
  }
  const length = lengthOf(interval) ?? MINUTE;
  const first = interval === '1w' ? MONDAY : 0;
  return there - ((((there - first) % length) + length) % length) - ahead;
}

/** Its last millisecond. */
export function closeOf(interval: string, open: number, ahead = 0): number {
  if (interval !== '1M') return open + (lengthOf(interval) ?? MINUTE) - 1;
  const date = new Date(open + ahead);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - ahead - 1;
}

/** The offset of a `timeZone` (`8`, `-1:00`, `05:45`) in ms; undefined where it is none from -12:00 to +14:00. */
export function zoneOf(text: string): number | undefined {
  const found = /^([+-]?)(\d{1,2})(?::(\d{2}))?$/.exec(text);
  if (!found) return undefined;
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0);
  const offset = (found[1] === '-' ? -minutes : minutes) * MINUTE;
  return Number(found[3] ?? 0) < 60 && offset >= -12 * HOUR && offset <= 14 * HOUR ? offset : undefined;
}

/** The length of a rolling window (`15m`, `4h`, `7d`) in milliseconds; undefined where the venue has none such. */
export function windowOf(text: string): number | undefined {
  const found = /^(\d{1,2})([mhd])$/.exec(text);
  if (!found) return undefined;
  const [most, unit] = ({ m: [59, MINUTE], h: [23, HOUR], d: [7, DAY] } as const)[found[2] as 'm' | 'h' | 'd'];
  const count = Number(found[1]);
  return count >= 1 && count <= most ? count * unit : undefined;
}
