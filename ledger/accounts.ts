/**
 * Chart of accounts. Every entry's postings sum to zero per asset. The sign says who owns: positive is owed by the
 * house (to a user, or to the operator as equity or revenue), negative is held by the house (custody) or spent
 * (expense).
 */
import type { CustodyPlace } from '../domain/contract/commands';

export const available = (userId: string): string => `user/${userId}/available`;
export const held = (userId: string): string => `user/${userId}/held`;
/** What a user owes us (<= 0): a reversed credit that had been spent. */
export const debt = (userId: string): string => `user/${userId}/debt`;
export const custody = (place: CustodyPlace): string => `custody/${place}`;
export const EQUITY = 'equity/operator';
/** Fractions of a deposit below the ledger scale: owed, to nobody in particular yet. */
export const DUST = 'suspense/dust';
/** Costs reserved from the operator's position and not yet paid. */
export const RESERVED_COSTS = 'suspense/reserved-costs';

/** Venue fees of pull-backs, until the withdrawal they serve is confirmed and its fee covers them (<= 0). */
export const PULL_BACK_FEES = 'suspense/pull-back-fees';

/**
 * What the venue's account had more (+) or less (-) than our books and an operator has had booked: coins that came or
 * went there without us.
 */
export const VENUE_DIFFERENCES = 'suspense/venue-differences';

/** `rounding`: what buyers paid above and sellers got below the exact price, each rounded over the whole order. */
export type RevenueCentre =
  'trading-fee' | 'rounding' | 'swap-commission' | 'swap-spread' | 'deposit-fee' | 'withdrawal-fee';
export const revenue = (centre: RevenueCentre): string => `revenue/${centre}`;

export type ExpenseKind = 'venue-fee' | 'network-fee' | 'referral';
export const expense = (kind: ExpenseKind): string => `expense/${kind}`;

/** User accounts that may never be below zero. */
export function mustNotBeNegative(account: string): boolean {
  return (account.startsWith('user/') && !account.endsWith('/debt')) || account === DUST || account === RESERVED_COSTS;
}

/** Accounts whose sum is the operator's position: what the house may spend of its own. */
export function isOperatorAccount(account: string): boolean {
  return account === EQUITY || account.startsWith('revenue/') || account.startsWith('expense/');
}

/** The user of a user account, or undefined. */
export function userOf(account: string): string | undefined {
  const [kind, id] = account.split('/');
  return kind === 'user' ? id : undefined;
}
