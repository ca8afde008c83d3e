/** The emulator as the unmodified SDK sees it: real HTTP and WebSocket on loopback. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MainClient, WebsocketAPIClient, WebsocketClient } from 'binance';
import type { CancelOrderParams, NewSpotOrderParams } from 'binance';
import { Auth } from './auth';
import { must, show } from './decimal';
import { FAULT_NAMES } from './fault-table';
import type { FaultName } from './fault-table';
import { Journal } from './journal';
import { startEmulator } from './main';
import type { Emulator } from './main';

const S = 'ETHUSDT';
const KEYS = [
  { apiKey: 'trading', secret: 'trading-secret', type: 'hmac' as const, permissions: ['TRADE' as const] },
  { apiKey: 'reading', secret: 'reading-secret', type: 'hmac' as const, permissions: [] },
];
const silent = { trace: () => undefined, info: () => undefined, error: () => undefined };

let dir: string;
let emulator: Emulator;
let client: MainClient;
const closers: (() => void)[] = [];

const clientOf = (url: string, key = 'trading', secret = `${key}-secret`, options = {}): MainClient =>
  new MainClient(
    { api_key: key, api_secret: secret, baseUrl: url, filterUndefinedParams: true, disableTimeSync: true, ...options },
    { timeout: 5000 },
  );

beforeAll(() => {
  // The SDK warns of client ids without its author's tag.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'emulator-'));
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: KEYS,
    chains: [],
    balances: { ETH: '1000', USDT: '5000000', BTC: '10' },
  });
  emulator.exchange.freeze(true);
  client = clientOf(emulator.url);
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

async function until<T>(what: string, check: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never: ${what}`);
}

const levels = (side: 'a' | 'b', market = S): [bigint, bigint][] =>
  emulator.exchange.markets.get(market)?.levels(side) ?? [];
const best = (side: 'a' | 'b'): [bigint, bigint] => levels(side)[0] as [bigint, bigint];
const number = (value: bigint): number => Number(show(value));
interface Placed {
  symbol: string;
  orderId: number;
  clientOrderId: string;
  status: string;
  origQty: string;
  executedQty: string;
  cummulativeQuoteQty: string;
  fills: { price: string; qty: string; commission: string; commissionAsset: string; tradeId: number }[];
}
const order = async (params: Record<string, unknown>, by = client): Promise<Placed> =>
  (await by.submitNewOrder({ symbol: S, ...params } as unknown as NewSpotOrderParams)) as unknown as Placed;
const limit = (
  side: 'BUY' | 'SELL',
  price: bigint,
  quantity: string,
  timeInForce = 'IOC',
  more = {},
): Promise<Placed> => order({ side, type: 'LIMIT', timeInForce, price: show(price), quantity, ...more });
const balance = (asset: string): bigint => emulator.exchange.account.balance(asset).free;
const refusal = (code: number, message: string) => ({ code, message });
/** The SDK stamps no WebSocket request of an HMAC key, and its types do not know that one may. */
const stamp = (shift = 0): object => ({ timestamp: Date.now() + shift });
const LOT = must('0.0001');

/** Conserved in every answer: what the fills add up to is what the order says. */
function addsUp(placed: Placed): void {
  const total = placed.fills.reduce((sum, fill) => sum + must(fill.qty), 0n);
  expect(show(total)).toBe(placed.executedQty);
  const quote = placed.fills.reduce((sum, fill) => sum + (must(fill.qty) * must(fill.price)) / 10n ** 18n, 0n);
  expect(show(quote)).toBe(placed.cummulativeQuoteQty);
}

describe('orders', () => {
  test('LIMIT IOC: whole, part, nothing', async () => {
    const [price, there] = best('a');
    const before = { eth: balance('ETH'), usdt: balance('USDT') };
    const whole = await limit('BUY', price, show(there));
    expect(whole).toMatchObject({ symbol: S, status: 'FILLED', executedQty: whole.origQty });
    addsUp(whole);
    const [fill] = whole.fills;
    expect(fill).toMatchObject({
      price: show(price),
      commissionAsset: 'ETH',
      commission: show(must(whole.executedQty) / 1000n),
    });
    expect(balance('ETH')).toBe(before.eth + must(whole.executedQty) - must(fill?.commission ?? ''));
    expect(balance('USDT')).toBe(before.usdt - must(whole.cummulativeQuoteQty));

    const [next, left] = best('a');
    const part = await limit('BUY', next, show(left + must('1')));
    expect(part).toMatchObject({
      status: 'EXPIRED',
      executedQty: show(left),
      expiryReason: 'UNFILLED_IOC_QUANTITY_EXPIRED',
    });
    addsUp(part);
    const none = await limit('BUY', next, '1');
    expect(none).toMatchObject({ status: 'EXPIRED', executedQty: '0.00000000', fills: [] });
    expect(emulator.exchange.account.balance('USDT').locked).toBe(0n);
  });

  test('LIMIT GTC rests, is found, is cancelled, and its money is back', async () => {
    const before = balance('USDT');
    const price = best('b')[0] - must('10');
    const rest = await limit('BUY', price, '1', 'GTC');
    expect(rest).toMatchObject({ status: 'NEW', executedQty: '0.00000000' });
    expect(balance('USDT')).toBe(before - price);
    expect(await client.getOpenOrders({ symbol: S })).toMatchObject([{ orderId: rest.orderId, status: 'NEW' }]);
    expect(await client.getOrder({ symbol: S, origClientOrderId: rest.clientOrderId })).toMatchObject({
      orderId: rest.orderId,
    });
    expect(await client.cancelOrder({ symbol: S, orderId: rest.orderId })).toMatchObject({
      orderId: rest.orderId,
      origClientOrderId: rest.clientOrderId,
      status: 'CANCELED',
    });
    expect(balance('USDT')).toBe(before);
    await expect(client.cancelOrder({ symbol: S, orderId: rest.orderId })).rejects.toMatchObject(
      refusal(-2011, 'Unknown order sent.'),
    );
    await expect(client.getOrder({ symbol: S, orderId: 1 })).rejects.toMatchObject(
      refusal(-2013, 'Order does not exist.'),
    );
  });

  test('LIMIT GTC: takes what is there, the rest is met at its own price', async () => {
    const [price, there] = best('a');
    const placed = await limit('BUY', price, show(there + LOT), 'GTC');
    expect(placed).toMatchObject({ status: 'PARTIALLY_FILLED', executedQty: show(there) });
    for (let n = 0; n < 2000 && emulator.exchange.account.openOrders(S).length > 0; n++) emulator.exchange.step(500);
    expect(await client.getOrder({ symbol: S, orderId: placed.orderId })).toMatchObject({
      status: 'FILLED',
      executedQty: placed.origQty,
    });
    const trades = await client.getAccountTradeList({ symbol: S, orderId: placed.orderId });
    expect(trades.map((row) => [row.isMaker, row.price])).toEqual([
      [false, show(price)],
      [true, show(price)],
    ]);
    expect(emulator.exchange.account.balance('USDT').locked).toBe(0n);
  });

  test('LIMIT FOK: all or nothing', async () => {
    const [price, there] = best('a');
    expect(await limit('BUY', price, show(there + LOT), 'FOK')).toMatchObject({
      status: 'EXPIRED',
      executedQty: '0.00000000',
      fills: [],
      expiryReason: 'UNFILLED_FOK_ORDER_EXPIRED',
    });
    expect(await limit('BUY', price, show(there), 'FOK')).toMatchObject({ status: 'FILLED', executedQty: show(there) });
  });

  test('MARKET by quantity walks the book; by quote it spends no more than said, in whole lots', async () => {
    const book = levels('a');
    const quantity = (book[0]?.[1] ?? 0n) + (book[1]?.[1] ?? 0n) + LOT;
    const walked = await order({ side: 'BUY', type: 'MARKET', quantity: show(quantity) });
    expect(walked).toMatchObject({ status: 'FILLED', executedQty: show(quantity) });
    expect(walked.fills.length).toBe(3);
    addsUp(walked);
    const spent = await order({ side: 'BUY', type: 'MARKET', quoteOrderQty: '1000' });
    expect(spent.status).toBe('FILLED');
    expect(must(spent.cummulativeQuoteQty)).toBeLessThanOrEqual(must('1000'));
    expect(must(spent.cummulativeQuoteQty)).toBeGreaterThan(must('999'));
    expect(must(spent.executedQty) % LOT).toBe(0n);
    addsUp(spent);
    const sold = await order({ side: 'SELL', type: 'MARKET', quantity: '1' });
    expect(sold.fills.every((fill) => fill.commissionAsset === 'USDT')).toBe(true);
    addsUp(sold);
  });

  test('LIMIT_MAKER that would take is refused; one that would not rests', async () => {
    await expect(
      order({ side: 'BUY', type: 'LIMIT_MAKER', price: show(best('a')[0]), quantity: '1' }),
    ).rejects.toMatchObject(refusal(-2010, 'Order would immediately match and take.'));
    const resting = { side: 'BUY', type: 'LIMIT_MAKER', price: show(best('b')[0] - must('1')), quantity: '1' };
    const { orderId, clientOrderId, ...rest } = await order(resting);
    expect(rest).toEqual({ symbol: S, orderListId: -1, transactTime: expect.any(Number) });
    expect(await client.getOrder({ symbol: S, orderId })).toMatchObject({
      clientOrderId,
      status: 'NEW',
      timeInForce: 'GTC',
    });
    expect(await order({ ...resting, newOrderRespType: 'FULL' })).toMatchObject({ status: 'NEW', fills: [] });
  });

  test('a client id is unique among open orders alone', async () => {
    const price = best('b')[0] - must('10');
    const id = { newClientOrderId: 'x-U5D79M5Bagain' };
    const first = await limit('BUY', price, '1', 'GTC', id);
    await expect(limit('BUY', price, '1', 'GTC', id)).rejects.toMatchObject(refusal(-2010, 'Duplicate order sent.'));
    await client.cancelOrder({ symbol: S, orderId: first.orderId });
    const second = await limit('BUY', price, '1', 'GTC', id);
    expect(second.orderId).toBeGreaterThan(first.orderId);
    expect(await client.getOrder({ symbol: S, origClientOrderId: id.newClientOrderId })).toMatchObject({
      orderId: second.orderId,
    });
  });
});

describe('refusals', () => {
  const at = (): string => show(best('b')[0]);
  test.each<[string, () => Record<string, unknown>, number, string]>([
    ['tick', () => ({ price: `${at().slice(0, -6)}001`, quantity: '1' }), -1013, 'Filter failure: PRICE_FILTER'],
    [
      'far price',
      () => ({ price: show(best('b')[0] * 2n), quantity: '1' }),
      -1013,
      'Filter failure: PERCENT_PRICE_BY_SIDE',
    ],
    ['lot', () => ({ price: at(), quantity: '1.00001' }), -1013, 'Filter failure: LOT_SIZE'],
    ['too much', () => ({ price: at(), quantity: '9001' }), -1013, 'Filter failure: LOT_SIZE'],
    ['notional', () => ({ price: at(), quantity: '0.0001' }), -1013, 'Filter failure: NOTIONAL'],
    ['notional above', () => ({ price: at(), quantity: '8999' }), -1013, 'Filter failure: NOTIONAL'],
    [
      'precision',
      () => ({ price: at(), quantity: '1.000000001' }),
      -1111,
      "Parameter 'quantity' has too much precision.",
    ],
    [
      'no number',
      () => ({ price: at(), quantity: '1e3' }),
      -1100,
      "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
    ],
    [
      'no price',
      () => ({ quantity: '1' }),
      -1102,
      "Mandatory parameter 'price' was not sent, was empty/null, or malformed.",
    ],
    [
      'no quantity',
      () => ({ price: at() }),
      -1102,
      "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.",
    ],
    [
      'a parameter of nobody',
      () => ({ price: at(), quantity: '1', colour: 'red' }),
      -1104,
      "Not all sent parameters were read; read '10' parameter(s) but was sent '11'.",
    ],
    ['symbol', () => ({ symbol: 'NOPE', price: at(), quantity: '1' }), -1121, 'Invalid symbol.'],
    ['side', () => ({ side: 'HOLD', price: at(), quantity: '1' }), -1117, 'Invalid side.'],
    ['type', () => ({ type: 'STOP', price: at(), quantity: '1' }), -1116, 'Invalid orderType.'],
    ['time in force', () => ({ timeInForce: 'GTX', price: at(), quantity: '1' }), -1115, 'Invalid timeInForce.'],
    [
      'price of a market order',
      () => ({ type: 'MARKET', timeInForce: undefined, price: at(), quantity: '1' }),
      -1106,
      "Parameter 'price' sent when not required.",
    ],
    [
      'client id',
      () => ({ price: at(), quantity: '1', newClientOrderId: 'not allowed' }),
      -1100,
      "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{1,36}$'.",
    ],
  ])('%s', async (_, params, code, text) => {
    const before = new Map(
      [...emulator.exchange.account.balances].map(([asset, { free, locked }]) => [asset, [free, locked]]),
    );
    await expect(order({ side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', ...params() })).rejects.toMatchObject(
      refusal(code, text),
    );
    expect(
      new Map([...emulator.exchange.account.balances].map(([asset, { free, locked }]) => [asset, [free, locked]])),
    ).toEqual(before);
    expect(emulator.exchange.account.orders.size).toBe(0);
  });

  test('funds, and the 201st open order', async () => {
    await expect(
      order({ side: 'SELL', type: 'LIMIT', timeInForce: 'IOC', price: at(), quantity: '1001' }),
    ).rejects.toMatchObject(refusal(-2010, 'Account has insufficient balance for requested action.'));
    const resting = {
      symbol: S,
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      price: show(best('b')[0] - must('10')),
      quantity: '0.1',
    };
    for (let n = 0; n < 200; n++) await emulator.exchange.place(resting);
    await expect(order(resting)).rejects.toMatchObject(refusal(-1013, 'Filter failure: MAX_NUM_ORDERS'));
    expect(await limit('BUY', best('a')[0], '0.1')).toBeDefined();
  });

  test('time, signature, key, permission', async () => {
    const off = clientOf(emulator.url);
    off.setTimeOffset(-60_000);
    await expect(off.getAccountInformation()).rejects.toMatchObject(
      refusal(-1021, 'Timestamp for this request is outside of the recvWindow.'),
    );
    off.setTimeOffset(60_000);
    await expect(off.getAccountInformation()).rejects.toMatchObject(
      refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time."),
    );
    await expect(clientOf(emulator.url, 'trading', 'wrong').getAccountInformation()).rejects.toMatchObject(
      refusal(-1022, 'Signature for this request is not valid.'),
    );
    await expect(clientOf(emulator.url, 'nobody').getAccountInformation()).rejects.toMatchObject({ code: -2015 });
    const reading = clientOf(emulator.url, 'reading');
    expect(await reading.getAccountInformation()).toMatchObject({ accountType: 'SPOT' });
    await expect(order({ side: 'BUY', type: 'MARKET', quantity: '1' }, reading)).rejects.toMatchObject(
      refusal(-2015, 'Invalid API-key, IP, or permissions for action.'),
    );
    expect(emulator.exchange.account.orders.size).toBe(0);
  });
});

test("the venue's documented signature is accepted, in the query, in the body and split between them", () => {
  const secret = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
  const payload =
    'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559';
  const signature = 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71';
  const auth = new Auth([{ apiKey: 'doc', secret, type: 'hmac', permissions: ['TRADE'] }]);
  const now = jest.spyOn(Date, 'now').mockReturnValue(1499827319559);
  try {
    const params = { ...Object.fromEntries(new URLSearchParams(payload)), signature };
    expect(auth.rest('doc', `${payload}&signature=${signature}`, '', params).apiKey).toBe('doc');
    expect(
      auth.rest('doc', '', `${payload}&signature=${signature.toUpperCase()}`, {
        ...params,
        signature: signature.toUpperCase(),
      }).apiKey,
    ).toBe('doc');
    const cut = payload.indexOf('&quantity');
    const [query, body] = [payload.slice(0, cut), payload.slice(cut + 1)];
    expect(() => auth.rest('doc', query, `${body}&signature=${signature}`, params)).toThrow(
      'Signature for this request is not valid.',
    );
    const split = createHmac('sha256', secret)
      .update(query + body)
      .digest('hex');
    expect(auth.rest('doc', query, `${body}&signature=${split}`, { ...params, signature: split }).apiKey).toBe('doc');
    expect(() => auth.rest('doc', `${payload}1&signature=${signature}`, '', params)).toThrow(
      'Signature for this request is not valid.',
    );
  } finally {
    now.mockRestore();
  }
});

type Event = Record<string, unknown> & { e?: string; s?: string; u?: number; U?: number };

/** Market streams through the SDK; resolves when the subscription was answered. */
async function follow(...streams: string[]): Promise<Event[]> {
  const events: Event[] = [];
  const socket = new WebsocketClient({ wsUrl: emulator.url.replace('http', 'ws'), beautify: false }, silent);
  let answered = false;
  socket.on('response', () => (answered = true));
  socket.on('exception', () => undefined);
  socket.on('message', (event) => void events.push(event as unknown as Event));
  closers.push(() => socket.closeAll(true));
  void socket.subscribe(streams, 'main');
  await until('the subscription', () => answered);
  return events;
}

test('streams: snapshot and diffs make the book, without a gap, over our own fills too', async () => {
  const events = await follow('ethusdt@depth@100ms', 'ethusdt@bookTicker', 'ethusdt@kline_1m', 'ethusdt@trade');
  emulator.exchange.step(1000);
  const snapshot = await client.getOrderBook({ symbol: S, limit: 5000 });
  const book = {
    b: new Map(snapshot.bids.map(([p, q]) => [String(p), String(q)])),
    a: new Map(snapshot.asks.map(([p, q]) => [String(p), String(q)])),
  };
  emulator.exchange.step(5000);
  const [price, there] = best('a');
  const own = await limit('BUY', price, show(there));
  // Ten times a second the changes since the last time are told.
  const told = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 110));
  for (let n = 0; n < 8; n++) {
    emulator.exchange.step(1000);
    await told();
  }
  const last = (await client.getOrderBook({ symbol: S, limit: 5000 })).lastUpdateId;
  const diffs = (): (Event & { U: number; u: number; b: [string, string][]; a: [string, string][] })[] =>
    events.filter((event) => event.e === 'depthUpdate') as never;
  await until('the last diff', () => diffs().at(-1)?.u === last);
  let at = snapshot.lastUpdateId;
  let applied = 0;
  for (const diff of diffs()) {
    if (diff.u <= at) continue;
    // The snapshot may lie within the first one.
    expect(applied === 0 ? diff.U <= at + 1 : diff.U === at + 1).toBe(true);
    at = diff.u;
    applied++;
    for (const side of ['b', 'a'] as const)
      for (const [p, q] of diff[side])
        if (must(q) === 0n) book[side].delete(p);
        else book[side].set(p, q);
  }
  expect(applied).toBeGreaterThan(5);
  for (const side of ['b', 'a'] as const) {
    const theirs = levels(side).map(([p, q]) => [show(p), show(q)]);
    expect([...book[side]].sort()).toEqual([...theirs].sort());
  }
  expect(events.some((event) => event.e === 'trade' && event.t === own.fills[0]?.tradeId)).toBe(true);
  const tickers = events.filter((event) => event.e === 'bookTicker' || ('B' in event && 'A' in event)) as unknown as {
    u: number;
    b: string;
    a: string;
  }[];
  expect(tickers.length).toBeGreaterThan(3);
  expect(tickers.every((ticker) => must(ticker.b) < must(ticker.a))).toBe(true);
  expect(tickers.at(-1)).toMatchObject({ b: show(best('b')[0]), a: show(best('a')[0]) });
  const kline = events.find((event) => event.e === 'kline') as unknown as { s: string; k: Record<string, string> };
  expect(kline).toMatchObject({ s: S, k: { s: S, i: '1m' } });
  expect(must(kline.k.l ?? '')).toBeLessThanOrEqual(must(kline.k.h ?? ''));
});

/** The account's own events through the SDK. */
async function followAccount(): Promise<{ api: WebsocketAPIClient; events: Event[] }> {
  const events: Event[] = [];
  const api = new WebsocketAPIClient(
    {
      api_key: 'trading',
      api_secret: 'trading-secret',
      wsUrl: emulator.url.replace('http', 'ws'),
      attachEventListeners: false,
      beautify: false,
      muteLatencyWarning: true,
    },
    silent,
  );
  const socket = api.getWSClient();
  socket.on('exception', () => undefined);
  socket.on('message', (event) => void events.push(event as unknown as Event));
  closers.push(() => socket.closeAll(true));
  await api.subscribeUserDataStream('mainWSAPI');
  return { api, events };
}

describe('the user stream', () => {
  test('an order placed over the WebSocket API is reported whole, with balances', async () => {
    const { api, events } = await followAccount();
    const book = levels('a');
    const quantity = show((book[0]?.[1] ?? 0n) + LOT);
    const placed = (await api.submitNewSpotOrder({
      symbol: S,
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'IOC',
      price: number(book[1]?.[0] ?? 0n),
      quantity: Number(quantity),
      newClientOrderId: 'x-U5D79M5Bown',
      ...stamp(),
    })) as unknown as { result: Placed };
    expect(placed.result).toMatchObject({ status: 'FILLED', executedQty: quantity });
    await until('the position', () => events.some((event) => event.e === 'outboundAccountPosition'));
    const reports = events.filter((event) => event.e === 'executionReport');
    expect(reports.map(({ x, X, z }) => [x, X, z])).toEqual([
      ['NEW', 'NEW', '0.00000000'],
      ['TRADE', 'PARTIALLY_FILLED', show(book[0]?.[1] ?? 0n)],
      ['TRADE', 'FILLED', quantity],
    ]);
    expect(reports.every((report) => report.c === 'x-U5D79M5Bown' && report.i === placed.result.orderId)).toBe(true);
    expect(reports.slice(1).map((report) => report.t)).toEqual(placed.result.fills.map((fill) => fill.tradeId));
    const position = events.find((event) => event.e === 'outboundAccountPosition') as unknown as {
      B: { a: string; f: string; l: string }[];
    };
    for (const { a, f, l } of position.B) expect({ a, f, l }).toEqual({ a, f: show(balance(a)), l: '0.00000000' });
    expect(position.B.map(({ a }) => a).sort()).toEqual(['ETH', 'USDT']);
  });

  test('a resting order is announced once; what met it adds to what it had; a cancel names both ids', async () => {
    const { events } = await followAccount();
    const reports = (id: number): Event[] => events.filter((event) => event.e === 'executionReport' && event.i === id);
    const [price, there] = best('a');
    const placed = await limit('BUY', price, show(there + LOT), 'GTC');
    for (let n = 0; n < 2000 && emulator.exchange.account.openOrders(S).length > 0; n++) emulator.exchange.step(500);
    await until('filled', () => reports(placed.orderId).some((event) => event.X === 'FILLED'));
    expect(reports(placed.orderId).map(({ x, z, m }) => [x, z, m])).toEqual([
      ['NEW', '0.00000000', false],
      ['TRADE', show(there), false],
      ['TRADE', placed.origQty, true],
    ]);
    const other = await limit('BUY', best('b')[0] - must('10'), '1', 'GTC');
    await client.cancelOrder({
      symbol: S,
      orderId: other.orderId,
      newClientOrderId: 'x-U5D79M5Bcancel',
    } as CancelOrderParams);
    await until('cancelled', () => reports(other.orderId).some((event) => event.x === 'CANCELED'));
    expect(reports(other.orderId).at(-1)).toMatchObject({
      c: 'x-U5D79M5Bcancel',
      C: other.clientOrderId,
      X: 'CANCELED',
    });
  });

  test('refusals of the WebSocket API carry the same codes', async () => {
    const { api } = await followAccount();
    const bad = {
      symbol: S,
      side: 'BUY' as const,
      type: 'LIMIT' as const,
      timeInForce: 'IOC' as const,
      price: number(best('b')[0]),
      quantity: 1.00001,
    };
    await expect(api.submitNewSpotOrder({ ...bad, ...stamp() })).rejects.toMatchObject({
      status: 400,
      error: { code: -1013, msg: 'Filter failure: LOT_SIZE' },
    });
    await expect(api.submitNewSpotOrder({ ...bad, ...stamp(-60_000) })).rejects.toMatchObject({
      error: { code: -1021 },
    });
  });
});

describe('faults', () => {
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> =>
    (
      await fetch(`${emulator.url}/control/${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    ).json();
  const buy = (): Promise<Placed> =>
    order(
      { side: 'BUY', type: 'MARKET', quantity: '0.1' },
      clientOf(emulator.url, 'trading', 'trading-secret', { parseExceptions: false }),
    );
  const status = (code: number) => ({ response: { status: code } });
  const orders = (): number => emulator.exchange.account.orders.size;

  /** The others are in faults.test.ts. */
  const cases: Partial<Record<FaultName, () => Promise<void>>> = {
    'reset-before': async () => {
      await expect(buy()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(orders()).toBe(0);
    },
    'reset-after': async () => {
      await expect(buy()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(orders()).toBe(1);
    },
    'timeout-executed': async () => {
      await expect(buy()).rejects.toMatchObject({ response: { data: { code: -1007 } } });
      expect(orders()).toBe(1);
    },
    'timeout-not-executed': async () => {
      await expect(buy()).rejects.toMatchObject({ response: { data: { code: -1007 } } });
      expect(orders()).toBe(0);
    },
    'rate-limit': async () => {
      await expect(buy()).rejects.toMatchObject({
        response: { status: 429, data: { code: -1003 }, headers: { 'retry-after': '1' } },
      });
    },
    ban: async () => {
      await expect(buy()).rejects.toMatchObject({
        response: { status: 418, data: { code: -1003, msg: expect.stringMatching(/IP banned until \d{13}/) } },
      });
      await expect(buy()).rejects.toMatchObject(status(418));
      expect(orders()).toBe(0);
    },
    'bad-gateway': async () => {
      await expect(buy()).rejects.toMatchObject({ response: { status: 502, data: expect.stringContaining('<html>') } });
    },
    'partial-fill': async () => {
      const [price] = best('a');
      const placed = await limit('BUY', price, '0.1');
      expect(placed).toMatchObject({ status: 'EXPIRED' });
      expect(must(placed.executedQty)).toBeGreaterThan(0n);
      expect(must(placed.executedQty)).toBeLessThan(must('0.1'));
    },
    'depth-gap': async () => {
      await until(
        'a diff is swallowed',
        () => (emulator.exchange.step(1000), emulator.exchange.faults.fired.has('depth-gap')),
      );
      const diffs = (): Event[] => events.filter((event) => event.e === 'depthUpdate');
      await until('diffs', () => (emulator.exchange.step(200), diffs().length > 3));
      const gaps = diffs().filter((diff, n, all) => n > 0 && diff.U !== Number(all[n - 1]?.u) + 1);
      const before = Number(diffs()[0]?.U) > first + 1 ? 1 : 0;
      expect(gaps.length + before).toBe(1);
    },
    'report-lost': async () => {
      const { events: own } = await followAccount();
      await buy();
      await until('the position', () => own.some((event) => event.e === 'outboundAccountPosition'));
      expect(own.some((event) => event.e === 'executionReport')).toBe(false);
    },
    'report-doubled': async () => {
      const { events: own } = await followAccount();
      const placed = await buy();
      await until('the position', () => own.some((event) => event.e === 'outboundAccountPosition'));
      const trades = own.filter((event) => event.x === 'TRADE').map((event) => event.t);
      expect(trades.length).toBe(placed.fills.length * 2);
      expect(new Set(trades).size).toBe(placed.fills.length);
    },
    'ws-silent': async () => {
      const { api } = await followAccount();
      const asked = api.submitNewSpotOrder({ symbol: S, side: 'BUY', type: 'MARKET', quantity: 0.1, ...stamp() });
      asked.catch(() => undefined);
      expect(await api.getSpotServerTime()).toMatchObject({ status: 200 });
      expect(await Promise.race([asked, Promise.resolve('nothing')])).toBe('nothing');
      expect(orders()).toBe(0);
    },
    'order-lag': async () => {
      const { orderId } = await buy();
      await expect(client.getOrder({ symbol: S, orderId })).rejects.toMatchObject({ code: -2013 });
      await until('found', () => client.getOrder({ symbol: S, orderId }).catch(() => undefined));
    },
  };
  let events: Event[];
  let first: number;

  test.each(Object.keys(cases) as FaultName[])('%s fires once and is counted', async (name) => {
    events = name === 'depth-gap' ? await follow('ethusdt@depth') : [];
    first = (await client.getOrderBook({ symbol: S, limit: 5 })).lastUpdateId;
    expect(await control('POST', 'faults', { name, count: 1 })).toEqual({});
    await cases[name]?.();
    expect(await control('GET', 'faults')).toEqual(
      Object.fromEntries(FAULT_NAMES.map((fault) => [fault, fault === name ? 1 : 0])),
    );
  });

  test('an unknown fault is refused; a probability with a seed gives the same faults again; disarmed, none', async () => {
    expect(await control('POST', 'faults', { name: 'nope' })).toMatchObject({
      error: expect.stringContaining('reset-before'),
    });
    const { faults } = emulator.exchange;
    const draw = (): boolean[] => {
      faults.arm('partial-fill', { probability: 0.3, seed: 7 });
      return Array.from({ length: 50 }, () => faults.fires('partial-fill'));
    };
    const drawn = draw();
    expect(drawn).toContain(true);
    expect(drawn).toContain(false);
    expect(draw()).toEqual(drawn);
    await control('DELETE', 'faults');
    expect(faults.fires('partial-fill')).toBe(false);
  });
});

describe('state', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  const start = async (file: string): Promise<{ url: string; child: ChildProcess }> => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'main.ts'), '--config', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_ENV: 'test' },
    });
    children.push(child);
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const { port } = JSON.parse(String(line)) as { port: number };
    return { url: `http://127.0.0.1:${port}`, child };
  };

  test('survives kill -9: balances, orders and trades are the same, trade ids still grow', async () => {
    const file = join(dir, 'config.json');
    writeFileSync(
      file,
      JSON.stringify({
        port: 0,
        dir: join(dir, 'killed'),
        apiKeys: KEYS,
        chains: [],
        balances: { ETH: '100', USDT: '500000' },
      }),
    );
    const one = await start(file);
    const before = clientOf(one.url);
    const freeze = (url: string) =>
      fetch(`${url}/control/clock`, { method: 'POST', body: JSON.stringify({ freeze: true }) });
    await freeze(one.url);
    for (let n = 0; n < 5; n++) await order({ side: n % 2 ? 'SELL' : 'BUY', type: 'MARKET', quantity: '0.5' }, before);
    const bid = must(String((await before.getOrderBook({ symbol: S, limit: 5 })).bids[0]?.[0]));
    const rest = await order(
      { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: show(bid - must('100')), quantity: '1' },
      before,
    );
    const look = async (by: MainClient) => ({
      balances: (await by.getAccountInformation()).balances,
      orders: await by.getAllOrders({ symbol: S }),
      trades: await by.getAccountTradeList({ symbol: S }),
    });
    const seen = await look(before);
    // Unanswered orders in flight at the kill: done or not, never half.
    const flying = Array.from({ length: 10 }, () =>
      order({ side: 'BUY', type: 'MARKET', quantity: '0.01' }, before).catch(() => undefined),
    );
    one.child.kill('SIGKILL');
    await once(one.child, 'exit');
    const answered = (await Promise.all(flying)).filter((placed) => placed !== undefined);
    const two = await start(file);
    await freeze(two.url);
    const after = clientOf(two.url);
    const now = await look(after);
    const known = new Set(now.orders.map((row) => row.orderId));
    for (const placed of answered) expect(known.has(placed.orderId)).toBe(true);
    expect(now.orders.slice(0, seen.orders.length)).toEqual(seen.orders);
    expect(now.trades.slice(0, seen.trades.length)).toEqual(seen.trades);
    if (now.orders.length === seen.orders.length) expect(now.balances).toEqual(seen.balances);
    expect(await after.getOpenOrders({ symbol: S })).toMatchObject([{ orderId: rest.orderId }]);
    const next = await order({ side: 'BUY', type: 'MARKET', quantity: '0.5' }, after);
    const greatest = Math.max(...now.trades.map((trade) => Number(trade.id)));
    for (const fill of next.fills) expect(fill.tradeId).toBeGreaterThan(greatest);
    expect(next.orderId).toBeGreaterThan(Math.max(...known));
    await after.cancelOrder({ symbol: S, orderId: rest.orderId });
    expect((await look(after)).balances.every(({ locked }) => Number(locked) === 0)).toBe(true);
  });

  test.each([
    ['half a record', '{"n":3,"x'],
    ['a record without its line end', '{"n":3}'],
  ])('%s at the end is dropped, and what is written next is read back', async (_, tail) => {
    const file = join(dir, 'some.jsonl');
    const first = new Journal<{ n: number }>(file);
    first.open(() => undefined);
    await Promise.all([first.append({ n: 1 }), first.append({ n: 2 })]);
    appendFileSync(file, tail);
    const seen: number[] = [];
    const second = new Journal<{ n: number }>(file);
    second.open(({ n }) => void seen.push(n));
    await second.append({ n: 4 });
    const third: number[] = [];
    new Journal<{ n: number }>(file).open(({ n }) => void third.push(n));
    expect([seen, third]).toEqual([
      [1, 2],
      [1, 2, 4],
    ]);
  });
});

test('nobody gains by buying and selling on a standing book', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  process.stdout.write(`emulator conservation seed ${seed}\n`);
  let state = seed || 1;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const { account } = emulator.exchange;
  const mid = (best('a')[0] + best('b')[0]) / 2n;
  const total = (asset: string): bigint => account.balance(asset).free + account.balance(asset).locked;
  const worth = (): bigint => total('USDT') + (total('ETH') * mid) / 10n ** 18n;
  const place = (params: Record<string, string>) =>
    emulator.exchange.place({ symbol: S, ...params }).catch(() => undefined);
  let last = worth();
  for (let n = 0; n < 200; n++) {
    const quantity = show(must(String((1 + Math.floor(random() * 20_000)) / 10_000)));
    const [bid, ask] = [best('b')[0], best('a')[0]];
    const shift = must('0.01') * BigInt(Math.floor(random() * 300));
    const kind = Math.floor(random() * 4);
    for (const side of random() < 0.5 ? ['BUY', 'SELL'] : ['SELL', 'BUY']) {
      if (kind === 0) await place({ side, type: 'MARKET', quantity });
      else if (kind === 1)
        await place({ side, type: 'MARKET', quoteOrderQty: show(must(String(5 + Math.floor(random() * 5000)))) });
      else
        await place({
          side,
          type: 'LIMIT',
          timeInForce: kind === 2 ? 'IOC' : 'FOK',
          quantity,
          price: show(side === 'BUY' ? ask + shift : bid - shift),
        });
    }
    const now = worth();
    // Valued at the first mid: walking a book that does not refill moves our trades ever further to the wrong side of
    // it.
    expect(now).toBeLessThanOrEqual(last);
    last = now;
  }
  expect(account.fills.length).toBeGreaterThan(100);
});
