import type { DataSource } from 'typeorm';
import { CHAINS, FIRST_HASH, chainHeads, forgetSecurityEvents, hashOfRow, verifyChain } from './chains';
import type { ChainHead } from './chains';
import { recordAdminAction } from './stores/admin-audit';
import { insertSecurityEvent } from './stores/security-events';
import { inTransaction } from './transaction';
import { testDatabase } from './testing';

let database: Awaited<ReturnType<typeof testDatabase>>;
let dataSource: DataSource;
beforeEach(async () => {
  database = await testDatabase();
  ({ dataSource } = database);
});
afterEach(() => database.close());

const act = (n: number) => ({
  id: `a${n}`,
  adminId: 'boss',
  action: 'kyc.approve',
  subject: `kyc:${n}`,
  details: { why: `نام ${n} 'x\\'` },
  at: n,
});
const happen = (n: number, userId: string | null = 'u') =>
  insertSecurityEvent(dataSource, {
    id: `e${n}`,
    at: n,
    userId,
    kind: 'log-in',
    outcome: 'done',
    address: null,
    agent: 'Mozilla',
    details: {},
  });
/** Somebody who may do anything in the database. */
const tamper = (sql: string, values: unknown[] = []): Promise<unknown> => database.owner.query(sql, values);

test('rows of several writers at once are one chain, and what a transaction gave up leaves no gap', async () => {
  const all = Array.from({ length: 60 }, (_, n) => n);
  await Promise.all(
    all.map((n) =>
      inTransaction(dataSource, async (manager) => {
        await recordAdminAction(manager, act(n));
        if (n % 3 === 0) throw new Error('given up');
      }).catch((error: Error) => expect(error.message).toBe('given up')),
    ),
  );
  expect(await verifyChain(dataSource, 'admin_audit')).toEqual([]);
  expect((await chainHeads(dataSource)).find(({ chain }) => chain === 'admin_audit')?.place).toBe(40);
  const [first] = (await dataSource.query('SELECT * FROM admin_audit WHERE place = 1')) as Record<string, string>[];
  expect(first?.hash).toBe(
    hashOfRow(
      FIRST_HASH,
      1,
      CHAINS.admin_audit.map((column) => first?.[column] ?? null),
    ),
  );
});

test('a row that was written beside the chain is named, and one whose place is taken is refused', async () => {
  await recordAdminAction(dataSource, act(1));
  const beside = (id: string, place: number) =>
    dataSource.query(
      'INSERT INTO admin_audit (id, admin_id, action, subject, details, at, place, hash) VALUES (?, ?, ?, ?, ?, 5, ?, ?)',
      [id, 'b', 'c', 'd', '{}', place, 'mine'],
    );
  await expect(beside('a2', 1)).rejects.toMatchObject({ driverError: { errno: 1062 } });
  await beside('a2', 3);
  expect(await verifyChain(dataSource, 'admin_audit')).toEqual([
    { chain: 'admin_audit', place: 2, row: null, what: 'missing' },
  ]);
});

test('without the head of its chain a row is not written', async () => {
  await tamper("DELETE FROM chain_heads WHERE name = 'admin_audit'");
  await expect(recordAdminAction(dataSource, act(1))).rejects.toMatchObject({ driverError: { errno: 1048 } });
  expect(await dataSource.query('SELECT id FROM admin_audit')).toEqual([]);
});

test.each([
  [
    'a changed column',
    "UPDATE admin_audit SET details = '{}' WHERE id = 'a3'",
    [{ place: 3, row: 'a3', what: 'changed' }],
  ],
  [
    'two columns that trade a character',
    "UPDATE admin_audit SET action = 'kyc.approvek', subject = 'yc:3' WHERE id = 'a3'",
    [{ place: 3, row: 'a3', what: 'changed' }],
  ],
  ['a row taken out', "DELETE FROM admin_audit WHERE id = 'a3'", [{ place: 3, row: null, what: 'missing' }]],
  ['the last row taken out', "DELETE FROM admin_audit WHERE id = 'a6'", [{ place: 6, row: null, what: 'missing' }]],
  [
    'two in a row taken out and one changed',
    "DELETE FROM admin_audit WHERE id IN ('a2', 'a3')",
    [
      { place: 2, row: null, what: 'missing' },
      { place: 3, row: null, what: 'missing' },
    ],
  ],
  [
    'another hash',
    "UPDATE admin_audit SET hash = REPEAT('a', 64) WHERE id = 'a3'",
    [
      { place: 3, row: 'a3', what: 'changed' },
      { place: 4, row: 'a4', what: 'changed' },
    ],
  ],
])('named: %s', async (_what, sql, found) => {
  for (let n = 1; n <= 6; n++) await recordAdminAction(dataSource, act(n));
  await tamper(sql);
  expect(await verifyChain(dataSource, 'admin_audit')).toEqual(found.map((one) => ({ chain: 'admin_audit', ...one })));
});

test('a chain that was made anew in the database is other than what was noted of it outside', async () => {
  for (let n = 1; n <= 4; n++) await recordAdminAction(dataSource, act(n));
  const noted: ChainHead[] = await chainHeads(dataSource);
  await recordAdminAction(dataSource, act(5));
  expect(await verifyChain(dataSource, 'admin_audit', noted)).toEqual([]);
  await tamper("UPDATE admin_audit SET admin_id = 'somebody' WHERE id = 'a2'");
  let before = FIRST_HASH;
  for (const row of (await dataSource.query('SELECT * FROM admin_audit ORDER BY place')) as Record<string, string>[]) {
    before = hashOfRow(
      before,
      Number(row.place),
      CHAINS.admin_audit.map((column) => row[column] ?? null),
    );
    await tamper('UPDATE admin_audit SET hash = ? WHERE id = ?', [before, row.id]);
  }
  await dataSource.query("UPDATE chain_heads SET hash = ? WHERE name = 'admin_audit'", [before]);
  expect(await verifyChain(dataSource, 'admin_audit')).toEqual([]);
  expect(await verifyChain(dataSource, 'admin_audit', noted)).toEqual([
    { chain: 'admin_audit', place: 4, row: 'a4', what: 'other than was noted outside' },
  ]);
  // Cut off behind what was noted, with the head moved back.
  await tamper('DELETE FROM admin_audit WHERE place > 3');
  await dataSource.query(
    "UPDATE chain_heads SET place = 3, hash = (SELECT hash FROM admin_audit WHERE place = 3) WHERE name = 'admin_audit'",
  );
  expect(await verifyChain(dataSource, 'admin_audit', noted)).toEqual([
    { chain: 'admin_audit', place: 4, row: null, what: 'missing' },
  ]);
});

test('what is older than the retention is taken out, and the rest still holds', async () => {
  for (let n = 1; n <= 6; n++) await happen(n);
  const before = await chainHeads(dataSource);
  expect(await forgetSecurityEvents(dataSource, 4)).toBe(3);
  expect(await verifyChain(dataSource, 'security_events')).toEqual([]);
  expect(await verifyChain(dataSource, 'security_events', before)).toEqual([
    { chain: 'security_events', place: 3, row: null, what: 'forgotten without a note outside' },
  ]);
  expect(await verifyChain(dataSource, 'security_events', [...before, ...(await chainHeads(dataSource))])).toEqual([]);
  expect(await forgetSecurityEvents(dataSource, 100)).toBe(3);
  await happen(7, null);
  expect(await verifyChain(dataSource, 'security_events')).toEqual([]);
  expect(await dataSource.query('SELECT id, place FROM security_events')).toEqual([{ id: 'e7', place: '7' }]);
});

test('no caller can make the procedure take an event of the last 30 days', async () => {
  const day = 86_400_000;
  for (const days of [40, 31, 29, 1]) await happen(Date.now() - days * day);
  expect(await forgetSecurityEvents(dataSource, Date.now() + day)).toBe(2);
  expect(await dataSource.query('SELECT place FROM security_events ORDER BY place')).toEqual([
    { place: '3' },
    { place: '4' },
  ]);
});
