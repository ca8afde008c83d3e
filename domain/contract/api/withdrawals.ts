/** Coins going out. */
import { z } from 'zod';
import { amount, assetCode, id, networkId, time } from './common';

export const askWithdrawal = z.strictObject({
  asset: assetCode,
  network: networkId,
  address: z.string().min(1).max(100),
  /** What arrives; the fee is taken on top. */
  amount,
});
export type AskWithdrawal = z.infer<typeof askWithdrawal>;

export const withdrawalState = z.enum([
  'REQUESTED',
  'APPROVED',
  'WAITING_FUNDS',
  'SIGNED',
  'BROADCAST',
  'CONFIRMED',
  'REFUSED',
  'CANCELED',
]);
export const withdrawalView = z.object({
  id,
  asset: assetCode,
  network: networkId,
  address: z.string(),
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

export const adminWithdrawalView = withdrawalView.extend({
  userId: id,
  email: z.string(),
  attempt: z.number().int(),
  decidedBy: id.nullable(),
  /** The most that the network should take, in its own coin: what an approval of it says. */
  feeCap: amount,
  gasAsset: assetCode,
  /** Admins who have approved this payout, by e-mail address. */
  approvedBy: z.array(z.string()),
});
export type AdminWithdrawalView = z.infer<typeof adminWithdrawalView>;
export const adminWithdrawalQuery = z.strictObject({ state: withdrawalState.optional() });
