import { placeOco, placeOrder } from '../../domain/contract/api/orders';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Book } from './book';
import { KINDS, emptyDraft, orderOf, previewOf, problemIn, taken, trailingPoints } from './terms';
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
const FEES = { maker: '0.001', taker: '0.0015' };
const scaleOf = (asset: string): number => (asset === 'ETH' ? 8 : 6);
const FILLED = { price: '3000', stopPrice: '2900', stopLimitPrice: '2890', quantity: '1.5', total: '100' };
const draft = (over: Partial<Draft> = {}): Draft => ({ ...emptyDraft(over.kind ?? 'LIMIT'), ...FILLED, ...over });

test.each(KINDS)('%s: the form makes a body that the exchange reads', (kind) => {
  const filled = draft({ kind, trailing: '1.5', iceberg: '0.1', byTotal: true });
  expect(problemIn(filled, MARKET)).toBeNull();
  const { path, body } = orderOf(filled, MARKET);
  expect((path === '/orders' ? placeOrder : placeOco).safeParse(body).success).toBe(true);
});

test('each kind says what it is and nothing else', () => {
  const bare = { symbol: 'ETHUSDT', side: 'BUY', selfTradePreventionMode: 'EXPIRE_TAKER' };
  const body = (over: Partial<Draft>): object => orderOf(draft(over), MARKET).body;
  expect(body({ kind: 'LIMIT', timeInForce: 'IOC', price: '۳۰۰۰' })).toEqual({
    ...bare,
    type: 'LIMIT',
    quantity: '1.5',
    price: '3000',
    timeInForce: 'IOC',
  });
  expect(body({ kind: 'LIMIT', timeInForce: 'IOC', iceberg: '0.1' })).toMatchObject({
    icebergQty: '0.1',
    timeInForce: 'GTC',
  });
  // A purchase at market goes by its total, a sale by its quantity, unless somebody chose.
  expect(body({ kind: 'MARKET' })).toEqual({ ...bare, type: 'MARKET', quoteOrderQty: '100' });
  expect(body({ kind: 'MARKET', side: 'SELL' })).toEqual({ ...bare, side: 'SELL', type: 'MARKET', quantity: '1.5' });
  expect(body({ kind: 'MARKET', byTotal: false })).toEqual({ ...bare, type: 'MARKET', quantity: '1.5' });
  expect(body({ kind: 'MARKET', side: 'SELL', byTotal: true })).toEqual({
    ...bare,
    side: 'SELL',
    type: 'MARKET',
    quoteOrderQty: '100',
  });
  expect(body({ kind: 'STOP_LOSS', trailing: '1' })).toEqual({
    ...bare,
    type: 'STOP_LOSS',
    quantity: '1.5',
    stopPrice: '2900',
    trailingDelta: 100,
  });
  expect(body({ kind: 'TAKE_PROFIT', trailing: '1', stopPrice: '' })).toEqual({
    ...bare,
    type: 'TAKE_PROFIT',
    quantity: '1.5',
    trailingDelta: 100,
  });
  expect(body({ kind: 'OCO', stopLimitPrice: '' })).toEqual({
    ...bare,
    quantity: '1.5',
    price: '3000',
    stopPrice: '2900',
  });
});

test.each<[Partial<Draft>, string, string]>([
  [{ price: '' }, 'price', 'needed'],
  [{ price: 'x' }, 'price', 'amount'],
  [{ price: '3000.001' }, 'price', 'step'],
  [{ quantity: '0' }, 'quantity', 'needed'],
  [{ quantity: '1.00005' }, 'quantity', 'step'],
  [{ quantity: '9001' }, 'quantity', 'large'],
  [{ quantity: '0.001' }, 'quantity', 'small'],
  [{ kind: 'MARKET', byTotal: true, total: '4.99' }, 'total', 'small'],
  [{ kind: 'STOP_LOSS', stopPrice: '' }, 'stopPrice', 'needed'],
  [{ kind: 'STOP_LOSS', trailing: '0.001' }, 'trailing', 'percent'],
  [{ kind: 'OCO', stopLimitPrice: '1.001' }, 'stopLimitPrice', 'step'],
  [{ iceberg: '0.00001' }, 'iceberg', 'step'],
])('%j: %s is %s', (over, field, what) => {
  expect(problemIn(draft(over), MARKET)).toMatchObject({ field, what });
});

test('an order at market is refused below what Binance takes of it now, by its side; others are not', () => {
  const least = { BUY: { quantity: '0.0018', total: '5.31' }, SELL: { quantity: '0.0017', total: '5.1' } };
  const problem = (over: Partial<Draft>) => problemIn(draft({ kind: 'MARKET', ...over }), MARKET, least);
  expect(problem({ total: '5.3' })).toEqual({ field: 'total', what: 'small', limit: '5.31 USDT' });
  expect(problem({ total: '5.31' })).toBeNull();
  expect(problem({ side: 'SELL', quantity: '0.0016' })).toEqual({
    field: 'quantity',
    what: 'small',
    limit: '0.0017 ETH',
  });
  expect(problem({ side: 'SELL', quantity: '0.0017' })).toBeNull();
  expect(problemIn(draft({ quantity: '0.0017' }), MARKET, least)).toBeNull();
});

test('percent as basis points', () => {
  expect(['0.1', '1.5', '20', '۲'].map(trailingPoints)).toEqual([10, 150, 2000, 200]);
  expect(['0.09', '20.01', '1.555', 'x', ''].map(trailingPoints)).toEqual([null, null, null, null, null]);
});

test('what a market order would take, by quantity and by total', () => {
  expect(taken(BOOK.asks, { quantity: parseAmount('2') })).toEqual({
    quantity: parseAmount('2'),
    quote: parseAmount('6010'),
    whole: true,
  });
  expect(taken(BOOK.asks, { quote: parseAmount('6010') })).toMatchObject({ quantity: parseAmount('2'), whole: true });
  expect(taken(BOOK.asks, { quantity: parseAmount('4') })).toMatchObject({ quantity: parseAmount('3'), whole: false });
});

test('the preview is exact, the fee in what is received and rounded against the user', () => {
  const shown = (over: Partial<Draft>) => {
    const preview = previewOf(draft(over), MARKET, BOOK, FEES, scaleOf);
    return (
      preview && [
        formatAmount(preview.total),
        formatAmount(preview.fee),
        formatAmount(preview.receives),
        preview.asset,
        preview.estimated,
      ]
    );
  };
  expect(shown({})).toEqual(['4500', '0.00225', '1.49775', 'ETH', false]);
  expect(shown({ kind: 'LIMIT_MAKER', side: 'SELL' })).toEqual(['4500', '4.5', '4495.5', 'USDT', false]);
  expect(shown({ kind: 'MARKET', byTotal: false, quantity: '2' })).toEqual(['6010', '0.003', '1.997', 'ETH', true]);
  expect(shown({ quantity: '0.0001', price: '3000.01' })).toEqual([
    '0.300001',
    '0.00000015',
    '0.00009985',
    'ETH',
    false,
  ]);
  expect([shown({ quantity: '' }), shown({ price: '' })]).toEqual([null, null]);
  expect(
    previewOf(draft({ kind: 'MARKET', byTotal: false, quantity: '9' }), MARKET, BOOK, FEES, scaleOf)?.tooMuch,
  ).toBe(true);
});
