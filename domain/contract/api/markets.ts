/** What the exchange lists, and its prices. */
import { z } from 'zod';
import { amount, assetCode, networkId } from './common';

export const assetsView = z.object({
  assets: z.array(z.object({ code: assetCode, name: z.string(), scale: z.number().int() })),
  networks: z.array(
    z.object({ id: networkId, name: z.string(), chainId: z.number().int(), gasAsset: assetCode, confirmations: z.number().int() }),
  ),
  rails: z.array(
    z.object({
      asset: assetCode,
      network: networkId,
      contract: z.string().nullable(),
      minDeposit: amount,
      depositFee: amount,
      minWithdrawal: amount,
      withdrawalFee: amount,
    }),
  ),
  markets: z.array(z.object({ symbol: z.string(), base: assetCode, quote: assetCode, venue: z.string().nullable() })),
  fees: z.object({ version: z.number().int(), swapCommission: amount }),
});
export type AssetsView = z.infer<typeof assetsView>;

export const tickerView = z.object({
  symbol: z.string(),
  bid: z.string(),
  ask: z.string(),
  ageMs: z.number(),
  mode: z.enum(['mirrored', 'cancel only']),
});
export type TickerView = z.infer<typeof tickerView>;
