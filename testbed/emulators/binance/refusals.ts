import { ApiError, INSUFFICIENT, TIMEOUT } from './errors';
import type { FaultName } from './fault-table';

const BUSY = (): ApiError =>
  new ApiError(503, -1008, 'Server is currently overloaded with other requests. Please try again in a few minutes.');
const TOO_MANY = (): ApiError =>
  new ApiError(429, -1015, 'Too many new orders; current limit is 100 orders per 10 SECOND.', 1);

/** Faults by which a call is answered with an error though nothing was done. */
export const INSTEAD: readonly [FaultName, () => ApiError][] = [
  ['timeout-not-executed', TIMEOUT],
  ['disconnected', () => new ApiError(500, -1001, 'Internal error; unable to process your request. Please try again.')],
  ['unknown-error', () => new ApiError(500, -1000, 'An unknown error occurred while processing the request.')],
  ['busy', BUSY],
  ['too-many-orders', TOO_MANY],
  ['insufficient', INSUFFICIENT],
];

/** Faults by which a call is answered with an error after it was done. */
export const AFTER: readonly [FaultName, () => ApiError][] = [
  ['timeout-executed', TIMEOUT],
  [
    'unexpected-executed',
    () =>
      new ApiError(500, -1006, 'An unexpected response was received from the message bus. Execution status unknown.'),
  ],
];

/** What a proxy or a firewall before the venue says. */
export class Page extends Error {
  constructor(
    readonly status: number,
    readonly html: string,
  ) {
    super(html);
  }
}

const page = (status: number, text: string): Page =>
  new Page(status, `<html><head><title>${status} ${text}</title></head><body>${status} ${text}</body></html>`);
export const BAD_GATEWAY = (): Page => page(502, 'Bad Gateway');
export const FORBIDDEN = (): Page => page(403, 'Forbidden');
