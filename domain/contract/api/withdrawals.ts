/** Coins going out. */
import { z } from 'zod';
import { amount, assetCode, id, networkId, page, period, time } from './common';
import { assertion, confirmation } from './passkeys';
import { pastedAddress } from './pasted';
import { code } from './second-factor';

export const askWithdrawal = z.strictObject({
  asset: assetCode,
  network: networkId,
  address: pastedAddress,
  /** What arrives; the fee is taken on top. */
  amount,
  /** Where the network needs one, and nowhere else. */
  memo: z.string().trim().min(1).max(100).optional(),
  /** Of the second factor, where the user has one and no passkey. */
  code: code.optional(),
  /** By a passkey, where the user has one: of what `details` of CONFIRMATION_REQUIRED says. */
  confirmation: confirmation.optional(),
});
export type AskWithdrawal = z.infer<typeof askWithdrawal>;

export const withdrawalState = z.enum([
  'REQUESTED',
  'APPROVED',
  'WAITING_FUNDS',
  'SIGNED',
  'BROADCAST',
  'CONFIRMED',
  'REJECTED',
  'CANCELED',
]);
export const withdrawalsQuery = page.extend({
  asset: assetCode.optional(),
  state: withdrawalState.optional(),
  ...period,
});
export const withdrawalView = z.object({
  id,
  asset: assetCode,
  network: networkId,
  address: z.string(),
  memo: z.string().nullable(),
  amount,
  fee: amount,
  state: withdrawalState,
  reason: z.string().nullable(),
  txid: z.string().nullable(),
  confirmations: z.number().int(),
  createdAt: time,
  updatedAt: time,
});
export type WithdrawalView = z.infer<typeof withdrawalView>;

/** Why a withdrawal waits for a person, or was refused at once. */
export const reviewReason = z.enum([
  'OVER_LIMIT',
  'NO_PRICE',
  'AMOUNT',
  'NEW_ADDRESS',
  'VELOCITY',
  'NO_SECOND_FACTOR',
  'NEW_SECOND_FACTOR',
]);
export type ReviewReason = z.infer<typeof reviewReason>;

/** What a user may still withdraw today, in the quote asset. */
export const withdrawalLimitsView = z.object({
  tier: z.number().int(),
  quote: assetCode,
  perDay: amount,
  left: amount,
});
export type WithdrawalLimitsView = z.infer<typeof withdrawalLimitsView>;

/** An address of the user's book; `trusted`: it is older than the cool-off of a day. */
export const knownAddressView = z.object({
  network: networkId,
  address: z.string(),
  since: time,
  trusted: z.boolean(),
});
export type KnownAddressView = z.infer<typeof knownAddressView>;
export const knownAddressesQuery = page.extend({ network: networkId.optional() });
export const knownAddress = z.strictObject({
  network: networkId,
  address: pastedAddress,
  code: code.optional(),
  passkey: assertion.optional(),
});

export const adminWithdrawalView = withdrawalView.extend({
  userId: id,
  email: z.string(),
  attempt: z.number().int(),
  decidedBy: id.nullable(),
  /** The most that the network should take, in its own coin: what an approval of it says. */
  feeCap: amount,
  gasAsset: assetCode,
  /** Why it waits for a person; empty where nothing spoke against it. */
  reasons: z.array(reviewReason),
  /** In the quote asset; null where nothing has a price. */
  value: amount.nullable(),
  /**
   * Columns of its row that are not what was asked for: what is shown here is the engine's record, and it cannot be
   * approved before a person has looked.
   */
  changed: z.array(z.string()),
  /** Admins who have approved this payout, by e-mail address. */
  approvedBy: z.array(z.string()),
});
export type AdminWithdrawalView = z.infer<typeof adminWithdrawalView>;
export const adminWithdrawalsQuery = page.extend({ state: withdrawalState.optional() });
