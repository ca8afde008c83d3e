/** What the engine remembers of swaps and of quotes. */
import type { SwapRow } from '../../../db/entities/swaps';
import type { Quote } from '../../../domain/contract/ports';
import { parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { CoreState, Draft } from '../../engine/draft';
import type { VenueState } from '../venue/state';

/** One order of a swap: what is sent to the venue if its quote is accepted. Amounts in Units, of a complete fill. */
export interface SwapLeg {
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: Units;
  /** Worst price; any complete fill within it covers the payout. */
  readonly limit: Units;
  readonly from: string;
  readonly to: string;
  readonly fromAmount: Units;
  readonly toAmount: Units;
  /** What the price decision saw. */
  readonly seen: Record<string, string | number>;
}

/** A quote as the engine remembers it until it expires. */
export interface OfferedQuote {
  readonly quote: Quote;
  /** One, or two over an asset between; the second spends at most what the first pays. */
  readonly legs: readonly SwapLeg[];
  readonly feeVersion: number;
}

/** What the engine must remember of a swap that is at the venue. */
export type OpenSwap = Pick<SwapRow, 'id' | 'userId' | 'fromAsset' | 'toAsset' | 'feeVersion'> & {
  fromAmount: Units;
  toAmount: Units;
  commission: Units;
  legs: readonly SwapLeg[];
  /** Of the asset given, what the first of two legs took; and what is held of the asset between them. */
  filledFrom: Units;
  between: Units;
};

export interface SwapsState extends CoreState {
  readonly swaps: Map<string, OpenSwap>;
  /** Not durable: a restart forgets quotes, which then read as expired. */
  readonly quotes: Map<string, OfferedQuote & { used: boolean }>;
}

/** What swaps need of others: orders at the venue, and the steps of the markets they go through. */
export interface SwapsExpect extends VenueState {
  readonly markets: ReadonlyMap<string, { readonly scales: { readonly lot: Units } }>;
}
export type SwapsDraft = Draft<SwapsState & SwapsExpect>;

export function openSwap(row: SwapRow): OpenSwap {
  const { id, userId, fromAsset, toAsset, feeVersion } = row;
  return {
    id,
    userId,
    fromAsset,
    toAsset,
    feeVersion,
    fromAmount: parseAmount(row.fromAmount),
    toAmount: parseAmount(row.toAmount),
    // While a swap is open the column holds what a complete fill would earn; the final row holds what was earned.
    commission: parseAmount(row.commission),
    legs: row.legs.map((leg) => ({
      ...leg,
      quantity: parseAmount(leg.quantity),
      limit: parseAmount(leg.limit),
      fromAmount: parseAmount(leg.fromAmount),
      toAmount: parseAmount(leg.toAmount),
    })),
    filledFrom: parseAmount(row.filledFrom),
    between: parseAmount(row.betweenAmount),
  };
}
