/**
 * Two clients as they come from the registry, nothing in them changed: ccxt (with its streams) and the `binance` SDK.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MainClient, WebsocketAPIClient, WebsocketClient } from 'binance';
import type { pro } from 'ccxt';
import { must, show } from './decimal';
import { startEmulator } from './main';
import type { Emulator } from './main';

const [PAIR, S] = ['ETH/USDT', 'ETHUSDT'];
const KEYS = [
  {
    apiKey: 'trading',
    secret: 'trading-secret',
    type: 'hmac' as const,
    permissions: ['TRADE' as const, 'WITHDRAW' as const],
  },
];
const silent = { trace: () => undefined, info: () => undefined, error: () => undefined };
type Ccxt = InstanceType<typeof pro.binance>;
type Methods = {
  [K in keyof Ccxt as Ccxt[K] extends (...args: never[]) => unknown ? K : never]: Ccxt[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/**
 * ccxt asks for ES modules, which jest cannot require and Node can: it runs in a thread of its own, and is asked by
 * message.
 */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const ccxt = require(workerData.path);
const exchange = new ccxt.pro.binance(workerData.config);
parentPort.on('message', async ({ id, method, args }) => {
  try {
    const result = await exchange[method](...args);
    parentPort.postMessage({ id, result: JSON.parse(JSON.stringify(result ?? null)) });
  } catch (error) {
    parentPort.postMessage({ id, error: { name: error.constructor.name, message: error.message } });
  }
});`;

function inThread(config: unknown): { methods: Methods; end(): Promise<unknown> } {
  const worker = new Worker(THREAD, { eval: true, workerData: { path: require.resolve('ccxt'), config } });
  const waiting = new Map<number, (answer: { result?: unknown; error?: unknown }) => void>();
  worker.on('message', (answer: { id: number; result?: unknown; error?: unknown }) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  const call = (method: string, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, ({ result, error }) => (error ? reject(error as Error) : resolve(result)));
      worker.postMessage({ id, method, args });
    });
  const methods = new Proxy(
    {},
    { get: (_, method) => (method === 'then' ? undefined : (...args: unknown[]) => call(String(method), args)) },
  );
  return { methods: methods as Methods, end: () => worker.terminate() };
}

let dir: string;
let emulator: Emulator;
let ccxt: Methods;
let end: () => Promise<unknown>;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'emulator-clients-'));
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: KEYS,
    chains: [],
    balances: { ETH: '1000', USDT: '5000000', BTC: '10', BNB: '100' },
  });
  const [http, ws] = [emulator.url, emulator.url.replace('http', 'ws')];
  const sapi = Object.fromEntries(
    ['', 'V2', 'V3', 'V4'].map((version) => [`sapi${version}`, `${http}/sapi/${version.toLowerCase() || 'v1'}`]),
  );
  const thread = inThread({
    apiKey: 'trading',
    secret: 'trading-secret',
    options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] }, fetchMargins: false },
    urls: {
      api: {
        public: `${http}/api/v3`,
        private: `${http}/api/v3`,
        v1: `${http}/api/v1`,
        ...sapi,
        ws: { spot: `${ws}/ws`, margin: `${ws}/ws`, 'ws-api': { spot: `${ws}/ws-api/v3` } },
      },
    },
  });
  [ccxt, end] = [thread.methods, thread.end];
  // It asks for its proxies' module before the first plain ws://, though there is no proxy.
  await ccxt.loadHttpProxyAgent();
});
afterAll(async () => {
  for (const close of closers.splice(0)) close();
  await end();
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});
afterEach(() => {
  emulator.exchange.faults.disarm();
  emulator.exchange.freeze(false);
});

async function until<T>(what: string, check: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 1000; tries++) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never: ${what}`);
}
const market = () => emulator.exchange.markets.get(S) as NonNullable<ReturnType<typeof emulator.exchange.markets.get>>;
const best = (side: 'a' | 'b'): [bigint, bigint] => market().best(side) as [bigint, bigint];
const number = (value: bigint): number => Number(show(value));
/** All sockets of one kind are cut, as a network does it. */
function cut(kind: 'api' | 'stream'): void {
  emulator.exchange.faults.arm('socket-cut', { match: kind, probability: 1 });
  emulator.beat();
  emulator.exchange.faults.disarm('socket-cut');
}

describe('ccxt', () => {
  test('markets, tickers, candles, trades, fees and balances', async () => {
    expect(Object.keys(await ccxt.loadMarkets())).toEqual(
      expect.arrayContaining([PAIR, 'BNB/USDT', 'ETH/BTC', 'DOGE/USDT']),
    );
    expect(await ccxt.market('TRX/USDT')).toMatchObject({
      active: true,
      spot: true,
      precision: { price: 0.0001, amount: 0.1 },
    });
    const ticker = await ccxt.fetchTicker('BNB/BTC');
    expect(Number(ticker.bid)).toBeGreaterThan(0);
    expect(Number(ticker.ask)).toBeGreaterThan(Number(ticker.bid));
    expect(Object.keys(await ccxt.fetchTickers([PAIR, 'SOL/USDT'])).sort()).toEqual([PAIR, 'SOL/USDT']);
    expect((await ccxt.fetchOHLCV('ETH/BTC', '1m', undefined, 50)).length).toBe(50);
    expect((await ccxt.fetchTrades(PAIR)).length).toBeGreaterThan(0);
    expect((await ccxt.fetchOrderBook('XRP/USDT', 20)).bids.length).toBe(20);
    expect(await ccxt.fetchTradingFee(PAIR)).toMatchObject({ symbol: PAIR, maker: 0.001, taker: 0.001 });
    expect((await ccxt.fetchBalance()).free).toMatchObject({ ETH: 1000, BNB: 100 });
    expect(await ccxt.fetchTime()).toBeGreaterThan(1_600_000_000_000);
    expect(await ccxt.fetchStatus()).toMatchObject({ status: 'ok' });
  });

  test('place, be filled in part, cancel, and find it all again', async () => {
    emulator.exchange.freeze(true);
    const [price, there] = best('a');
    const order = await ccxt.createOrder(PAIR, 'limit', 'buy', number(there + must('1')), number(price));
    expect(order).toMatchObject({ status: 'open', filled: number(there), side: 'buy' });
    expect((await ccxt.fetchOpenOrders(PAIR)).map(({ id }) => id)).toEqual([order.id]);
    expect(await ccxt.cancelOrder(String(order.id), PAIR)).toMatchObject({ status: 'canceled' });
    expect(await ccxt.fetchOrder(String(order.id), PAIR)).toMatchObject({ status: 'canceled', filled: number(there) });
    expect((await ccxt.fetchMyTrades(PAIR)).filter((trade) => trade.order === order.id)).toMatchObject([
      { amount: number(there), fee: { currency: 'ETH' } },
    ]);
    expect((await ccxt.fetchOrders(PAIR)).map(({ id }) => id)).toContain(order.id);
    await expect(ccxt.cancelOrder(String(order.id), PAIR)).rejects.toMatchObject({ name: 'OrderNotFound' });
    await expect(ccxt.createOrder(PAIR, 'market', 'sell', 2000)).rejects.toMatchObject({ name: 'InsufficientFunds' });
    await expect(ccxt.createOrder(PAIR, 'limit', 'buy', 1, number(price), { postOnly: true })).resolves.toMatchObject({
      id: expect.any(String),
    });
    await ccxt.cancelAllOrders(PAIR);
    expect(await ccxt.fetchOpenOrders(PAIR)).toEqual([]);
  });

  test('by money, with a trigger, edited, only tried, post only', async () => {
    emulator.exchange.freeze(true);
    expect(await ccxt.createMarketBuyOrderWithCost(PAIR, 1000)).toMatchObject({ status: 'closed' });
    const low = number(best('b')[0] - must('50'));
    const stop = await ccxt.createOrder(PAIR, 'limit', 'sell', 1, low - 5, { triggerPrice: low });
    expect(await ccxt.fetchOrder(String(stop.id), PAIR)).toMatchObject({ status: 'open', triggerPrice: low });
    await ccxt.cancelOrder(String(stop.id), PAIR);
    const resting = await ccxt.createOrder(PAIR, 'limit', 'buy', 1, low);
    const edited = await ccxt.editOrder(String(resting.id), PAIR, 'limit', 'buy', 2, low - 1);
    expect(edited.id).not.toBe(resting.id);
    expect(await ccxt.fetchOpenOrders(PAIR)).toMatchObject([{ id: edited.id, amount: 2 }]);
    await ccxt.cancelAllOrders(PAIR);
    await ccxt.createOrder(PAIR, 'limit', 'buy', 1, low, { test: true });
    await expect(
      ccxt.createOrder(PAIR, 'limit', 'buy', 1, number(best('a')[0] + must('1')), { postOnly: true }),
    ).rejects.toMatchObject({ name: 'OrderImmediatelyFillable' });
    expect(await ccxt.fetchOpenOrders(PAIR)).toEqual([]);
    // HTTP 429 comes before the code for it.
    emulator.exchange.faults.arm('too-many-orders');
    await expect(ccxt.createOrder(PAIR, 'limit', 'buy', 1, low)).rejects.toMatchObject({ name: 'DDoSProtection' });
  });

  test('the book it keeps is ours, and comes again after the socket was cut', async () => {
    const same = async (): Promise<boolean> => {
      const book = await ccxt.watchOrderBook(PAIR);
      return book.bids[0]?.[0] === number(best('b')[0]) && book.asks[0]?.[0] === number(best('a')[0]);
    };
    await until('the same book', same);
    cut('stream');
    await until('an error or a book', () => ccxt.watchOrderBook(PAIR).catch(() => true));
    await until('the same book again', () => same().catch(() => false));
  });

  test('its orders are told, by the stream and over its own socket, and again after the socket was cut', async () => {
    emulator.exchange.freeze(true);
    const price = number(best('b')[0] - must('20'));
    /** Orders until one of them is told: what comes before the subscription is answered is not. */
    const told = async (order: () => Promise<{ id: unknown }>): Promise<string> => {
      let id = '';
      ccxt
        .watchOrders(PAIR)
        .then(([event]) => (id = String(event?.id)))
        .catch(() => undefined);
      return until('an order that is told', async () => {
        await order();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return id;
      });
    };
    const id = await told(() => ccxt.createOrderWs(PAIR, 'limit', 'buy', 1, price));
    expect(await ccxt.fetchOrder(id, PAIR)).toMatchObject({ status: 'open', price });
    const next = ccxt.watchOrders(PAIR);
    await ccxt.cancelAllOrders(PAIR);
    expect((await next).some(({ status }) => status === 'canceled')).toBe(true);
    const lost = ccxt.watchOrders(PAIR).catch((error: unknown) => error);
    cut('api');
    expect(await lost).toMatchObject({ message: expect.any(String) });
    const again = await told(() => ccxt.createOrder(PAIR, 'limit', 'buy', 1, price));
    expect(await ccxt.fetchOrder(again, PAIR)).toMatchObject({ status: 'open' });
    await ccxt.cancelAllOrders(PAIR);
  });
});

describe('the binance SDK', () => {
  const ws = (): string => emulator.url.replace('http', 'ws');
  const client = (): MainClient =>
    new MainClient(
      {
        api_key: 'trading',
        api_secret: 'trading-secret',
        baseUrl: emulator.url,
        filterUndefinedParams: true,
        disableTimeSync: true,
      },
      { timeout: 5000 },
    );

  test('place, be filled in part, cancel; the market data it asks for', async () => {
    emulator.exchange.freeze(true);
    const sdk = client();
    const [price, there] = best('a');
    const order = (await sdk.submitNewOrder({
      symbol: S,
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      price: number(price),
      quantity: number(there + must('1')),
    })) as unknown as { orderId: number };
    expect(order).toMatchObject({ status: 'PARTIALLY_FILLED', executedQty: show(there) });
    expect(await sdk.cancelOrder({ symbol: S, orderId: order.orderId })).toMatchObject({
      status: 'CANCELED',
      executedQty: show(there),
    });
    expect(await sdk.getHistoricalTrades({ symbol: S, limit: 2 })).toHaveLength(2);
    expect(await sdk.getAggregateTrades({ symbol: S, limit: 2 })).toHaveLength(2);
    expect(await sdk.getUIKlines({ symbol: S, interval: '1m', limit: 2 })).toHaveLength(2);
    expect(await sdk.getTradeFee({ symbol: S })).toMatchObject([{ symbol: S, takerCommission: '0.00100000' }]);
    expect(await sdk.getSystemStatus()).toMatchObject({ status: 0 });
    expect(await sdk.getTradingDayTicker({ symbol: S } as never)).toMatchObject({
      symbol: S,
      count: expect.any(Number),
    });
  });

  test('its streams go on after the server cut the socket', async () => {
    const socket = new WebsocketClient({ wsUrl: ws(), beautify: false, reconnectTimeout: 100 }, silent);
    const seen: { e?: string }[] = [];
    let again = 0;
    socket.on('message', (event) => void seen.push(event as never));
    socket.on('reconnected', () => void again++);
    socket.on('exception', () => undefined);
    closers.push(() => socket.closeAll(true));
    void socket.subscribe(['ethusdt@depth@100ms', 'bnbbtc@bookTicker'], 'main');
    await until('an update', () => seen.some(({ e }) => e === 'depthUpdate'));
    cut('stream');
    await until('reconnected', () => again > 0);
    const before = seen.length;
    await until('more', () => seen.slice(before).some(({ e }) => e === 'depthUpdate'));
  });

  test('its account events go on after the server cut the socket', async () => {
    const api = new WebsocketAPIClient(
      {
        api_key: 'trading',
        api_secret: 'trading-secret',
        wsUrl: ws(),
        attachEventListeners: false,
        beautify: false,
        muteLatencyWarning: true,
        reconnectTimeout: 100,
        resubscribeUserDataStreamDelaySeconds: 0,
      },
      silent,
    );
    const socket = api.getWSClient();
    const seen: { e?: string; x?: string }[] = [];
    socket.on('message', (event) => void seen.push(event as never));
    socket.on('exception', () => undefined);
    closers.push(() => socket.closeAll(true));
    await api.subscribeUserDataStream('mainWSAPI');
    const trades = (): number => seen.filter(({ x }) => x === 'TRADE').length;
    const buy = (): Promise<unknown> =>
      client().submitNewOrder({ symbol: 'BNBUSDT', side: 'BUY', type: 'MARKET', quantity: 1 });
    await buy();
    await until('the trade', () => trades() > 0);
    cut('api');
    await until('events again', async () => {
      const before = trades();
      await buy();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return trades() > before;
    });
  });
});
