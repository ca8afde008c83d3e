/** Every endpoint of the API, once: the server mounts it, the document is built from it, the tests walk it. */
import { z } from 'zod';
import type { ErrorCode } from '../errors';
import * as accounts from './accounts';
import * as approvals from './approvals';
import * as admin from './admin';
import * as cold from './cold';
import { balanceView } from './balances';
import { byId, listOf, nothing, page, pageOf } from './common';
import * as deposits from './deposits';
import * as kyc from './kyc';
import * as markets from './markets';
import * as orders from './orders';
import * as passkeys from './passkeys';
import * as proof from './proof';
import * as secondFactor from './second-factor';
import * as security from './security';
import * as swaps from './swaps';
import * as tiers from './tiers';
import * as withdrawals from './withdrawals';

/**
 * public: anybody. user: logged in. confirmed: with an address that is known to be theirs. verified: identity
 * approved. active: and not frozen. admin: an operator.
 */
export type Access = 'public' | 'user' | 'confirmed' | 'verified' | 'active' | 'admin';
export type LimitName = 'login' | 'register' | 'document' | 'quote' | 'change' | 'order' | 'read';
export type Method = 'get' | 'post' | 'delete';

export interface Endpoint {
  readonly method: Method;
  /** Below /api, in the manner of express. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly limit: LimitName;
  readonly status: 200 | 201 | 202;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  /**
   * multipart: the body's fields and a file `document`. optional-json: no body at all is an empty one. long-json: up
   * to a megabyte, read only after its sender is known.
   */
  readonly carries: 'json' | 'optional-json' | 'long-json' | 'multipart' | 'nothing';
  /** Needs the Idempotency-Key header. */
  readonly idempotent: boolean;
  /** `file`: bytes, not JSON. */
  readonly answers: z.ZodType | 'file';
  readonly refuses: readonly ErrorCode[];
  /** The security event that each answer of it is: done, or refused for who asked. */
  readonly event: security.SecurityEventKind | null;
}

const none = z.strictObject({});
const DEFAULTS = {
  method: 'get',
  access: 'user',
  limit: 'read',
  status: 200,
  params: none,
  query: z.object({}),
  body: z.unknown(),
  carries: 'nothing',
  idempotent: false,
  refuses: [],
  event: null,
} as const;

const CHANGES = { ...DEFAULTS, method: 'post', limit: 'change' } as const;

/** `Rest` over `Base`, as a spread does it. */
type Over<Base, Rest> = Omit<Base, keyof Rest> & Rest & { path: string; summary: string };
const get = <const T extends object>(path: string, summary: string, rest: T): Over<typeof DEFAULTS, T> => ({
  ...DEFAULTS,
  path,
  summary,
  ...rest,
});
const post = <const T extends object>(path: string, summary: string, rest: T): Over<typeof CHANGES, T> => ({
  ...CHANGES,
  path,
  summary,
  ...rest,
});

const ADMIN = { access: 'admin' } as const;
const decide = { ...ADMIN, params: byId, answers: nothing } as const;

const ORDER_REFUSALS = [
  'UNKNOWN_MARKET',
  'MARKET_CLOSED',
  'MARKET_HALTED',
  'BAD_ORDER',
  'FILTER_FAILURE',
  'POST_ONLY_REJECTED',
  'WOULD_TRIGGER',
  'INSUFFICIENT_FUNDS',
  'FUNDS_IN_TRANSIT',
  'IDEMPOTENCY_KEY_REUSED',
  'BUSY',
  'UNKNOWN_OUTCOME',
] as const;

export const ENDPOINTS = {
  register: post(
    '/accounts',
    'Ask for an account: a letter goes to the address, whoever asked and whether it has one already',
    {
      access: 'public',
      limit: 'register',
      status: 202,
      carries: 'json',
      body: accounts.register,
      answers: nothing,
      event: 'account.open',
      refuses: ['PASSWORD_TOO_COMMON', 'BUSY'],
    },
  ),
  confirmAccount: post('/accounts/confirm', 'Confirm the e-mail address with the token of the letter', {
    access: 'public',
    carries: 'json',
    body: accounts.withToken,
    answers: nothing,
    event: 'account.confirm',
    refuses: ['NOT_FOUND'],
  }),
  resendLetter: post('/accounts/resend', 'Send the letter once more, if there is an account that waits for it', {
    access: 'public',
    limit: 'register',
    status: 202,
    carries: 'json',
    body: accounts.withEmail,
    answers: nothing,
  }),
  login: post('/session', 'Log in', {
    access: 'public',
    limit: 'login',
    carries: 'json',
    body: accounts.login,
    answers: accounts.sessionView,
    refuses: ['BAD_CREDENTIALS', 'CHALLENGE_NEEDED', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG', 'BUSY'],
    event: 'log-in',
  }),
  logout: post('/session', 'Log out', { method: 'delete', answers: nothing, event: 'log-out' }),
  session: get('/session', 'Who am I', { access: 'public', answers: accounts.sessionView }),
  sessions: get('/sessions', 'My log-ins that have not ended, newest first', {
    query: accounts.sessionsQuery,
    answers: pageOf(accounts.sessionItem),
    refuses: ['BAD_CURSOR'],
  }),
  endSession: post('/sessions/:id', 'End one of my log-ins', {
    method: 'delete',
    params: byId,
    answers: nothing,
    event: 'session.end',
    refuses: ['NOT_FOUND'],
  }),
  endOtherSessions: post('/sessions', 'End all my log-ins but this one', {
    method: 'delete',
    answers: nothing,
    event: 'session.end-others',
  }),
  changePassword: post(
    '/account/password',
    'Change my password; all other log-ins end, and nothing is withdrawn for a day',
    {
      limit: 'login',
      carries: 'json',
      body: accounts.changePassword,
      answers: nothing,
      event: 'password.change',
      refuses: ['BAD_CREDENTIALS', 'PASSWORD_TOO_COMMON', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG', 'BUSY'],
    },
  ),
  freeze: post('/account/freeze', 'Freeze my account: nothing leaves it, and no order is taken', {
    carries: 'json',
    body: none,
    answers: nothing,
    event: 'account.freeze',
  }),
  freezeLink: get('/account/freeze/:token', 'Whether the link of a letter can freeze its account', {
    access: 'public',
    params: accounts.withToken,
    answers: nothing,
    refuses: ['NOT_FOUND'],
  }),
  freezeByLink: post('/account/freeze/:token', 'Freeze the account whose letter the link was in', {
    access: 'public',
    carries: 'json',
    params: accounts.withToken,
    body: none,
    answers: nothing,
    event: 'account.freeze',
    refuses: ['NOT_FOUND'],
  }),
  setFrozen: post('/admin/users/:id/freeze', 'Freeze an account, or open it again', {
    ...decide,
    carries: 'json',
    body: accounts.setFrozen,
    event: 'account.freeze',
    refuses: ['NOT_FOUND', 'SELF_APPROVAL'],
  }),
  applyKyc: post('/kyc', 'Send an identity application with a document', {
    access: 'confirmed',
    limit: 'document',
    status: 201,
    carries: 'multipart',
    body: kyc.applyKyc,
    answers: kyc.kycView,
    refuses: ['KYC_STATE', 'BAD_DOCUMENT', 'AGE_LIMIT'],
    event: 'identity.submit',
  }),
  kyc: get('/kyc', 'My identity application', { answers: kyc.kycView }),
  assets: get('/assets', 'Assets, networks, fees and markets', { access: 'public', answers: markets.assetsView }),
  tickers: get('/tickers', 'Best prices of each market', { access: 'public', answers: listOf(markets.tickerView) }),
  balances: get('/balances', 'My balances', { answers: listOf(balanceView) }),
  depositAddress: post('/deposit-addresses', 'My own address on a network', {
    access: 'verified',
    carries: 'json',
    body: deposits.askAddress,
    answers: deposits.depositAddressView,
    refuses: ['UNKNOWN_NETWORK'],
  }),
  deposits: get('/deposits', 'My deposits', { query: deposits.depositsQuery, answers: pageOf(deposits.depositView) }),
  quote: post('/quotes', 'A price to swap at, valid for seconds', {
    access: 'active',
    limit: 'quote',
    status: 201,
    carries: 'json',
    body: swaps.askQuote,
    answers: swaps.quoteView,
    refuses: ['MARKET_CLOSED', 'MARKET_HALTED', 'UNKNOWN_MARKET', 'AMOUNT_TOO_SMALL', 'AMOUNT_TOO_LARGE', 'BAD_AMOUNT'],
  }),
  acceptQuote: post('/swaps', 'Accept a quote', {
    access: 'active',
    status: 201,
    carries: 'json',
    idempotent: true,
    body: swaps.acceptQuote,
    answers: swaps.swapDetailView,
    refuses: [
      'QUOTE_EXPIRED',
      'QUOTE_USED',
      'FUNDS_IN_TRANSIT',
      'INSUFFICIENT_FUNDS',
      'MARKET_CLOSED',
      'IDEMPOTENCY_KEY_REUSED',
      'UNKNOWN_OUTCOME',
    ],
  }),
  swaps: get('/swaps', 'My swaps', { query: swaps.swapsQuery, answers: pageOf(swaps.swapView) }),
  swap: get('/swaps/:id', 'One swap, with what happened at the venue', {
    params: byId,
    answers: swaps.swapDetailView,
    refuses: ['NOT_FOUND'],
  }),
  askWithdrawal: post('/withdrawals', 'Ask for a withdrawal', {
    access: 'active',
    status: 201,
    carries: 'json',
    idempotent: true,
    body: withdrawals.askWithdrawal,
    answers: withdrawals.withdrawalView,
    refuses: [
      'UNKNOWN_ASSET',
      'UNKNOWN_NETWORK',
      'BAD_ADDRESS',
      'ADDRESS_DENIED',
      'BAD_AMOUNT',
      'AMOUNT_TOO_SMALL',
      'INSUFFICIENT_FUNDS',
      'ASSET_PAUSED',
      'NEGATIVE_BALANCE',
      'NO_PRICE',
      'WITHDRAWAL_LIMIT',
      'WITHDRAWALS_LOCKED',
      'RECEIVED_RECENTLY',
      'MEMO_REQUIRED',
      'MEMO_NOT_SUPPORTED',
      'SECOND_FACTOR_REQUIRED',
      'SECOND_FACTOR_WRONG',
      'CONFIRMATION_REQUIRED',
      'CONFIRMATION_REFUSED',
      'IDEMPOTENCY_KEY_REUSED',
      'UNKNOWN_OUTCOME',
    ],
    event: 'withdrawal.request',
  }),
  withdrawalLimits: get('/withdrawal-limits', 'What I may still withdraw within 24 hours', {
    answers: withdrawals.withdrawalLimitsView,
  }),
  myTier: get('/tier', 'My tier: its limit of 24 hours, what of it is used, and what each tier asks for', {
    answers: tiers.myTierView,
  }),
  knownAddresses: get(
    '/withdrawal-addresses',
    'My address book: where coins of mine were paid to and what I wrote down, and since when',
    { query: withdrawals.knownAddressesQuery, answers: pageOf(withdrawals.knownAddressView) },
  ),
  knowAddress: post('/withdrawal-addresses', 'Write an address into my book; its cool-off of a day begins', {
    access: 'active',
    status: 201,
    carries: 'json',
    body: withdrawals.knownAddress,
    answers: withdrawals.knownAddressView,
    refuses: ['UNKNOWN_NETWORK', 'BAD_ADDRESS', 'ADDRESS_DENIED', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG'],
    event: 'address.add',
  }),
  forgetAddress: post('/withdrawal-addresses/forget', 'Take an address out of my book, in any of its spellings', {
    carries: 'json',
    body: withdrawals.knownAddress,
    answers: nothing,
    refuses: ['NOT_FOUND'],
    event: 'address.remove',
  }),
  secondFactor: get('/second-factor', 'Whether I have a second factor', { answers: secondFactor.secondFactorView }),
  beginSecondFactor: post('/second-factor', 'Begin a second factor: the secret for an authenticator', {
    access: 'confirmed',
    carries: 'json',
    limit: 'login',
    body: secondFactor.withPassword,
    answers: secondFactor.enrolAnswer,
    refuses: ['SECOND_FACTOR_STATE', 'BAD_CREDENTIALS'],
    event: 'second-factor.begin',
  }),
  confirmSecondFactor: post(
    '/second-factor/confirm',
    'Put it in force with a code of it; answers recovery codes, shown once',
    {
      limit: 'login',
      carries: 'json',
      body: secondFactor.withCode,
      answers: secondFactor.recoveryView,
      refuses: ['SECOND_FACTOR_STATE', 'SECOND_FACTOR_WRONG'],
      event: 'second-factor.confirm',
    },
  ),
  removeSecondFactor: post('/second-factor/remove', 'Give it up, with a code of it', {
    limit: 'login',
    carries: 'json',
    body: secondFactor.withCode,
    answers: nothing,
    refuses: ['SECOND_FACTOR_STATE', 'SECOND_FACTOR_WRONG'],
    event: 'second-factor.remove',
  }),
  passkeys: get('/passkeys', 'My passkeys', { answers: passkeys.passkeysView }),
  beginPasskey: post(
    '/passkeys/options',
    'What to ask an authenticator for; takes the second factor, or the password where there is none, before the first passkey',
    {
      access: 'confirmed',
      limit: 'login',
      carries: 'json',
      body: passkeys.beginPasskey,
      answers: passkeys.passkeyOptions,
      refuses: ['BAD_CREDENTIALS', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG', 'PASSKEY_STATE', 'BUSY'],
    },
  ),
  addPasskey: post(
    '/passkeys',
    'Add a passkey; confirmed by one that I have, where I have one. All other log-ins end',
    {
      access: 'confirmed',
      limit: 'login',
      status: 201,
      carries: 'json',
      body: passkeys.addPasskey,
      answers: passkeys.passkeyView,
      refuses: ['PASSKEY_STATE', 'WITHDRAWALS_OPEN', 'CONFIRMATION_REQUIRED', 'CONFIRMATION_REFUSED', 'BUSY'],
      event: 'passkey.add',
    },
  ),
  renamePasskey: post('/passkeys/:id', 'Give a passkey another name', {
    params: passkeys.byPasskeyId,
    carries: 'json',
    body: passkeys.renamePasskey,
    answers: passkeys.passkeyView,
    refuses: ['NOT_FOUND'],
    event: 'passkey.rename',
  }),
  removePasskey: post(
    '/passkeys/:id/remove',
    'Give up a passkey, confirmed by one of mine; all other log-ins end, and nothing is withdrawn for a day',
    {
      limit: 'login',
      params: passkeys.byPasskeyId,
      carries: 'json',
      body: passkeys.removePasskey,
      answers: nothing,
      refuses: ['NOT_FOUND', 'CONFIRMATION_REQUIRED', 'CONFIRMATION_REFUSED', 'BUSY'],
      event: 'passkey.remove',
    },
  ),
  withdrawals: get('/withdrawals', 'My withdrawals', {
    query: withdrawals.withdrawalsQuery,
    answers: pageOf(withdrawals.withdrawalView),
  }),
  withdrawal: get('/withdrawals/:id', 'One withdrawal', {
    params: byId,
    answers: withdrawals.withdrawalView,
    refuses: ['NOT_FOUND'],
  }),
  cancelWithdrawal: post('/withdrawals/:id', 'Take back a withdrawal that was not decided yet', {
    method: 'delete',
    params: byId,
    answers: withdrawals.withdrawalView,
    refuses: ['NOT_FOUND', 'WITHDRAWAL_STATE'],
    event: 'withdrawal.cancel',
  }),
  placeOrder: post('/orders', 'Place an order; the Idempotency-Key is its client order id', {
    access: 'active',
    limit: 'order',
    status: 201,
    carries: 'json',
    idempotent: true,
    body: orders.placeOrder,
    answers: orders.orderView,
    refuses: ORDER_REFUSALS,
  }),
  placeOrders: post('/orders/batch', 'Place up to 20 orders, each with its own client order id and its own answer', {
    access: 'active',
    limit: 'order',
    carries: 'json',
    body: orders.placeOrders,
    answers: listOf(orders.orderAnswer),
    refuses: [],
  }),
  placeOco: post('/orders/oco', 'Place a limit order and a stop order, one of which cancels the other', {
    access: 'active',
    limit: 'order',
    status: 201,
    carries: 'json',
    idempotent: true,
    body: orders.placeOco,
    answers: orders.ocoView,
    refuses: ORDER_REFUSALS,
  }),
  orders: get('/orders', 'My orders, open or ended', { query: orders.ordersQuery, answers: pageOf(orders.orderView) }),
  orderByClientId: get('/orders/by-client-id/:clientOrderId', 'One order by the id its sender gave it', {
    params: orders.byClientOrderId,
    answers: orders.orderView,
    refuses: ['NOT_FOUND'],
  }),
  order: get('/orders/:id', 'One order', { params: byId, answers: orders.orderView, refuses: ['NOT_FOUND'] }),
  cancelOrders: post('/orders', 'Cancel all my open orders of a market', {
    method: 'delete',
    limit: 'order',
    query: orders.bySymbol,
    answers: orders.cancelAllView,
    refuses: ['UNKNOWN_MARKET', 'MARKET_HALTED', 'UNKNOWN_OUTCOME'],
  }),
  cancelOrder: post('/orders/:id', 'Cancel an order; 202 while it is in flight: it is cancelled when it comes back', {
    method: 'delete',
    limit: 'order',
    params: byId,
    answers: orders.orderView,
    refuses: ['NOT_FOUND', 'ORDER_STATE', 'MARKET_HALTED', 'UNKNOWN_OUTCOME'],
  }),
  amendOrder: post('/orders/:id/amend', 'Lower the quantity of an order; it keeps its place in the queue', {
    limit: 'order',
    carries: 'json',
    idempotent: true,
    params: byId,
    body: orders.amendOrder,
    answers: orders.orderView,
    refuses: ['NOT_FOUND', 'ORDER_STATE', 'IN_FLIGHT', 'FILTER_FAILURE', 'IDEMPOTENCY_KEY_REUSED', 'UNKNOWN_OUTCOME'],
  }),
  replaceOrder: post('/orders/:id/replace', 'Cancel an order and place another in one step', {
    access: 'active',
    limit: 'order',
    status: 201,
    carries: 'json',
    idempotent: true,
    params: byId,
    body: orders.replaceOrder,
    answers: orders.replaceView,
    refuses: [...ORDER_REFUSALS, 'NOT_FOUND', 'ORDER_STATE', 'IN_FLIGHT'],
  }),
  fills: get('/trades', 'My trades', { query: orders.fillsQuery, answers: pageOf(orders.fillView) }),
  fees: get('/fees', 'My rates in each market', { answers: listOf(orders.feeView) }),
  depth: get('/markets/:symbol/depth', 'The book of a market', {
    access: 'public',
    params: orders.bySymbol,
    query: markets.depthQuery,
    answers: markets.depthView,
    refuses: ['UNKNOWN_MARKET'],
  }),
  marketTrades: get('/markets/:symbol/trades', 'The latest trades of a market, newest first', {
    access: 'public',
    params: orders.bySymbol,
    query: markets.tradesQuery,
    answers: listOf(markets.publicTradeView),
    refuses: ['UNKNOWN_MARKET'],
  }),
  candles: get('/markets/:symbol/candles', 'Candles of a market, oldest first', {
    access: 'public',
    params: orders.bySymbol,
    query: markets.candlesQuery,
    answers: listOf(markets.candleView),
    refuses: ['UNKNOWN_MARKET', 'MARKET_CLOSED'],
  }),
  proof: get('/proof', 'The newest proof of what is owed and what covers it, as it was signed', {
    access: 'public',
    answers: proof.proofView,
    refuses: ['NOT_FOUND'],
  }),
  proofLeaf: get('/proof/leaf', 'My leaf in it, with the way to the root', {
    answers: proof.proofLeafView,
    refuses: ['NOT_FOUND'],
  }),
  adminRouting: get('/admin/routing', 'How orders were routed', { ...ADMIN, answers: listOf(orders.routingView) }),
  setMarket: post('/admin/markets/:symbol', 'Open or close a market, or keep it to our own book', {
    ...ADMIN,
    params: orders.bySymbol,
    carries: 'json',
    body: markets.setMarket,
    idempotent: true,
    answers: nothing,
    refuses: ['UNKNOWN_MARKET'],
  }),
  adminKyc: get('/admin/kyc', 'Identity applications', {
    ...ADMIN,
    query: kyc.adminKycQuery,
    answers: pageOf(kyc.adminKycView),
  }),
  adminKycDocument: get(
    '/admin/kyc/:id/document',
    'The document of an application, as an attachment; looking is recorded',
    {
      ...ADMIN,
      params: byId,
      answers: 'file',
      refuses: ['NOT_FOUND'],
      event: 'identity.view-document',
    },
  ),
  approveKyc: post('/admin/kyc/:id/approve', 'Approve an identity', {
    ...decide,
    carries: 'optional-json',
    body: kyc.approveKyc,
    answers: kyc.decidedKyc,
    refuses: ['NOT_FOUND', 'KYC_STATE', 'KYC_TWIN', 'SELF_APPROVAL'],
    event: 'identity.approve',
  }),
  refuseKyc: post('/admin/kyc/:id/refuse', 'Refuse an identity', {
    ...decide,
    carries: 'json',
    body: kyc.refusal,
    refuses: ['NOT_FOUND', 'KYC_STATE', 'SELF_APPROVAL'],
    event: 'identity.refuse',
  }),
  adminWithdrawals: get('/admin/withdrawals', 'Withdrawals', {
    ...ADMIN,
    query: withdrawals.adminWithdrawalsQuery,
    answers: pageOf(withdrawals.adminWithdrawalView),
  }),
  approveWithdrawal: post(
    '/admin/withdrawals/:id/approve',
    'Approve a withdrawal with a signature; it is paid when enough admins have',
    {
      ...decide,
      carries: 'json',
      body: approvals.approval,
      answers: approvals.approvalProgress,
      refuses: [
        'NOT_FOUND',
        'WITHDRAWAL_STATE',
        'SELF_APPROVAL',
        'ASSET_PAUSED',
        'APPROVAL_REFUSED',
        'CONFIRMATION_REFUSED',
        'WITHDRAWAL_CHANGED',
        'BUSY',
      ],
      event: 'withdrawal.approve',
    },
  ),
  approvalKeys: get('/admin/approval-keys', 'Public keys of admins, and which of them the signer knows', {
    ...ADMIN,
    answers: listOf(approvals.approvalKeyView),
    refuses: ['BUSY'],
  }),
  offerApprovalKey: post(
    '/admin/approval-keys',
    'Offer my public key; it counts when an operator has enrolled it at the signer',
    {
      ...ADMIN,
      status: 201,
      carries: 'json',
      body: approvals.offerKey,
      answers: approvals.approvalKeyView,
      refuses: ['FORBIDDEN', 'BUSY'],
      event: 'approval-key.offer',
    },
  ),
  refuseWithdrawal: post('/admin/withdrawals/:id/refuse', 'Refuse a withdrawal', {
    ...decide,
    carries: 'json',
    body: kyc.refusal,
    refuses: ['NOT_FOUND', 'WITHDRAWAL_STATE', 'SELF_APPROVAL'],
    event: 'withdrawal.refuse',
  }),
  pauseAsset: post('/admin/assets/:asset/pause', 'Stop the withdrawals of an asset, or let them go on', {
    ...ADMIN,
    params: admin.byAsset,
    carries: 'json',
    body: admin.pauseAsset,
    idempotent: true,
    answers: nothing,
    refuses: ['UNKNOWN_ASSET'],
  }),
  reconciliation: get('/admin/reconciliation', 'The books against the chains and Binance, as last compared', {
    ...ADMIN,
    answers: admin.reconciliationView,
  }),
  cold: get('/admin/cold', 'Cold storage: what lies there, and what is on its way from there', {
    ...ADMIN,
    answers: cold.coldView,
  }),
  planCold: post('/admin/cold/transfers', 'Ask those who hold the keys of cold storage for coins', {
    ...ADMIN,
    carries: 'json',
    body: cold.planCold,
    status: 201,
    answers: byId,
    refuses: ['UNKNOWN_NETWORK', 'UNKNOWN_ASSET', 'INSUFFICIENT_FUNDS', 'NEEDS_OPERATOR_FUNDS', 'ASSET_PAUSED'],
  }),
  gatherCold: post('/admin/cold/transfers/:id/psbt', 'Bring back what a holder of keys signed', {
    ...decide,
    carries: 'long-json',
    body: cold.gatherCold,
    refuses: ['NOT_FOUND', 'BAD_PSBT', 'COLD_TRANSFER_STATE', 'ASSET_PAUSED'],
  }),
  announceCold: post('/admin/cold/transfers/:id/txid', 'Say which transaction a holder of keys sent', {
    ...decide,
    carries: 'json',
    body: cold.announceCold,
    refuses: ['NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED', 'COLD_TRANSFER_STATE', 'ASSET_PAUSED'],
  }),
  cancelCold: post('/admin/cold/transfers/:id/cancel', 'Give up a transfer from cold storage', {
    ...decide,
    refuses: ['NOT_FOUND', 'COLD_TRANSFER_STATE', 'ASSET_PAUSED'],
  }),
  adminNetworks: get('/admin/networks', 'The networks of deposits and withdrawals, and their nodes', {
    ...ADMIN,
    answers: admin.networksView,
  }),
  treasury: get('/admin/treasury', 'Where the coins are', { ...ADMIN, answers: admin.treasuryView }),
  auditLog: get('/admin/audit-log', 'What admins did', { ...ADMIN, query: page, answers: pageOf(admin.auditView) }),
  securityEvents: get('/security-events', 'What concerned the security of my account, newest first', {
    query: security.securityEventsQuery,
    answers: pageOf(security.securityEventView),
  }),
  adminSecurityEvents: get('/admin/security-events', 'Security events of an account, or of all', {
    ...ADMIN,
    query: security.adminSecurityEventsQuery,
    answers: pageOf(security.adminSecurityEventView),
  }),
  adminVenue: get('/admin/venue', 'The venue behind our books: whether orders go there, and why not', {
    ...ADMIN,
    answers: admin.venueView,
  }),
  openVenue: post(
    '/admin/venue/open',
    'Open the venue: orders there are answered for, differences of its account are booked to suspense, then orders go out again',
    {
      ...ADMIN,
      carries: 'json',
      body: admin.openVenue,
      answers: admin.venueView,
      refuses: ['BUSY', 'UNKNOWN_OUTCOME'],
    },
  ),
  setTier: post(
    '/admin/users/:id/tier',
    'Put a user into a tier: a higher one when as many admins want it as the settings ask for, a lower one at once',
    {
      ...decide,
      carries: 'json',
      body: tiers.setTier,
      answers: tiers.setTierAnswer,
      refuses: ['NOT_FOUND', 'UNKNOWN_TIER', 'KYC_STATE', 'SELF_APPROVAL'],
      event: 'tier.change',
    },
  ),
  adminTiers: get('/admin/tiers', 'The tiers of identity as the settings have them', {
    ...ADMIN,
    answers: tiers.tiersView,
  }),
  adminUsers: get('/admin/users', 'Accounts with their tiers, and what of the day they have used', {
    ...ADMIN,
    query: tiers.adminUsersQuery,
    answers: pageOf(tiers.adminUserView),
  }),
} satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof ENDPOINTS;
