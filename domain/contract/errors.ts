/**
 * Every refusal of the house, with what the API answers and whether the same request may succeed later. A code is
 * stable: programs match on it. The words are for people and are translated in the page by code.
 */
interface ErrorKind {
  readonly status: number;
  readonly message: string;
  /** May the same request be sent again, unchanged, with hope? */
  readonly retry: boolean;
}

const kind = (status: number, message: string, retry = false): ErrorKind => ({ status, message, retry });

export const ERRORS = {
  // request
  BAD_REQUEST: kind(400, 'The request is not valid.'),
  BAD_AMOUNT: kind(400, 'The amount is not a plain decimal number, or has too many decimals for this asset.'),
  IDEMPOTENCY_KEY_REQUIRED: kind(400, 'Send an Idempotency-Key header: 8 to 64 characters of A-Z a-z 0-9 _ -.'),
  BAD_CURSOR: kind(400, 'This cursor is none of this list. Begin again without one.'),
  MISDIRECTED: kind(421, 'This is not the address of the exchange.'),
  NOT_FOUND: kind(404, 'There is no such thing here.'),
  IDEMPOTENCY_KEY_REUSED: kind(422, 'This Idempotency-Key was used before with a different request.'),
  TOO_LARGE: kind(413, 'The request is too large.'),
  TOO_MANY_REQUESTS: kind(429, 'Too many requests. Wait a little and try again.', true),
  // who
  NOT_LOGGED_IN: kind(401, 'Log in first.'),
  BAD_CREDENTIALS: kind(401, 'The e-mail address or the password is wrong.'),
  FORBIDDEN: kind(403, 'This is not allowed for your account.'),
  SECOND_FACTOR_REQUIRED: kind(
    403,
    'Send the code of your authenticator, or the answer of a passkey; see `details`. An admin without a second factor sets one up first.',
  ),
  SECOND_FACTOR_WRONG: kind(403, 'This code is wrong, or was used before.'),
  SECOND_FACTOR_STATE: kind(409, 'The second factor is not in a state that allows this.'),
  CONFIRMATION_REQUIRED: kind(
    403,
    'Confirm this with a passkey: sign what `details` says, and send it again with the confirmation.',
  ),
  CONFIRMATION_REFUSED: kind(
    409,
    'The confirmation is not of this, or by none of the passkeys of the account; see `details`.',
  ),
  PASSKEY_STATE: kind(
    409,
    'This passkey cannot be added: it is one already, was not asked for, or the account has as many as it may.',
  ),
  WITHDRAWALS_OPEN: kind(
    409,
    'Wait until your withdrawals are through, or take them back: from the first passkey on each withdrawal is confirmed with one.',
  ),
  CSRF: kind(403, 'The request did not come from our page. Reload and try again.'),
  CHALLENGE_NEEDED: kind(
    401,
    'Too many log-ins of this account have failed. Solve the challenge in `details` and send its proof with the log-in.',
  ),
  PASSWORD_TOO_COMMON: kind(400, 'This password is among those that are guessed first. Choose another one.'),
  EMAIL_NOT_CONFIRMED: kind(
    403,
    'Confirm your e-mail address first: follow the link in the letter that we sent to it.',
  ),
  ACCOUNT_FROZEN: kind(
    403,
    'This account is frozen: nothing leaves it and no order is taken. Orders can be cancelled. Ask us to open it again.',
  ),
  KYC_REQUIRED: kind(403, 'Your identity must be approved before you can do this.'),
  KYC_STATE: kind(409, 'This identity application is not in a state that allows this.'),
  KYC_TWIN: kind(
    409,
    'Another account is of the same document or the same person. Say why this one may be approved; it takes two admins.',
  ),
  SELF_APPROVAL: kind(403, 'Nobody may approve their own request.'),
  AGE_LIMIT: kind(400, 'The exchange is open to people of 18 to 120 years. Check the date of birth.'),
  BAD_DOCUMENT: kind(
    400,
    'The document must be a JPEG or PNG of at most 25 million pixels, or a PDF of at most 4 pages; at most 8 MB.',
  ),
  // money
  INSUFFICIENT_FUNDS: kind(409, 'Your available balance is too small.'),
  AMOUNT_TOO_SMALL: kind(400, 'The amount is below the minimum.'),
  AMOUNT_TOO_LARGE: kind(400, 'The amount is above the maximum.'),
  UNKNOWN_ASSET: kind(400, 'This asset is not listed.'),
  UNKNOWN_NETWORK: kind(400, 'This asset does not exist on this network.'),
  UNKNOWN_MARKET: kind(400, 'There is no market between these assets.'),
  // swaps
  QUOTE_EXPIRED: kind(409, 'The quote has expired. Ask for a new one.'),
  QUOTE_USED: kind(409, 'This quote was accepted before.'),
  FUNDS_IN_TRANSIT: kind(409, 'The coins for this trade are still on their way to the venue. Try again shortly.', true),
  MARKET_CLOSED: kind(503, 'This market has no fresh price right now.', true),
  MARKET_HALTED: kind(503, 'Trading in this market is halted.', true),
  // orders: the server adds Binance's code and words to `details` ({ venueCode: -1013, words: 'Filter failure:
  // LOT_SIZE' })
  BAD_ORDER: kind(400, 'This kind of order needs other fields.'),
  FILTER_FAILURE: kind(400, 'The order breaks a rule of its market; see `details`.'),
  POST_ONLY_REJECTED: kind(409, 'Order would immediately match and take.'),
  WOULD_TRIGGER: kind(409, 'Order would trigger immediately.'),
  ORDER_STATE: kind(409, 'This order has ended or is not in a state that allows this.'),
  IN_FLIGHT: kind(409, 'This order is being executed at the venue right now. Try again in a moment.', true),
  // withdrawals
  BAD_ADDRESS: kind(400, 'This is not a valid address on this network.'),
  ADDRESS_DENIED: kind(400, 'Coins cannot be sent to this address.'),
  NEGATIVE_BALANCE: kind(
    409,
    'A deposit of yours left its chain after you had used it. What is owed must be covered before anything is withdrawn.',
  ),
  UNKNOWN_TIER: kind(400, 'The settings have no such tier.'),
  NO_PRICE: kind(
    503,
    'There is no price of this asset right now, so that it cannot be counted towards your limit. Try again later.',
    true,
  ),
  WITHDRAWALS_LOCKED: kind(
    409,
    'Nothing is withdrawn for a day after the second factor was removed or the password was changed; see `details`.',
  ),
  RECEIVED_RECENTLY: kind(409, 'What came from other users stays for a day before it may leave; see `details`.'),
  WITHDRAWAL_LIMIT: kind(409, 'This is more than you may withdraw in 24 hours; see `details`.'),
  MEMO_REQUIRED: kind(400, 'This network needs a memo to find the receiver.'),
  MEMO_NOT_SUPPORTED: kind(400, 'This network knows no memo; leave it out.'),
  APPROVAL_REFUSED: kind(409, 'The signer does not count this approval; see `details`.'),
  WITHDRAWAL_CHANGED: kind(
    409,
    'What is written of this withdrawal is not what was asked for. Nothing is paid; see `details`.',
  ),
  WITHDRAWAL_STATE: kind(409, 'This withdrawal is not in a state that allows this.'),
  // cold storage
  COLD_TRANSFER_STATE: kind(409, 'This transfer from cold storage is not in a state that allows this.'),
  BAD_PSBT: kind(400, 'This is not the transaction that was handed out, or a signature in it is not valid.'),
  // house
  OPERATOR_FUNDS_NOT_FOUND: kind(
    409,
    'No more can be booked than lies unexplained at our own address or at the venue.',
  ),
  NEEDS_OPERATOR_FUNDS: kind(409, 'The operator has to add funds for network fees first.', true),
  ASSET_PAUSED: kind(503, 'This asset is paused while a problem is looked into.', true),
  QUARANTINED: kind(409, 'This request could not be carried out and was set aside for the operator.'),
  BUSY: kind(503, 'The exchange is busy. Nothing was done; try again.', true),
  UNKNOWN_OUTCOME: kind(503, 'The outcome is not known yet. Ask again with the same Idempotency-Key.', true),
  INTERNAL: kind(
    500,
    'Something went wrong on our side. Nothing more is known; ask again with the same Idempotency-Key.',
    true,
  ),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** A refusal on its way to the edge, where one place turns it into `{ error: { code, message, details? } }`. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  constructor(
    readonly code: ErrorCode,
    readonly details?: Record<string, unknown>,
  ) {
    super(`${code}: ${ERRORS[code].message}`);
  }
}
