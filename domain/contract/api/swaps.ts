/** One coin becomes another at a price that was shown first. */
import { z } from 'zod';
import { amount, assetCode, id, page, period, signedAmount, time } from './common';

export const askQuote = z.strictObject({ from: assetCode, to: assetCode, fromAmount: amount });
export type AskQuote = z.infer<typeof askQuote>;

/** The asset between the two legs of a swap, and how much of it the user gets besides; null where one market does. */
const between = z.object({ asset: assetCode, amount }).nullable();

export const quoteView = z.object({
  id,
  from: assetCode,
  to: assetCode,
  fromAmount: amount,
  toAmount: amount,
  rate: z.string(),
  commission: amount,
  between,
  expiresAt: time,
  /** The server's clock when it answered, so that a countdown does not depend on the client's. */
  now: time,
});
export type QuoteView = z.infer<typeof quoteView>;

export const acceptQuote = z.strictObject({ quoteId: id });
export type AcceptQuote = z.infer<typeof acceptQuote>;

export const venueTradeView = z.object({
  tradeId: z.number().int(),
  price: amount,
  quantity: amount,
  quoteQuantity: amount,
  commission: signedAmount,
  commissionAsset: z.string(),
  at: time,
});

/** One order at the venue and its trades. `id` is the client order id there. */
export const venueOrderView = z.object({
  id,
  symbol: z.string(),
  side: z.enum(['BUY', 'SELL']),
  quantity: amount,
  limitPrice: amount,
  state: z.enum(['PENDING', 'UNKNOWN', 'DONE', 'REJECTED']),
  venueOrderId: z.string().nullable(),
  reason: z.string().nullable(),
  trades: z.array(venueTradeView),
});

const swapState = z.enum(['EXECUTING', 'COMPLETED', 'PARTIAL', 'RETURNED']);
/** `asset`: on either side. */
export const swapsQuery = page.extend({ asset: assetCode.optional(), state: swapState.optional(), ...period });

export const swapView = z.object({
  id,
  quoteId: id,
  from: assetCode,
  to: assetCode,
  fromAmount: amount,
  toAmount: amount,
  filledFrom: amount,
  filledTo: amount,
  commission: amount,
  between,
  state: swapState,
  createdAt: time,
  updatedAt: time,
});
export type SwapView = z.infer<typeof swapView>;
export const swapDetailView = swapView.extend({
  venueOrders: z.array(venueOrderView),
  /**
   * What is left with the exchange besides the commission, by asset, of which it pays the venue's fees: what the venue
   * gave is what the user got, the commission and this. Empty until the swap has ended.
   */
  spread: z.array(z.object({ asset: assetCode, amount: signedAmount })),
});
export type SwapDetailView = z.infer<typeof swapDetailView>;
