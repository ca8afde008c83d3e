/** Lists that may be a moment old are read from the replica; what is decided by is not. */
import { recordAdminAction } from '../../db/stores/admin-audit';
import { insertSecurityEvent } from '../../db/stores/security-events';
import { testDatabase } from '../../db/testing';
import type { TestDatabase } from '../../db/testing';
import { testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

/** A replica that has heard of rows that the database itself does not have: whoever shows them has read it. */
let replica: TestDatabase;
let world: TestWorld;
let admin: Visitor;
beforeAll(async () => {
  replica = await testDatabase();
  world = await testWorld({}, undefined, undefined, replica.dataSource);
  await world.account('admin@example.org', { role: 'admin' });
  admin = world.visitor();
  await admin.logIn('admin@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
  await replica.close();
});

test('what admins did, security events and users', async () => {
  await recordAdminAction(replica.dataSource, {
    id: 'seen',
    adminId: 'a',
    action: 'market.set',
    subject: 'BTCUSDT',
    details: {},
    at: 1,
  });
  await insertSecurityEvent(replica.dataSource, {
    id: 'seen',
    at: 1,
    userId: null,
    kind: 'log-in',
    outcome: 'refused',
    address: null,
    agent: null,
    details: {},
  });
  const ids = async (path: string): Promise<string[]> =>
    ((await admin.get(path)).body.items as { id: string }[]).map(({ id }) => id);
  expect(await ids('/admin/audit-log')).toEqual(['seen']);
  expect(await ids('/admin/security-events')).toEqual(['seen']);
  // The replica has no users at all, and the log-in was none of its business.
  expect(await ids('/admin/users')).toEqual([]);
});

test('the queues that are decided by are read from the database itself', async () => {
  await replica.owner.query(
    "INSERT INTO withdrawals (id, user_id, asset, network, address, amount, fee, pull_back_fee, state, attempt, confirmations, created_at, updated_at) VALUES ('old', 'u', 'ETH', 'ethereum', 'a', 1, 0, 0, 'REQUESTED', 0, 0, 1, 1)",
  );
  expect((await admin.get('/admin/withdrawals')).body.items).toEqual([]);
});
