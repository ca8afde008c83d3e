import type { Clock, Ids } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { Quote, Quotes } from '../../domain/contract/ports';
import { ONE, formatAmount, isAmount, parseAmount } from '../../domain/money/amount';
import { floorToStep, mulDivDown, notionalUp, stepOf } from '../../domain/money/rounding';
import type { Market, Registry } from '../../domain/registry';
import { assetOf } from '../../domain/registry';
import type { EngineHouse } from '../engine';
import type { Venue } from '../venues/venue';
import { priceSwap } from './price';

/** How long a quote may be accepted. */
const QUOTE_VALID_MS = 10_000;
const RATE_DECIMALS = 8;

export interface QuotesDeps {
  readonly engine: EngineHouse;
  readonly venue: Venue;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Prices swaps on the live book and leaves each quote with the engine, which alone can accept it. */
export function createQuotes({ engine, venue, registry, clock, ids }: QuotesDeps): Quotes {
  const { fees } = registry;
  const rates = { commission: parseAmount(fees.swapCommission), spread: parseAmount(fees.swapSpread), venueTaker: parseAmount(fees.venueTaker) };

  return {
    quote: async ({ userId, from, to, fromAmount }) => {
      const { market, side } = marketBetween(registry, from, to);
      if (!isAmount(fromAmount) || parseAmount(fromAmount) === 0n) throw new DomainError('BAD_AMOUNT', { amount: fromAmount });
      const depth = venue.depth(market.symbol);
      const rules = venue.rules(market.symbol);
      if (!depth || !rules) throw new DomainError('MARKET_CLOSED', { market: market.symbol });
      const steps = { from: stepOf(assetOf(registry, from).scale), to: stepOf(assetOf(registry, to).scale) };
      const priced = priceSwap(side, parseAmount(fromAmount), depth, rules, rates, steps);
      if (typeof priced === 'string') throw new DomainError(priced, { market: market.symbol, minimumNotional: formatAmount(rules.minNotional), asset: market.quote });
      const quote: Quote = {
        id: ids.next(),
        userId,
        from,
        to,
        fromAmount: formatAmount(priced.fromAmount),
        toAmount: formatAmount(priced.toAmount),
        rate: formatAmount(floorToStep(mulDivDown(priced.toAmount, ONE, priced.fromAmount), stepOf(RATE_DECIMALS))),
        commission: formatAmount(priced.commission),
        expiresAt: clock.now() + QUOTE_VALID_MS,
      };
      const spendsMost = side === 'SELL' ? priced.quantity : notionalUp(priced.quantity, priced.limit);
      engine.offer({
        quote,
        legs: [{ symbol: market.symbol, side, quantity: priced.quantity, limit: priced.limit, spends: from, spendsMost }],
        feeVersion: fees.version,
        seen: { bid: formatAmount(depth.bids[0]?.price ?? 0n), ask: formatAmount(depth.asks[0]?.price ?? 0n), ageMs: depth.ageMs },
      });
      return quote;
    },
  };
}

/** The market in which `from` is given for `to`. */
function marketBetween(registry: Registry, from: string, to: string): { market: Market; side: 'BUY' | 'SELL' } {
  const market = registry.markets.find(({ base, quote, venue }) => venue !== null && ((base === from && quote === to) || (base === to && quote === from)));
  if (!market) throw new DomainError('UNKNOWN_MARKET', { from, to });
  return { market, side: market.base === from ? 'SELL' : 'BUY' };
}
