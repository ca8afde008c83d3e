/**
 * As strict as the venue: parameters by table on every route, by both doors, and what hangs together among orders and
 * sessions.
 */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { SIGNED } from './account-routes';
import { must, show } from './decimal';
import { closeOf, openOf, windowOf, zoneOf } from './intervals';
import { startEmulator } from './main';
import type { Emulator } from './main';
import { ORDERS } from './order-routes';
import { ROUTES_WITH_PARAMETERS } from './parameters';
import { PUBLIC } from './routes';

const S = 'ETHUSDT';
const DAY = 86_400_000;
const pair = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const ROUTES = { ...PUBLIC, ...SIGNED, ...ORDERS };
type Body = Record<string, unknown> & { code?: number; msg?: string; orderId: number; orderListId: number };

let dir: string;
let emulator: Emulator;
const closers: (() => void)[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'emulator-strict-'));
  const apiKeys = [
    { apiKey: 'all', secret: 'secret', type: 'hmac' as const, permissions: ['TRADE' as const, 'WITHDRAW' as const] },
    { apiKey: 'session', publicKey: pair.publicKey, type: 'ed25519' as const, permissions: ['TRADE' as const] },
  ];
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys,
    chains: [],
    balances: { ETH: '1000', USDT: '5000000', BTC: '10' },
  });
  emulator.exchange.freeze(true);
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

const best = (side: 'a' | 'b'): bigint => emulator.exchange.markets.get(S)?.best(side)?.[0] as bigint;
const far = (): string => show(best('b') - must('10'));

/** Sends exactly this text, signed where the route is; `headers` besides. */
async function raw(
  route: string,
  query: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Body; headers: Headers }> {
  const [method = 'GET', path = ''] = route.split(' ');
  let text = query;
  if (ROUTES[route]?.signed) {
    text = `${query}${query ? '&' : ''}timestamp=${Date.now()}`;
    text += `&signature=${createHmac('sha256', 'secret').update(text).digest('hex')}`;
  }
  const response = await fetch(`${emulator.url}${path}${text ? `?${text}` : ''}`, {
    method,
    headers: { 'x-mbx-apikey': 'all', ...headers },
  });
  return { status: response.status, body: (await response.json()) as Body, headers: response.headers };
}
const ask = async (route: string, params: Record<string, string> = {}): Promise<Body> =>
  (await raw(route, new URLSearchParams(params).toString())).body;
const refused = async (route: string, query: string): Promise<unknown[]> => {
  const { status, body } = await raw(route, query);
  return [status, body.code];
};

test('the table of parameters has every route, and no route that is none', () => {
  const known = ROUTES_WITH_PARAMETERS.filter((name) => name.includes(' /'));
  expect([...known].sort()).toEqual(Object.keys(ROUTES).sort());
});

test.each(Object.keys(ROUTES))('%s: a parameter of nobody, one that is sent twice, an empty one', async (route) => {
  const [status, code] = await refused(route, 'colour=red');
  expect([status, [-1101, -1104].includes(Number(code))]).toEqual([400, true]);
  expect(await refused(route, 'colour=red&colour=red')).toEqual([400, -1101]);
  if (ROUTES[route]?.signed) expect(await refused(route, 'recvWindow=')).toEqual([400, -1105]);
});

const ORDER = 'symbol=ETHUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=100';
test.each([
  ['GET /api/v3/ping', 'a=1', -1101, "Too many parameters; expected '0' and received '1'."],
  [
    'GET /api/v3/depth',
    'symbol=ETHUSDT&depth=1',
    -1104,
    "Not all sent parameters were read; read '1' parameter(s) but was sent '2'.",
  ],
  [
    'GET /api/v3/depth',
    'symbol=ETHUSDT&limit=ten',
    -1100,
    "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.",
  ],
  [
    'GET /api/v3/depth',
    'symbol=ethusdt',
    -1100,
    "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.",
  ],
  ['GET /api/v3/depth', 'symbol=', -1105, "Parameter 'symbol' was empty."],
  ['GET /api/v3/depth', '', -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."],
  ['GET /api/v3/klines', 'symbol=ETHUSDT&interval=2w', -1120, 'Invalid interval.'],
  [
    'GET /api/v3/klines',
    'symbol=ETHUSDT&interval=1d&timeZone=15',
    -1130,
    "Data sent for parameter 'timeZone' is not valid.",
  ],
  [
    'GET /api/v3/aggTrades',
    'symbol=ETHUSDT&fromId=1&startTime=1',
    -1128,
    'Combination of optional parameters invalid.',
  ],
  [
    'GET /api/v3/exchangeInfo',
    'symbol=ETHUSDT&symbols=["BTCUSDT"]',
    -1128,
    'Combination of optional parameters invalid.',
  ],
  ['GET /api/v3/ticker/price', 'symbols=["ETHUSDT","ETHUSDT"]', -1151, 'Symbol is present multiple times in the list.'],
  ['GET /api/v3/ticker', 'windowSize=1d', -1102, "Param 'symbol' or 'symbols' must be sent, but both were empty/null!"],
  ['GET /api/v3/ticker', 'symbol=ETHUSDT&windowSize=60m', -1130, "Data sent for parameter 'windowSize' is not valid."],
  ['GET /api/v3/ticker/24hr', 'symbol=ETHUSDT&type=TINY', -1139, 'Invalid ticker type.'],
  ['GET /api/v3/ticker/price', 'symbolStatus=ASLEEP', -1122, 'Invalid symbolStatus.'],
  [
    'GET /api/v3/myTrades',
    'symbol=ETHUSDT&orderId=1&startTime=1',
    -1128,
    'Combination of optional parameters invalid.',
  ],
  [
    'GET /api/v3/myTrades',
    `symbol=ETHUSDT&startTime=1&endTime=${DAY + 2}`,
    -1127,
    'More than 24 hours between startTime and endTime.',
  ],
  [
    'GET /api/v3/allOrders',
    `symbol=ETHUSDT&startTime=1&endTime=${DAY + 2}`,
    -1127,
    'More than 24 hours between startTime and endTime.',
  ],
  [
    'GET /api/v3/allOrderList',
    `startTime=1&endTime=${DAY + 2}`,
    -1127,
    'More than 24 hours between startTime and endTime.',
  ],
  ['GET /api/v3/allOrderList', 'fromId=1&startTime=1', -1128, 'Combination of optional parameters invalid.'],
  ['GET /api/v3/openOrders', 'symbol=NOPE', -1121, 'Invalid symbol.'],
  [
    'GET /api/v3/order',
    'symbol=ETHUSDT',
    -1102,
    "Param 'orderId' or 'origClientOrderId' must be sent, but both were empty/null!",
  ],
  [
    'GET /api/v3/order',
    'symbol=ETHUSDT&orderId=1x',
    -1100,
    "Illegal characters found in parameter 'orderId'; legal range is '^[0-9]{1,20}$'.",
  ],
  [
    'GET /api/v3/account',
    'omitZeroBalances=yes',
    -1100,
    "Illegal characters found in parameter 'omitZeroBalances'; legal range is '^(true|false)$'.",
  ],
  ['GET /api/v3/account', 'recvWindow=5000.1234', -1111, "Parameter 'recvWindow' has too much precision."],
  ['GET /api/v3/account', 'recvWindow=60001', -1131, 'recvWindow must be less than 60000.'],
  [
    'GET /api/v3/account',
    'recvWindow=5s',
    -1100,
    "Illegal characters found in parameter 'recvWindow'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
  ],
  [
    'POST /api/v3/order',
    `${ORDER}&newOrderRespType=SHORT`,
    -1130,
    "Data sent for parameter 'newOrderRespType' is not valid.",
  ],
  ['POST /api/v3/order', `${ORDER}&strategyType=5`, -1134, 'strategyType was less than 1000000.'],
  ['POST /api/v3/order', `${ORDER}&icebergQty=2`, -1013, 'IcebergQty exceeds QTY.'],
  [
    'POST /api/v3/order',
    `${ORDER}&trailingDelta=100`,
    -1013,
    'Trailing stop orders are not supported for this symbol.',
  ],
  [
    'POST /api/v3/order',
    `${ORDER}&selfTradePreventionMode=DECREMENT`,
    -1013,
    'This symbol does not allow the specified self-trade prevention mode.',
  ],
  [
    'POST /api/v3/order/cancelReplace',
    `${ORDER}&cancelReplaceMode=MAYBE&cancelOrderId=1`,
    -1130,
    "Data sent for parameter 'cancelReplaceMode' is not valid.",
  ],
  [
    'DELETE /api/v3/orderList',
    'orderListId=1',
    -1102,
    "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
  ],
  [
    'GET /api/v3/myPreventedMatches',
    'symbol=ETHUSDT',
    -1102,
    "Param 'preventedMatchId' or 'orderId' must be sent, but both were empty/null!",
  ],
  [
    'GET /sapi/v1/capital/withdraw/history',
    `withdrawOrderId=a&startTime=${Date.now() - 8 * DAY}`,
    -1127,
    'Lookup interval is too big.',
  ],
  ['GET /sapi/v1/capital/withdraw/history', `startTime=${Date.now() - 91 * DAY}`, -1127, 'Lookup interval is too big.'],
  ['GET /sapi/v1/capital/deposit/hisrec', `startTime=${Date.now() - 91 * DAY}`, -1127, 'Lookup interval is too big.'],
])('%s?%s', async (route, query, code, msg) => {
  expect((await raw(route, query)).body).toEqual({ code, msg });
  expect(emulator.exchange.account.orders.size).toBe(0);
});

test('what is written well is taken: three decimals of recvWindow, microseconds, a week by our own id', async () => {
  expect((await raw('GET /api/v3/account', 'recvWindow=5000.123')).status).toBe(200);
  expect(
    (await raw('GET /api/v3/klines', `symbol=ETHUSDT&interval=1m&startTime=${Date.now() - 600_000}000`)).body,
  ).toHaveLength(10);
  expect(
    (await raw('GET /sapi/v1/capital/withdraw/history', `withdrawOrderId=a&startTime=${Date.now() - 7 * DAY + 1000}`))
      .body,
  ).toEqual([]);
});

test('withdraw history weighs 18,000 of 180,000 a minute: the eleventh question is refused', async () => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(Math.floor(Date.now() / 60_000) * 60_000 + 1);
  try {
    for (let n = 0; n < 10; n++) expect((await raw('GET /sapi/v1/capital/withdraw/history', '')).status).toBe(200);
    expect((await raw('GET /sapi/v1/capital/withdraw/history', '')).status).toBe(429);
    expect((await raw('GET /api/v3/account', '')).status).toBe(200);
  } finally {
    now.mockRestore();
  }
});

test('limits are those of exchangeInfo: changed there, they bind', async () => {
  const rateLimits = [{ rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 1 }];
  await fetch(`${emulator.url}/control/limits`, { method: 'POST', body: JSON.stringify({ rateLimits }) });
  expect((await ask('GET /api/v3/exchangeInfo')).rateLimits).toContainEqual(rateLimits[0]);
  const now = jest.spyOn(Date, 'now').mockReturnValue(Math.floor(Date.now() / 10_000) * 10_000 + 1);
  try {
    const order = { symbol: S, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: far() };
    const { headers } = await raw('POST /api/v3/order', new URLSearchParams(order).toString());
    expect([headers.get('x-mbx-order-count-10s'), headers.get('x-mbx-order-count-1d')]).toEqual(['1', '1']);
    expect(await ask('POST /api/v3/order', order)).toMatchObject({
      code: -1015,
      msg: 'Too many new orders; current limit is 1 orders per 10 SECOND.',
    });
  } finally {
    now.mockRestore();
  }
});

test('exchangeInfo promises what is taken and no more', async () => {
  const info = (await ask('GET /api/v3/exchangeInfo')) as unknown as { symbols: Record<string, unknown>[] };
  for (const symbol of info.symbols) {
    expect(symbol).toMatchObject({
      allowTrailingStop: false,
      pegInstructionsAllowed: false,
      opoAllowed: false,
      allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'],
    });
  }
  for (const mode of ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH']) {
    expect(
      await ask('POST /api/v3/order/test', {
        symbol: S,
        side: 'BUY',
        type: 'LIMIT',
        timeInForce: 'GTC',
        quantity: '1',
        price: far(),
        selfTradePreventionMode: mode,
      }),
    ).toEqual({});
  }
});

describe('orders', () => {
  const place = (more: Record<string, string> = {}): Promise<Body> =>
    ask('POST /api/v3/order', {
      symbol: S,
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '1',
      price: far(),
      newOrderRespType: 'RESULT',
      ...more,
    });
  const status = (orderId: number): string | undefined => emulator.exchange.account.orders.get(orderId)?.status;
  const oco = (
    more: Record<string, string> = {},
  ): Promise<Body & { orders: { orderId: number }[]; orderReports: Body[] }> =>
    ask('POST /api/v3/orderList/oco', {
      symbol: S,
      side: 'SELL',
      quantity: '1',
      aboveType: 'LIMIT_MAKER',
      abovePrice: show(best('a') + must('20')),
      belowType: 'STOP_LOSS',
      belowStopPrice: show(best('b') - must('20')),
      ...more,
    }) as never;

  test('a restriction that is none cancels nothing', async () => {
    const { orderId } = await place();
    expect(
      await ask('DELETE /api/v3/order', { symbol: S, orderId: String(orderId), cancelRestrictions: 'WRONG' }),
    ).toMatchObject({ code: -1145 });
    expect(status(orderId)).toBe('NEW');
    expect(
      await ask('DELETE /api/v3/order', {
        symbol: S,
        orderId: String(orderId),
        cancelRestrictions: 'ONLY_PARTIALLY_FILLED',
      }),
    ).toMatchObject({ code: -2011 });
    expect(
      await ask('DELETE /api/v3/order', { symbol: S, orderId: String(orderId), cancelRestrictions: 'ONLY_NEW' }),
    ).toMatchObject({ status: 'CANCELED' });
  });

  test('a list is cancelled by its own symbol alone', async () => {
    const { orderListId, orders } = await oco();
    expect(
      await ask('DELETE /api/v3/orderList', { symbol: 'BTCUSDT', orderListId: String(orderListId) }),
    ).toMatchObject({ code: -2011 });
    expect(orders.map(({ orderId }) => status(orderId))).toEqual(['NEW', 'NEW']);
    const done = (await ask('DELETE /api/v3/orderList', {
      symbol: S,
      orderListId: String(orderListId),
      newClientOrderId: 'end',
    })) as unknown as { orderReports: Body[] };
    expect(done.orderReports).toMatchObject([
      { status: 'CANCELED', clientOrderId: 'end' },
      { status: 'CANCELED', clientOrderId: 'end' },
    ]);
  });

  test.each([
    ['SELL', {}, ['STOP_LOSS', 'LIMIT_MAKER']],
    ['BUY', { side: 'BUY', aboveType: 'STOP_LOSS', belowType: 'LIMIT_MAKER' }, ['STOP_LOSS', 'LIMIT_MAKER']],
  ] as const)('%s OCO: the stop leg comes first', async (side, more, types) => {
    const prices: Record<string, string> =
      side === 'SELL' ? {} : { aboveStopPrice: show(best('a') + must('20')), belowPrice: show(best('b') - must('20')) };
    const base = {
      symbol: S,
      side,
      quantity: '1',
      aboveType: 'LIMIT_MAKER',
      belowType: 'STOP_LOSS',
      ...(side === 'SELL' && {
        abovePrice: show(best('a') + must('20')),
        belowStopPrice: show(best('b') - must('20')),
      }),
    };
    const list = (await ask('POST /api/v3/orderList/oco', { ...base, ...more, ...prices })) as unknown as {
      orders: { orderId: number }[];
      orderReports: Body[];
    };
    expect(list.orderReports.map(({ type }) => type)).toEqual(types);
    expect(list.orders[0]?.orderId).toBeLessThan(list.orders[1]?.orderId as number);
  });

  test.each([
    [{ aboveType: 'STOP_LOSS', aboveStopPrice: '9000', abovePrice: undefined }, -1197],
    [{ belowType: 'TAKE_PROFIT', aboveType: 'LIMIT_MAKER' }, -1199],
    [{ belowType: 'LIMIT_MAKER', belowPrice: '100', belowStopPrice: undefined }, -1168],
    [{ aboveType: 'MARKET' }, -1158],
    [{ side: 'BUY' }, -1165],
  ])('an OCO of %j is refused with %i and leaves nothing', async (more, code) => {
    const base = {
      symbol: S,
      side: 'SELL',
      quantity: '1',
      aboveType: 'LIMIT_MAKER',
      abovePrice: show(best('a') + must('20')),
      belowType: 'STOP_LOSS',
      belowStopPrice: show(best('b') - must('20')),
    };
    const params = Object.fromEntries(
      Object.entries({ ...base, ...more }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    expect(await ask('POST /api/v3/orderList/oco', params)).toMatchObject({ code });
    expect(emulator.exchange.account.orders.size).toBe(0);
  });

  test('an OCO that cannot be paid has never been in the book', async () => {
    const reports: unknown[] = [];
    emulator.exchange.on('report', (report) => void reports.push(report));
    expect(await oco({ quantity: '2000' })).toMatchObject({
      code: -2010,
      msg: 'Account has insufficient balance for requested action.',
    });
    expect(reports).toEqual([]);
  });

  test('amending one leg of a pair amends both; below the minimum it is refused', async () => {
    const { orders, orderListId } = await oco();
    const [stop, limit] = orders.map(({ orderId }) => orderId) as [number, number];
    const events: Record<string, unknown>[] = [];
    emulator.exchange.on('report', (report: Record<string, unknown>) => void events.push(report));
    const amend = (newQty: string) =>
      ask('PUT /api/v3/order/amend/keepPriority', { symbol: S, orderId: String(limit), newQty });
    const done = await amend('0.5');
    expect(done).toMatchObject({
      amendedOrder: { qty: '0.50000000', orderListId },
      listStatus: { orderListId, contingencyType: 'OCO' },
    });
    expect([stop, limit].map((orderId) => emulator.exchange.account.orders.get(orderId)?.origQty)).toEqual([
      '0.50000000',
      '0.50000000',
    ]);
    expect(events.map(({ e, x, l }) => `${String(e)} ${String(x ?? l)}`).sort()).toEqual([
      'executionReport REPLACED',
      'executionReport REPLACED',
      'listStatus UPDATED',
    ]);
    expect(show(emulator.exchange.account.balance('ETH').locked)).toBe('0.50000000');
    expect(await amend('0.0001')).toMatchObject({ code: -1013, msg: 'Filter failure: NOTIONAL' });
    expect(await amend('0.4')).toMatchObject({ amendedOrder: { qty: '0.40000000' } });
  });

  test('an iceberg says how much of it is visible, in answers and queries', async () => {
    const order = await place({ icebergQty: '0.1' });
    expect(order).toMatchObject({ icebergQty: '0.10000000' });
    expect(await ask('GET /api/v3/order', { symbol: S, orderId: String(order.orderId) })).toMatchObject({
      icebergQty: '0.10000000',
    });
    expect(await ask('DELETE /api/v3/order', { symbol: S, orderId: String(order.orderId) })).toMatchObject({
      icebergQty: '0.10000000',
    });
    expect(await place()).not.toHaveProperty('icebergQty');
  });

  test.each([
    ['EXPIRE_MAKER', { makerPreventedQuantity: '1.00000000' }, 'EXPIRED_IN_MATCH', false],
    ['EXPIRE_TAKER', { takerPreventedQuantity: '2.00000000' }, 'NEW', true],
    [
      'EXPIRE_BOTH',
      { makerPreventedQuantity: '1.00000000', takerPreventedQuantity: '2.00000000' },
      'EXPIRED_IN_MATCH',
      true,
    ],
  ])(
    'a trade with ourselves is prevented (%s) and told with its fields',
    async (mode, quantities, makerStatus, takerEnds) => {
      const price = show(best('a') - must('0.01'));
      const events: Record<string, unknown>[] = [];
      const maker = await place({ price });
      emulator.exchange.on('report', (report: Record<string, unknown>) => void events.push(report));
      const taker = await place({ side: 'SELL', price, quantity: '2', selfTradePreventionMode: mode });
      const match = {
        symbol: S,
        preventedMatchId: 1,
        takerOrderId: taker.orderId,
        makerSymbol: S,
        makerOrderId: maker.orderId,
        tradeGroupId: 1,
        selfTradePreventionMode: mode,
        price,
      };
      const found = await ask('GET /api/v3/myPreventedMatches', { symbol: S, orderId: String(maker.orderId) });
      expect(found).toEqual([{ ...match, ...quantities, transactTime: expect.any(Number) }]);
      expect(await ask('GET /api/v3/myPreventedMatches', { symbol: S, preventedMatchId: '1' })).toEqual(found);
      expect(status(maker.orderId)).toBe(makerStatus);
      expect(status(taker.orderId) === 'EXPIRED_IN_MATCH').toBe(takerEnds);
      if (takerEnds) expect(taker).toMatchObject({ preventedMatchId: 1, preventedQuantity: '2.00000000' });
      else expect(taker).not.toHaveProperty('preventedMatchId');
      const told = events.filter(({ x }) => x === 'TRADE_PREVENTION');
      const counter = (id: unknown): unknown => (id === maker.orderId ? taker.orderId : maker.orderId);
      for (const event of told)
        expect(event).toMatchObject({
          v: 1,
          u: 1,
          U: counter(event.i),
          Cs: S,
          pL: price,
          A: expect.any(String),
          B: expect.any(String),
          pl: expect.any(String),
          pY: expect.any(String),
        });
      expect(told).toHaveLength(mode === 'EXPIRE_BOTH' ? 2 : 1);
    },
  );

  test('outside of the price range an order expires with its reason', async () => {
    expect(await ask('GET /api/v3/executionRules', { symbol: S })).toEqual({
      symbolRules: [{ symbol: S, rules: [expect.objectContaining({ ruleType: 'PRICE_RANGE' })] }],
    });
    expect(await ask('GET /api/v3/exchangeInfo', { symbol: S })).not.toHaveProperty('symbols.0.executionRules');
    const range = { symbol: S, priceRange: { bidMultiplierUp: '0.9000' } };
    await fetch(`${emulator.url}/control/symbols`, { method: 'POST', body: JSON.stringify(range) });
    expect(await place({ price: show(best('a')), timeInForce: 'IOC' })).toMatchObject({
      status: 'EXPIRED',
      executedQty: '0.00000000',
      expiryReason: 'EXECUTION_RULE_PRICE_RANGE_EXCEEDED',
    });
    expect(await place({ side: 'SELL', price: show(best('b')), timeInForce: 'IOC', quantity: '0.01' })).toMatchObject({
      status: 'FILLED',
    });
  });
});

describe('sockets', () => {
  type Answer = {
    id: unknown;
    status: number;
    result?: Body;
    error?: { code: number };
    rateLimits?: { rateLimitType: string }[];
    event?: Record<string, unknown>;
    subscriptionId?: number;
  };
  async function open(path: string): Promise<{
    seen: Answer[];
    send(body: object | string): void;
    ask(method: string, params?: object, id?: unknown): Promise<Answer>;
  }> {
    const socket = new WebSocket(`${emulator.url.replace('http', 'ws')}${path}`);
    closers.push(() => socket.terminate());
    const seen: Answer[] = [];
    socket.on('message', (data) => void seen.push(JSON.parse(String(data)) as Answer));
    await once(socket, 'open');
    let last = 0;
    const send = (body: object | string): void => socket.send(typeof body === 'string' ? body : JSON.stringify(body));
    return {
      seen,
      send,
      ask: async (method, params, id = ++last) => (
        send({ id, method, ...(params && { params }) }),
        until(() => seen.find((answer) => answer.id === id && !answer.event))
      ),
    };
  }
  async function until<T>(check: () => T | undefined | false): Promise<T> {
    for (let tries = 0; tries < 300; tries++) {
      const found = check();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('never');
  }
  const signed = (params: Record<string, unknown>, apiKey = 'all'): object => {
    const all: Record<string, unknown> = { ...params, apiKey, timestamp: Date.now() };
    const payload = Object.keys(all)
      .sort()
      .map((name) => `${name}=${String(all[name])}`)
      .join('&');
    return {
      ...all,
      signature:
        apiKey === 'all'
          ? createHmac('sha256', 'secret').update(payload).digest('hex')
          : sign(null, Buffer.from(payload), pair.privateKey).toString('base64'),
    };
  };

  test('the same table holds for the WebSocket API', async () => {
    const api = await open('/ws-api/v3');
    expect(await api.ask('depth', { symbol: S, colour: 1 })).toMatchObject({ status: 400, error: { code: -1104 } });
    expect(await api.ask('depth', { symbol: S, limit: 'ten' })).toMatchObject({ error: { code: -1100 } });
    expect(await api.ask('depth', { symbol: null })).toMatchObject({ error: { code: -1105 } });
    expect(await api.ask('depth', { symbol: { a: 1 } })).toMatchObject({ error: { code: -1135 } });
    expect(await api.ask('session.status', { colour: 1 })).toMatchObject({ error: { code: -1104 } });
    expect(
      await api.ask(
        'order.place',
        signed({ symbol: S, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: far(), colour: 1 }),
      ),
    ).toMatchObject({ error: { code: -1104 } });
    api.send('{"id":{},"method":"ping"}');
    expect(await until(() => api.seen.find(({ id }) => id === null))).toMatchObject({
      status: 400,
      error: { code: -1135 },
    });
  });

  test('orders tell how many are unfilled, whatever places them; the address may ask for neither', async () => {
    const api = await open('/ws-api/v3');
    const kinds = (answer: Answer): unknown => answer.rateLimits?.map(({ rateLimitType }) => rateLimitType);
    const order = { symbol: S, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: far() };
    const placed = await api.ask('order.place', signed(order));
    expect(kinds(placed)).toEqual(['ORDERS', 'ORDERS', 'REQUEST_WEIGHT']);
    expect(
      kinds(
        await api.ask(
          'order.cancelReplace',
          signed({ ...order, cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: placed.result?.orderId }),
        ),
      ),
    ).toEqual(['ORDERS', 'ORDERS', 'REQUEST_WEIGHT']);
    expect(kinds(await api.ask('ping'))).toEqual(['REQUEST_WEIGHT']);
    const quiet = await open('/ws-api/v3?returnRateLimits=false');
    expect(await quiet.ask('ping')).not.toHaveProperty('rateLimits');
    expect(kinds(await quiet.ask('ping', { returnRateLimits: true }))).toEqual(['REQUEST_WEIGHT']);
  });

  test("a subscription is ended by its own number; a session's by its logout, another is not", async () => {
    const api = await open('/ws-api/v3');
    const { result } = await api.ask('userDataStream.subscribe.signature', signed({}));
    const own = Number(result?.subscriptionId);
    expect(await api.ask('userDataStream.unsubscribe', { subscriptionId: own + 1 })).toMatchObject({
      status: 400,
      error: { code: -2036 },
    });
    expect((await api.ask('session.subscriptions')).result).toEqual([{ subscriptionId: own }]);
    await api.ask('session.logout');
    expect((await api.ask('session.subscriptions')).result).toEqual([{ subscriptionId: own }]);
    expect(await api.ask('userDataStream.unsubscribe', { subscriptionId: own })).toMatchObject({ status: 200 });
    const session = await open('/ws-api/v3');
    expect(await session.ask('session.logon', signed({}, 'session'))).toMatchObject({ status: 200 });
    await session.ask('userDataStream.subscribe');
    await session.ask('session.logout');
    expect(session.seen.some(({ event }) => event?.e === 'eventStreamTerminated')).toBe(true);
    expect((await session.ask('session.subscriptions')).result).toEqual([]);
  });

  test('times in microseconds where they are asked for, by header and by address', async () => {
    const micro = (time: unknown): boolean => Number(time) > 1e15;
    const { body } = await raw('GET /api/v3/time', '', { 'X-MBX-TIME-UNIT': 'MICROSECOND' });
    expect(micro(body.serverTime)).toBe(true);
    expect((await raw('GET /api/v3/time', '', { 'X-MBX-TIME-UNIT': 'hour' })).body.code).toBe(-1194);
    const rows = (
      await raw('GET /api/v3/klines', 'symbol=ETHUSDT&interval=1m&limit=1', { 'X-MBX-TIME-UNIT': 'MICROSECOND' })
    ).body as unknown as number[][];
    expect([micro(rows[0]?.[0]), micro(rows[0]?.[6])]).toEqual([true, true]);
    const api = await open('/ws-api/v3?timeUnit=MICROSECOND');
    await api.ask('userDataStream.subscribe.signature', signed({}));
    const placed = await api.ask(
      'order.place',
      signed({ symbol: S, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: far() }),
    );
    expect(micro(placed.result?.transactTime)).toBe(true);
    const report = await until(() => api.seen.find(({ event }) => event?.e === 'executionReport'));
    expect([report.event?.E, report.event?.T, report.event?.O, report.event?.W].map(micro)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(Number(report.event?.i)).toBe(placed.result?.orderId);
    const market = await open('/ws/ethusdt@trade?timeUnit=MICROSECOND');
    emulator.exchange.step(20_000);
    const trade = (await until(() =>
      market.seen.find((event) => (event as never as { e: string }).e === 'trade'),
    )) as never as { T: number; t: number };
    expect([micro(trade.T), micro(trade.t)]).toEqual([true, false]);
  });

  test('books are told once a second, or ten times; longer candles and windows have their streams', async () => {
    const market = await open(
      '/stream?streams=ethusdt@depth/ethusdt@depth@100ms/ethusdt@depth5@100ms/ethusdt@kline_3d/ethusdt@kline_1w/ethusdt@kline_1M/ethusdt@kline_1d@+08:00/ethusdt@ticker_1h',
    );
    type Told = {
      stream: string;
      data: Record<string, unknown> & { U: number; u: number; k: { t: number; T: number; i: string } };
    };
    const told = (stream: string): Told[] =>
      (market.seen as unknown as Told[]).filter((event) => event.stream === stream);
    for (let n = 0; n < 12; n++) {
      emulator.exchange.step(1000);
      await new Promise((resolve) => setTimeout(resolve, 110));
    }
    await until(() => told('ethusdt@depth').length > 0);
    expect(told('ethusdt@depth').length * 3).toBeLessThan(told('ethusdt@depth@100ms').length);
    for (const stream of ['ethusdt@depth', 'ethusdt@depth@100ms'])
      told(stream).forEach(({ data }, n, all) => n > 0 && expect(data.U).toBe(Number(all[n - 1]?.data.u) + 1));
    expect(told('ethusdt@depth5@100ms')[0]?.data.bids).toHaveLength(5);
    expect(told('ethusdt@ticker_1h')[0]?.data).toMatchObject({ e: '1hTicker', s: S });
    const at = Date.now();
    for (const interval of ['3d', '1w', '1M']) {
      const t = openOf(interval, at);
      expect(told(`ethusdt@kline_${interval}`)[0]?.data.k).toMatchObject({ i: interval, t, T: closeOf(interval, t) });
    }
    expect((told('ethusdt@kline_1d@+08:00')[0]?.data.k.t ?? 0) % DAY).toBe(16 * 3_600_000);
    const none = await open('/ws');
    none.send({
      method: 'SUBSCRIBE',
      params: ['ethusdt@depth@250ms', 'ethusdt@kline_2w', 'ethusdt@trade@100ms'],
      id: 1,
    });
    none.send({ method: 'LIST_SUBSCRIPTIONS', id: 2 });
    expect(await until(() => none.seen.find(({ id }) => id === 2))).toMatchObject({ result: [] });
  });
});

test('candles of days, weeks and months open where the calendar says, by any clock', async () => {
  const thursday = Date.UTC(2026, 0, 15, 13, 30);
  expect(openOf('1w', thursday)).toBe(Date.UTC(2026, 0, 12));
  expect([openOf('1M', thursday), closeOf('1M', openOf('1M', thursday))]).toEqual([
    Date.UTC(2026, 0, 1),
    Date.UTC(2026, 1, 1) - 1,
  ]);
  expect(openOf('3d', thursday) % (3 * DAY)).toBe(0);
  expect(openOf('1d', thursday, 14 * 3_600_000)).toBe(Date.UTC(2026, 0, 15, 10));
  expect(['8', '-1:00', '05:45', '14:00', '15', '-12:01', '5:60', 'x'].map(zoneOf)).toEqual([
    28_800_000,
    -3_600_000,
    20_700_000,
    50_400_000,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(['1m', '59m', '60m', '23h', '24h', '7d', '8d', '0d', '1w'].map(windowOf)).toEqual([
    60_000,
    3_540_000,
    undefined,
    82_800_000,
    undefined,
    7 * DAY,
    undefined,
    undefined,
    undefined,
  ]);
  const days = (await ask('GET /api/v3/klines', { symbol: S, interval: '1d', timeZone: '8' })) as unknown as number[][];
  expect(days.length).toBeGreaterThan(1);
  for (const row of days)
    expect([Number(row[0]) % DAY, Number(row[6]) - Number(row[0])]).toEqual([16 * 3_600_000, DAY - 1]);
  for (const interval of ['3d', '1w', '1M'])
    expect(((await ask('GET /api/v3/klines', { symbol: S, interval })) as unknown as unknown[]).length).toBeGreaterThan(
      0,
    );
  const [hour, day] = [
    await ask('GET /api/v3/ticker', { symbol: S, windowSize: '1h' }),
    await ask('GET /api/v3/ticker', { symbol: S }),
  ];
  expect(Number(hour.volume)).toBeLessThan(Number(day.volume));
});
