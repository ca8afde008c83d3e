/** The books against the venue in rounds, on a real database and the emulator over real sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing, seed } from '../../db/seed';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import { parseAmount } from '../../domain/money/amount';
import { createMatching } from '../../matching';
import { startEmulator } from '../emulators/binance/main';
import type { Emulator } from '../emulators/binance/main';
import { createReconciler } from '../../solvency/reconcile';
import type { Reconciler, ReconcilerDeps } from '../../solvency/reconcile';

const registry = firstListing({
  ethereum: { chainId: 31337, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let dir: string;
let emulator: Emulator;
let database: Awaited<ReturnType<typeof testDatabase>>;
let matching: ReturnType<typeof createMatching>;
let reconciler: Reconciler;
let made: () => ReconcilerDeps;
let alerts: string[];
let n = 0;

beforeEach(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'reconcile-'));
  const keys = { trading: ['TRADE'], treasury: ['WITHDRAW'] } as const;
  const apiKeys = Object.entries(keys).map(([name, permissions]) => ({
    apiKey: name,
    secret: `${name}-secret`,
    type: 'hmac' as const,
    permissions,
  }));
  emulator = await startEmulator({ port: 0, dir, apiKeys, chains: [], balances: { ETH: '10' } });
  database = await testDatabase();
  const { dataSource } = database;
  await seed(dataSource, registry, 1);
  alerts = [];
  const events = createEventBus((error) => {
    throw error;
  });
  events.on('alert', ({ code }) => void alerts.push(code));
  const clock = { now: () => Date.now() };
  const shared = { dataSource, registry, clock, events, logger: silent, ids: { next: () => `q${++n}` } };
  const binance = {
    restUrl: emulator.url,
    streamUrl: emulator.url.replace('http', 'ws'),
    wsApiUrl: emulator.url.replace('http', 'ws'),
    tradingKey: { key: 'trading', secret: 'trading-secret' },
    treasuryKey: { key: 'treasury', secret: 'treasury-secret' },
  };
  matching = createMatching({ ...shared, onFenced: () => undefined }, { binance });
  await matching.start();
  made = () => ({ ...shared, engine: matching.engine, readers: [matching.custody] });
  reconciler = createReconciler(made());
  await matching.engine.submit({
    kind: 'deposit.credit',
    reference: 'd1',
    depositId: 'd1',
    userId: 'u1',
    network: 'ethereum',
    asset: 'ETH',
    amount: '10',
  });
  await matching.engine.submit({
    kind: 'custody.move',
    reference: 'm1',
    asset: 'ETH',
    amount: '10',
    from: 'deposit/ethereum',
    to: 'binance',
  });
});
afterEach(async () => {
  await matching.stop();
  await emulator.close();
  await database.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Somebody takes a hundredth of the ether at the venue, by hand. */
async function taken(): Promise<void> {
  emulator.exchange.faults.arm('foreign-withdrawal', { count: 1, match: 'ETH' });
  for (
    let tries = 0;
    tries < 100 && emulator.exchange.faults.fired.get('foreign-withdrawal') !== taken.times + 1;
    tries++
  ) {
    emulator.beat();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  taken.times++;
}
taken.times = 0;
const withdraw = () =>
  matching.engine.submit({
    kind: 'withdrawal.request',
    reference: `w${++n}`,
    withdrawalId: `w${n}`,
    userId: 'u1',
    asset: 'ETH',
    network: 'ethereum',
    address: '0xaa',
    amount: '1',
    fee: '0.003',
  });
const ethAtVenue = async () =>
  (await reconciler.latest()).places.find(({ place, asset }) => place === 'binance' && asset === 'ETH');

test('what nothing explains in two rounds stops the withdrawals of that asset; an operator lets them go on, until it changes', async () => {
  taken.times = 0;
  await reconciler.round();
  expect(await ethAtVenue()).toMatchObject({ booked: '10', actual: '10', unexplained: '0' });
  await taken();
  await reconciler.round();
  expect(await ethAtVenue()).toMatchObject({ booked: '10', actual: '9.9', unexplained: '-0.1' });
  expect(await matching.engine.paused()).toEqual([]);
  await reconciler.round();
  expect(await matching.engine.paused()).toMatchObject([{ asset: 'ETH', why: 'binance: -0.1 ETH are not explained' }]);
  expect(alerts).toEqual(['ASSET_PAUSED']);
  await expect(withdraw()).rejects.toMatchObject({ code: 'ASSET_PAUSED' });
  await expect(
    matching.engine.submit({ kind: 'asset.pause', asset: 'ETH', why: null, adminId: null, reference: 'by nobody' }),
  ).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await matching.engine.submit({
    kind: 'asset.pause',
    asset: 'ETH',
    why: null,
    adminId: 'admin',
    reference: 'goes on',
  });
  await reconciler.round();
  await expect(withdraw()).resolves.toMatchObject({ state: 'REQUESTED' });
  await taken();
  await reconciler.round();
  await reconciler.round();
  expect(await matching.engine.paused()).toHaveLength(1);
});

test('more than is booked is told and stops nothing; what is missing elsewhere does', async () => {
  taken.times = 0;
  await matching.engine.submit({
    kind: 'custody.move',
    reference: 'm2',
    asset: 'ETH',
    amount: '1',
    from: 'binance',
    to: 'transit',
  });
  for (let round = 0; round < 3; round++) await reconciler.round();
  expect(await ethAtVenue()).toMatchObject({ booked: '9', actual: '10', unexplained: '1' });
  expect(await matching.engine.paused()).toMatchObject([{ asset: 'ETH', why: 'transit: -1 ETH are not explained' }]);
  expect(alerts).toEqual(['UNBOOKED_SURPLUS', 'ASSET_PAUSED']);
});

test('what is missing below the threshold stops nothing', async () => {
  const tolerant = createReconciler({ ...made(), threshold: (asset) => (asset === 'ETH' ? parseAmount('0.1') : 0n) });
  taken.times = 0;
  await taken();
  for (let round = 0; round < 2; round++) await tolerant.round();
  expect(await matching.engine.paused()).toEqual([]);
  await taken();
  for (let round = 0; round < 2; round++) await tolerant.round();
  expect(await matching.engine.paused()).toHaveLength(1);
});

test('a venue that cannot be asked is unreadable, never zero, and stops nothing', async () => {
  emulator.exchange.faults.arm('bad-gateway', { probability: 1 });
  await reconciler.round();
  await reconciler.round();
  expect(await ethAtVenue()).toMatchObject({ booked: '10', actual: null, unexplained: null });
  expect(await matching.engine.paused()).toEqual([]);
});
