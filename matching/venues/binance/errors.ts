/** What a failed call to Binance means. Source of the classes: the venue's errors.md and its HTTP return codes. */
export type Failure =
  /** Definitely not executed. */
  | {
      readonly kind: 'refused';
      readonly code: number | null;
      readonly message: string;
      /** The venue asks to wait so long. */ readonly retryAfterMs?: number;
    }
  /** Nobody knows whether it was executed. */
  | { readonly kind: 'unknown'; readonly code: number | null; readonly message: string }
  /** Not executed, and no call may be made before this time (ms). */
  | {
      readonly kind: 'banned';
      readonly code: number | null;
      readonly message: string;
      readonly until: number;
      /** Our address is shut out, from everything. */ readonly isWhole: boolean;
    };

/** Execution unknown by the venue's own words: bus, engine and overload answers, and the catch-all. */
const UNKNOWN_CODES = new Set([-1000, -1001, -1006, -1007, -1008]);
const DEFAULT_BAN_MS = 5000;

interface Shape {
  readonly status?: number;
  readonly code?: number;
  readonly msg?: string;
  readonly retryAfterMs?: number;
}

/** Reads REST errors (axios, with `response`) and WebSocket API errors ({ status, error }) alike. */
function shapeOf(error: unknown): Shape {
  const thrown = error as {
    response?: { status?: number; data?: unknown; headers?: Record<string, string> };
    status?: number;
    error?: { code?: number; msg?: string; data?: { retryAfter?: number; serverTime?: number } };
  };
  if (thrown?.response) {
    const body = (typeof thrown.response.data === 'object' ? thrown.response.data : {}) as {
      code?: number;
      msg?: string;
    };
    const seconds = /^\d+$/.test(thrown.response.headers?.['retry-after'] ?? '')
      ? BigInt(thrown.response.headers?.['retry-after'] ?? '0')
      : undefined;
    return {
      status: thrown.response.status ?? 0,
      ...body,
      ...(seconds !== undefined && { retryAfterMs: Number(seconds) * 1000 }),
    };
  }
  if (thrown?.error && typeof thrown.error === 'object') {
    const { code, msg, data } = thrown.error;
    const wait =
      data?.retryAfter !== undefined && data.serverTime !== undefined ? data.retryAfter - data.serverTime : undefined;
    return {
      status: thrown.status ?? 0,
      ...(code !== undefined && { code }),
      ...(msg !== undefined && { msg }),
      ...(wait !== undefined && { retryAfterMs: wait }),
    };
  }
  return {};
}

/**
 * Classifies a failed call. Everything without a definite word of the venue is unknown; so is "Duplicate order sent.",
 * which says that an order with our id is open.
 */
export function failureOf(error: unknown, now: number): Failure {
  const { status, code, msg, retryAfterMs } = shapeOf(error);
  const message = msg ?? (error instanceof Error ? error.message : 'no answer');
  const known = typeof code === 'number' ? code : null;
  if (status === 418 || (status === 429 && known !== -1015)) {
    return {
      kind: 'banned',
      code: known,
      message,
      until: now + (retryAfterMs ?? DEFAULT_BAN_MS),
      isWhole: status === 418,
    };
  }
  // The venue's own rule: any 5xx means that the execution is unknown, whatever the body says.
  if (known === null || (status ?? 0) >= 500 || UNKNOWN_CODES.has(known))
    return { kind: 'unknown', code: known, message };
  if (known === -2010 && message.startsWith('Duplicate order')) return { kind: 'unknown', code: known, message };
  return { kind: 'refused', code: known, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** The venue's words for "no such order" on a query. */
export const NO_SUCH_ORDER = -2013;
/** No such symbol, in a request that may name many. */
export const BAD_SYMBOL = -1121;
/** The request's time is not the venue's. */
export const BAD_CLOCK = -1021;
/** More orders than the venue takes in a window of time. */
export const TOO_MANY_ORDERS = -1015;
/** The key is not good, or not good for this. */
export const BAD_KEY = -2015;
/** A filter of the market, which may have changed. */
export const FILTER = -1013;

/** A door that is not there at all: 404 without a word of the venue's own. */
export const isNoSuchDoor = (error: unknown): boolean => {
  const { status, code } = shapeOf(error);
  return status === 404 && code === undefined;
};
