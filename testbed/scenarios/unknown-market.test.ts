/** One listed market that the venue does not know: it is halted by its name, and the others trade. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import type { CommandAnswer } from '../../domain/contract/commands';
import { createMatching } from '../../matching';
import { startEmulator } from '../emulators/binance/main';
import type { Emulator } from '../emulators/binance/main';

const listed = firstListing({ ethereum: { chainId: 31337, confirmations: 3 } });
const [like] = listed.markets;
if (!like) throw new Error('no market is listed');
const registry = {
  ...listed,
  markets: [...listed.markets.slice(0, 3), { ...like, symbol: 'NOPEUSDT', base: 'SOL' }, ...listed.markets.slice(3)],
};
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const KEYS = {
  tradingKey: { key: 'trading', secret: 'trading-secret' },
  treasuryKey: { key: 'trading', secret: 'trading-secret' },
};

let dir: string;
let emulator: Emulator;
let database: Awaited<ReturnType<typeof testDatabase>>;
let matching: ReturnType<typeof createMatching>;
let n = 0;
const alerts: { code: string; details?: Record<string, unknown> }[] = [];

const start = async (): Promise<void> => {
  const events = createEventBus((error) => {
    throw error;
  });
  events.on('alert', ({ code, details }) => void alerts.push({ code, ...(details && { details }) }));
  const ids = { next: () => `u${Date.now().toString(36)}${++n}` };
  const url = emulator.url.replace('http', 'ws');
  matching = createMatching(
    {
      dataSource: database.dataSource,
      registry,
      clock: { now: () => Date.now() },
      ids,
      events,
      logger: silent,
      onFenced: () => undefined,
    },
    { binance: { restUrl: emulator.url, streamUrl: url, wsApiUrl: url, ...KEYS } },
  );
  await matching.start();
};
async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 300; tries++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never: ${what}`);
}
const modes = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await matching.marketData.tickers()).map(({ symbol, mode, state }) => [symbol, `${state} ${mode}`]),
  );

beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'unknown-market-'));
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: [{ apiKey: 'trading', secret: 'trading-secret', type: 'hmac', permissions: ['TRADE'] }],
    chains: [],
    balances: { ETH: '5', USDT: '5000' },
  });
  database = await testDatabase();
  await start();
});
afterAll(async () => {
  await matching.stop();
  await emulator.close();
  await database.close();
  rmSync(dir, { recursive: true, force: true });
});

test('the others have rules, books, figures of the day, and trade; the one is halted, and said by its name once', async () => {
  await until(
    'eight mirrored markets',
    async () => Object.values(await modes()).filter((mode) => mode === 'TRADING mirrored').length === 8,
  );
  await until('the unknown one is halted', async () => (await modes()).NOPEUSDT?.startsWith('HALT'));
  expect(alerts.filter(({ code }) => code === 'MARKET_UNKNOWN')).toEqual([
    { code: 'MARKET_UNKNOWN', details: { symbol: 'NOPEUSDT' } },
  ]);
  await until('figures of the day', async () =>
    (await matching.marketData.tickers()).find(({ symbol, volume24h }) => symbol === 'BTCUSDT' && volume24h !== '0'),
  );
  for (const [asset, amount] of [
    ['ETH', '5'],
    ['USDT', '5000'],
  ] as const)
    await matching.engine.submit({
      kind: 'operator.contribute',
      asset,
      amount,
      custody: 'binance',
      reference: `c:${asset}`,
    });
  await matching.engine.submit({
    kind: 'operator.grant',
    userId: 'ann',
    asset: 'USDT',
    amount: '1000',
    why: 'test',
    reference: 'g',
  });
  const place = (symbol: string): Promise<CommandAnswer> =>
    matching.engine.submit({
      kind: 'order.place',
      userId: 'ann',
      clientOrderId: `client-${symbol}`,
      symbol,
      side: 'BUY',
      type: 'MARKET',
      quoteOrderQty: '50',
      reference: `order:ann:client-${symbol}`,
    });
  const { id } = await place('ETHUSDT');
  await until(
    'it is filled',
    async () =>
      ((await database.dataSource.query('SELECT state FROM orders WHERE id = ?', [id])) as { state: string }[])[0]
        ?.state === 'FILLED',
  );
  await expect(place('NOPEUSDT')).rejects.toMatchObject({ code: 'MARKET_HALTED' });
}, 60_000);

test('rules that the venue changes are read while the unknown market is listed', async () => {
  const set = (status: string): Promise<Response> =>
    fetch(`${emulator.url}/control/symbols`, { method: 'POST', body: JSON.stringify({ symbol: 'ETHUSDT', status }) });
  await set('HALT');
  await until('the halt at the venue is noticed', async () => (await modes()).ETHUSDT !== 'TRADING mirrored');
  await set('TRADING');
  await until('it trades again', async () => (await modes()).ETHUSDT === 'TRADING mirrored');
}, 60_000);

test('after a restart it is as before: nothing is cancel only because of the one', async () => {
  await matching.stop();
  alerts.length = 0;
  await start();
  await until(
    'eight mirrored markets',
    async () => Object.values(await modes()).filter((mode) => mode === 'TRADING mirrored').length === 8,
  );
  await until('said again', async () =>
    alerts.some(({ code, details }) => code === 'MARKET_UNKNOWN' && details?.symbol === 'NOPEUSDT'),
  );
}, 60_000);
