/** What the exchange lists, and its prices. */
import { z } from 'zod';
import { amount, assetCode, networkId, time } from './common';

/** TRADING; POST_ONLY in an opening; CANCEL_ONLY while the venue's book is not fresh; HALT by an admin. */
export const marketState = z.enum(['TRADING', 'POST_ONLY', 'CANCEL_ONLY', 'HALT']);
/**
 * mirrored: Binance stands behind the book. inside only: our book alone. cancel only: nothing matches until prices are
 * fresh.
 */
export const marketMode = z.enum(['mirrored', 'inside only', 'cancel only']);

/** How an admin sets a market. Cancelling is possible in all of them but HALT. */
export const setMarket = z.strictObject({ state: marketState, internalOnly: z.boolean() });

export const marketView = z.object({
  symbol: z.string(),
  base: assetCode,
  quote: assetCode,
  venue: z.string().nullable(),
  tick: amount,
  lot: amount,
  minQuantity: amount,
  maxQuantity: amount,
  minNotional: amount,
  /** How far from the best price an order at market may go, as a share: the engine holds that much more. */
  band: amount,
  /** Most open orders of one user. */
  maxOrders: z.number().int(),
});
export type MarketView = z.infer<typeof marketView>;

export const assetView = z.object({ code: assetCode, name: z.string(), scale: z.number().int() });
export const networkView = z.object({
  id: networkId,
  name: z.string(),
  kind: z.enum(['evm', 'bitcoin', 'tron']),
  chainId: z.number().int(),
  gasAsset: assetCode,
  confirmations: z.number().int(),
  memo: z.enum(['none', 'optional', 'required']),
});
const confirmationStep = z.object({ from: amount, confirmations: z.number().int() });
export const railView = z.object({
  asset: assetCode,
  network: networkId,
  contract: z.string().nullable(),
  /** Of the coin or token on this network, as links to be paid count them. */
  decimals: z.number().int(),
  minDeposit: amount,
  /** From which amounts on a deposit waits for how many confirmations; null: the network's number. */
  confirmationSteps: z.array(confirmationStep).nullable(),
  depositFee: amount,
  /** A share taken besides: 0.001 is 0.1 %. */
  depositFeeRate: amount,
  minWithdrawal: amount,
  withdrawalFee: amount,
});

export const assetsView = z.object({
  assets: z.array(assetView),
  networks: z.array(networkView),
  rails: z.array(railView),
  markets: z.array(marketView),
  fees: z.object({ version: z.number().int(), swapCommission: amount }),
});
export type AssetsView = z.infer<typeof assetsView>;

const marketMinimum = z.object({ quantity: amount, total: amount });

export const tickerView = z.object({
  symbol: z.string(),
  bid: z.string(),
  ask: z.string(),
  ageMs: z.number(),
  mode: marketMode,
  state: marketState,
  /** Of the last trade, and of 24 hours; "0" where nothing traded. */
  last: z.string(),
  open24h: z.string(),
  high24h: z.string(),
  low24h: z.string(),
  /** In the base and in the quote asset. */
  volume24h: z.string(),
  quoteVolume24h: z.string(),
  /**
   * The least that an order at market may be of now, by its side: `quantity` in the base asset, `total` in the quote
   * asset. More than `minNotional` alone would say, since Binance counts it by its limit. Null where Binance does not
   * stand behind the book.
   */
  minMarket: z.object({ BUY: marketMinimum, SELL: marketMinimum }).nullable(),
});
export type TickerView = z.infer<typeof tickerView>;

export const depthQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(100) });
export const tradesQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(100) });
export const interval = z.enum(['1m', '5m', '15m', '1h', '4h', '1d']);
export type Interval = z.infer<typeof interval>;
export const candlesQuery = z.strictObject({
  interval: interval.default('1m'),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
  /** Only candles that open before this time. */
  before: z.coerce.number().int().min(0).optional(),
});

const level = z.tuple([z.string(), z.string()]);
/**
 * Our book and the venue's behind it, added up; best first. Diffs of the live feed with a later sequence follow on it.
 */
export const depthView = z.object({
  symbol: z.string(),
  sequence: z.number().int(),
  mode: marketMode,
  bids: z.array(level),
  asks: z.array(level),
});
export type DepthView = z.infer<typeof depthView>;

export const publicTradeView = z.object({
  id: z.string(),
  price: z.string(),
  quantity: z.string(),
  /** The side of the taker. */
  side: z.enum(['BUY', 'SELL']),
  at: time,
});
export type PublicTradeView = z.infer<typeof publicTradeView>;

/** [opened at (ms), open, high, low, close, volume in base] */
export const candleView = z.tuple([time, z.string(), z.string(), z.string(), z.string(), z.string()]);
export type CandleView = z.infer<typeof candleView>;
