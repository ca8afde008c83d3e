import { ONE, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { Market } from '../../../domain/registry';
import type { Filters } from '../../book/filters';

const MOST_TICKS = 10n ** 9n;
/** Half of what a book can count, so that sums of two fit as well. */
export const MOST_POINTS = 2n ** 52n;

/**
 * A market's filters, from its listing. Prices may be a fifth to five times the last one, as at Binance's large
 * markets; of orders that wait for a trigger a user may have more than the five that Binance allows, for they wait
 * with us.
 */
export function filtersOfListing(listing: Market): Filters {
  const [tick, lot, up, down] = [listing.tick, listing.lot, '5', '0.2'].map(parseAmount) as [
    Units,
    Units,
    Units,
    Units,
  ];
  return {
    price: { min: tick, max: tick * MOST_TICKS, step: tick },
    percent: { filter: 'PERCENT_PRICE_BY_SIDE', bidUp: up, bidDown: down, askUp: up, askDown: down, minutes: 0 },
    lots: { min: parseAmount(listing.minQuantity), max: parseAmount(listing.maxQuantity), step: lot },
    notional: {
      filter: 'NOTIONAL',
      min: parseAmount(listing.minNotional),
      max: (MOST_POINTS * tick * lot) / ONE,
      minToMarket: true,
      maxToMarket: true,
      minutes: 0,
    },
    icebergParts: 100,
    trailing: { minAbove: 10, maxAbove: 2000, minBelow: 10, maxBelow: 2000 },
    maxOrders: listing.maxOrders,
    maxAlgoOrders: 50,
  };
}
