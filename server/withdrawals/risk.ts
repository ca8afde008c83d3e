import type { ReviewReason } from '../../domain/contract/api/withdrawals';
import type { Units } from '../../domain/money/amount';

/** What is known of a request at the moment it is made. Values are in the quote asset. */
export interface WithdrawalFacts {
  readonly now: number;
  /** Of what leaves the balance; null where nothing has a price. */
  readonly value: Units | null;
  /** Is that by a price of now, or by the last one that was known? */
  readonly priceIsFresh: boolean;
  /** Of the user's withdrawals of 24 hours that were not refused or taken back. */
  readonly spent: Units;
  readonly count: number;
  /** Since when the address is in the user's book; null when it is new. */
  readonly addressSince: number | null;
  /** Since when a second factor is in force. */
  readonly secondFactorSince: number | null;
}

/** What a tier may do, and what is small. */
export interface TierLimits {
  /** Of 24 hours. */
  readonly perDay: Units;
  /** Up to this one may leave without a look. */
  readonly small: Units;
}

export interface Verdict {
  readonly verdict: 'pass' | 'review' | 'refuse';
  /** Every reason that holds, not the first. */
  readonly reasons: ReviewReason[];
}

/** An address, and a second factor, must be as old as this to be trusted. */
export const COOL_OFF_MS = 86_400_000;
/** More withdrawals than this in 24 hours are looked at. */
const MOST_A_DAY = 5;

/**
 * Whether a withdrawal may leave, by what is known of it; nothing else decides, and to one of our own users it leaves
 * as well: who asks may be a thief. The signer has limits of its own besides.
 */
export function judge(facts: WithdrawalFacts, limits: TierLimits): Verdict {
  if (facts.value !== null && facts.spent + facts.value > limits.perDay)
    return { verdict: 'refuse', reasons: ['OVER_LIMIT'] };
  const reasons: ReviewReason[] = [];
  if (facts.value === null || !facts.priceIsFresh) reasons.push('NO_PRICE');
  if (facts.value !== null && facts.value > limits.small) reasons.push('AMOUNT');
  if (!isOld(facts.addressSince, facts.now)) reasons.push('NEW_ADDRESS');
  if (facts.count >= MOST_A_DAY) reasons.push('VELOCITY');
  if (facts.secondFactorSince === null) reasons.push('NO_SECOND_FACTOR');
  else if (!isOld(facts.secondFactorSince, facts.now)) reasons.push('NEW_SECOND_FACTOR');
  return { verdict: reasons.length === 0 ? 'pass' : 'review', reasons };
}

const isOld = (since: number | null, now: number): boolean => since !== null && now - since >= COOL_OFF_MS;
