import { candleOf, joined, withTrade } from './candles';

const CANDLE = candleOf([60_000, '10', '12', '9', '11', '5']);
const trade = (at: number, price: string) => ({ at, price, quantity: '1' });

test('a trade changes the last candle, begins a new one, or comes too late', () => {
  expect(withTrade(CANDLE, trade(119_999, '13'), '1m')).toEqual({ ...CANDLE, high: 13, close: 13, volume: 6 });
  expect(withTrade(CANDLE, trade(60_000, '8'), '1m')).toMatchObject({ low: 8, close: 8 });
  expect(withTrade(CANDLE, trade(180_500, '10'), '1m')).toEqual({
    at: 180_000,
    open: 11,
    high: 11,
    low: 10,
    close: 10,
    volume: 1,
  });
  expect(withTrade(CANDLE, trade(59_999, '10'), '1m')).toBeNull();
  expect(withTrade(undefined, trade(301_000, '10'), '5m')).toEqual({
    at: 300_000,
    open: 10,
    high: 10,
    low: 10,
    close: 10,
    volume: 1,
  });
});

test('older candles come before, none twice', () => {
  const older = [
    { ...CANDLE, at: 0 },
    { ...CANDLE, close: 1 },
  ];
  expect(joined(older, [CANDLE])).toEqual([{ ...CANDLE, at: 0 }, CANDLE]);
  expect(joined(older, [])).toEqual(older);
});
