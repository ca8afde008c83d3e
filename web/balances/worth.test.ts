import { largestFirst } from './worth';

const markets = [
  { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT' },
  { symbol: 'ETHUSDT', base: 'ETH', quote: 'USDT' },
];
const tickers = [
  { symbol: 'BTCUSDT', last: '60000', bid: '0' },
  { symbol: 'ETHUSDT', last: '0', bid: '3000' },
];
const of = (asset: string, available: string, held = '0') => ({ asset, available, held });

test('largest worth first, held counted; what has no price comes after, dust last', () => {
  const rows = [
    of('BNB', '0.00000001'),
    of('BTC', '0.01'),
    of('DOGE', '500'),
    of('ETH', '0', '1'),
    of('JVG', '0'),
    of('USDT', '900'),
  ];
  expect(largestFirst(rows, markets, tickers).map(({ asset }) => asset)).toEqual([
    'ETH',
    'USDT',
    'BTC',
    'DOGE',
    'BNB',
    'JVG',
  ]);
});

test('without prices the order is by amount, and the same every time', () => {
  const rows = [of('A', '1'), of('C', '2'), of('B', '1')];
  expect(largestFirst(rows, [], []).map(({ asset }) => asset)).toEqual(['C', 'A', 'B']);
  expect(largestFirst(rows.toReversed(), [], []).map(({ asset }) => asset)).toEqual(['C', 'A', 'B']);
});
