import fc from 'fast-check';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Book } from './book';
import { holdOf, shareOf, worstPrice } from './holds';
import { KINDS, emptyDraft } from './terms';
import type { Draft } from './terms';

const MARKET = {
  symbol: 'ETHUSDT',
  base: 'ETH',
  quote: 'USDT',
  venue: 'binance',
  tick: '0.01',
  lot: '0.0001',
  minQuantity: '0.0001',
  maxQuantity: '9000',
  minNotional: '5',
  maxOrders: 200,
  band: '0.02',
};
const level = (price: string, quantity: string) => ({ price: parseAmount(price), quantity: parseAmount(quantity) });
const BOOK: Book = { asks: [level('3000', '1'), level('3010', '2')], bids: [level('2999', '1'), level('2990', '2')] };
const PRICES = { book: BOOK, last: '3001' };
const SCALE = 6;
const FILLED = { price: '3000', stopPrice: '2900', stopLimitPrice: '2890', quantity: '1.5', total: '100' };
const draft = (over: Partial<Draft> = {}): Draft => ({ ...emptyDraft(over.kind ?? 'LIMIT'), ...FILLED, ...over });

test.each<[Partial<Draft>, string]>([
  [{}, '3000'],
  [{ kind: 'MARKET' }, '3060'],
  [{ kind: 'MARKET', side: 'SELL' }, '2939.02'],
  [{ kind: 'STOP_LOSS' }, '2958'],
  [{ kind: 'TAKE_PROFIT', side: 'SELL' }, '2842'],
  [{ kind: 'STOP_LOSS', stopPrice: '', trailing: '1' }, '3061.02'],
  [{ kind: 'OCO' }, '3000'],
  [{ kind: 'OCO', price: '2800', stopLimitPrice: '' }, '2958'],
])('%j is reckoned at %s', (over, worst) => {
  expect(formatAmount(worstPrice(draft(over), MARKET, PRICES))).toBe(worst);
});

test('what is set aside: at the worst price for a purchase, the coins for a sale', () => {
  const hold = (over: Partial<Draft>) => {
    const found = holdOf(draft(over), MARKET, PRICES, SCALE);
    return found && [found.asset, formatAmount(found.amount)];
  };
  expect(hold({})).toEqual(['USDT', '4500']);
  expect(hold({ kind: 'MARKET' })).toEqual(['USDT', '100']);
  expect(hold({ kind: 'MARKET', byTotal: false })).toEqual(['USDT', '4590']);
  expect(hold({ side: 'SELL' })).toEqual(['ETH', '1.5']);
  expect(hold({ kind: 'MARKET', side: 'SELL', byTotal: true, total: '2939.02' })).toEqual(['ETH', '1']);
  expect(hold({ price: '' })).toBeNull();
});

test('a share by the slider', () => {
  const share = (percent: number, over: Partial<Draft>, available: string) =>
    shareOf(percent, draft(over), MARKET, PRICES, available, SCALE);
  expect(share(100, { side: 'SELL' }, '1.23456')).toEqual({ quantity: '1.2345' });
  expect(share(50, {}, '9000')).toEqual({ quantity: '1.5' });
  expect(share(100, { price: '' }, '9000')).toEqual({ quantity: '0' });
  expect(share(25, { kind: 'MARKET' }, '100.001')).toEqual({ total: '25' });
  // Two at the best prices cost 6010; the exchange sets aside what they may cost at the worst.
  expect(share(100, { kind: 'MARKET', byTotal: false }, '6010')).toEqual({ quantity: '1.962' });
  expect(share(100, { kind: 'MARKET', byTotal: true, side: 'SELL' }, '2')).toEqual({ total: '5872.16' });
});

test('whatever the slider writes, what the exchange sets aside for it is there', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 11n }).map((units) => formatAmount(units * 10n ** 12n));
  const price = fc.bigInt({ min: 1n, max: 10n ** 7n }).map((ticks) => formatAmount(ticks * 10n ** 16n));
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      fc.boolean(),
      fc.constantFrom(null, true, false),
      price,
      price,
      price,
      amount,
      fc.integer({ min: 1, max: 100 }),
      (kind, buys, byTotal, limit, stop, best, available, percent) => {
        const prices = { book: { asks: [level(best, '1000000')], bids: [level(best, '1000000')] }, last: best };
        const empty: Draft = {
          ...emptyDraft(kind),
          side: buys ? 'BUY' : 'SELL',
          byTotal,
          price: limit,
          stopPrice: stop,
        };
        const filled = { ...empty, ...shareOf(percent, empty, MARKET, prices, available, SCALE) };
        const hold = holdOf(filled, MARKET, prices, SCALE);
        expect(hold).not.toBeNull();
        expect(hold?.amount).toBeLessThanOrEqual(parseAmount(available));
      },
    ),
    { numRuns: 2000 },
  );
});
