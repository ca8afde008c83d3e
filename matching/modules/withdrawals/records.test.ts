import { verifyChain } from '../../../db/chains';
import { firstListing } from '../../../db/seed';
import { createEngineStore } from '../../../db/stores/engine';
import { testDatabase } from '../../../db/testing';
import { fixedClock } from '../../../domain/clock-and-ids';
import type { Command } from '../../../domain/contract/commands';
import { createEventBus } from '../../../domain/contract/event-bus';
import { TestPasskey } from '../../../domain/lifecycle/testing';
import { createEngine } from '../../engine';

const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const THIEF = '0x00000000000000000000000000000000000000ff';
const RECEIVER = '0x00000000000000000000000000000000000000aa';
const SEEN = { network: 'ethereum', asset: 'ETH', address: RECEIVER, amount: '1' };

let database: Awaited<ReturnType<typeof testDatabase>>;
let engine: Awaited<ReturnType<typeof start>>['engine'];
let alerts: unknown[];

async function start() {
  const told: unknown[] = [];
  const events = createEventBus((error) => {
    throw error;
  });
  events.on('alert', ({ code, details }) => void told.push([code, details?.withdrawalId, details?.columns]));
  const begun = createEngine({
    dataSource: database.dataSource,
    registry,
    clock: fixedClock(),
    events,
    logger: silent,
    onFenced: () => undefined,
    store: createEngineStore(database.dataSource),
  });
  await begun.start();
  return { engine: begun, told };
}
async function restart(): Promise<void> {
  await engine.stop();
  ({ engine, told: alerts } = await start());
}
const query = <T>(sql: string, values: unknown[] = []): Promise<T[]> =>
  database.owner.query(sql, values) as Promise<T[]>;
const request: Command = {
  kind: 'withdrawal.request',
  reference: 'withdrawal:u1:1',
  withdrawalId: 'w1',
  userId: 'u1',
  asset: 'ETH',
  network: 'ethereum',
  address: RECEIVER,
  amount: '1',
  fee: '0.003',
};
const approve = (seen = SEEN, reference = 'approve:1'): Command => ({
  kind: 'withdrawal.approve',
  reference,
  withdrawalId: 'w1',
  adminId: 'admin',
  seen,
});
const look = async (): Promise<void> => {
  await engine.lookAtWithdrawals();
  await engine.lookAtWithdrawals();
};

beforeEach(async () => {
  database = await testDatabase();
  ({ engine, told: alerts } = await start());
  await engine.submit({
    kind: 'deposit.credit',
    reference: 'deposit:ethereum:0x1:native',
    depositId: 'd1',
    userId: 'u1',
    network: 'ethereum',
    asset: 'ETH',
    amount: '10',
  });
  await engine.submit(request);
});
afterEach(async () => {
  await engine.stop();
  await database.close();
});

test.each([
  ['network', { ...SEEN, network: 'bsc' }],
  ['asset', { ...SEEN, asset: 'USDT' }],
  ['address', { ...SEEN, address: THIEF }],
  ['memo', { ...SEEN, memo: '7' }],
  ['amount', { ...SEEN, amount: '1.00000001' }],
])('an approval of another %s than was asked for is refused, and changes nothing', async (column, seen) => {
  await expect(engine.submit(approve(seen))).rejects.toMatchObject({
    code: 'WITHDRAWAL_CHANGED',
    details: { columns: [column] },
  });
  expect(await engine.recordedWithdrawals(['w1', 'none'])).toMatchObject([{ id: 'w1', stage: 'REQUESTED' }]);
  expect(await query('SELECT step FROM withdrawal_records')).toEqual([{ step: 'request' }]);
  await engine.submit(approve({ ...SEEN, amount: '1.000' }));
});

/** A value that a writer in the database might put there, by column; and what the alert names. */
const COLUMNS: [string, string, string][] = [
  ['user_id', "'thief'", 'userId'],
  ['asset', "'USDT'", 'asset'],
  ['network', "'bsc'", 'network'],
  ['address', `'${THIEF}'`, 'address'],
  ['memo', "'7'", 'memo'],
  ['amount', "'9'", 'amount'],
  ['fee', "'0'", 'fee'],
  ['attempt', '3', 'attempt'],
  ['pull_back_fee', "'0.5'", 'pullBackFee'],
  ['decided_by', "'somebody'", 'decidedBy'],
  ['created_at', '5', 'createdAt'],
  ['state', "'APPROVED'", 'state'],
  ['state', "'CONFIRMED'", 'state'],
  ['id', "'w2'", 'id'],
];

test.each(COLUMNS)(
  '%s changed to %s: an alert names it, the record stays, and so it is after a new start',
  async (column, value, named) => {
    const before = await engine.recordedWithdrawals(['w1']);
    expect(before).toEqual([
      {
        id: 'w1',
        userId: 'u1',
        asset: 'ETH',
        network: 'ethereum',
        address: RECEIVER,
        memo: null,
        amount: '1',
        fee: '0.003',
        attempt: 0,
        stage: 'REQUESTED',
        decidedBy: null,
        createdAt: 1_700_000_000_000,
        intact: true,
      },
    ]);
    await look();
    expect(alerts).toEqual([]);
    await query(`UPDATE withdrawals SET ${column} = ${value} WHERE id = 'w1'`);
    await look();
    await look();
    expect(alerts).toContainEqual(['WITHDRAWAL_CHANGED', 'w1', [named]]);
    expect(alerts.filter((alert) => (alert as string[])[1] === 'w1')).toHaveLength(1);
    await restart();
    expect(await engine.recordedWithdrawals(['w1'])).toEqual(before);
  },
);

test('a row that nobody asked for is told, and cannot be approved; nor can one that was taken out be forgotten', async () => {
  await query(
    "INSERT INTO withdrawals (id, user_id, asset, network, address, amount, fee, pull_back_fee, state, attempt, confirmations, created_at, updated_at) SELECT 'w9', user_id, asset, network, address, amount, fee, pull_back_fee, 'APPROVED', 0, 0, created_at, updated_at FROM withdrawals WHERE id = 'w1'",
  );
  await look();
  expect(alerts).toEqual([['WITHDRAWAL_CHANGED', 'w9', ['id']]]);
  await restart();
  await expect(engine.submit({ ...approve(), withdrawalId: 'w9' } as Command)).rejects.toMatchObject({
    code: 'WITHDRAWAL_STATE',
  });
  await query("DELETE FROM withdrawals WHERE id = 'w1'");
  await look();
  expect(alerts).toContainEqual(['WITHDRAWAL_CHANGED', 'w1', ['id']]);
  // The hold goes back to its owner all the same.
  await engine.submit({ kind: 'withdrawal.cancel', reference: 'cancel:1', withdrawalId: 'w1', userId: 'u1' });
  expect(await engine.balancesOf('u1')).toMatchObject([{ asset: 'ETH', held: '0' }]);
});

test('the record itself changed: after a new start nothing is approved by it, and an alert says so', async () => {
  await query('UPDATE withdrawal_records SET body = REPLACE(body, ?, ?)', [RECEIVER, THIEF]);
  await query('UPDATE withdrawals SET address = ?', [THIEF]);
  await restart();
  expect(await engine.recordedWithdrawals(['w1'])).toMatchObject([{ address: THIEF, intact: false }]);
  await look();
  expect(alerts).toEqual([['WITHDRAWAL_CHANGED', 'w1', ['record']]]);
  await expect(engine.submit(approve({ ...SEEN, address: THIEF }))).rejects.toMatchObject({
    code: 'WITHDRAWAL_CHANGED',
    details: { columns: ['record'] },
  });
  expect(await verifyChain(database.dataSource, 'withdrawal_records')).toMatchObject([
    { place: 1, row: 'w1', what: 'changed' },
  ]);
});

test('what its owner signed is kept with the request, word for word, and is there after a new start; what cannot be read is refused', async () => {
  const confirmation = new TestPasskey('https://exchange.example').confirm({
    userId: 'u1',
    withdrawalId: 'w2',
    network: 'ethereum',
    asset: 'ETH',
    to: RECEIVER,
    memo: null,
    amount: '1',
    expiresAt: 1_700_000_600_000,
  });
  const confirmed: Command = { ...request, reference: 'withdrawal:u1:2', withdrawalId: 'w2', confirmation };
  for (const bad of [{ ...confirmation, signature: 'a b' }, { ...confirmation, more: 1 }, 'x'])
    await expect(engine.submit({ ...confirmed, confirmation: bad as typeof confirmation })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  await engine.submit(confirmed);
  expect(await engine.recordedWithdrawals(['w2'])).toMatchObject([{ id: 'w2', confirmation }]);
  // The same reference with another confirmation is another request.
  await expect(engine.submit({ ...confirmed, confirmation: { ...confirmation, expiresAt: 1 } })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  await restart();
  expect(await engine.recordedWithdrawals(['w2'])).toMatchObject([{ id: 'w2', confirmation, intact: true }]);
  expect(
    await query("SELECT JSON_VALUE(body, '$.confirmation') AS kept FROM withdrawal_records WHERE withdrawal_id = 'w2'"),
  ).toEqual([{ kept: JSON.stringify(confirmation) }]);
  // A record that somebody broke keeps no engine from starting.
  await query("UPDATE withdrawal_records SET body = JSON_SET(body, '$.confirmation', '{') WHERE withdrawal_id = 'w2'");
  await restart();
  const [record] = await engine.recordedWithdrawals(['w2']);
  expect(record).toMatchObject({ id: 'w2', intact: false });
  expect(record).not.toHaveProperty('confirmation');
});

test('each step is written down, and a new start after any of them goes on from there', async () => {
  const gas = { asset: 'ETH', amount: '0', reservation: null };
  await engine.submit(approve());
  await restart();
  expect(await engine.recordedWithdrawals(['w1'])).toMatchObject([
    { stage: 'APPROVED', attempt: 0, decidedBy: 'admin' },
  ]);
  await engine.submit({ kind: 'withdrawal.fail', reference: 'fail:1', withdrawalId: 'w1', txid: '', gas });
  await restart();
  expect(await engine.recordedWithdrawals(['w1'])).toMatchObject([{ stage: 'REQUESTED', attempt: 1, decidedBy: null }]);
  await engine.submit(approve(SEEN, 'approve:2'));
  await engine.submit({ kind: 'withdrawal.confirm', reference: 'confirm:1', withdrawalId: 'w1', txid: '0xaa', gas });
  expect(await engine.recordedWithdrawals(['w1'])).toEqual([]);
  await restart();
  expect(await engine.recordedWithdrawals(['w1'])).toEqual([]);
  expect(await query('SELECT step, round FROM withdrawal_records ORDER BY place')).toEqual([
    { step: 'request', round: 0 },
    { step: 'approve', round: 0 },
    { step: 'fail', round: 0 },
    { step: 'approve', round: 1 },
    { step: 'confirm', round: 1 },
  ]);
  expect(await verifyChain(database.dataSource, 'withdrawal_records')).toEqual([]);
  await look();
  expect(alerts).toEqual([]);
});
