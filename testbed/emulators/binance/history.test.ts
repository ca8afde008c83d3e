import { History } from './history';
import { INTERVALS, openOf } from './intervals';
import { walked } from './synthetic';

const recording = walked({ symbol: 'XUSDT', price: '100', tick: '0.01', lot: '0.001', seed: 3 });
const history = new History('XUSDT', recording);
const END = Date.UTC(2026, 5, 17, 13, 37, 21);
const PRICE = 100_250_000_000_000_000_000n;

test.each(Object.keys(INTERVALS).filter((interval) => interval !== '1s'))(
  'candles of %s join one another, open where the calendar says, and end at the price',
  (interval) => {
    const candles = history.candles(interval, END, PRICE, 200);
    expect(candles).toHaveLength(200);
    expect(candles.at(-1)?.c).toBe(PRICE);
    for (const [at, candle] of candles.entries()) {
      expect(openOf(interval, candle.t)).toBe(candle.t);
      expect(
        candle.l <= candle.o && candle.l <= candle.c && candle.h >= candle.o && candle.h >= candle.c && candle.l > 0n,
      ).toBe(true);
      expect(candle.v > 0n && candle.bought < candle.v && candle.n > 0).toBe(true);
      const next = candles[at + 1];
      if (next) expect([next.t, next.o]).toEqual([openOf(interval, next.t), candle.c]);
    }
  },
);

test('no two are alike, and the price goes up and down', () => {
  const candles = history.candles('15m', END, PRICE, 500);
  expect(new Set(candles.map(({ o, h, l, c }) => `${o} ${h} ${l} ${c}`)).size).toBeGreaterThan(490);
  const ups = candles.filter(({ o, c }) => c > o).length;
  expect(ups).toBeGreaterThan(150);
  expect(ups).toBeLessThan(350);
});

test('the same past is told again, whenever it is asked for; another market has another one', () => {
  const told = (from: History, end: number): string[] =>
    from.candles('1h', end, PRICE, 50).map(({ t, o, c }) => `${t} ${(c * 1000n + o / 2n) / o}`);
  const later = told(history, END + 3_600_000);
  expect(
    told(new History('XUSDT', recording), END)
      .slice(1, -1)
      .filter((row) => later.includes(row)).length,
  ).toBeGreaterThan(40);
  expect(told(new History('YUSDT', recording), END)).not.toEqual(told(history, END));
});
