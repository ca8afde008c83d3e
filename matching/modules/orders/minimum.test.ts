import fc from 'fast-check';
import { firstListing } from '../../../db/seed';
import { ONE, formatAmount, parseAmount } from '../../../domain/money/amount';
import { DomainError } from '../../../domain/contract/errors';
import { openMarket } from './market';
import { minimumNow } from './minimum';
import { checkTerms } from './terms';

const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const listing = registry.markets.find(({ symbol }) => symbol === 'ETHUSDT') ?? registry.markets[0];
const NOW = 1_763_700_000_000;
const NOBODY = { orders: 0, waiting: () => 0 };

/** ETHUSDT with these prices outside, in ticks of a cent, and the venue's steps in our lots of 0.0001. */
function marketAt(bid: number, ask: number, steps: { lots: number; least: number; notional: bigint }) {
  const market = openMarket(listing as NonNullable<typeof listing>, registry);
  market.outside = {
    bids: [[bid, 10 ** 9]],
    asks: [[ask, 10 ** 9]],
    at: NOW,
    steps: { ticks: 1, most: 10 ** 12, ...steps },
  };
  return market;
}
const refusal = (work: () => unknown): DomainError | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as DomainError;
  }
};

test('an order at the published minimum of Binance is refused with the true one, which is taken', () => {
  const market = marketAt(199_900, 200_000, { lots: 1, least: 1, notional: parseAmount('5') });
  // 5 USDT at a limit two percent below the best bid.
  expect(formatAmount(minimumNow(market, 'SELL')?.quantity ?? 0n)).toBe('0.0026');
  const sell = (quantity: string) => () =>
    checkTerms({ symbol: 'ETHUSDT', side: 'SELL', type: 'MARKET', quantity }, market, NOBODY, NOW);
  expect(refusal(sell('0.0025'))).toMatchObject({
    code: 'FILTER_FAILURE',
    details: { filter: 'NOTIONAL', field: 'quantity', minimum: '0.0026', asset: 'ETH' },
  });
  expect(refusal(sell('0.0026'))).toBeUndefined();
  const buy = (quoteOrderQty: string) => () =>
    checkTerms({ symbol: 'ETHUSDT', side: 'BUY', type: 'MARKET', quoteOrderQty }, market, NOBODY, NOW);
  expect(refusal(buy('5'))).toMatchObject({
    code: 'FILTER_FAILURE',
    details: { field: 'quoteOrderQty', minimum: '5.204', asset: 'USDT' },
  });
  expect(refusal(buy('5.204'))).toBeUndefined();
  expect(refusal(buy('1'))).toMatchObject({ details: { minimum: '5.204' } });
});

test('where our book stands alone its own minimum counts', () => {
  const market = marketAt(199_900, 200_000, { lots: 1, least: 1, notional: parseAmount('50') });
  expect(
    refusal(() =>
      checkTerms({ symbol: 'ETHUSDT', side: 'SELL', type: 'MARKET', quantity: '0.003' }, market, NOBODY, NOW),
    )?.details,
  ).toMatchObject({ filter: 'NOTIONAL' });
  market.stopped = true;
  expect(
    refusal(() =>
      checkTerms({ symbol: 'ETHUSDT', side: 'SELL', type: 'MARKET', quantity: '0.003' }, market, NOBODY, NOW),
    ),
  ).toBeUndefined();
});

test('whatever the prices and the steps: what is not below the minimum is not too small for the venue, at any limit that it may be sent with', () => {
  const lots = fc.constantFrom(1, 10, 1000);
  fc.assert(
    fc.property(
      fc.integer({ min: 1000, max: 10_000_000 }),
      fc.integer({ min: 0, max: 500 }),
      lots,
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 0, max: 100 }),
      (bid, spread, step, least, notional, within) => {
        const market = marketAt(bid, bid + 1 + spread, { lots: step, least, notional: BigInt(notional) * ONE });
        const { scales } = market;
        for (const side of ['BUY', 'SELL'] as const) {
          const { quantity, total } = minimumNow(market, side) as { quantity: bigint; total: bigint };
          const at = (terms: object) =>
            checkTerms({ symbol: 'ETHUSDT', side, type: 'MARKET', ...terms }, market, NOBODY, NOW);
          const best = side === 'BUY' ? bid + 1 + spread : bid;
          // Between the best price and the worst one: our own book may stand before it.
          const limitOf = (protectionPrice: number): number =>
            best + Math.trunc(((protectionPrice - best) * within) / 100);
          const suits = (sent: number, limit: number): boolean => {
            const whole = sent - (sent % step);
            return (
              whole >= least &&
              scales.notional(limit, whole) >= BigInt(notional) * ONE &&
              scales.notional(limit, whole) >= parseAmount((listing as NonNullable<typeof listing>).minNotional)
            );
          };
          const byQuantity = at({ quantity: formatAmount(quantity) });
          expect(suits(byQuantity.lots, limitOf(byQuantity.protectionPrice))).toBe(true);
          const byTotal = at({ quoteOrderQty: formatAmount(total) });
          const price = side === 'BUY' ? limitOf(byTotal.protectionPrice) : best;
          expect(suits(Math.trunc(byTotal.quoteBudget / price), limitOf(byTotal.protectionPrice))).toBe(true);
          const less = quantity - scales.quantity(1);
          expect(refusal(() => at({ quantity: formatAmount(less > 0n ? less : 1n) }))).toBeInstanceOf(DomainError);
        }
      },
    ),
  );
});
