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
  const answers = await Promise.all(Array.from({ length: 300 }, (_, at) => past.trades(market, 101 + at)));
  expect(calls).toEqual(['trades ETHUSDT 500']);
  expect(answers.map((rows) => rows.length)).toEqual(Array.from({ length: 300 }, (_, at) => 101 + at));
  expect(answers[0]?.[0]).toEqual(trade(499));
  const [first, second] = [await past.candles(market, '1m', 7), await past.candles(market, '1m', 100)];
  expect(calls).toHaveLength(2);
  expect([first, second.length]).toEqual([second.slice(-7), 100]);
});

test('a stranger who asks for ever other times uses up the questions of that kind and no more', async () => {
  const answers = await Promise.allSettled(Array.from({ length: 1000 }, (_, at) => past.candles(market, '1m', 100, at)));
  expect(calls.length).toBe(150);
  expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(850);
  await expect(past.candles(market, '1m', 100, 5000)).rejects.toMatchObject({ code: 'BUSY' });
  expect(await past.candles(market, '1m', 100)).toHaveLength(100);
  now += MINUTE;
  expect(await past.candles(market, '1m', 100, 5000)).toHaveLength(100);
});

test('a question that failed is asked again', async () => {
  const failing = createPast({ venue: { ...venue, trades: never }, history: { trades: never, candles: never }, clock: { now: () => now } });
  await expect(failing.trades(market, 10)).rejects.toThrow('tables');
  await expect(failing.trades(market, 10)).rejects.toThrow('tables');
});
