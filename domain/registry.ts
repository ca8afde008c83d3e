/** What the exchange lists: assets, the networks they live on, and the markets they trade in. Read once at start. */
import { parseAmount } from './money/amount';
import type { Units } from './money/amount';
import { ceilToStep, feeUp, floorToStep, stepOf } from './money/rounding';

export interface Asset {
  readonly code: string;
  readonly name: string;
  /**
   * Ledger scale: every posting to a user is a multiple of 10^-scale. At most 8, and at most what each network can
   * express.
   */
  readonly scale: number;
}

export type MemoRule = 'none' | 'optional' | 'required';

export interface Network {
  /** Our word for it, used in accounts and URLs: `ethereum`. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'evm' | 'bitcoin' | 'tron';
  /** 0 where the kind has no such number: a Bitcoin and a TRON are known by their first block. */
  readonly chainId: number;
  /** The asset that pays for transactions. */
  readonly gasAsset: string;
  /**
   * Blocks on top of and including its own after which a transaction is final: one of ours is settled, coins that came
   * may be moved on, and a deposit is credited unless its rail has steps. 1 on TRON, where solid blocks alone are
   * read.
   */
  readonly confirmations: number;
  /** What the venue calls this network in its capital calls: `ETH`. */
  readonly venueNetwork: string;
  /** Are receivers that share an address told apart by a memo? */
  readonly memo: MemoRule;
}

/** From this amount on (a decimal string) a deposit is credited after so many confirmations. */
export interface ConfirmationStep {
  readonly from: string;
  readonly confirmations: number;
}

/** One asset on one network. Amounts are decimal strings. */
export interface Rail {
  readonly asset: string;
  readonly network: string;
  /** Token contract, or null for the network's own coin. */
  readonly contract: string | null;
  /** Decimals on the chain. */
  readonly decimals: number;
  /** Smaller deposits are recorded and not credited. */
  readonly minDeposit: string;
  /** The first from 0, each later one from more; null or left out: the network's number, whatever came. */
  readonly confirmationSteps?: readonly ConfirmationStep[] | null;
  /** The commission on each credited deposit; pays for the sweep. */
  readonly depositFee: string;
  /** And this share of it besides (0.001 = 0.1 %); none where it is left out. */
  readonly depositFeeRate?: string;
  readonly minWithdrawal: string;
  /** Taken on top of what arrives; at or above the estimated cost. */
  readonly withdrawalFee: string;
}

export interface Market {
  /** Our symbol, also the venue's: `ETHUSDT`. */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** The id of the venue behind our own book; null where there is none. */
  readonly venue: string | null;
  /** Price and quantity steps of our own book, as decimal strings; quantities are whole lots, prices whole ticks. */
  readonly tick: string;
  readonly lot: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  /** Smallest price x quantity, in the quote asset. */
  readonly minNotional: string;
  /** Most open orders of one user here. */
  readonly maxOrders: number;
  /** How far from the best price an order at market may go, as a share (0.05 = 5 %). */
  readonly band: string;
  readonly state: 'TRADING' | 'POST_ONLY' | 'CANCEL_ONLY' | 'HALT';
  /** An admin's choice: our book alone, although there is a venue. */
  readonly internalOnly: boolean;
}

/**
 * Maker and taker rates from a volume of 30 days on, in the market's quote asset. The most special row that fits
 * counts.
 */
export interface TradingTier {
  /** A symbol, or `*` for every market without rows of its own. */
  readonly market: string;
  readonly minVolume: string;
  readonly maker: string;
  readonly taker: string;
}

/** Rates in force, as decimal strings (0.001 = 10 basis points). Every fee row stores the version it was taken by. */
export interface FeeSchedule {
  readonly version: number;
  readonly swapCommission: string;
  /** Added to the price of a quote, hidden in it. */
  readonly swapSpread: string;
  /** What the venue takes of what is received; the quote covers it. */
  readonly venueTaker: string;
  readonly trading: readonly TradingTier[];
  /** Added to what the venue charged where that is more than the user's own taker rate. */
  readonly venueMargin: string;
}

export interface Registry {
  readonly assets: readonly Asset[];
  readonly networks: readonly Network[];
  readonly rails: readonly Rail[];
  readonly markets: readonly Market[];
  readonly fees: FeeSchedule;
}

/** The named asset; throws on an unknown code, which is a bug or bad configuration by the time this is asked. */
export function assetOf(registry: Registry, code: string): Asset {
  const asset = registry.assets.find((candidate) => candidate.code === code);
  if (!asset) throw new Error(`unknown asset ${code}`);
  return asset;
}

export function networkOf(registry: Registry, id: string): Network {
  const network = registry.networks.find((candidate) => candidate.id === id);
  if (!network) throw new Error(`unknown network ${id}`);
  return network;
}

export function railOf(registry: Registry, asset: string, network: string): Rail | undefined {
  return registry.rails.find((rail) => rail.asset === asset && rail.network === network);
}

/** Confirmations after which a deposit of this amount is credited. */
export function confirmationsFor(
  network: Pick<Network, 'confirmations'>,
  rail: Pick<Rail, 'confirmationSteps'> | undefined,
  amount: Units,
): number {
  return (
    (rail?.confirmationSteps ?? []).findLast(({ from }) => parseAmount(from) <= amount)?.confirmations ??
    network.confirmations
  );
}

/** The most that anything waits for on this network: so deep a reorganisation must be understood. */
export function mostConfirmations(
  network: Pick<Network, 'confirmations'>,
  rails: readonly Pick<Rail, 'confirmationSteps'>[],
): number {
  return rails
    .flatMap(({ confirmationSteps }) => confirmationSteps ?? [])
    .reduce((most, { confirmations }) => (confirmations > most ? confirmations : most), network.confirmations);
}

/**
 * What of a deposit (the chain's exact amount) its user gets and what the house takes; the rest is finer than the
 * ledger scale.
 */
export function depositParts(
  { depositFee, depositFeeRate = '0' }: Pick<Rail, 'depositFee' | 'depositFeeRate'>,
  { scale }: Pick<Asset, 'scale'>,
  amount: Units,
): { credited: Units; fee: Units } {
  const step = stepOf(scale);
  const whole = floorToStep(amount, step);
  const asked = ceilToStep(parseAmount(depositFee), step) + feeUp(whole, parseAmount(depositFeeRate), step);
  const fee = asked < whole ? asked : whole;
  return { credited: whole - fee, fee };
}

/** What speaks against a payment with this memo, or without one, on this network. */
export function memoFault(
  { memo: rule }: Pick<Network, 'memo'>,
  memo: string | undefined,
): 'MEMO_REQUIRED' | 'MEMO_NOT_SUPPORTED' | undefined {
  if (rule === 'required' && memo === undefined) return 'MEMO_REQUIRED';
  return rule === 'none' && memo !== undefined ? 'MEMO_NOT_SUPPORTED' : undefined;
}
