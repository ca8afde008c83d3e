/**
 * Where a fault has its chance: a new order, a cancel, any call, any answer that is told, an account's report, a
 * stream, an open socket (4 times a second), the world (4 times a second).
 */
export type Chance =
  'order' | 'cancel' | 'call' | 'rest' | 'answer' | 'report' | 'match' | 'stream' | 'socket' | 'connect' | 'world';

export interface FaultRow {
  readonly name: string;
  readonly at: Chance;
  /** What happens when it fires. */
  readonly does: string;
  /** How long that lasts unless told, in milliseconds, where it lasts. */
  readonly lasts?: number;
}

/**
 * Every fault there is. `match` narrows what one strikes: a part of the call's name, of a stream's, or of the
 * symbol's.
 */
export const FAULTS = [
  { name: 'reset-before', at: 'order', does: 'the connection is reset, nothing was done' },
  { name: 'reset-after', at: 'order', does: 'the connection is reset after it was done' },
  { name: 'timeout-executed', at: 'order', does: '-1007, and it was done' },
  { name: 'timeout-not-executed', at: 'order', does: '-1007, and nothing was done' },
  { name: 'unexpected-executed', at: 'order', does: '-1006, and it was done' },
  { name: 'disconnected', at: 'order', does: '-1001, and nothing was done' },
  { name: 'unknown-error', at: 'order', does: '-1000 with HTTP 500, and nothing was done' },
  { name: 'busy', at: 'order', does: '-1008 with HTTP 503, and nothing was done' },
  { name: 'too-many-orders', at: 'order', does: '-1015 with HTTP 429 and Retry-After' },
  { name: 'insufficient', at: 'order', does: '-2010: the account is short although it is not' },
  { name: 'answer-late', at: 'order', does: 'done at once, answered late', lasts: 12_000 },
  { name: 'bad-gateway', at: 'rest', does: 'HTTP 502 with an HTML body, nothing was done' },
  { name: 'bad-gateway-executed', at: 'order', does: 'HTTP 502 with an HTML body, and it was done (REST)' },
  { name: 'forbidden', at: 'rest', does: 'HTTP 403 with an HTML body: the firewall' },
  { name: 'rate-limit', at: 'call', does: '-1003 with HTTP 429 and Retry-After' },
  { name: 'ban', at: 'call', does: 'HTTP 418 with Retry-After for every call until it is over', lasts: 2000 },
  {
    name: 'clock-skew',
    at: 'call',
    does: "a signed call is refused with -1021, as if the venue's clock were otherwise",
  },
  {
    name: 'key-revoked',
    at: 'call',
    does: 'the key of a signed call is refused (-2015, HTTP 401) and its sessions are ended (id null, 401)',
    lasts: 2000,
  },
  { name: 'ws-silent', at: 'order', does: 'a WebSocket request is never answered, nothing was done' },
  { name: 'ws-silent-executed', at: 'order', does: 'a WebSocket request is done and never answered' },
  {
    name: 'day-close-in-order',
    at: 'order',
    does: 'the WebSocket is closed as after 24 hours, between the order and its answer',
  },
  { name: 'order-lag', at: 'match', does: 'a new order is not found by queries (-2013) for a while', lasts: 1500 },
  { name: 'partial-fill', at: 'match', does: 'an IOC order finds only half of the best level, the rest expires' },
  { name: 'thin-book', at: 'match', does: 'a MARKET order finds only half of the best level and expires' },
  { name: 'expired-in-match', at: 'match', does: 'an order is filled in part and ends EXPIRED_IN_MATCH' },
  { name: 'order-rejected', at: 'match', does: 'an order is accepted and ends REJECTED' },
  { name: 'cancel-filled', at: 'cancel', does: 'the order is filled before its cancel arrives: -2011' },
  { name: 'cancel-partly-filled', at: 'cancel', does: 'half of the order is filled before its cancel arrives' },
  { name: 'report-lost', at: 'report', does: "an order's reports are not sent" },
  { name: 'report-one-lost', at: 'report', does: "one of an order's reports is not sent" },
  { name: 'report-doubled', at: 'report', does: "each of an order's reports is sent twice" },
  { name: 'report-reordered', at: 'report', does: "an order's reports are sent last first" },
  { name: 'report-late', at: 'report', does: "an order's reports are sent late", lasts: 1500 },
  { name: 'depth-gap', at: 'stream', does: 'a depth update is left out' },
  { name: 'malformed-json', at: 'answer', does: 'an answer or event is cut off in the middle' },
  { name: 'unknown-fields', at: 'answer', does: 'an answer or event has fields that nobody knows' },
  { name: 'unknown-status', at: 'answer', does: "an order's status is NEW_STATUS_X" },
  { name: 'odd-numbers', at: 'answer', does: 'quantities are NaN or negative, ids above 2^53' },
  { name: 'huge-body', at: 'answer', does: 'an answer of ten megabytes' },
  { name: 'socket-cut', at: 'socket', does: 'a socket is cut without a word' },
  {
    name: 'socket-silent',
    at: 'socket',
    does: 'a socket stays open and is silent: no data, no answers, no pings, no pongs',
  },
  { name: 'day-close', at: 'socket', does: 'a socket is closed as after 24 hours' },
  {
    name: 'server-shutdown',
    at: 'socket',
    does: 'serverShutdown is told on a socket, which is closed after a while',
    lasts: 1000,
  },
  {
    name: 'user-stream-ended',
    at: 'socket',
    does: 'eventStreamTerminated: no more events of the account on a connection that stays',
  },
  { name: 'connect-refused', at: 'connect', does: 'a new WebSocket is refused with HTTP 503' },
  { name: 'symbol-halt', at: 'world', does: 'a symbol is HALT for a while', lasts: 2000 },
  { name: 'symbol-break', at: 'world', does: 'a symbol is BREAK for a while', lasts: 2000 },
  { name: 'symbol-cancel-only', at: 'world', does: 'a symbol is CANCEL_ONLY for a while', lasts: 2000 },
  {
    name: 'filter-change',
    at: 'world',
    does: "a symbol's lot step and tick are ten times as large for a while",
    lasts: 5000,
  },
  {
    name: 'monthly-reset',
    at: 'world',
    does: 'all orders and trades are gone, the first balances are back, ids begin anew',
  },
  { name: 'commission-bnb', at: 'world', does: 'commissions are taken in BNB (or no longer) for a while', lasts: 5000 },
  { name: 'fee-tier', at: 'world', does: 'commissions are half as much again for a while', lasts: 5000 },
  { name: 'foreign-trade', at: 'world', does: "somebody trades on the account by hand: an order of 'web_...'" },
  { name: 'foreign-withdrawal', at: 'world', does: 'somebody withdraws a hundredth of a coin by hand' },
  { name: 'exchange-cancels', at: 'world', does: 'an open order is ended by the venue (EXPIRED, EXCHANGE_CANCELED)' },
  { name: 'book-swept', at: 'world', does: 'half a percent of one side of a book is gone until it comes again' },
] as const satisfies readonly FaultRow[];

export type FaultName = (typeof FAULTS)[number]['name'];
export const FAULT_NAMES: readonly FaultName[] = FAULTS.map(({ name }) => name);
export const rowOf = (name: FaultName): FaultRow => FAULTS.find((row) => row.name === name) as FaultRow;
