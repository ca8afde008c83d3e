/** What Binance says of itself is heeded: a server that shuts down, limits, ranges of prices, the travel rule. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatAmount } from '../../domain/money/amount';
import { createBinance } from '../../matching/venues/binance';
import type { Binance } from '../../matching/venues/binance';
import { createVenueClock } from '../../matching/venues/binance/clock';
import { createOrders } from '../../matching/venues/binance/orders';
import { createRest } from '../../matching/venues/binance/rest';
import { startEmulator } from '../emulators/binance/main';
import type { Emulator } from '../emulators/binance/main';

const S = 'ETHUSDT';
const clock = { now: () => Date.now() };
let dir: string;
let emulator: Emulator;
let venue: Binance | undefined;
let said: { level: string; text: string; about: object }[];
const logger = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (about: object, text: string) => void said.push({ level, text, about }),
  ]),
) as never;
const config = () => {
  const ws = emulator.url.replace('http', 'ws');
  const key = { key: 'trading', secret: 'trading-secret' };
  return { restUrl: emulator.url, streamUrl: ws, wsApiUrl: ws, tradingKey: key, treasuryKey: key };
};
const control = (path: string, body: object): Promise<unknown> =>
  fetch(`${emulator.url}/control/${path}`, { method: 'POST', body: JSON.stringify(body) });
const times = (text: string): number => said.filter((line) => line.text.includes(text)).length;

beforeEach(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'venue-rules-'));
  said = [];
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: [{ apiKey: 'trading', secret: 'trading-secret', type: 'hmac', permissions: ['TRADE'] }],
    chains: [],
    balances: { ETH: '1000', USDT: '5000000' },
  });
});
afterEach(async () => {
  await venue?.stop();
  venue = undefined;
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

async function until(what: string, check: () => unknown): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never: ${what}`);
}
async function open(): Promise<Binance> {
  const opened = createBinance(config(), [S], { clock, logger });
  venue = opened;
  await opened.start();
  await until('a book', () => opened.ready() && opened.depth(S));
  return opened;
}
let n = 0;
const buy = (price: string) => ({
  id: `rules-${++n}`,
  symbol: S,
  side: 'BUY' as const,
  quantity: '0.01',
  limitPrice: price,
  timestamp: Date.now(),
  recvWindow: 5000,
});

test('a market server that shuts down is left for another one: the book has no gap, no trade is told twice or not at all', async () => {
  const binance = await open();
  const told: number[] = [];
  binance.onTrade((_, { id }) => void told.push(Number(id)));
  await until('trades', () => told.length > 3);
  emulator.exchange.faults.arm('server-shutdown', { match: 'stream', lasts: 1500 });
  emulator.beat();
  const from = told.length;
  let missing = 0;
  const looking = setInterval(() => binance.depth(S) ?? missing++, 10);
  await until('another connection was opened', () => times('opened anew') === 1);
  await new Promise((resolve) => setTimeout(resolve, 6500));
  clearInterval(looking);
  expect({ missing, readAnew: times('read anew'), back: times('streams are back') }).toEqual({
    missing: 0,
    readAnew: 1,
    back: 0,
  });
  const after = told.slice(from);
  expect(after.length).toBeGreaterThan(5);
  expect(after).toEqual(after.map((_, at) => (after[0] as number) + at));
}, 30_000);

test('limits are read from exchangeInfo: orders for the engine, weight for questions', async () => {
  await control('limits', {
    rateLimits: [
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 50 },
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 3000 },
    ],
  });
  const limits: number[] = [];
  const opened = createBinance(config(), [S], { clock, logger });
  venue = opened;
  opened.onOrderLimit((most) => void limits.push(most));
  await opened.start();
  expect([limits[0], opened.weightLimit()]).toEqual([50, 3000]);
});

test('weight is counted over both doors: what an answer to an order says holds back questions over REST', async () => {
  const rest = createRest(config(), { clock, logger });
  const orders = createOrders(config(), rest, createVenueClock(rest, { clock, logger }), () => undefined, {
    clock,
    logger,
  });
  try {
    await orders.start();
    await until('connected', () => orders.ready());
    expect(rest.budget.share()).toBeLessThan(5);
    // Somebody else behind our address asks much, which no answer over REST has told us.
    for (let asked = 0; asked < 23; asked++) await fetch(`${emulator.url}/api/v3/depth?symbol=${S}&limit=5000`);
    const price = formatAmount(0n);
    await orders.place({ ...buy('1'), limitPrice: price });
    expect(rest.budget.share()).toBeGreaterThan(90);
    await expect(rest.call(false, () => rest.trading.get('api/v3/ping'))).rejects.toThrow('nearly used up');
  } finally {
    await orders.stop();
  }
});

test('the venue takes no more orders: none is sent until its window is over', async () => {
  await control('limits', { rateLimits: [{ rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 1 }] });
  const binance = await open();
  const far = '100';
  // A price that is far off is refused before it is counted; near ones rest unfilled and count.
  const near = formatAmount(((binance.depth(S)?.bids[0]?.price ?? 0n) / 10n ** 16n) * 10n ** 16n - 10n ** 18n);
  expect(await binance.place(buy(far))).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('PERCENT_PRICE'),
  });
  const placed = [await binance.place(buy(near)), await binance.place(buy(near)), await binance.place(buy(near))];
  expect(placed.some(({ outcome }) => outcome === 'done')).toBe(true);
  expect(placed.at(-1)).toMatchObject({ outcome: 'refused', again: true });
  expect(binance.ready()).toBe(false);
  await until('the next window', () => binance.ready());
}, 30_000);

test('beyond the range of prices there is nothing to take; an order that ended by it says so, at once and when asked', async () => {
  const binance = await open();
  const price = formatAmount(binance.depth(S)?.asks[30]?.price ?? 0n);
  await control('symbols', { symbol: S, priceRange: { bidMultiplierUp: '0.9000' } });
  const order = buy(price);
  expect(await binance.place(order)).toMatchObject({ outcome: 'done', trades: [], ended: 'PRICE_RANGE' });
  expect(await binance.find(order)).toMatchObject({ found: 'final', trades: [], ended: 'PRICE_RANGE' });
  await binance.stop();
  venue = undefined;
  const again = await open();
  await until('no asks within the range', () => again.depth(S)?.asks.length === 0);
  expect(again.depth(S)?.bids.length).toBeGreaterThan(0);
});

test.each([
  ['AE', 1],
  ['NIL', 0],
])('an account under the travel rule of %s is told of at the start', async (travelRule, lines) => {
  await control('account', { travelRule });
  await open();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const found = said.filter(({ text }) => text.includes('travel rule of'));
  expect(found.map(({ level, about }) => [level, about])).toEqual(
    lines === 0 ? [] : [['error', { event: 'venue.travel_rule', country: travelRule }]],
  );
});
