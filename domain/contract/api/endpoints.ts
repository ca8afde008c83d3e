/** Every endpoint of the API, once: the server mounts it, the document is built from it, the tests walk it. */
import { z } from 'zod';
import type { ErrorCode } from '../errors';
import * as accounts from './accounts';
import * as admin from './admin';
import { balanceView } from './balances';
import { byId, listOf, nothing, page } from './common';
import * as deposits from './deposits';
import * as kyc from './kyc';
import * as markets from './markets';
import * as swaps from './swaps';
import * as withdrawals from './withdrawals';

/** public: anybody. user: logged in. verified: identity approved. admin: an operator. */
export type Access = 'public' | 'user' | 'verified' | 'admin';
export type LimitName = 'login' | 'register' | 'document' | 'quote' | 'change' | 'read';
export type Method = 'get' | 'post' | 'delete';

export interface Endpoint {
  readonly method: Method;
  /** Below /api, in the manner of express. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly limit: LimitName;
  readonly status: 200 | 201;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  /** multipart: the body's fields and a file `document`. */
  readonly carries: 'json' | 'multipart' | 'nothing';
  /** Needs the Idempotency-Key header. */
  readonly idempotent: boolean;
  /** `file`: bytes, not JSON. */
  readonly answers: z.ZodType | 'file';
  readonly refuses: readonly ErrorCode[];
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

export const ENDPOINTS = {
  register: post('/accounts', 'Open an account and log in', {
    access: 'public',
    limit: 'register',
    status: 201,
    carries: 'json',
    body: accounts.register,
    answers: accounts.sessionView,
    refuses: ['EMAIL_TAKEN'],
  }),
  login: post('/session', 'Log in', {
    access: 'public',
    limit: 'login',
    carries: 'json',
    body: accounts.login,
    answers: accounts.sessionView,
    refuses: ['BAD_CREDENTIALS'],
  }),
  logout: post('/session', 'Log out', { method: 'delete', answers: nothing }),
  session: get('/session', 'Who am I', { access: 'public', answers: accounts.sessionView }),
  applyKyc: post('/kyc', 'Send an identity application with a document', {
    limit: 'document',
    status: 201,
    carries: 'multipart',
    body: kyc.applyKyc,
    answers: kyc.kycView,
    refuses: ['KYC_STATE', 'BAD_DOCUMENT'],
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
  deposits: get('/deposits', 'My deposits', { query: page, answers: listOf(deposits.depositView) }),
  quote: post('/quotes', 'A price to swap at, valid for seconds', {
    access: 'verified',
    limit: 'quote',
    status: 201,
    carries: 'json',
    body: swaps.askQuote,
    answers: swaps.quoteView,
    refuses: ['MARKET_CLOSED', 'UNKNOWN_MARKET', 'AMOUNT_TOO_SMALL', 'AMOUNT_TOO_LARGE', 'BAD_AMOUNT'],
  }),
  acceptQuote: post('/swaps', 'Accept a quote', {
    access: 'verified',
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
      'REFERENCE_REUSED',
      'UNKNOWN_OUTCOME',
    ],
  }),
  swaps: get('/swaps', 'My swaps', { query: page, answers: listOf(swaps.swapView) }),
  swap: get('/swaps/:id', 'One swap, with what happened at the venue', {
    params: byId,
    answers: swaps.swapDetailView,
    refuses: ['NOT_FOUND'],
  }),
  askWithdrawal: post('/withdrawals', 'Ask for a withdrawal', {
    access: 'verified',
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
      'REFERENCE_REUSED',
      'UNKNOWN_OUTCOME',
    ],
  }),
  withdrawals: get('/withdrawals', 'My withdrawals', { query: page, answers: listOf(withdrawals.withdrawalView) }),
  withdrawal: get('/withdrawals/:id', 'One withdrawal', { params: byId, answers: withdrawals.withdrawalView, refuses: ['NOT_FOUND'] }),
  cancelWithdrawal: post('/withdrawals/:id', 'Take back a withdrawal that was not decided yet', {
    method: 'delete',
    params: byId,
    answers: withdrawals.withdrawalView,
    refuses: ['NOT_FOUND', 'WITHDRAWAL_STATE'],
  }),
  adminKyc: get('/admin/kyc', 'Identity applications', {
    ...ADMIN,
    query: page.extend(kyc.adminKycQuery.shape),
    answers: listOf(kyc.adminKycView),
  }),
  adminKycDocument: get('/admin/kyc/:id/document', 'The document of an application, as an attachment; looking is recorded', {
    ...ADMIN,
    params: byId,
    answers: 'file',
    refuses: ['NOT_FOUND'],
  }),
  approveKyc: post('/admin/kyc/:id/approve', 'Approve an identity', { ...decide, refuses: ['NOT_FOUND', 'KYC_STATE', 'OWN_REQUEST'] }),
  refuseKyc: post('/admin/kyc/:id/refuse', 'Refuse an identity', {
    ...decide,
    carries: 'json',
    body: kyc.refusal,
    refuses: ['NOT_FOUND', 'KYC_STATE', 'OWN_REQUEST'],
  }),
  adminWithdrawals: get('/admin/withdrawals', 'Withdrawals', {
    ...ADMIN,
    query: page.extend(withdrawals.adminWithdrawalQuery.shape),
    answers: listOf(withdrawals.adminWithdrawalView),
  }),
  approveWithdrawal: post('/admin/withdrawals/:id/approve', 'Approve a withdrawal', {
    ...decide,
    refuses: ['NOT_FOUND', 'WITHDRAWAL_STATE', 'OWN_REQUEST'],
  }),
  refuseWithdrawal: post('/admin/withdrawals/:id/refuse', 'Refuse a withdrawal', {
    ...decide,
    carries: 'json',
    body: kyc.refusal,
    refuses: ['NOT_FOUND', 'WITHDRAWAL_STATE', 'OWN_REQUEST'],
  }),
  treasury: get('/admin/treasury', 'Where the coins are', { ...ADMIN, answers: admin.treasuryView }),
  auditLog: get('/admin/audit-log', 'What admins did', { ...ADMIN, query: page, answers: listOf(admin.auditView) }),
  adminUsers: get('/admin/users', 'Accounts', { ...ADMIN, query: page, answers: listOf(admin.adminUserView) }),
} satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof ENDPOINTS;
