/**
 * What the page reckons an order will hold is what the engine sets aside for it, whatever is typed and wherever the
 * price stands.
 */
import fc from 'fast-check';
import { firstListing } from '../../db/seed';
import type { OrderTerms } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { openMarket } from '../../matching/modules/orders/market';
import type { TradingMarket } from '../../matching/modules/orders/market';
import { holdOf } from '../../matching/modules/orders/order';
import { checkTerms } from '../../matching/modules/orders/terms';
import * as page from '../../web/trading/holds';
import { KINDS, emptyDraft, orderOf, problemIn } from '../../web/trading/terms';
import type { Draft } from '../../web/trading/terms';

const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const scaleOf = (asset: string): number => registry.assets.find(({ code }) => code === asset)?.scale ?? 0;

/** What the engine would hold, or null where it refuses the order. */
function engineHold(market: TradingMarket, terms: OrderTerms): Units | null {
  try {
    const checked = checkTerms(terms, market, { orders: 0, waiting: () => 0 }, 1);
    const rest = {
      id: 'o',
      seq: 1,
      userId: 'u',
      clientOrderId: 'c',
      ocoLegId: null,
      listId: null,
      executed: 0,
      quote: 0n,
      held: 0n,
      state: 'NEW' as const,
    };
    return holdOf(
      {
        ...rest,
        ...checked,
        bookStatus: 'resting',
        priority: 0,
        visibleLots: 0,
        trailingExtreme: 0,
        routingAttempts: 0,
        reason: null,
        createdAt: 0,
        updatedAt: 0,
      },
      market.scales,
    );
  } catch (error) {
    if (error instanceof DomainError) return null;
    throw error;
  }
}

/** Of an OCO the larger of its two legs. */
function heldFor(market: TradingMarket, draft: Draft, view: Parameters<typeof orderOf>[1]): Units | null {
  const { path, body } = orderOf(draft, view);
  if (path === '/orders') return engineHold(market, body);
  const { price, stopPrice, stopLimitPrice, ...common } = body;
  const limit = engineHold(market, { ...common, type: 'LIMIT_MAKER', price });
  const stop = engineHold(market, {
    ...common,
    type: stopLimitPrice === undefined ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT',
    stopPrice,
    ...(stopLimitPrice !== undefined && { price: stopLimitPrice }),
  });
  return limit === null || stop === null ? null : limit > stop ? limit : stop;
}

test.each(['BTCUSDT', 'ETHUSDT', 'ETHBTC', 'TRXUSDT'])(
  '%s: page and engine agree to the unit, and the slider never asks for more than there is',
  (symbol) => {
    const listing = registry.markets.find((market) => market.symbol === symbol);
    if (!listing) throw new Error(symbol);
    const [tick, lot] = [parseAmount(listing.tick), parseAmount(listing.lot)];
    const quoteScale = scaleOf(listing.quote);
    const [kinds, chosen, ticks] = [
      fc.constantFrom(...KINDS),
      fc.constantFrom(null, true, false),
      fc.integer({ min: 20, max: 5_000_000 }),
    ];
    const steps = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 });
    let compared = 0;
    fc.assert(
      fc.property(
        kinds,
        fc.boolean(),
        chosen,
        ticks,
        steps,
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 100 }),
        (kind, buys, byTotal, best, away, lots, trails, percent) => {
          const market = openMarket(listing, registry);
          market.last = best;
          market.outside = { bids: [[best, 1_000_000_000]], asks: [[best + 1, 1_000_000_000]], at: 1 };
          const level = (at: number) => ({ price: BigInt(at) * tick, quantity: 10n ** 30n });
          const prices = {
            book: { bids: [level(best)], asks: [level(best + 1)] },
            last: formatAmount(BigInt(best) * tick),
          };
          const near = (step: number | undefined): string =>
            formatAmount(BigInt(Math.max(1, best + (step ?? 0))) * tick);
          const draft: Draft = {
            ...{
              ...emptyDraft(kind),
              side: buys ? 'BUY' : 'SELL',
              byTotal,
              price: near(away[0]),
              stopPrice: trails && kind !== 'OCO' ? '' : near(away[1]),
              stopLimitPrice: trails ? near(away[2]) : '',
            },
            ...{
              trailing: trails ? '1.5' : '',
              quantity: formatAmount(BigInt(lots) * lot),
              total: formatAmount((BigInt(lots) * 10n ** 18n) / 100n),
            },
          };
          if (problemIn(draft, listing) === null) {
            const engine = heldFor(market, draft, listing);
            const reckoned = page.holdOf(draft, listing, prices, quoteScale);
            if (engine !== null) {
              expect([reckoned?.asset, formatAmount(reckoned?.amount ?? -1n)]).toEqual([
                buys ? listing.quote : listing.base,
                formatAmount(engine),
              ]);
              compared++;
            }
          }
          const available = formatAmount((BigInt(lots) * 10n ** 18n) / 1000n);
          const filled: Draft = { ...draft, ...page.shareOf(percent, draft, listing, prices, available, quoteScale) };
          const held = problemIn(filled, listing) === null ? heldFor(market, filled, listing) : null;
          if (held !== null) expect(held).toBeLessThanOrEqual(parseAmount(available));
        },
      ),
      { numRuns: 1500 },
    );
    expect(compared).toBeGreaterThan(300);
  },
);
