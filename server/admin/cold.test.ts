import { testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

let world: TestWorld;
let adminId: string;
let admin: Visitor;
let user: Visitor;
beforeAll(async () => {
  world = await testWorld();
  adminId = await world.account('admin@example.org', { role: 'admin' });
  await world.account('user@example.org');
  [admin, user] = [world.visitor(), world.visitor()];
  await admin.logIn('admin@example.org');
  await user.logIn('user@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

const wish = { network: 'bitcoin', asset: 'BTC', amount: '0.50', why: 'the hot wallet runs low' };

test('an admin asks for coins, brings signatures back, announces, gives up; each under their own name', async () => {
  expect((await admin.get('/admin/cold')).body.places).toHaveLength(2);
  const { status, body } = await admin.send('post', '/admin/cold/transfers', wish);
  expect([status, body]).toEqual([201, { id: 'cs1' }]);
  const long = `cHNidP${'A'.repeat(100_000)}`;
  expect((await admin.send('post', '/admin/cold/transfers/cs1/psbt', { psbt: long })).status).toBe(200);
  expect((await admin.get('/admin/cold')).body.transfers).toMatchObject([{ id: 'cs1', signatures: 1 }]);
  await admin.send('post', '/admin/cold/transfers/cs1/txid', { txid: 'a'.repeat(64) });
  await admin.send('post', '/admin/cold/transfers/cs1/cancel');
  expect(world.cold.asked).toEqual([
    { ...wish, amount: '0.50', adminId },
    { id: 'cs1', psbt: long, adminId },
    { id: 'cs1', txid: 'a'.repeat(64), adminId },
    { id: 'cs1', adminId },
  ]);
});

test.each([
  ['a user', '/admin/cold/transfers', wish, 'FORBIDDEN', () => user],
  ['without a reason', '/admin/cold/transfers', { ...wish, why: '' }, 'BAD_REQUEST', () => admin],
  ['a negative amount', '/admin/cold/transfers', { ...wish, amount: '-1' }, 'BAD_AMOUNT', () => admin],
  ['no PSBT', '/admin/cold/transfers/cs1/psbt', { psbt: 'x'.repeat(30) }, 'BAD_PSBT', () => admin],
  ['a PSBT without end', '/admin/cold/transfers/cs1/psbt', { psbt: 'x'.repeat(300_000) }, 'BAD_REQUEST', () => admin],
  ['no id of a transaction', '/admin/cold/transfers/cs1/txid', { txid: 'abc' }, 'BAD_REQUEST', () => admin],
])('refused: %s', async (_what, path, body, code, who) => {
  const before = world.cold.asked.length;
  expect((await who().send('post', path, body)).body.error.code).toBe(code);
  expect(world.cold.asked).toHaveLength(before);
});

test('a megabyte from a stranger is not read', async () => {
  const { status } = await user.send('post', '/admin/cold/transfers/cs1/psbt', { psbt: 'x'.repeat(2_000_000) });
  expect(status).toBe(403);
});
