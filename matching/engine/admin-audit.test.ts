import { createEngineStore } from '../../db/stores/engine';
import { listAdminActions } from '../../db/stores/admin-audit';
import { testDatabase } from '../../db/testing';
import { fixedClock } from '../../domain/clock-and-ids';
import { auditView } from '../../domain/contract/api/admin';
import type { Command } from '../../domain/contract/commands';
import { createEventBus } from '../../domain/contract/event-bus';
import { firstListing } from '../../db/seed';
import { createEngine } from '.';

const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let database: Awaited<ReturnType<typeof testDatabase>>;
let engine: ReturnType<typeof createEngine>;
const alerts: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  const events = createEventBus((error) => {
    throw error;
  });
  events.on('alert', ({ code }) => void alerts.push(code));
  const { dataSource } = database;
  engine = createEngine({
    dataSource,
    registry,
    clock: fixedClock(),
    events,
    logger: silent,
    onFenced: () => undefined,
    store: createEngineStore(dataSource),
  });
  await engine.start();
  await engine.submit({
    kind: 'deposit.credit',
    reference: 'deposit:ethereum:0x1:native',
    depositId: 'd1',
    userId: 'u1',
    network: 'ethereum',
    asset: 'ETH',
    amount: '10',
  });
  for (const id of ['wd_approved', 'wd_refused']) {
    await engine.submit({
      kind: 'withdrawal.request',
      reference: `withdrawal:u1:${id}`,
      withdrawalId: id,
      userId: 'u1',
      asset: 'ETH',
      network: 'ethereum',
      address: '0x00000000000000000000000000000000000000aa',
      amount: '1',
      fee: '0.003',
    });
  }
});
afterAll(async () => {
  await engine.stop();
  await database.close();
});

/** The longest key that the API takes: the tail of these references is the key alone. */
const KEY = 'K'.repeat(64);
const ACTIONS: readonly Command[] = [
  {
    kind: 'withdrawal.approve',
    withdrawalId: 'wd_approved',
    adminId: 'admin1',
    seen: { network: 'ethereum', asset: 'ETH', address: '0x00000000000000000000000000000000000000aa', amount: '1' },
    reference: 'withdrawal:wd_approved:approve:0',
  },
  {
    kind: 'withdrawal.refuse',
    withdrawalId: 'wd_refused',
    adminId: 'admin1',
    reason: 'not theirs',
    reference: 'withdrawal:wd_refused:refuse:0',
  },
  { kind: 'asset.pause', asset: 'ETH', why: 'a look', adminId: 'admin1', reference: `pause:admin1:${KEY}` },
  { kind: 'asset.pause', asset: 'ETH', why: null, adminId: 'admin2', reference: `pause:admin2:${KEY}` },
  {
    kind: 'market.set',
    symbol: 'ETHUSDT',
    state: 'HALT',
    internalOnly: false,
    adminId: 'admin1',
    reference: `market:admin1:${KEY}`,
  },
  { kind: 'venue.open', adminId: 'admin1', newEpoch: false, why: 'after the night', reference: `venue-open:${KEY}` },
];

test.each(ACTIONS.map((command) => [command.kind, command.reference, command] as const))(
  'after %s (%s) the log has its row, as the API shows it',
  async (kind, _reference, command) => {
    const before = (await listAdminActions(database.dataSource, { limit: 100 })).rows.length;
    await engine.submit(command);
    const { rows } = await listAdminActions(database.dataSource, { limit: 100 });
    expect(rows).toHaveLength(before + 1);
    expect(rows.map(({ action }) => action)).toContain(kind);
    for (const row of rows) expect(auditView.safeParse({ ...row, adminEmail: null }).error).toBeUndefined();
  },
);

test('none of them lost a batch', () => {
  expect(alerts.filter((code) => code !== 'ASSET_PAUSED')).toEqual([]);
});
