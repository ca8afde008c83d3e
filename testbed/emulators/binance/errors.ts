/**
 * An answer of the venue that is not a success, with its HTTP status. Texts are the venue's own: clients match on
 * them.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    readonly msg: string,
    readonly retryAfter?: number,
    /** More than code and text: the two halves of a cancelReplace. */
    readonly data?: Readonly<Record<string, unknown>>,
  ) {
    super(msg);
  }
}

export const missing = (name: string): ApiError =>
  new ApiError(400, -1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
export const filterFailure = (name: string): ApiError => new ApiError(400, -1013, `Filter failure: ${name}`);
export const NO_ORDER = (): ApiError => new ApiError(400, -2013, 'Order does not exist.');
export const CANCEL_REJECTED = (): ApiError => new ApiError(400, -2011, 'Unknown order sent.');
export const INSUFFICIENT = (): ApiError =>
  new ApiError(400, -2010, 'Account has insufficient balance for requested action.');
export const DUPLICATE = (): ApiError => new ApiError(400, -2010, 'Duplicate order sent.');
export const TIMEOUT = (): ApiError =>
  new ApiError(
    503,
    -1007,
    'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
  );
export const BAD_SYMBOL = (): ApiError => new ApiError(400, -1121, 'Invalid symbol.');
export const BAD_KEY = (): ApiError => new ApiError(401, -2015, 'Invalid API-key, IP, or permissions for action.');
export const BAD_SIGNATURE = (): ApiError => new ApiError(400, -1022, 'Signature for this request is not valid.');
export const OUT_OF_WINDOW = (): ApiError =>
  new ApiError(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
