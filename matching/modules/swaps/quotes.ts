import type { Clock, Ids } from '../../../domain/clock-and-ids';
import { DomainError } from '../../../domain/contract/errors';
import type { Quote, Quotes } from '../../../domain/contract/ports';
import { ONE, formatAmount, isAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { floorToStep, mulDivDown, mulDivUp, stepOf } from '../../../domain/money/rounding';
import type { Market, Registry } from '../../../domain/registry';
import { assetOf } from '../../../domain/registry';
import type { Venue } from '../../venues/venue';
import type { SwapsControl } from './control';
import { priceSwap } from './price';
import type { SwapRates } from './price';
import type { SwapLeg } from './state';

/** How long a quote may be accepted. */
const QUOTE_VALID_MS = 10_000;
const RATE_DECIMALS = 8;

export interface QuotesDeps {
  readonly engine: SwapsControl;
  readonly venue: Venue;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Prices swaps on the live books and leaves each quote with the engine, which alone can accept it. */
export function createQuotes({ engine, venue, registry, clock, ids }: QuotesDeps): Quotes {
  const { fees } = registry;
  const rates = {
    commission: parseAmount(fees.swapCommission),
    spread: parseAmount(fees.swapSpread),
    venueTaker: parseAmount(fees.venueTaker),
  };
  const stepFor = (code: string): Units => stepOf(assetOf(registry, code).scale);

  /** One leg on the book as it is. Refuses as `Quotes.quote` does. */
  const price = (
    { market, side, from, to }: Way,
    asked: Units,
    rate: SwapRates,
  ): { leg: SwapLeg; commission: Units } => {
    const { symbol } = market;
    const depth = venue.depth(symbol);
    const rules = venue.rules(symbol);
    if (!depth || !rules) throw new DomainError('MARKET_CLOSED', { market: symbol });
    const priced = priceSwap(side, asked, depth, rules, rate, { from: stepFor(from), to: stepFor(to) });
    if (typeof priced === 'string')
      throw new DomainError(priced, {
        market: symbol,
        minimumNotional: formatAmount(rules.minNotional),
        asset: market.quote,
      });
    const { quantity, limit, fromAmount, toAmount, commission } = priced;
    const seen = {
      bid: formatAmount(depth.bids[0]?.price ?? 0n),
      ask: formatAmount(depth.asks[0]?.price ?? 0n),
      ageMs: depth.ageMs,
    };
    return { leg: { symbol, side, from, to, quantity, limit, fromAmount, toAmount, seen }, commission };
  };

  return {
    quote: async ({ userId, from, to, fromAmount }) => {
      if (!isAmount(fromAmount) || parseAmount(fromAmount) === 0n)
        throw new DomainError('BAD_AMOUNT', { amount: fromAmount });
      const ways = waysBetween(registry, from, to);
      const spread = mulDivUp(rates.spread, 1n, BigInt(ways.length));
      const first = price(ways[0], parseAmount(fromAmount), {
        ...rates,
        spread,
        commission: ways[1] ? 0n : rates.commission,
      });
      const last = ways[1] ? price(ways[1], first.leg.toAmount, { ...rates, spread }) : first;
      const legs = last === first ? [first.leg] : [first.leg, last.leg];
      const over = first.leg.toAmount - last.leg.fromAmount;
      const quote: Quote = {
        id: ids.next(),
        userId,
        from,
        to,
        fromAmount: formatAmount(first.leg.fromAmount),
        toAmount: formatAmount(last.leg.toAmount),
        rate: formatAmount(
          floorToStep(mulDivDown(last.leg.toAmount, ONE, first.leg.fromAmount), stepOf(RATE_DECIMALS)),
        ),
        commission: formatAmount(last.commission),
        between: last === first ? null : { asset: last.leg.from, amount: formatAmount(over) },
        expiresAt: clock.now() + QUOTE_VALID_MS,
      };
      engine.offer({ quote, legs, feeVersion: fees.version });
      return quote;
    },
  };
}

/** A market, and in which direction. */
interface Way {
  readonly market: Market;
  readonly side: 'BUY' | 'SELL';
  readonly from: string;
  readonly to: string;
}

/** The asset that every market outside can be reached over. */
const BETWEEN = 'USDT';

/** The market in which `from` is given for `to`, or the two over USDT. Refuses UNKNOWN_MARKET. */
function waysBetween(registry: Registry, from: string, to: string): [Way, Way?] {
  const direct = wayBetween(registry, from, to);
  if (direct) return [direct];
  const [first, second] = [wayBetween(registry, from, BETWEEN), wayBetween(registry, BETWEEN, to)];
  if (from === to || !first || !second) throw new DomainError('UNKNOWN_MARKET', { from, to });
  return [first, second];
}

function wayBetween(registry: Registry, from: string, to: string): Way | undefined {
  const market = registry.markets.find(
    ({ base, quote, venue }) => venue !== null && ((base === from && quote === to) || (base === to && quote === from)),
  );
  return market && { market, side: market.base === from ? 'SELL' : 'BUY', from, to };
}
