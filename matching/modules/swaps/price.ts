import { ONE } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import {
  ceilToStep,
  floorToStep,
  mulDivDown,
  mulDivUp,
  notionalDown,
  notionalUp,
} from '../../../domain/money/rounding';
import type { Depth, MarketRules, PriceLevel } from '../../venues/venue';

/** Rates as Units (0.001 = 10 basis points). */
export interface SwapRates {
  readonly commission: Units;
  readonly spread: Units;
  readonly venueTaker: Units;
}

export interface SwapPrice {
  readonly side: 'BUY' | 'SELL';
  /** What the user gives: for a sale floored to the venue's lot. */
  readonly fromAmount: Units;
  readonly toAmount: Units;
  /** Part of what the venue gives that is kept as commission, in the asset bought. */
  readonly commission: Units;
  readonly quantity: Units;
  readonly limit: Units;
}

export type SwapRefusal = 'AMOUNT_TOO_SMALL' | 'AMOUNT_TOO_LARGE' | 'MARKET_HALTED';

/**
 * Prices a swap on the book as it is. The payout is the depth-weighted price less the hidden spread, what the venue
 * takes, and the commission. The limit of the order follows from the payout: any complete fill within it pays the
 * payout and the venue's fee, so the house never adds money of its own. `fromStep` and `toStep` are the ledger scales
 * of the two assets.
 */
export function priceSwap(
  side: 'BUY' | 'SELL',
  asked: Units,
  depth: Depth,
  rules: MarketRules,
  rates: SwapRates,
  steps: { from: Units; to: Units },
): SwapPrice | SwapRefusal {
  if (!rules.trading) return 'MARKET_HALTED';
  const priced =
    side === 'SELL'
      ? priceSale(asked, depth.bids, rules, rates, steps.to)
      : priceBuy(floorToStep(asked, steps.from), depth.asks, rules, rates, steps);
  if (typeof priced === 'string') return priced;
  if (priced.toAmount <= 0n || priced.quantity < rules.minQuantity) return 'AMOUNT_TOO_SMALL';
  if (notionalDown(priced.quantity, priced.limit) < rules.minNotional) return 'AMOUNT_TOO_SMALL';
  if (
    priced.quantity > rules.maxQuantity ||
    (rules.maxNotional > 0n && notionalUp(priced.quantity, priced.limit) > rules.maxNotional)
  )
    return 'AMOUNT_TOO_LARGE';
  return priced;
}

/** Sells base for quote: the payout is in quote. */
function priceSale(
  asked: Units,
  bids: readonly PriceLevel[],
  rules: MarketRules,
  rates: SwapRates,
  step: Units,
): SwapPrice | SwapRefusal {
  const quantity = floorToStep(asked, rules.lot);
  if (quantity === 0n) return 'AMOUNT_TOO_SMALL';
  const received = receivedFor(quantity, bids);
  if (received === undefined) return 'AMOUNT_TOO_LARGE';
  const { toAmount, commission } = payout(received, rates, step);
  // quantity x limit x (1 - venue fee) >= payout
  const limit = ceilToStep(mulDivUp(toAmount, ONE * ONE, quantity * (ONE - rates.venueTaker)), rules.tick);
  return { side: 'SELL', fromAmount: quantity, toAmount, commission, quantity, limit };
}

/**
 * Buys base for quote: the payout is in base. Where the money does not reach the lot that the payout begins, the swap
 * is made smaller by what does not fill a lot, as a sale is: at a limit below the book nothing would ever be filled.
 */
function priceBuy(
  spend: Units,
  asks: readonly PriceLevel[],
  rules: MarketRules,
  rates: SwapRates,
  steps: { from: Units; to: Units },
): SwapPrice | SwapRefusal {
  if (spend === 0n) return 'AMOUNT_TOO_SMALL';
  const received = boughtFor(spend, asks);
  if (received === undefined) return 'AMOUNT_TOO_LARGE';
  const { toAmount, commission } = payout(received, rates, steps.to);
  const exact = mulDivUp(toAmount, ONE, ONE - rates.venueTaker);
  const whole = buyWithin(spend, ceilToStep(exact, rules.lot), toAmount, commission, rules);
  if (typeof whole === 'string' || reaches(whole, asks)) return whole;
  const quantity = floorToStep(exact, rules.lot);
  return buyWithin(
    ceilToStep(mulDivUp(spend, quantity, exact), steps.from),
    quantity,
    floorToStep(mulDivDown(quantity, ONE - rates.venueTaker, ONE), steps.to),
    ceilToStep(mulDivUp(commission, quantity, exact), steps.to),
    rules,
  );
}

/** quantity x limit <= what the user gives */
function buyWithin(
  fromAmount: Units,
  quantity: Units,
  toAmount: Units,
  commission: Units,
  rules: MarketRules,
): SwapPrice | SwapRefusal {
  if (quantity === 0n) return 'AMOUNT_TOO_SMALL';
  const limit = floorToStep(mulDivDown(fromAmount, ONE, quantity), rules.tick);
  return { side: 'BUY', fromAmount, toAmount, commission, quantity, limit };
}

/** Does the limit allow what the levels shown ask for the whole quantity, taken together? */
function reaches({ quantity, limit }: SwapPrice, asks: readonly PriceLevel[]): boolean {
  let left = quantity;
  let cost = 0n;
  for (const level of asks) {
    const take = level.quantity < left ? level.quantity : left;
    cost += notionalUp(take, level.price);
    left -= take;
  }
  return left === 0n && cost <= notionalUp(quantity, limit);
}

/** What remains for the user of `received`: less spread, venue fee and commission; floored to the ledger scale. */
function payout(received: Units, rates: SwapRates, step: Units): { toAmount: Units; commission: Units } {
  const afterSpread = mulDivDown(received, ONE - rates.spread, ONE);
  const afterVenue = mulDivDown(afterSpread, ONE - rates.venueTaker, ONE);
  const commission = ceilToStep(mulDivUp(afterVenue, rates.commission, ONE), step);
  const rest = afterVenue - commission;
  return { toAmount: rest > 0n ? floorToStep(rest, step) : 0n, commission };
}

/** Quote received for selling `quantity` down the bids, or undefined when the book shown is too thin. */
function receivedFor(quantity: Units, bids: readonly PriceLevel[]): Units | undefined {
  let left = quantity;
  let received = 0n;
  for (const level of bids) {
    const take = level.quantity < left ? level.quantity : left;
    received += notionalDown(take, level.price);
    left -= take;
    if (left === 0n) return received;
  }
  return undefined;
}

/** Base bought by spending `quote` up the asks, or undefined when the book shown is too thin. */
function boughtFor(quote: Units, asks: readonly PriceLevel[]): Units | undefined {
  let left = quote;
  let bought = 0n;
  for (const level of asks) {
    const cost = notionalUp(level.quantity, level.price);
    if (cost >= left) return bought + mulDivDown(left, ONE, level.price);
    bought += level.quantity;
    left -= cost;
  }
  return undefined;
}
