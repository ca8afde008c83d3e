import type { TierAsk } from '../../domain/contract/api/tiers';
import type { KycState } from '../../domain/lifecycle/kyc';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';

/** What limits are counted in. */
export const QUOTE = 'USDT';
export const DAY_MS = 86_400_000;

/** One tier of the settings, in the quote asset as decimal strings. */
export interface Tier {
  /** Of any 24 hours. */
  readonly perDay: string;
  /** Up to this a withdrawal may leave without a look. */
  readonly small: string;
  /** What a user must show to be in it; an approved identity where it is left out. */
  readonly asks?: readonly TierAsk[] | undefined;
}

/** The first one is everybody's whose identity is approved. */
export type Tiers = readonly Tier[];

/** Where the settings have none. */
export const USUAL_TIERS: Tiers = [
  { perDay: '50000', small: '50', asks: ['identity'] },
  { perDay: '1000000', small: '500', asks: ['identity', 'second-factor', 'proof-of-address', 'source-of-funds'] },
];

/** The tier itself; one beyond the last of the settings is the last. Throws where the settings have none at all. */
export function tierIn(tiers: Tiers, number: number): Tier & { readonly number: number } {
  const at = number > tiers.length ? tiers.length : number;
  const tier = tiers[at - 1];
  if (!tier) throw new Error('there are no withdrawal limits');
  return { ...tier, number: at };
}

export const asksOf = ({ asks }: Tier): readonly TierAsk[] => asks ?? ['identity'];

/** Whether a user has what is asked for; null where a person of the house must say. */
export function isMet(
  what: TierAsk,
  { kycState, secondFactor }: { kycState: KycState; secondFactor: boolean },
): boolean | null {
  if (what === 'identity') return kycState === 'APPROVED';
  return what === 'second-factor' ? secondFactor : null;
}

/**
 * A user's limit of 24 hours, wherever it is shown or asked for: nothing before the identity is approved. `number`:
 * the tier an admin gave.
 */
export function dayOf(
  tiers: Tiers,
  kycState: KycState,
  number: number,
  spent: Units,
): { tier: number; perDay: string; used: string; left: string } {
  const used = formatAmount(spent);
  if (kycState !== 'APPROVED') return { tier: 0, perDay: '0', used, left: '0' };
  const { number: tier, perDay: text } = tierIn(tiers, number);
  const perDay = parseAmount(text);
  return { tier, perDay: formatAmount(perDay), used, left: formatAmount(spent < perDay ? perDay - spent : 0n) };
}
