import { testWorld } from '../testing';
import type { TestWorld } from '../testing';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});
const get = async (path: string) => (await world.visitor().get(path)).body;

test('anybody may see the markets: their steps, prices, books, trades and candles', async () => {
  expect((await get('/assets')).markets).toMatchObject([
    { symbol: 'ETHUSDT', tick: '0.01', lot: '0.0001', maxOrders: 200 },
  ]);
  expect((await get('/tickers')).items).toMatchObject([
    { symbol: 'ETHUSDT', mode: 'mirrored', state: 'TRADING', open24h: '2950' },
  ]);
  const depth = await get('/markets/ETHUSDT/depth?limit=5');
  expect([depth.bids.length, depth.asks.length, depth.sequence]).toEqual([5, 5, 100]);
  expect((await get('/markets/ETHUSDT/trades?limit=3')).items).toHaveLength(3);
  const candles = (await get('/markets/ETHUSDT/candles?interval=5m&limit=2')).items;
  expect(candles[1][0] - candles[0][0]).toBe(300_000);
  expect((await get(`/markets/ETHUSDT/candles?interval=5m&limit=2&before=${candles[1][0]}`)).items[1]).toEqual(
    candles[0],
  );
});

test.each([
  ['/markets/DOGEUSDT/depth', 'UNKNOWN_MARKET'],
  ['/markets/DOGEUSDT/trades', 'UNKNOWN_MARKET'],
  ['/markets/DOGEUSDT/candles', 'UNKNOWN_MARKET'],
  ['/markets/eth-usdt/depth', 'BAD_REQUEST'],
  ['/markets/ETHUSDT/depth?limit=501', 'BAD_REQUEST'],
  ['/markets/ETHUSDT/candles?interval=2m', 'BAD_REQUEST'],
])('%s: %s', async (path, code) => {
  expect((await get(path)).error.code).toBe(code);
});
