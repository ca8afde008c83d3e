/**
 * Orders against the emulator: the real SDK over real sockets, a real database, faults on the way; at the end the
 * books say what the venue says.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { readBookFacts } from '../../db/stores/audit';
import { readVenueState } from '../../db/stores/venue';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import type { Command, CommandAnswer, CommandBody, OrderTerms } from '../../domain/contract/commands';
import { parseAmount } from '../../domain/money/amount';
import { auditBooks } from '../../ledger/audit';
import { createMatching } from '../../matching';
import type { FaultName } from '../emulators/binance/fault-table';
import { startEmulator } from '../emulators/binance/main';
import type { Emulator } from '../emulators/binance/main';

const registry = firstListing({
  ethereum: { chainId: 31337, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const KEYS = {
  tradingKey: { key: 'trading', secret: 'trading-secret' },
  treasuryKey: { key: 'treasury', secret: 'treasury-secret' },
};

let dir: string;
let emulator: Emulator;
let database: Awaited<ReturnType<typeof testDatabase>>;
let matching: ReturnType<typeof createMatching>;
let n = 0;

const give = (body: CommandBody): Promise<CommandAnswer> =>
  matching.engine.submit({ ...body, reference: `t:${++n}` } as Command);
const place = (userId: string, terms: Partial<OrderTerms>): Promise<CommandAnswer> => {
  const clientOrderId = `client-${++n}`;
  const full = { symbol: 'ETHUSDT', side: 'BUY' as const, type: 'MARKET' as const, ...terms };
  return matching.engine.submit({
    kind: 'order.place',
    userId,
    clientOrderId,
    ...full,
    reference: `order:${userId}:${clientOrderId}`,
  });
};
const rows = async (sql: string, values: unknown[] = []): Promise<Record<string, string>[]> =>
  (await database.dataSource.query(sql, values)) as Record<string, string>[];

async function until<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never: ${what}`);
}

const ended = (id: unknown): Promise<Record<string, string>> =>
  until(
    'an order that has ended',
    async () => (await rows('SELECT * FROM orders WHERE id = ? AND book_status IS NULL', [id]))[0],
  );

/** Nothing is on its way, the books are sound, and the venue has what they say. */
async function settled(): Promise<void> {
  await until(
    'no intent is open',
    async () => (await rows(`SELECT id FROM venue_intents WHERE state IN ('PENDING', 'UNKNOWN')`)).length === 0,
  );
  expect(auditBooks(await readBookFacts(database.dataSource))).toEqual([]);
  const booked = new Map(
    (await matching.engine.custody())
      .filter(({ place }) => place === 'binance')
      .map(({ asset, amount }) => [asset, parseAmount(amount)]),
  );
  for (const { asset, free, locked } of await matching.venueCapital.balances())
    expect([asset, parseAmount(free) + parseAmount(locked)]).toEqual([asset, booked.get(asset) ?? 0n]);
}

beforeEach(async () => {
  // The SDK warns of every client id without its author's broker tag.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'emulator-'));
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: [
      { apiKey: 'trading', secret: 'trading-secret', type: 'hmac', permissions: ['TRADE'] },
      { apiKey: 'treasury', secret: 'treasury-secret', type: 'hmac', permissions: ['WITHDRAW'] },
    ],
    chains: [],
    balances: { ETH: '50', USDT: '500000', BTC: '5' },
  });
  database = await testDatabase();
  const url = emulator.url.replace('http', 'ws');
  matching = createMatching(
    {
      dataSource: database.dataSource,
      registry,
      clock: { now: () => Date.now() },
      ids: { next: () => `q${Date.now().toString(36)}${++n}` },
      events: createEventBus((error) => {
        throw error;
      }),
      logger: silent,
      onFenced: () => undefined,
    },
    { binance: { restUrl: emulator.url, streamUrl: url, wsApiUrl: url, ...KEYS } },
  );
  await matching.start();
  for (const [asset, amount] of [
    ['ETH', '50'],
    ['USDT', '500000'],
    ['BTC', '5'],
  ] as const)
    await give({ kind: 'operator.contribute', asset, amount, custody: 'binance' });
  for (const userId of ['ann', 'bob']) {
    await give({ kind: 'operator.grant', userId, asset: 'ETH', amount: '10', why: 'test' });
    await give({ kind: 'operator.grant', userId, asset: 'USDT', amount: '100000', why: 'test' });
    await give({ kind: 'operator.grant', userId, asset: 'BTC', amount: '1', why: 'test' });
  }
  await until(
    'fresh books and balances',
    async () => (await matching.marketData.tickers()).filter(({ mode }) => mode === 'mirrored').length >= 8,
  );
});
afterEach(async () => {
  await matching.stop();
  await emulator.close();
  await database.close();
  rmSync(dir, { recursive: true, force: true });
});

test('a market order is executed at the venue at the same moment, in either direction', async () => {
  const bought = await ended((await place('ann', { quantity: '0.5' })).id);
  expect(bought).toMatchObject({ state: 'FILLED', executed_qty: '0.500000000000000000' });
  const sold = await ended((await place('bob', { side: 'SELL', quoteOrderQty: '1000' })).id);
  expect(sold).toMatchObject({ state: 'FILLED' });
  const [{ found = '0' } = {}] = await rows('SELECT COUNT(*) AS found FROM fills WHERE venue_trade_id IS NOT NULL');
  expect(found).not.toBe('0');
  await settled();
});

test('a price times a quantity that is finer than the venue counts is booked as the venue counts it', async () => {
  for (const [at, quantity] of ['0.0031', '0.0033', '0.0037', '0.0039'].entries()) {
    expect(
      await ended(
        (await place(at % 2 ? 'ann' : 'bob', { symbol: 'ETHBTC', side: at < 2 ? 'BUY' : 'SELL', quantity })).id,
      ),
    ).toMatchObject({ state: 'FILLED' });
  }
  await settled();
});

test('depth, trades, candles and prices show ours and the venue together', async () => {
  const { ask = '0', bid = '0' } =
    (await matching.marketData.tickers()).find(({ symbol }) => symbol === 'ETHUSDT') ?? {};
  expect(parseAmount(ask)).toBeGreaterThan(parseAmount(bid));
  const below = String((parseAmount(bid) * 9n) / 10n / 10n ** 18n);
  await place('ann', { type: 'LIMIT', price: below, quantity: '1' });
  await until('a book', async () => (await matching.marketData.depth('ETHUSDT', 100)).bids.length >= 20);
  expect((await matching.marketData.candles('ETHUSDT', '1m', 10, undefined, 'a')).length).toBeGreaterThan(0);
  await until('trades', async () => (await matching.marketData.trades('ETHUSDT', 10, 'a')).length > 0);
  expect(await matching.marketData.candles('JVZJVG', '1m', 10, undefined, 'a')).toEqual([]);
});

const FAULTS: readonly FaultName[] = [
  'timeout-executed',
  'timeout-not-executed',
  'reset-after',
  'ws-silent-executed',
  'partial-fill',
  'answer-late',
  'report-doubled',
  'insufficient',
  'expired-in-match',
];

test.each(FAULTS)(
  'an order on which the fault %s fires is settled once',
  async (fault) => {
    emulator.exchange.faults.arm(fault, { count: 1 });
    const order = await ended((await place('ann', { quantity: '0.2' })).id);
    expect(['FILLED', 'EXPIRED']).toContain(order.state);
    expect(emulator.exchange.faults.fired.get(fault)).toBeGreaterThan(0);
    await settled();
  },
  60_000,
);

test.each([
  ['clock-skew', {}],
  ['ban', { lasts: 1500 }],
  ['rate-limit', {}],
  ['key-revoked', { lasts: 1500 }],
] as const)(
  'an order that meets %s was not sent: it is tried again with another id, when the venue can be asked',
  async (fault, more) => {
    emulator.exchange.faults.arm(fault, { count: 1, match: 'order.place', ...more });
    const order = await ended((await place('ann', { quantity: '0.2' })).id);
    expect(order).toMatchObject({ state: 'FILLED' });
    expect(emulator.exchange.faults.fired.get(fault)).toBe(1);
    expect(
      (await rows('SELECT state FROM venue_intents ORDER BY created_at, id'))
        .map(({ state }) => state)
        .filter((state, at, all) => state !== all[at - 1]),
    ).toEqual(['REJECTED', 'DONE']);
    await settled();
  },
  60_000,
);

test(
  'the venue is reset: its ids go backwards, nothing is sent until an operator opens it, and ' +
    'the books follow its account by name',
  async () => {
    for (const quantity of ['0.2', '0.3', '0.4']) await ended((await place('ann', { quantity })).id);
    const below = String(
      (parseAmount((await matching.marketData.tickers()).find(({ symbol }) => symbol === 'ETHUSDT')?.bid ?? '0') *
        95n) /
        100n /
        10n ** 18n,
    );
    await emulator.exchange.reset();
    await ended((await place('ann', { quantity: '0.5' })).id);
    await until('the venue is stopped', async () => (await readVenueState(database.dataSource)).state === 'STOPPED');
    expect(
      await matching.engine.submit({
        kind: 'order.place',
        userId: 'ann',
        clientOrderId: 'inside',
        symbol: 'ETHUSDT',
        side: 'BUY',
        type: 'LIMIT',
        price: below,
        quantity: '1',
        reference: 'order:ann:inside',
      }),
    ).toMatchObject({ state: 'NEW', bookStatus: 'resting' });
    await give({ kind: 'venue.open', adminId: 'admin', newEpoch: true, why: 'the monthly reset' });
    await until('the venue is open', async () => (await readVenueState(database.dataSource)).state === 'OPEN');
    expect((await readVenueState(database.dataSource)).epoch).toBe(2);
    expect((await rows('SELECT asset FROM venue_differences ORDER BY asset')).map(({ asset }) => asset)).toEqual([
      'ETH',
      'USDT',
    ]);
    await ended((await place('bob', { side: 'SELL', quantity: '0.1' })).id);
    await settled();
  },
  60_000,
);

test('many users at once cost few orders at the venue', async () => {
  const orders = await Promise.all(
    Array.from({ length: 60 }, (_, at) =>
      place(at % 2 ? 'ann' : 'bob', { side: at % 3 ? 'BUY' : 'SELL', quantity: '0.01' }),
    ),
  );
  for (const { id } of orders) expect(await ended(id)).toMatchObject({ state: 'FILLED' });
  const { ETHUSDT } = Object.fromEntries((await matching.figures.routing()).map((row) => [row.symbol, row]));
  expect(ETHUSDT?.userOrders).toBe(60);
  expect(ETHUSDT?.venueOrders).toBeLessThan(30);
  await settled();
}, 60_000);
