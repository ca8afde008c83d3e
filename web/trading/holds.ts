/**
 * What the engine sets aside for an order that is about to be placed, reckoned as the engine does
 * (matching/modules/orders). All exact.
 */
import type { MarketView } from '../../domain/contract/api/markets';
import { ONE, formatAmount, isAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import {
  ceilToStep,
  floorToStep,
  mulDivDown,
  mulDivUp,
  notionalDown,
  notionalUp,
  stepOf,
} from '../../domain/money/rounding';
import type { Book } from './book';
import { byTotal, hasPrice, parsed } from './terms';
import type { Draft } from './terms';

export interface Prices {
  readonly book: Book;
  /** Of the last trade; "0" where nothing traded. */
  readonly last: string;
}

/** How far the best price may move between the press on the slider and the order, as a share: 0.1 %. */
const MOVES = ONE / 1000n;

/** The worst price that an order at market may get; 0 while there is no price to go by. */
function bandPrice({ side }: Draft, from: Units, market: MarketView): Units {
  if (from === 0n) return 0n;
  const [band, tick] = [parseAmount(market.band), parseAmount(market.tick)];
  if (side === 'BUY') return floorToStep(mulDivDown(from, ONE + band, ONE), tick);
  const least = ceilToStep(mulDivUp(from, ONE - band, ONE), tick);
  return least === 0n ? tick : least;
}

/** The worst price for each unit, which is what the engine reckons with: of an OCO that of the leg which costs more. */
export function worstPrice(draft: Draft, market: MarketView, { book, last }: Prices): Units {
  const best = (draft.side === 'BUY' ? book.asks : book.bids)[0]?.price ?? 0n;
  const traded = isAmount(last) ? parseAmount(last) : 0n;
  if (draft.kind === 'MARKET') return bandPrice(draft, best, market);
  if (draft.kind === 'OCO') {
    const [limit, stop] = [
      parsed(draft.price),
      parsed(draft.stopLimitPrice) || bandPrice(draft, parsed(draft.stopPrice), market),
    ];
    return limit > stop ? limit : stop;
  }
  if (hasPrice(draft.kind)) return parsed(draft.price);
  return bandPrice(draft, parsed(draft.stopPrice) || traded || best, market);
}

/** What would be set aside for the form as it is, in the asset that it gives; null while that cannot be said. */
export function holdOf(
  draft: Draft,
  market: MarketView,
  prices: Prices,
  quoteScale: number,
): { asset: string; amount: Units } | null {
  const worst = worstPrice(draft, market, prices);
  if (draft.side === 'BUY') {
    const most = byTotal(draft) ? parsed(draft.total) : notionalUp(parsed(draft.quantity), worst);
    return worst === 0n && !byTotal(draft)
      ? null
      : { asset: market.quote, amount: ceilToStep(most, stepOf(quoteScale)) };
  }
  if (!byTotal(draft)) return { asset: market.base, amount: parsed(draft.quantity) };
  return worst === 0n
    ? null
    : { asset: market.base, amount: ceilToStep(mulDivUp(parsed(draft.total), ONE, worst), parseAmount(market.lot)) };
}

/**
 * This share of what is available as the form's quantity or total, so that what the engine sets aside for it is there.
 */
export function shareOf(
  percent: number,
  draft: Draft,
  market: MarketView,
  prices: Prices,
  available: string,
  quoteScale: number,
): { quantity: string } | { total: string } {
  const [lot, tick, step] = [parseAmount(market.lot), parseAmount(market.tick), stepOf(quoteScale)];
  const share = mulDivDown(parseAmount(available), BigInt(percent), 100n);
  const worst = worstPrice(draft, market, prices);
  const coarser = tick > step ? tick : step;
  if (draft.side === 'SELL') {
    const quantity = floorToStep(share, lot);
    if (!byTotal(draft)) return { quantity: formatAmount(quantity) };
    return { total: formatAmount(floorToStep(notionalDown(quantity, mulDivDown(worst, ONE - MOVES, ONE)), coarser)) };
  }
  if (byTotal(draft)) return { total: formatAmount(floorToStep(share, coarser)) };
  const reckoned = draft.kind === 'MARKET' ? mulDivUp(worst, ONE + MOVES, ONE) : worst;
  const quantity = reckoned === 0n ? 0n : mulDivDown(floorToStep(share, step), ONE, reckoned);
  return { quantity: formatAmount(floorToStep(quantity, lot)) };
}
