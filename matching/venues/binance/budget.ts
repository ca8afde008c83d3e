import type { Clock } from '../../../domain/clock-and-ids';

/**
 * A limit as the venue tells it: in `exchangeInfo`, and with what is used (`count`) in answers of the WebSocket API.
 */
export interface VenueLimit {
  readonly rateLimitType: string;
  readonly interval: string;
  readonly intervalNum: number;
  readonly limit: number;
  readonly count?: number;
}

/** What is used of the venue's limits, whichever door was asked: they are counted together. */
export interface Budget {
  /** Takes the limits that `exchangeInfo` tells. */
  limits(rows: readonly VenueLimit[]): void;
  /** Takes what an answer says is used. */
  heard(rows: readonly VenueLimit[]): void;
  /** One more request goes out. */
  sent(): void;
  /** Per cent that is used of the scarcer of weight and requests. */
  share(): number;
  /** False while the venue would take no further order. */
  mayOrder(): boolean;
  /** The venue has refused an order for their number: none until this time (ms). */
  ordersRefused(until: number): void;
  /** The most of a kind that a window of so many ms may have; undefined where the venue tells none. */
  most(rateLimitType: string, windowMs: number): number | undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 };
const TEN_SECONDS = 10_000;

/** What the venue has long allowed, until it was asked. */
const FIRST: readonly VenueLimit[] = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
  { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
  { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 61_000 },
];

interface Window {
  readonly kind: string;
  readonly length: number;
  limit: number;
  at: number;
  used: number;
}

const lengthOf = ({ interval, intervalNum }: VenueLimit): number => (UNIT_MS[interval] ?? 0) * intervalNum;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export function createBudget(clock: Clock): Budget {
  let ordersFrom = 0;
  const windows = new Map<string, Window>();
  /** The window of a row as it is now; windows are those of the clock. */
  const windowOf = (row: VenueLimit): Window | undefined => {
    const length = lengthOf(row);
    if (!(length > 0) || typeof row.rateLimitType !== 'string') return undefined;
    const key = `${row.rateLimitType} ${length}`;
    const window = windows.get(key) ?? { kind: row.rateLimitType, length, limit: row.limit, at: 0, used: 0 };
    windows.set(key, window);
    return current(window);
  };
  const current = (window: Window): Window => {
    const now = clock.now();
    const at = now - (now % window.length);
    return at === window.at ? window : Object.assign(window, { at, used: 0 });
  };
  const of = (kind: string): Window[] => [...windows.values()].filter((window) => window.kind === kind).map(current);
  const limits = (rows: readonly VenueLimit[]): void => {
    for (const row of Array.isArray(rows) ? rows : []) {
      const window = isCount(row.limit) && row.limit > 0 ? windowOf(row) : undefined;
      if (window) window.limit = row.limit;
    }
  };
  limits(FIRST);

  return {
    limits,
    heard: (rows) => {
      for (const row of Array.isArray(rows) ? rows : []) {
        const window = isCount(row.count) && isCount(row.limit) && row.limit > 0 ? windowOf(row) : undefined;
        // Weight only grows within its window, while answers may come out of order; orders that are filled are counted
        // back.
        const used = row.count as number;
        if (window && (row.rateLimitType === 'ORDERS' || used > window.used)) window.used = used;
      }
    },
    sent: () => {
      for (const window of of('RAW_REQUESTS')) window.used++;
    },
    share: () => {
      const shares = [...of('REQUEST_WEIGHT'), ...of('RAW_REQUESTS')].map(({ used, limit }) => (used * 100) / limit);
      return shares.reduce((most, share) => (share > most ? share : most), 0);
    },
    mayOrder: () => clock.now() >= ordersFrom && of('ORDERS').every(({ used, limit }) => used < limit),
    ordersRefused: (until) => {
      ordersFrom = until > ordersFrom ? until : ordersFrom;
    },
    most: (kind, windowMs) => of(kind).find(({ length }) => length === windowMs)?.limit,
  };
}

/** Orders that the venue takes in ten seconds. */
export const ordersOf = (budget: Budget): number | undefined => budget.most('ORDERS', TEN_SECONDS);
