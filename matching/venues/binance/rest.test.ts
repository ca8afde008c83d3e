import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCapital } from './capital';
import { createRest } from './rest';
import type { Rest } from './rest';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let server: Server;
let rest: Rest;
let now = Date.now();
let asked: string[] = [];
/** What the venue says to questions about capital. */
let capital: { status: number; body: object } = { status: 200, body: [] };
let capitalOf: ((query: URLSearchParams) => typeof capital) | undefined;

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    asked.push(url.split('?')[0] ?? '');
    const { status, body } = url.startsWith('/sapi')
      ? (capitalOf?.(new URLSearchParams(url.split('?')[1])) ?? capital)
      : { status: 200, body: { serverTime: now } };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
  capitalOf = undefined;
  now += 600_000;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  rest = createRest(
    {
      restUrl: url,
      streamUrl: url,
      wsApiUrl: url,
      tradingKey: { key: 't', secret: 't' },
      treasuryKey: { key: 'c', secret: 'c' },
    },
    { clock: { now: () => now }, logger: silent },
  );
});

const order = () => rest.call(true, () => rest.trading.getAccountInformation());

test('withdrawals that are waited for are one question together, asked again when its answer is old', async () => {
  capital = {
    status: 200,
    body: [
      { withdrawOrderId: 'pb1', status: 6, txId: '0xaa', amount: '0.9', transactionFee: '0.1' },
      { withdrawOrderId: 'pb2', status: 4, txId: '', amount: '2', transactionFee: '0.1' },
    ],
  };
  const { withdrawal } = createCapital(rest, { clock: { now: () => now } });
  const found = await Promise.all(['pb1', 'pb2', 'pb3'].map(withdrawal));
  expect(found).toEqual([
    { state: 'completed', txid: '0xaa', amount: '1', fee: '0.1' },
    { state: 'pending', txid: null, amount: '2.1', fee: '0.1' },
    null,
  ]);
  for (let second = 0; second < 60; second++) {
    now += 1000;
    await withdrawal('pb1');
  }
  // Ten a minute are allowed; what was asked at once is told at once, and more seldom the longer it takes.
  expect(asked.length).toBeGreaterThan(4);
  expect(asked.length).toBeLessThanOrEqual(8);
});

test('being asked to wait with questions about capital stops no order; a shut door stops everything', async () => {
  capital = {
    status: 429,
    body: { code: -1003, msg: 'Too much request weight used; current limit is 180000 UID weight per 1 MINUTE.' },
  };
  const { deposits } = createCapital(rest, { clock: { now: () => now } });
  await expect(deposits('ETH', 0)).rejects.toMatchObject({ response: { data: { code: -1003 } } });
  await expect(deposits('ETH', 0)).rejects.toThrow('about capital');
  await order();
  expect(asked).toEqual(['/sapi/v1/capital/deposit/hisrec', '/api/v3/account']);
  now += 60_000;
  capital = { status: 418, body: { code: -1003, msg: 'Way too many requests; IP banned.' } };
  await expect(deposits('ETH', 0)).rejects.toMatchObject({ response: { data: { code: -1003 } } });
  await expect(order()).rejects.toThrow('asked us to wait');
});

test('a history of more than a page is read to its end, and asked for more seldom', async () => {
  const rows = Array.from({ length: 2500 }, (_, n) => ({
    withdrawOrderId: `pb${n}`,
    status: 6,
    txId: '0xaa',
    amount: '0.9',
    transactionFee: '0.1',
  }));
  capitalOf = (query) => ({
    status: 200,
    body: rows.slice(Number(query.get('offset') ?? 0)).slice(0, Number(query.get('limit'))),
  });
  const { withdrawal } = createCapital(rest, { clock: { now: () => now } });
  expect(await withdrawal('pb2499')).toMatchObject({ state: 'completed' });
  expect(await withdrawal('pb9999')).toBeNull();
  expect(asked.length).toBe(3);
  for (let second = 0; second < 59; second++) {
    now += 1000;
    await withdrawal('pb2499');
  }
  expect(asked.length).toBeLessThanOrEqual(8);
});
