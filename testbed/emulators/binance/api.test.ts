/**
 * What of the venue's API the product does not use today, and other programs will: sessions, counts, history, faults
 * by name.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MainClient, WebsocketAPIClient } from 'binance';
import { WebSocket } from 'ws';
import { Candles } from './candles';
import { must, show } from './decimal';
import { INTERVALS } from './intervals';
import { Journal } from './journal';
import { startEmulator } from './main';
import type { Emulator } from './main';
import { recordingOf } from './recording';

const S = 'ETHUSDT';
const pair = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const KEYS = [
  { apiKey: 'trading', secret: 'trading-secret', type: 'hmac' as const, permissions: ['TRADE' as const] },
  { apiKey: 'session', publicKey: pair.publicKey, type: 'ed25519' as const, permissions: ['TRADE' as const] },
];
const silent = { trace: () => undefined, info: () => undefined, error: () => undefined };
const config = () => ({ port: 0, dir, apiKeys: KEYS, chains: [], balances: { ETH: '1000', USDT: '5000000' } });

let dir: string;
let emulator: Emulator;
let client: MainClient;
const closers: (() => void)[] = [];

const start = async (): Promise<void> => {
  emulator = await startEmulator(config());
  emulator.exchange.freeze(true);
  client = new MainClient(
    {
      api_key: 'trading',
      api_secret: 'trading-secret',
      baseUrl: emulator.url,
      filterUndefinedParams: true,
      disableTimeSync: true,
      parseExceptions: false,
    },
    { timeout: 5000 },
  );
};

beforeEach(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'emulator-api-'));
  await start();
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

async function until<T>(what: string, check: () => T | undefined | false): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never: ${what}`);
}
const best = (side: 'a' | 'b'): [bigint, bigint] => emulator.exchange.markets.get(S)?.best(side) as [bigint, bigint];
const counts = async () =>
  (await client.getPrivate('api/v3/rateLimit/order')) as unknown as { interval: string; count: number }[];

/** A bare connection to the WebSocket API. */
async function connect(): Promise<
  (
    method: string,
    params?: object,
  ) => Promise<{ status: number; result?: Record<string, unknown>; error?: { code: number }; rateLimits?: unknown[] }>
> {
  const socket = new WebSocket(`${emulator.url.replace('http', 'ws')}/ws-api/v3`);
  closers.push(() => socket.terminate());
  await once(socket, 'open');
  let id = 0;
  return async (method, params) => {
    const own = `call-${id++}`;
    const answered = new Promise<never>((resolve) => {
      socket.on('message', (raw) => {
        const message = JSON.parse(String(raw)) as { id: unknown };
        if (message.id === own) resolve(message as never);
      });
    });
    socket.send(JSON.stringify({ id: own, method, ...(params && { params }) }));
    return answered;
  };
}

test('an Ed25519 key logs on; its session trades and follows the account without signatures', async () => {
  const events: { e?: string; x?: string; status?: string }[] = [];
  const api = new WebsocketAPIClient(
    {
      api_key: 'session',
      api_secret: pair.privateKey,
      wsUrl: emulator.url.replace('http', 'ws'),
      attachEventListeners: false,
      beautify: false,
      muteLatencyWarning: true,
    },
    silent,
  );
  const socket = api.getWSClient();
  socket.on('exception', () => undefined);
  socket.on('message', (event) => void events.push(event as never));
  closers.push(() => socket.closeAll(true));
  await api.subscribeUserDataStream('mainWSAPI');
  const placed = (await api.submitNewSpotOrder({
    symbol: S,
    side: 'BUY',
    type: 'MARKET',
    quantity: 0.1,
    timestamp: Date.now(),
  } as never)) as unknown as { result: { orderId: number; status: string } };
  expect(placed.result.status).toBe('FILLED');
  await until('the report', () => events.some((event) => event.e === 'executionReport' && event.x === 'TRADE'));
  const ask = await connect();
  expect(await ask('session.status')).toMatchObject({ status: 200, result: { apiKey: null } });
  expect(await ask('order.status', { symbol: S, orderId: placed.result.orderId, timestamp: Date.now() })).toMatchObject(
    { status: 400, error: { code: -1102 } },
  );
  expect(
    await ask('session.logon', {
      apiKey: 'session',
      timestamp: Date.now(),
      signature: Buffer.alloc(64).toString('base64'),
    }),
  ).toMatchObject({ error: { code: -1022 } });
  expect(await ask('userDataStream.subscribe')).toMatchObject({ error: { code: -1002 } });
});

test('market data over the WebSocket API is that of REST; limits are told unless they are not wanted', async () => {
  const ask = await connect();
  const depth = await ask('v3/depth', { symbol: S, limit: 5 });
  expect(depth.result).toEqual(await client.getOrderBook({ symbol: S, limit: 5 }));
  expect(depth.rateLimits).toMatchObject([{ rateLimitType: 'REQUEST_WEIGHT' }]);
  expect(await ask('depth', { symbol: S, limit: 5, returnRateLimits: false })).not.toHaveProperty('rateLimits');
  expect(await ask('ticker.price', { symbols: ['ETHUSDT', 'BTCUSDT'] })).toMatchObject({
    status: 200,
    result: [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }],
  });
  expect(await ask('depth')).toMatchObject({ status: 400, error: { code: -1102 } });
  expect(await ask('constructor')).toMatchObject({ status: 400, error: { code: -1020 } });
});

test('orders count until they are filled, and the hundred-and-first in ten seconds is refused', async () => {
  jest.spyOn(Date, 'now').mockReturnValue(Math.floor(Date.now() / 10_000) * 10_000 + 1);
  try {
    const before = best('b')[0];
    const rest = (price: bigint, timeInForce: 'GTC' | 'IOC') =>
      client.submitNewOrder({
        symbol: S,
        side: 'BUY',
        type: 'LIMIT',
        timeInForce,
        price: show(price) as never,
        quantity: 0.1,
      });
    expect((await counts()).map(({ count }) => count)).toEqual([0, 0]);
    await rest(best('a')[0], 'IOC');
    expect((await counts()).map(({ count }) => count)).toEqual([0, 0]);
    await rest(before - must('10'), 'IOC');
    await expect(rest(before / 1000n, 'IOC')).rejects.toMatchObject({ response: { data: { code: -1013 } } });
    expect((await counts()).map(({ count }) => count)).toEqual([1, 1]);
    for (let n = 0; n < 99; n++) await rest(before - must('10'), 'GTC');
    await expect(rest(before, 'GTC')).rejects.toMatchObject({
      response: {
        status: 429,
        data: { code: -1015, msg: 'Too many new orders; current limit is 100 orders per 10 SECOND.' },
        headers: { 'retry-after': '10' },
      },
    });
  } finally {
    jest.restoreAllMocks();
  }
});

test('candles have a past, without a seam; the day is told from them', async () => {
  const market = emulator.exchange.markets.get(S);
  for (const interval of ['1s', '1m', '1h']) {
    emulator.exchange.step(3000);
    const rows = (await client.getKlines({ symbol: S, interval: interval as '1m', limit: 1000 })) as unknown as [
      number,
      string,
      string,
      string,
      string,
      string,
      number,
    ][];
    const length = INTERVALS[interval] ?? 0;
    expect(rows.length).toBeGreaterThan(100);
    rows.forEach(([t, o, h, l, c, , closes], n) => {
      expect(t % length).toBe(0);
      expect(closes).toBe(t + length - 1);
      for (const price of [o, c]) expect(must(l) <= must(price) && must(price) <= must(h)).toBe(true);
      if (n > 0) expect(t).toBeGreaterThan(rows[n - 1]?.[0] ?? 0);
    });
    expect(rows.at(-1)?.[4]).toBe(show(market?.lastPrice ?? 0n));
  }
  const minutes = (await client.getKlines({ symbol: S, interval: '1m', limit: 3 })) as unknown as [number][];
  expect(await client.getKlines({ symbol: S, interval: '1m', startTime: minutes[1]?.[0] ?? 0 } as never)).toHaveLength(
    2,
  );
  const day = (await client.get24hrChangeStatistics({ symbol: S })) as unknown as Record<string, string>;
  expect(
    must(day.lowPrice ?? '') <= must(day.lastPrice ?? '') && must(day.lastPrice ?? '') <= must(day.highPrice ?? ''),
  ).toBe(true);
  expect(must(day.volume ?? '')).toBeGreaterThan(0n);
});

test('the past goes through the recording the other way than it is played', () => {
  const { seconds } = recordingOf(join(__dirname, 'data', 'ethusdt.jsonl.gz'));
  const candles = new Candles(seconds);
  candles.begin(1_000_000_000_000, 10, false);
  const told = candles.list('1s').slice(-20);
  const played = [...Array(10).keys()].map((second) => seconds[second]).filter((candle) => candle !== undefined);
  // The ten seconds just before are those of the recording; before them they run backward.
  expect(told.slice(-played.length).map(({ o, c }) => [o, c])).toEqual(played.map(({ o, c }) => [o, c]));
  expect(told.slice(-2 * played.length, -played.length).map(({ o, c }) => [o, c])).toEqual(
    played.reverse().map(({ o, c }) => [c, o]),
  );
});

test('a fault may be meant for one kind of call', async () => {
  emulator.exchange.faults.arm('reset-after', { match: 'DELETE /api/v3/order' });
  const price = show(best('b')[0] - must('10')) as never;
  const { orderId } = await client.submitNewOrder({
    symbol: S,
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTC',
    price,
    quantity: 1,
  });
  await expect(client.cancelOrder({ symbol: S, orderId })).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await client.getOrder({ symbol: S, orderId })).toMatchObject({ status: 'CANCELED' });
});

test('what cannot be read harms nobody', async () => {
  expect((await fetch(`${emulator.url}/control/faults`, { method: 'POST', body: '{' })).status).toBe(400);
  expect((await fetch(`${emulator.url}/api/v3/exchangeInfo?symbols=x`)).status).toBe(400);
  expect((await fetch(`${emulator.url}/api/v3/toString`)).status).toBe(404);
  const odd = new WebSocket(`${emulator.url.replace('http', 'ws')}//?streams=`);
  await once(odd, 'open');
  odd.send('{"method":"SUBSCRIBE","params":7,"id":1}');
  const [answer] = (await once(odd, 'message')) as [Buffer];
  expect(JSON.parse(String(answer))).toEqual({ result: null, id: 1 });
  odd.terminate();
  const banner = await fetch(emulator.url);
  expect([banner.headers.get('x-emulator'), await banner.text()]).toEqual([
    'javizen-local',
    expect.stringContaining('emulator'),
  ]);
});

test('it does not start in production', async () => {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    await expect(startEmulator({ ...config(), dir: join(dir, 'never') })).rejects.toThrow('does not run in production');
  } finally {
    process.env.NODE_ENV = before;
  }
});

test('resting orders are met as far as the book goes, and take from it', async () => {
  const [ask, there] = best('a');
  const [bid] = best('b');
  const order = await emulator.exchange.place({
    symbol: S,
    side: 'SELL',
    type: 'LIMIT',
    timeInForce: 'GTC',
    price: show(ask),
    quantity: '500',
  });
  expect(order.order.status).toBe('NEW');
  const seen: bigint[] = [];
  for (let n = 0; n < 4000 && emulator.exchange.account.orders.get(order.order.orderId)?.status === 'NEW'; n++)
    emulator.exchange.step(200);
  for (const fill of emulator.exchange.account.fills) seen.push(must(fill.qty));
  expect(seen.length).toBeGreaterThan(0);
  expect(seen[0]).toBeLessThan(must('500'));
  expect(emulator.exchange.account.fills.every((fill) => fill.isMaker && fill.price === show(ask))).toBe(true);
  expect(there > 0n && bid < ask).toBe(true);
  const { executedQty } = emulator.exchange.account.orders.get(order.order.orderId) as { executedQty: string };
  expect(show(seen.reduce((sum, quantity) => sum + quantity, 0n))).toBe(executedQty);
  expect(emulator.exchange.account.balance('ETH').locked).toBe(must('500') - must(executedQty));
});

test('a long journal is shortened at the start and says the same', async () => {
  const { exchange } = emulator;
  const limit = {
    symbol: S,
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTC',
    price: show(best('b')[0] - must('10')),
    quantity: '0.1',
  };
  for (let n = 0; n < 1100; n++) {
    const { order } = await exchange.place({ ...limit, newClientOrderId: 'again' });
    if (n < 1099) await exchange.cancel({ symbol: S, orderId: String(order.orderId) });
  }
  await exchange.place({ symbol: S, side: 'BUY', type: 'MARKET', quantity: '0.5' });
  const look = () => ({
    balances: [...emulator.exchange.account.balances],
    orders: [...emulator.exchange.account.orders.values()],
    fills: emulator.exchange.account.fills,
    open: emulator.exchange.account.openOrders(),
  });
  const before = look();
  await emulator.close();
  const file = join(dir, 'journal.jsonl');
  const long = readFileSync(file, 'utf8').split('\n').length;
  await start();
  expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(long * 0.6);
  expect(look()).toEqual(before);
  await emulator.close();
  await start();
  expect(look()).toEqual(before);
  expect(await client.getOrder({ symbol: S, origClientOrderId: 'again' })).toMatchObject({ status: 'NEW' });
});

test('a journal that cannot be written answers nobody with success, ever again', async () => {
  const failures: Error[] = [];
  const journal = new Journal<{ n: number }>(join(dir, 'broken.jsonl'), (error) => void failures.push(error));
  writeFileSync(join(dir, 'broken.jsonl'), '');
  journal.open(() => undefined);
  await journal.close();
  await expect(journal.append({ n: 1 })).rejects.toThrow();
  await expect(journal.append({ n: 2 })).rejects.toThrow();
  expect(failures).toHaveLength(1);
});
