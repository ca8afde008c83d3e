import fc from 'fast-check';
import { ONE, parseAmount as n } from '../../../domain/money/amount';
import { ceilToStep, feeUp, floorToStep, mulDivUp, notionalUp, stepOf } from '../../../domain/money/rounding';
import type { Depth, MarketRules, PriceLevel } from '../../venues/venue';
import { priceSwap } from './price';
import type { SwapPrice, SwapRates } from './price';

const seed = Number(process.env.SEED ?? 20251121);
console.info(`prices: seed ${seed}`);

const RULES: MarketRules = {
  symbol: 'ETHUSDT',
  base: 'ETH',
  quote: 'USDT',
  trading: true,
  tick: n('0.01'),
  lot: n('0.0001'),
  minQuantity: n('0.0001'),
  maxQuantity: n('9000'),
  minNotional: n('5'),
  maxNotional: n('9000000'),
};
const RATES: SwapRates = { commission: n('0.002'), spread: n('0.001'), venueTaker: n('0.001') };
const SCALE = { ETH: stepOf(8), USDT: stepOf(6) };
const steps = (side: 'BUY' | 'SELL') =>
  side === 'SELL' ? { from: SCALE.ETH, to: SCALE.USDT } : { from: SCALE.USDT, to: SCALE.ETH };

const ticks = (count: number): bigint => BigInt(count) * RULES.tick;
const lots = (count: number): bigint => BigInt(count) * RULES.lot;
/** A book around one price: levels walk away from it by whole ticks. */
const depth: fc.Arbitrary<Depth> = fc
  .record({
    bid: fc.integer({ min: 1000, max: 1_000_000 }),
    gap: fc.integer({ min: 1, max: 500 }),
    bids: fc.array(fc.record({ away: fc.integer({ min: 1, max: 50 }), lots: fc.integer({ min: 1, max: 200_000 }) }), {
      minLength: 1,
      maxLength: 10,
    }),
    asks: fc.array(fc.record({ away: fc.integer({ min: 1, max: 50 }), lots: fc.integer({ min: 1, max: 200_000 }) }), {
      minLength: 1,
      maxLength: 10,
    }),
  })
  .map(({ bid, gap, bids, asks }) => {
    const side = (from: number, way: 1 | -1, levels: { away: number; lots: number }[]): PriceLevel[] => {
      let at = from;
      return levels.map((level) => ({
        price: ticks(Math.max(1, (at += way * level.away))),
        quantity: lots(level.lots),
      }));
    };
    return { bids: side(bid, -1, bids), asks: side(bid + gap, 1, asks), ageMs: 0 };
  });
const rates: fc.Arbitrary<SwapRates> = fc
  .record({
    commission: fc.integer({ min: 0, max: 100 }),
    spread: fc.integer({ min: 0, max: 100 }),
    venueTaker: fc.integer({ min: 0, max: 100 }),
  })
  .map(({ commission, spread, venueTaker }) => ({
    commission: BigInt(commission) * 10n ** 14n,
    spread: BigInt(spread) * 10n ** 14n,
    venueTaker: BigInt(venueTaker) * 10n ** 14n,
  }));
/** From crumbs to more than any book shows, each order of magnitude as often as the next. */
const asked = fc
  .tuple(
    fc.bigInt({ min: 1n, max: 10n ** 9n }),
    fc.integer({ min: 6, max: 15 }),
    fc.bigInt({ min: 0n, max: 10n ** 6n }),
  )
  .map(([head, zeros, crumbs]) => head * 10n ** BigInt(zeros) + crumbs);
const side = fc.constantFrom('BUY' as const, 'SELL' as const);
const done = (priced: SwapPrice | string): priced is SwapPrice => typeof priced !== 'string';

test('a complete fill at the limit pays the payout and what the venue takes, out of what the user gives', () => {
  let priced = 0;
  fc.assert(
    fc.property(side, asked, depth, rates, (way, amount, book, rate) => {
      const price = priceSwap(way, amount, book, RULES, rate, steps(way));
      if (!done(price)) return;
      priced++;
      expect([price.quantity % RULES.lot, price.limit % RULES.tick, price.toAmount % steps(way).to]).toEqual([
        0n,
        0n,
        0n,
      ]);
      expect(price.fromAmount <= amount && price.toAmount > 0n && price.commission >= 0n).toBe(true);
      // The venue rounds its fee up, and never fills worse than the limit.
      if (way === 'SELL') {
        const gives = (price.quantity * price.limit) / ONE;
        expect(gives - mulDivUp(gives, rate.venueTaker, ONE) + 1n >= price.toAmount).toBe(true);
        expect(price.quantity).toBe(price.fromAmount);
      } else {
        expect(price.quantity - mulDivUp(price.quantity, rate.venueTaker, ONE) + 1n >= price.toAmount).toBe(true);
        expect(notionalUp(price.quantity, price.limit) <= price.fromAmount).toBe(true);
      }
    }),
    { seed, numRuns: 5000 },
  );
  expect(priced).toBeGreaterThan(500);
});

test('at the prices shown the order fills: its limit is not beyond the book it was made from', () => {
  fc.assert(
    fc.property(side, asked, depth, (way, amount, book) => {
      const price = priceSwap(way, amount, book, RULES, RATES, steps(way));
      if (!done(price)) return;
      let left = price.quantity;
      let money = 0n;
      for (const level of way === 'SELL' ? book.bids : book.asks) {
        const take = level.quantity < left ? level.quantity : left;
        money += take * level.price;
        left -= take;
      }
      expect(left).toBe(0n);
      // On average, tick apart: what the shown levels cost is within what the limit allows.
      const atLimit = price.quantity * price.limit;
      const slack = price.quantity * RULES.tick;
      expect(way === 'SELL' ? money + slack >= atLimit : money <= atLimit + slack).toBe(true);
    }),
    { seed, numRuns: 5000 },
  );
});

test('there and back on one book never gains, at any rates, none included', () => {
  let trips = 0;
  fc.assert(
    fc.property(side, asked, depth, rates, (way, amount, book, rate) => {
      const there = priceSwap(way, amount, book, RULES, rate, steps(way));
      if (!done(there)) return;
      const other = way === 'SELL' ? 'BUY' : 'SELL';
      const back = priceSwap(other, there.toAmount, book, RULES, rate, steps(other));
      if (!done(back)) return;
      trips++;
      expect(back.toAmount <= there.fromAmount).toBe(true);
    }),
    { seed, numRuns: 5000 },
  );
  expect(trips).toBeGreaterThan(200);
});

test('at one price, cut in slices it never pays better than in one', () => {
  let compared = 0;
  fc.assert(
    fc.property(
      side,
      asked,
      fc.integer({ min: 2, max: 20 }),
      fc.integer({ min: 1000, max: 1_000_000 }),
      rates,
      (way, amount, slices, price, rate) => {
        const level = [{ price: ticks(price), quantity: n('1000000000') }];
        const rules = { ...RULES, minQuantity: 0n, minNotional: 0n, maxNotional: 0n, maxQuantity: n('1000000000') };
        const priced = (of: bigint): SwapPrice | string =>
          priceSwap(way, of, { bids: level, asks: level, ageMs: 0 }, rules, rate, steps(way));
        const [whole, slice] = [priced(amount), priced(amount / BigInt(slices))];
        if (!done(whole) || !done(slice)) return;
        compared++;
        // Rates crosswise; the whole may have lost a few steps of its ledger scales to rounding, once.
        const rounding = 4n * steps(way).to + (2n * whole.toAmount * steps(way).from) / whole.fromAmount + 1n;
        expect(slice.toAmount * whole.fromAmount <= (whole.toAmount + rounding) * slice.fromAmount).toBe(true);
      },
    ),
    { seed, numRuns: 3000 },
  );
  expect(compared).toBeGreaterThan(500);
});

const BOOK: Depth = {
  bids: [
    { price: n('3000'), quantity: n('2') },
    { price: n('2990'), quantity: n('1') },
  ],
  asks: [{ price: n('3001'), quantity: n('2') }],
  ageMs: 0,
};

test('a sale by hand: 1.5 ETH at 3000', () => {
  // 4500 less spread 4.5 = 4495.5, less the venue's 4.4955 = 4491.0045, less commission 8.982009 = 4482.022491
  expect(priceSwap('SELL', n('1.50009'), BOOK, RULES, RATES, steps('SELL'))).toEqual({
    side: 'SELL',
    fromAmount: n('1.5'),
    toAmount: n('4482.022491'),
    commission: n('8.982009'),
    quantity: n('1.5'),
    // 4482.022491 / 1.5 / 0.999 = 2991.0060... up to the tick
    limit: n('2991.01'),
  });
});

test('a purchase by hand: 3001 USDT at 3001', () => {
  const commission = feeUp(n('0.998001'), RATES.commission, SCALE.ETH);
  const toAmount = floorToStep(n('0.998001') - commission, SCALE.ETH);
  const quantity = ceilToStep(mulDivUp(toAmount, ONE, n('0.999')), RULES.lot);
  expect([commission, toAmount, quantity]).toEqual([n('0.00199601'), n('0.99600499'), n('0.9971')]);
  expect(priceSwap('BUY', n('3001.0000009'), BOOK, RULES, RATES, steps('BUY'))).toEqual({
    side: 'BUY',
    fromAmount: n('3001'),
    toAmount,
    commission,
    quantity,
    limit: n('3009.72'),
  });
});

test.each<[string, 'BUY' | 'SELL', string, Partial<MarketRules>, Partial<Depth>, string]>([
  ['a halted market', 'SELL', '1', { trading: false }, {}, 'MARKET_HALTED'],
  ['less than a lot', 'SELL', '0.00009', {}, {}, 'AMOUNT_TOO_SMALL'],
  ['less than the ledger scale', 'BUY', '0.0000009', {}, {}, 'AMOUNT_TOO_SMALL'],
  ["below the venue's least notional, selling", 'SELL', '0.0016', {}, {}, 'AMOUNT_TOO_SMALL'],
  ["below the venue's least notional, buying", 'BUY', '4.9', {}, {}, 'AMOUNT_TOO_SMALL'],
  ["below the venue's least quantity", 'SELL', '0.5', { minQuantity: n('0.6') }, {}, 'AMOUNT_TOO_SMALL'],
  ['more than the bids shown', 'SELL', '3.0001', {}, {}, 'AMOUNT_TOO_LARGE'],
  ['more than the asks shown', 'BUY', '6002.01', {}, {}, 'AMOUNT_TOO_LARGE'],
  ['an empty side', 'SELL', '1', {}, { bids: [] }, 'AMOUNT_TOO_LARGE'],
  ['an empty side, buying', 'BUY', '100', {}, { asks: [] }, 'AMOUNT_TOO_LARGE'],
  ["above the venue's greatest quantity", 'SELL', '2', { maxQuantity: n('1') }, {}, 'AMOUNT_TOO_LARGE'],
])('refused: %s', (_, way, amount, rules, book, refusal) => {
  expect(priceSwap(way, n(amount), { ...BOOK, ...book }, { ...RULES, ...rules }, RATES, steps(way))).toBe(refusal);
});

test('a small purchase is made of whole lots that its money reaches', () => {
  // 20 USDT at 3001 pay for 0.0066 ETH and a part of the next lot, which costs more than is left.
  const priced = priceSwap('BUY', n('20'), BOOK, RULES, RATES, steps('BUY'));
  expect(priced).toEqual({
    side: 'BUY',
    fromAmount: n('19.866191'),
    toAmount: n('0.0065934'),
    commission: n('0.00001323'),
    quantity: n('0.0066'),
    limit: n('3010.02'),
  });
});

test('all that is shown may be sold', () => {
  expect(priceSwap('SELL', n('3'), BOOK, RULES, RATES, steps('SELL'))).toMatchObject({ quantity: n('3') });
});

test('no swap is worth more than the venue takes at once', () => {
  const book: Depth = {
    bids: [{ price: n('2000'), quantity: n('100') }],
    asks: [{ price: n('2000.01'), quantity: n('100') }],
    ageMs: 0,
  };
  const rules = { ...RULES, maxNotional: n('10000') };
  expect(priceSwap('SELL', n('6'), book, rules, RATES, steps('SELL'))).toBe('AMOUNT_TOO_LARGE');
  expect(priceSwap('BUY', n('12000'), book, rules, RATES, steps('BUY'))).toBe('AMOUNT_TOO_LARGE');
  expect(priceSwap('SELL', n('4'), book, rules, RATES, steps('SELL'))).toMatchObject({ quantity: n('4') });
});
