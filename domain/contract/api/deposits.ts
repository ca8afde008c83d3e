/** Coins coming in. */
import { z } from 'zod';
import { amount, assetCode, id, networkId, page, period, time } from './common';

export const askAddress = z.strictObject({ network: networkId });
export const depositAddressView = z.object({
  network: networkId,
  address: z.string(),
  /** A data URL of an SVG picture of the address. */
  qr: z.string(),
});
export type DepositAddressView = z.infer<typeof depositAddressView>;

const depositState = z.enum(['SEEN', 'CONFIRMING', 'CREDITED', 'SWEPT', 'ORPHANED', 'IGNORED', 'HELD']);
export const depositsQuery = page.extend({ asset: assetCode.optional(), state: depositState.optional(), ...period });

export const depositView = z.object({
  id,
  network: networkId,
  asset: assetCode,
  amount,
  address: z.string(),
  txid: z.string(),
  state: depositState,
  confirmations: z.number().int(),
  confirmationsNeeded: z.number().int(),
  createdAt: time,
  creditedAt: time.nullable(),
  /**
   * What was added to the balance, and the commission that was taken; null before, and of deposits of older versions.
   */
  credited: amount.nullable(),
  fee: amount.nullable(),
});
export type DepositView = z.infer<typeof depositView>;

/** Something on its way that a refused swap waits for. The amount is shown to its owner only. */
export const awaitedView = z.object({
  kind: z.enum(['deposit', 'sweep', 'venue-transfer']),
  asset: assetCode,
  network: networkId,
  state: z.string(),
  amount: amount.nullable(),
  confirmations: z.number().int().nullable(),
  confirmationsNeeded: z.number().int().nullable(),
});
export type AwaitedView = z.infer<typeof awaitedView>;
