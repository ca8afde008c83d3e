/** Every fault that emulator.test.ts does not show: armed by name over HTTP, seen by a client, counted. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MainClient } from 'binance';
import { WebSocket } from 'ws';
import { signed } from './client';
import { must, show } from './decimal';
import { FAULTS, FAULT_NAMES } from './fault-table';
import type { FaultName } from './fault-table';
import { startEmulator } from './main';
import type { Emulator } from './main';

const S = 'ETHUSDT';
const KEYS = [
  { apiKey: 'trading', secret: 'trading-secret', type: 'hmac' as const, permissions: ['TRADE' as const] },
  { apiKey: 'other', secret: 'other-secret', type: 'hmac' as const, permissions: ['TRADE' as const] },
];
let dir: string;
let emulator: Emulator;
let client: MainClient;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'emulator-faults-'));
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: KEYS,
    chains: [],
    balances: { ETH: '1000', USDT: '5000000', BNB: '10' },
  });
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
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

async function until<T>(what: string, check: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never: ${what}`);
}

interface Placed {
  orderId: number;
  status: string;
  origQty: string;
  executedQty: string;
  fills: { commission: string; commissionAsset: string }[];
}
type Event = Record<string, unknown>;

const control = async (method: string, path: string, body?: unknown): Promise<unknown> =>
  (
    await fetch(`${emulator.url}/control/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  ).json();
const best = (side: 'a' | 'b'): [bigint, bigint] => emulator.exchange.markets.get(S)?.best(side) as [bigint, bigint];
const place = async (params: object): Promise<Placed> =>
  (await client.submitNewOrder({ symbol: S, ...params } as never)) as unknown as Placed;
const buy = (): Promise<Placed> => place({ side: 'BUY', type: 'MARKET', quantity: '0.1' });
const rest = (): Promise<Placed> =>
  place({ side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: show(best('b')[0] - must('10')), quantity: '1' });
const orders = (): number => emulator.exchange.account.orders.size;
const answered = (status: number, code?: number): object => ({
  response: { status, ...(code !== undefined && { data: { code } }) },
});
const get = (orderId: number): Promise<unknown> => client.getOrder({ symbol: S, orderId });

/** A bare connection: every frame, and how to ask. */
async function connect(path: string): Promise<{
  socket: WebSocket;
  frames: Event[];
  texts: string[];
  ask(method: string, params?: Record<string, unknown>): Promise<Event>;
}> {
  const socket = new WebSocket(emulator.url.replace('http', 'ws') + path);
  sockets.push(socket);
  const frames: Event[] = [];
  const texts: string[] = [];
  socket.on('error', () => undefined);
  socket.on('message', (raw) => {
    texts.push(String(raw));
    try {
      frames.push(JSON.parse(String(raw)) as Event);
    } catch {
      // What cannot be read is in `texts`.
    }
  });
  await once(socket, 'open');
  let id = 0;
  const ask = async (method: string, params: Record<string, unknown> = {}): Promise<Event> => {
    const own = ++id;
    socket.send(JSON.stringify({ id: own, method, params }));
    return until(`the answer to ${method}`, () => frames.find((frame) => frame.id === own));
  };
  return { socket, frames, texts, ask };
}

const sign = (params: Record<string, unknown> = {}): Record<string, unknown> =>
  signed({ apiKey: 'trading', timestamp: Date.now(), ...params }, 'trading-secret');

async function followAccount(): Promise<Awaited<ReturnType<typeof connect>> & { events(name?: string): Event[] }> {
  const connection = await connect('/ws-api/v3');
  await connection.ask('userDataStream.subscribe.signature', sign());
  const events = (name = 'executionReport'): Event[] =>
    connection.frames
      .flatMap((frame) => frame.event ?? [])
      .filter((event): event is Event => (event as Event).e === name);
  return { ...connection, events };
}

const status = (): string | undefined => emulator.exchange.symbols.get(S)?.status;
const closed = (socket: WebSocket): Promise<boolean> => until('closed', () => socket.readyState === socket.CLOSED);

async function stopped(during: string): Promise<void> {
  emulator.beat();
  expect(status()).toBe(during);
  await expect(buy()).rejects.toMatchObject(answered(400, -1013));
  await until('open again', () => status() === 'TRADING');
}

const IN_EMULATOR_TEST = [
  'reset-before',
  'reset-after',
  'timeout-executed',
  'timeout-not-executed',
  'rate-limit',
  'ban',
  'bad-gateway',
  'partial-fill',
  'depth-gap',
  'report-lost',
  'report-doubled',
  'ws-silent',
  'order-lag',
] as const;

interface Case {
  readonly arm?: Record<string, unknown>;
  readonly before?: () => Promise<void>;
  readonly run: () => Promise<void>;
}

let at: Awaited<ReturnType<typeof followAccount>>;
let placed: Placed;
const following = async (): Promise<void> => void (at = await followAccount());
const resting = async (): Promise<void> => void (placed = await rest());
const streaming = async (): Promise<void> => {
  at = { ...(await connect('/ws/ethusdt@depth')), events: () => [] };
};
const cases: Record<Exclude<FaultName, (typeof IN_EMULATOR_TEST)[number]>, Case> = {
  'unexpected-executed': {
    run: async () => {
      await expect(buy()).rejects.toMatchObject(answered(500, -1006));
      expect(orders()).toBe(1);
    },
  },
  disconnected: {
    run: async () => {
      await expect(buy()).rejects.toMatchObject(answered(500, -1001));
      expect(orders()).toBe(0);
    },
  },
  'unknown-error': {
    run: async () => {
      await expect(buy()).rejects.toMatchObject(answered(500, -1000));
      expect(orders()).toBe(0);
    },
  },
  busy: {
    run: async () => {
      await expect(buy()).rejects.toMatchObject(answered(503, -1008));
      expect(orders()).toBe(0);
    },
  },
  'too-many-orders': {
    run: async () => {
      await expect(buy()).rejects.toMatchObject({
        response: { status: 429, data: { code: -1015 }, headers: { 'retry-after': '1' } },
      });
    },
  },
  insufficient: {
    run: async () => {
      await expect(buy()).rejects.toMatchObject({
        response: { data: { code: -2010, msg: 'Account has insufficient balance for requested action.' } },
      });
    },
  },
  'answer-late': {
    arm: { lasts: 300 },
    run: async () => {
      const late = buy();
      await until('done', () => orders() === 1);
      expect(await Promise.race([late, Promise.resolve('nothing yet')])).toBe('nothing yet');
      expect(await late).toMatchObject({ status: 'FILLED' });
    },
  },
  'bad-gateway-executed': {
    run: async () => {
      await expect(buy()).rejects.toMatchObject({ response: { status: 502, data: expect.stringContaining('<html>') } });
      expect(orders()).toBe(1);
    },
  },
  forbidden: {
    run: async () => {
      await expect(buy()).rejects.toMatchObject({ response: { status: 403, data: expect.stringContaining('<html>') } });
      expect(orders()).toBe(0);
    },
  },
  'clock-skew': {
    run: async () => {
      await expect(buy()).rejects.toMatchObject(answered(400, -1021));
      expect(orders()).toBe(0);
    },
  },
  'key-revoked': {
    arm: { lasts: 200 },
    before: following,
    run: async () => {
      await expect(buy()).rejects.toMatchObject(answered(401, -2015));
      await until('told', () =>
        at.frames.some((frame) => frame.id === null && frame.status === 401 && (frame.error as Event).code === -2015),
      );
      expect(await at.ask('session.subscriptions')).toMatchObject({ result: [] });
      await until('good again', () =>
        buy()
          .then(() => true)
          .catch(() => false),
      );
    },
  },
  'ws-silent-executed': {
    before: following,
    run: async () => {
      at.socket.send(
        JSON.stringify({
          id: 'silent',
          method: 'order.place',
          params: sign({ symbol: S, side: 'BUY', type: 'MARKET', quantity: '0.1' }),
        }),
      );
      await until('reported', () => at.events().some((event) => event.X === 'FILLED'));
      expect(await at.ask('ping')).toMatchObject({ status: 200 });
      expect(at.frames.some((frame) => frame.id === 'silent')).toBe(false);
    },
  },
  'day-close-in-order': {
    before: following,
    run: async () => {
      at.socket.send(
        JSON.stringify({
          id: 'last',
          method: 'order.place',
          params: sign({ symbol: S, side: 'BUY', type: 'MARKET', quantity: '0.1' }),
        }),
      );
      await closed(at.socket);
      expect([orders(), at.frames.some((frame) => frame.id === 'last')]).toEqual([1, false]);
    },
  },
  'thin-book': {
    run: async () => {
      expect(await buy()).toMatchObject({
        status: 'EXPIRED',
        executedQty: '0.05000000',
        expiryReason: 'INSUFFICIENT_LIQUIDITY',
      });
    },
  },
  'expired-in-match': {
    run: async () => {
      expect(await buy()).toMatchObject({ status: 'EXPIRED_IN_MATCH', executedQty: '0.05000000' });
    },
  },
  'order-rejected': {
    run: async () => {
      expect(await buy()).toMatchObject({ status: 'REJECTED', executedQty: '0.00000000' });
    },
  },
  'cancel-filled': {
    before: resting,
    run: async () => {
      await expect(client.cancelOrder({ symbol: S, orderId: placed.orderId })).rejects.toMatchObject(
        answered(400, -2011),
      );
      expect(await get(placed.orderId)).toMatchObject({ status: 'FILLED' });
    },
  },
  'cancel-partly-filled': {
    before: resting,
    run: async () => {
      expect(await client.cancelOrder({ symbol: S, orderId: placed.orderId })).toMatchObject({
        status: 'CANCELED',
        executedQty: '0.50000000',
      });
    },
  },
  'report-one-lost': {
    before: following,
    run: async () => {
      await buy();
      await until('the position', () => at.events('outboundAccountPosition').length > 0);
      expect(at.events()).toHaveLength(1);
    },
  },
  'report-reordered': {
    before: following,
    run: async () => {
      await buy();
      await until('the position', () => at.events('outboundAccountPosition').length > 0);
      expect(at.events().map(({ x }) => x)).toEqual(['TRADE', 'NEW']);
    },
  },
  'report-late': {
    arm: { lasts: 700 },
    before: following,
    run: async () => {
      await buy();
      await until('the position', () => at.events('outboundAccountPosition').length > 0);
      expect(at.events()).toEqual([]);
      await until('the reports', () => at.events().length === 2);
    },
  },
  'malformed-json': {
    arm: { match: 'POST /api/v3/order' },
    run: async () => {
      expect(typeof (await buy())).toBe('string');
    },
  },
  'unknown-fields': {
    arm: { match: 'POST /api/v3/order' },
    run: async () => {
      expect(await buy()).toMatchObject({ status: 'FILLED', zz: 'new', futureField: {} });
    },
  },
  'unknown-status': {
    arm: { match: 'event executionReport' },
    before: following,
    run: async () => {
      await buy();
      await until('reported', () => at.events().some((event) => event.X === 'NEW_STATUS_X'));
    },
  },
  'odd-numbers': {
    arm: { match: 'POST /api/v3/order' },
    run: async () => {
      expect(
        ((answer) => /NaN|^-/.test(String(answer.executedQty)) || answer.orderId > Number.MAX_SAFE_INTEGER)(
          await buy(),
        ),
      ).toBe(true);
    },
  },
  'huge-body': {
    arm: { match: 'GET /api/v3/account' },
    run: async () => {
      expect(((await client.getAccountInformation()) as unknown as { padding: string }).padding.length).toBe(
        10_000_000,
      );
    },
  },
  'socket-cut': {
    before: streaming,
    run: async () => {
      emulator.beat();
      await closed(at.socket);
    },
  },
  'day-close': {
    before: streaming,
    run: async () => {
      emulator.beat();
      await closed(at.socket);
    },
  },
  'server-shutdown': {
    arm: { lasts: 50 },
    before: following,
    run: async () => {
      emulator.beat();
      await until('told', () => at.events('serverShutdown').length > 0);
      await closed(at.socket);
    },
  },
  'socket-silent': {
    before: streaming,
    run: async () => {
      emulator.beat();
      const before = at.texts.length;
      let pongs = 0;
      at.socket.on('pong', () => pongs++);
      at.socket.ping();
      emulator.exchange.step(5000);
      at.socket.send('{"method":"LIST_SUBSCRIPTIONS","id":1}');
      const other = await connect('/ws/ethusdt@depth');
      emulator.exchange.step(5000);
      await until('others hear', () => other.frames.length > 0);
      expect([at.socket.readyState, at.texts.length, pongs]).toEqual([at.socket.OPEN, before, 0]);
    },
  },
  'user-stream-ended': {
    before: following,
    run: async () => {
      emulator.beat();
      await until('told', () => at.events('eventStreamTerminated').length > 0);
      await buy();
      expect(await at.ask('session.subscriptions')).toMatchObject({ result: [] });
      expect(at.events()).toEqual([]);
    },
  },
  'connect-refused': {
    run: async () => {
      const socket = new WebSocket(`${emulator.url.replace('http', 'ws')}/ws`);
      const [error] = (await once(socket, 'error')) as [Error];
      expect(error.message).toContain('503');
    },
  },
  'symbol-halt': { arm: { match: S, lasts: 1000 }, run: () => stopped('HALT') },
  'symbol-break': { arm: { match: S, lasts: 1000 }, run: () => stopped('BREAK') },
  'symbol-cancel-only': {
    arm: { match: S, lasts: 1000 },
    before: resting,
    run: async () => {
      await stopped('CANCEL_ONLY');
      expect(await client.cancelOrder({ symbol: S, orderId: placed.orderId })).toMatchObject({ status: 'CANCELED' });
    },
  },
  'filter-change': {
    arm: { match: S, lasts: 1000 },
    run: async () => {
      emulator.beat();
      const finer = (): Promise<Placed> => place({ side: 'BUY', type: 'MARKET', quantity: '0.1001' });
      await expect(finer()).rejects.toMatchObject({
        response: { data: { code: -1013, msg: 'Filter failure: LOT_SIZE' } },
      });
      await until('as before', () => finer().catch(() => undefined));
    },
  },
  'monthly-reset': {
    before: async () => {
      await resting();
      await buy();
    },
    run: async () => {
      emulator.beat();
      await until('gone', () => orders() === 0);
      await expect(get(placed.orderId)).rejects.toMatchObject(answered(400, -2013));
      expect(emulator.exchange.account.balance('USDT')).toEqual({ free: must('5000000'), locked: 0n });
      expect(await buy()).toMatchObject({ orderId: 1, fills: [{ tradeId: 1 }] });
    },
  },
  'commission-bnb': {
    arm: { lasts: 1000 },
    run: async () => {
      emulator.beat();
      expect((await buy()).fills[0]).toMatchObject({ commissionAsset: 'BNB' });
      await until('as before', async () => (await buy()).fills[0]?.commissionAsset === 'ETH');
    },
  },
  'fee-tier': {
    arm: { lasts: 1000 },
    run: async () => {
      emulator.beat();
      expect((await buy()).fills[0]).toMatchObject({ commission: '0.00015000' });
      await until('as before', async () => (await buy()).fills[0]?.commission === '0.00010000');
    },
  },
  'foreign-trade': {
    arm: { match: S },
    before: following,
    run: async () => {
      emulator.beat();
      const event = await until('reported', () => at.events().find(({ x }) => x === 'TRADE'));
      expect(event).toMatchObject({ s: S, c: expect.stringMatching(/^web_/) });
    },
  },
  'foreign-withdrawal': {
    arm: { match: 'USDT' },
    before: following,
    run: async () => {
      emulator.beat();
      expect(await until('told', () => at.events('balanceUpdate')[0])).toMatchObject({
        a: 'USDT',
        d: '-50000.00000000',
      });
      expect(emulator.exchange.account.balance('USDT').free).toBe(must('4950000'));
    },
  },
  'exchange-cancels': {
    before: async () => {
      await following();
      await resting();
    },
    run: async () => {
      emulator.beat();
      expect(await until('reported', () => at.events().find(({ x }) => x === 'EXPIRED'))).toMatchObject({
        eR: 'EXCHANGE_CANCELED',
        i: placed.orderId,
      });
      expect(emulator.exchange.account.balance('USDT').locked).toBe(0n);
    },
  },
  'book-swept': {
    arm: { match: S },
    run: async () => {
      const before = [best('b')[0], best('a')[0]];
      emulator.beat();
      const [bid, ask] = [best('b')[0], best('a')[0]];
      expect(bid < (before[0] as bigint) || ask > (before[1] as bigint)).toBe(true);
    },
  },
};

test.each(Object.keys(cases) as (keyof typeof cases)[])('%s fires once and is counted', async (name) => {
  const { arm, before, run } = cases[name];
  await before?.();
  expect(await control('POST', 'faults', { name, count: 1, ...arm })).toEqual({});
  await run();
  expect(await control('GET', 'faults')).toEqual(
    Object.fromEntries(FAULT_NAMES.map((fault) => [fault, fault === name ? 1 : 0])),
  );
});

test('the table tells every fault, whether it is armed and how often it fired; one can be switched off', async () => {
  await control('POST', 'faults', { name: 'busy', probability: 0.5, ms: 60_000 });
  const table = (await control('GET', 'faults/table')) as {
    name: string;
    does: string;
    armed: boolean;
    fired: number;
  }[];
  expect(table.map(({ name }) => name)).toEqual(FAULTS.map(({ name }) => name));
  expect(new Set(FAULT_NAMES).size).toBe(FAULTS.length);
  expect(table.filter(({ armed }) => armed).map(({ name }) => name)).toEqual(['busy']);
  await control('DELETE', 'faults/busy');
  expect(emulator.exchange.faults.isArmed('busy')).toBe(false);
  expect(await control('DELETE', 'faults/nope')).toMatchObject({ error: expect.any(String) });
});

test('so many times at most, with a probability, for so long', () => {
  const { faults } = emulator.exchange;
  faults.arm('busy', { count: 2, probability: 0.5, seed: 3 });
  const fired = Array.from({ length: 100 }, () => faults.fires('busy', 'order.place')).filter(Boolean);
  expect(fired).toHaveLength(2);
  faults.arm('busy', { probability: 1, ms: -1 });
  expect(faults.fires('busy', 'order.place')).toBe(false);
});

test('what only the venue can change: balances, symbols, clock, keys, a reset', async () => {
  expect(
    await control('POST', 'account', { add: { USDT: '-100.5', SOL: '3' }, settings: { bnbBurn: true } }),
  ).toMatchObject({ bnbBurn: true });
  expect([emulator.exchange.account.balance('USDT').free, emulator.exchange.account.balance('SOL').free]).toEqual([
    must('4999899.5'),
    must('3'),
  ]);
  expect(await control('POST', 'account', { add: { SOL: '-4' } })).toMatchObject({ error: expect.any(String) });
  expect(
    await control('POST', 'symbols', { symbol: S, status: 'HALT', filters: { LOT_SIZE: { stepSize: '0.1' } } }),
  ).toMatchObject({ status: 'HALT' });
  expect((await client.getExchangeInfo({ symbol: S })).symbols[0]).toMatchObject({ status: 'HALT' });
  await control('POST', 'symbols', { symbol: S, status: 'TRADING' });
  await control('POST', 'clock', { skew: 60_000 });
  await expect(buy()).rejects.toMatchObject(answered(400, -1021));
  await control('POST', 'clock', { skew: -60_000 });
  await expect(buy()).rejects.toMatchObject(answered(400, -1021));
  await control('POST', 'clock', { skew: 0 });
  await control('POST', 'keys', { apiKey: 'trading' });
  await expect(buy()).rejects.toMatchObject(answered(401, -2015));
  await control('POST', 'keys', { apiKey: 'trading', ms: 0 });
  expect(await buy()).toMatchObject({ status: 'FILLED' });
  await control('POST', 'reset');
  expect(orders()).toBe(0);
});

test('a reset is a reset after a restart too', async () => {
  await buy();
  await emulator.exchange.reset();
  await rest();
  const look = (): unknown => [
    [...emulator.exchange.account.orders.values()],
    [...emulator.exchange.account.balances],
    emulator.exchange.account.fills,
  ];
  const before = look();
  await emulator.close();
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: KEYS,
    chains: [],
    balances: { ETH: '1000', USDT: '5000000', BNB: '10' },
  });
  expect(look()).toEqual(before);
});

test('a connection ends when its day is over; a follower that talks too much is shut out', async () => {
  await emulator.close();
  emulator = await startEmulator({ port: 0, dir, apiKeys: KEYS, chains: [], connectionMs: 100 });
  const { socket } = await connect('/ws');
  await closed(socket);
  await emulator.close();
  emulator = await startEmulator({ port: 0, dir, apiKeys: KEYS, chains: [] });
  const loud = await connect('/ws');
  for (let n = 0; n < 12; n++) loud.socket.send('{"method":"LIST_SUBSCRIPTIONS","id":1}');
  expect((await once(loud.socket, 'close'))[0]).toBe(1008);
});
