/** Cold storage as operators see it. */
import { z } from 'zod';
import { amount, assetCode, id, networkId, signedAmount, time } from './common';
import { line } from './text';

export const coldView = z.object({
  places: z.array(
    z.object({
      network: networkId,
      held: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('addresses'), addresses: z.array(z.string()) }),
        z.object({ kind: z.literal('multisig'), required: z.number().int(), total: z.number().int() }),
      ]),
      /** Where the next coins go. */
      receiving: z.string(),
      assets: z.array(
        z.object({
          asset: assetCode,
          booked: signedAmount,
          /**
           * What withdrawals and the hot wallet wait for although the venue was asked a minute ago; null: nothing has
           * to move.
           */
          advised: amount.nullable(),
        }),
      ),
    }),
  ),
  /** Newest first. */
  transfers: z.array(
    z.object({
      id,
      network: networkId,
      asset: assetCode,
      amount,
      fee: amount,
      state: z.enum(['WAITING_SIGNATURES', 'SENDING', 'DONE', 'CANCELED', 'FAILED']),
      why: z.string(),
      /** On a network of coins: to be signed, with what was gathered so far. */
      psbt: z.string().nullable(),
      signatures: z.number().int(),
      txid: z.string().nullable(),
      reason: z.string().nullable(),
      createdAt: time,
      updatedAt: time,
    }),
  ),
});
export type ColdView = z.infer<typeof coldView>;

export const planCold = z.strictObject({ network: networkId, asset: assetCode, amount, why: line(3, 500) });
export const gatherCold = z.strictObject({ psbt: z.string().trim().min(20).max(200_000) });
export const announceCold = z.strictObject({ txid: z.string().trim().min(60).max(70) });
