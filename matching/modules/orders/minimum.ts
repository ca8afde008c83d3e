import type { OrderTerms } from '../../../domain/contract/commands';
import { ONE, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { ceilToStep, mulDivUp } from '../../../domain/money/rounding';
import { bandOf, bestFacing } from './market';
import type { TradingMarket } from './market';

/** The least that an order at market may be of, so that the venue takes what our own book does not have. */
export interface MarketMinimum {
  /** In Units of the base asset, on the venue's and our lots. */
  readonly quantity: Units;
  /** In Units of the quote asset, of an order by total. */
  readonly total: Units;
}

/**
 * The venue counts an order by its limit, and an order at market has the worst price that it may get for a limit: a
 * sale must be larger than its value at the best price, and a purchase by total loses what fills no lot. `from`: the
 * best price now, `protectionPrice`: the limit, in ticks.
 */
export function minimumAt(
  market: TradingMarket,
  side: OrderTerms['side'],
  from: number,
  protectionPrice: number,
): MarketMinimum {
  const { listing, scales, outside, last } = market;
  const { lots = 1, least = 1, notional = 0n } = outside?.steps ?? {};
  const listed = parseAmount(listing.minNotional);
  const worth = listed > notional ? listed : notional;
  const step = scales.quantity(lots);
  const limit = scales.price(side === 'SELL' ? protectionPrice : from);
  const most = (one: Units, other: Units): Units => (one > other ? one : other);
  // As the market's own filter counts it: by the last price.
  const filtered = mulDivUp(listed, ONE, scales.price(last || from));
  const smallest = most(scales.quantity(least), parseAmount(listing.minQuantity));
  const quantity = ceilToStep(most(most(mulDivUp(worth, ONE, limit), filtered), smallest), step);
  const valueAt = (units: Units, ticks: number): Units => mulDivUp(units, scales.price(ticks), ONE);
  const total =
    side === 'SELL'
      ? valueAt(quantity, from)
      : most(worth + valueAt(step, protectionPrice), valueAt(quantity, protectionPrice));
  return { quantity, total: ceilToStep(most(total, listed), scales.quoteStep) };
}

/** The same as things are now; undefined where nobody offers anything to the side. */
export function minimumNow(market: TradingMarket, side: OrderTerms['side']): MarketMinimum | undefined {
  const from = bestFacing(market, side);
  return from === 0 ? undefined : minimumAt(market, side, from, bandOf(side, from, market));
}
