import { isOperatorAccount, mustNotBeNegative } from './accounts';
import type { Units } from '../domain/money/amount';

/** One line of an entry: `amount` is signed, in Units. */
export interface Posting {
  readonly account: string;
  readonly asset: string;
  readonly amount: Units;
}

/** A reason money moves, with its postings; they sum to zero per asset. */
export interface Entry {
  readonly reference: string;
  readonly reason: string;
  readonly postings: readonly Posting[];
}

export type PostRefusal =
  | { readonly code: 'UNBALANCED' | 'EMPTY'; readonly asset: string }
  /** A user's account, or another that may not, would fall below zero. */
  | { readonly code: 'INSUFFICIENT_FUNDS'; readonly account: string; readonly asset: string; readonly missing: Units }
  /** The operator's position in this asset would fall below zero: users' coins never pay the house's costs. */
  | { readonly code: 'NEEDS_OPERATOR_FUNDS'; readonly asset: string; readonly missing: Units };

/** Balances by account and asset, with the operator's position kept beside them. */
export class Books {
  private readonly balances = new Map<string, Units>();
  private readonly positions = new Map<string, Units>();

  balance(account: string, asset: string): Units {
    return this.balances.get(key(account, asset)) ?? 0n;
  }

  /** equity + revenue + expense of an asset: what the house may spend of its own. */
  position(asset: string): Units {
    return this.positions.get(asset) ?? 0n;
  }

  *entries(): Generator<Posting> {
    for (const [at, amount] of this.balances) {
      const [account = '', asset = ''] = at.split('|');
      yield { account, asset, amount };
    }
  }

  /** Takes a balance over from the tables. */
  load(account: string, asset: string, amount: Units): void {
    this.add({ account, asset, amount });
  }

  /** Adds one posting without any check; `post` is the way in for everything that has not been checked. */
  add({ account, asset, amount }: Posting): void {
    const at = key(account, asset);
    this.balances.set(at, (this.balances.get(at) ?? 0n) + amount);
    if (isOperatorAccount(account)) this.positions.set(asset, (this.positions.get(asset) ?? 0n) + amount);
  }
}

const key = (account: string, asset: string): string => `${account}|${asset}`;

/**
 * Posts an entry, or refuses and changes nothing. Checks: at least two lines, zero sum per asset, no user below zero,
 * no operator's position below zero (an entry that does not touch the position is never refused for it).
 */
export function post(books: Books, entry: Entry): PostRefusal | undefined {
  const refusal = check(books, entry.postings);
  if (refusal) return refusal;
  for (const posting of entry.postings) books.add(posting);
  return undefined;
}

/** Between two accounts of one asset, neither the operator's: most entries are holds and releases. */
function checkPair(books: Books, one: Posting, other: Posting): PostRefusal | undefined {
  if (one.amount + other.amount !== 0n) return { code: 'UNBALANCED', asset: one.asset };
  const { account, asset, amount } = one.amount < 0n ? one : other;
  const after = books.balance(account, asset) + amount;
  return amount < 0n && after < 0n && mustNotBeNegative(account)
    ? { code: 'INSUFFICIENT_FUNDS', account, asset, missing: -after }
    : undefined;
}

/** The check of `post` alone: changes nothing. */
export function check(books: Books, postings: readonly Posting[]): PostRefusal | undefined {
  if (postings.length < 2) return { code: 'EMPTY', asset: postings[0]?.asset ?? '' };
  if (postings.length === 2) {
    const [one, other] = postings as [Posting, Posting];
    if (
      one.asset === other.asset &&
      one.account !== other.account &&
      !isOperatorAccount(one.account) &&
      !isOperatorAccount(other.account)
    )
      return checkPair(books, one, other);
  }
  const sums = new Map<string, Units>();
  const deltas = new Map<string, Posting>();
  const positionDeltas = new Map<string, Units>();
  for (const { account, asset, amount } of postings) {
    sums.set(asset, (sums.get(asset) ?? 0n) + amount);
    const at = key(account, asset);
    deltas.set(at, { account, asset, amount: (deltas.get(at)?.amount ?? 0n) + amount });
    if (isOperatorAccount(account)) positionDeltas.set(asset, (positionDeltas.get(asset) ?? 0n) + amount);
  }
  for (const [asset, sum] of sums) if (sum !== 0n) return { code: 'UNBALANCED', asset };
  for (const { account, asset, amount } of deltas.values()) {
    const after = books.balance(account, asset) + amount;
    if (amount < 0n && after < 0n && mustNotBeNegative(account))
      return { code: 'INSUFFICIENT_FUNDS', account, asset, missing: -after };
  }
  for (const [asset, delta] of positionDeltas) {
    const after = books.position(asset) + delta;
    if (delta < 0n && after < 0n) return { code: 'NEEDS_OPERATOR_FUNDS', asset, missing: -after };
  }
  return undefined;
}
