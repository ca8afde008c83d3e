/**
 * Refusals of orders in Binance's codes and words, which programs that trade know: `details.venueCode` and
 * `details.words`.
 */
import { DomainError } from '../../domain/contract/errors';
import type { ErrorCode } from '../../domain/contract/errors';

interface VenueWords {
  readonly venueCode: number;
  readonly words?: string;
}
type Details = Readonly<Record<string, unknown>>;

/** By our code; a function where the details say which of several rules was broken. */
const VENUE_WORDS: Partial<Record<ErrorCode, VenueWords | ((details: Details) => VenueWords | undefined)>> = {
  POST_ONLY_REJECTED: { venueCode: -2010, words: 'Order would immediately match and take.' },
  WOULD_TRIGGER: { venueCode: -2010, words: 'Stop price would trigger immediately.' },
  INSUFFICIENT_FUNDS: { venueCode: -2010, words: 'Account has insufficient balance for requested action.' },
  BAD_ORDER: ({ reason }) =>
    reason === 'OCO_PRICES'
      ? { venueCode: -1158, words: 'The relationship of the prices for the orders is not correct.' }
      : { venueCode: -1102 },
  FILTER_FAILURE: ({ reason, filter }) =>
    reason === 'NOT_LOWER'
      ? { venueCode: -2038, words: 'The new quantity must be lower than the open one.' }
      : { venueCode: -1013, words: `Filter failure: ${String(filter)}` },
};

/** The same refusal with Binance's code and words in its details, where it has some; anything else as it is. */
export function withVenueCode(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const rule = VENUE_WORDS[error.code];
  const added = typeof rule === 'function' ? rule(error.details ?? {}) : rule;
  return added ? new DomainError(error.code, { ...added, ...error.details }) : error;
}
