import type { CandleView, PublicTradeView } from '../../domain/contract/api/markets';
import type { Market } from '../../domain/registry';
import { createPast } from './past';

const MINUTE = 60_000;
let now = 10 * MINUTE;
let calls: string[] = [];
const candle = (at: number) => ({ at }) as unknown as CandleView;
const trade = (id: number) => ({ id: `v${id}` }) as unknown as PublicTradeView;
const venue = {
  weightLimit: () => 6000,
  candles: async (symbol: string, _interval: string, limit: number, before?: number) => {
    calls.push(`candles ${symbol} ${limit} ${before ?? ''}`);
    return Array.from({ length: limit }, (_, at) => candle(at));
  },
  trades: async (symbol: string, limit: number) => {
    calls.push(`trades ${symbol} ${limit}`);
    return Array.from({ length: limit }, (_, at) => trade(at));
  },
};
const never = async (): Promise<never> => {
  throw new Error('our own tables were asked');
};
const market = { symbol: 'ETHUSDT', venue: 'binance' } as Market;
let past: ReturnType<typeof createPast>;
beforeEach(() => {
  calls = [];
  now += 2 * MINUTE;
  past = createPast({ venue, history: { trades: never, candles: never }, clock: { now: () => now } });
});

test('many who ask the same at once are one question, also with other limits of the same size', async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, (_, at) => past.trades(market, 101 + at, 'a')));
  expect(calls).toEqual(['trades ETHUSDT 500']);
  expect(answers.map((rows) => rows.length)).toEqual(Array.from({ length: 300 }, (_, at) => 101 + at));
  expect(answers[0]?.[0]).toEqual(trade(499));
  const [first, second] = [
    await past.candles(market, '1m', 7, undefined, 'a'),
    await past.candles(market, '1m', 100, undefined, 'a'),
  ];
  expect(calls).toHaveLength(2);
  expect([first, second.length]).toEqual([second.slice(-7), 100]);
});

/** What came of asking for so many other times as `caller`: how many were answered. */
const askedBy = async (caller: string, many: number, from = 0): Promise<number> =>
  (
    await Promise.allSettled(
      Array.from({ length: many }, (_, at) => past.candles(market, '1m', 100, from + at, caller)),
    )
  ).filter(({ status }) => status === 'fulfilled').length;

test('one caller who asks for ever other times uses up a quarter of such questions, and closes them for nobody else', async () => {
  expect(await askedBy('thief', 1000)).toBe(37);
  await expect(past.candles(market, '1m', 100, 5000, 'thief')).rejects.toMatchObject({ code: 'BUSY' });
  expect(await past.candles(market, '1m', 100, 5000, 'other')).toHaveLength(100);
  expect(await past.candles(market, '1m', 100, undefined, 'thief')).toHaveLength(100);
  now += MINUTE;
  expect(await past.candles(market, '1m', 100, 6000, 'thief')).toHaveLength(100);
});

test('many callers at once leave the last quarter to those who asked little', async () => {
  const answered = [];
  for (let at = 0; at < 10; at++) answered.push(await askedBy(`thief ${at}`, 100, 1000 * at));
  expect(answered.reduce((sum, one) => sum + one, 0)).toBeLessThan(150);
  expect(await past.candles(market, '1m', 100, 77, 'newcomer')).toHaveLength(100);
});

test('above the quoteBudget the last answer is given again; never one that is older than ten minutes', async () => {
  const fresh = await past.candles(market, '1m', 500, undefined, 'a');
  now += 8 * MINUTE;
  // 12 questions for trades are a quarter of what all callers may ask.
  const trades = await Promise.allSettled(
    Array.from({ length: 30 }, (_, at) => past.trades({ ...market, symbol: `M${at}` }, 10, 'a')),
  );
  expect(trades.filter(({ status }) => status === 'fulfilled')).toHaveLength(12);
  const asked = calls.length;
  expect(await past.candles(market, '1m', 100, undefined, 'a')).toEqual(fresh.slice(-100));
  expect(calls).toHaveLength(asked);
  expect(await past.candles(market, '1m', 100, undefined, 'b')).toHaveLength(100);
  expect(calls).toHaveLength(asked + 1);
});

test('a question that failed is asked again', async () => {
  const failing = createPast({
    venue: { ...venue, trades: never },
    history: { trades: never, candles: never },
    clock: { now: () => now },
  });
  await expect(failing.trades(market, 10, 'a')).rejects.toThrow('tables');
  await expect(failing.trades(market, 10, 'a')).rejects.toThrow('tables');
});
