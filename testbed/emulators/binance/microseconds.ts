import { ApiError } from './errors';

/** Fields of answers that are times. */
const TIMES = new Set([
  ...['time', 'timestamp', 'T', 'serverTime', 'openTime', 'closeTime', 'authorizedSince', 'connectedSince'],
  ...['updateTime', 'transactTime', 'workingTime', 'transactionTime'],
]);
/** Fields of an event that are times, by the event. The same letter is something else in another. */
const EVENT_TIMES: Readonly<Record<string, readonly string[]>> = {
  trade: ['E', 'T'],
  aggTrade: ['E', 'T'],
  avgPrice: ['E', 'T'],
  referencePrice: ['t'],
  '24hrTicker': ['E', 'O', 'C'],
  '1hTicker': ['E', 'O', 'C'],
  '4hTicker': ['E', 'O', 'C'],
  '1dTicker': ['E', 'O', 'C'],
  executionReport: ['E', 'T', 'O', 'W'],
  outboundAccountPosition: ['E', 'u'],
  balanceUpdate: ['E', 'T'],
  listStatus: ['E', 'T'],
};
/** Of a candle's row: when it opens and when it closes. */
const ROW_TIMES = [0, 6];
const CANDLE_ROUTES = ['GET /api/v3/klines', 'GET /api/v3/uiKlines'];

/** What is asked for by the REST header or by `timeUnit` in a socket's address; refused where it is neither unit. */
export function isInMicroseconds(unit: unknown): boolean {
  const name = typeof unit === 'string' ? unit.toUpperCase() : undefined;
  if (name === undefined || name === 'MILLISECOND') return false;
  if (name === 'MICROSECOND') return true;
  throw new ApiError(400, -1194, 'Invalid value for time unit; expected either MICROSECOND or MILLISECOND.');
}

/** Where there is no time the venue says -1. */
const finer = (time: unknown): unknown => (typeof time === 'number' && time >= 0 ? time * 1000 : time);

/** An answer of the API with its times in microseconds; those about capital know none. */
export function answerInMicroseconds(route: string, answer: unknown): unknown {
  if (route.includes(' /sapi/')) return answer;
  if (!CANDLE_ROUTES.includes(route)) return deeply(answer);
  const timed = (value: unknown, at: number): unknown => (ROW_TIMES.includes(at) ? finer(value) : value);
  return (answer as unknown[][]).map((row) => row.map(timed));
}

function deeply(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deeply);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, inner]) => [name, TIMES.has(name) ? finer(inner) : deeply(inner)]);
  return Object.fromEntries(fields);
}

/** An event of a stream with its times in microseconds. */
export function eventInMicroseconds(event: unknown): unknown {
  if (Array.isArray(event)) return event.map(eventInMicroseconds);
  const { e, k } = event as { e?: string; k?: Record<string, unknown> };
  if (e === undefined) return event;
  const times = EVENT_TIMES[e] ?? ['E'];
  const entries = Object.entries(event as object);
  const fields = entries.map(([name, value]) => [name, times.includes(name) ? finer(value) : value]);
  const told = Object.fromEntries(fields) as Record<string, unknown>;
  return k ? { ...told, k: { ...k, t: finer(k.t), T: finer(k.T) } } : told;
}
