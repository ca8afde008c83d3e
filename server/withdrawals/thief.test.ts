/** A4: what whoever has a stolen session can do within a day. */
import { DepositAddressEntity } from '../../db/entities/deposits';
import { WithdrawalEntity } from '../../db/entities/withdrawals';
import { enrol } from '../second-factor/testing';
import { testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

const DAY = 86_400_000;
const OUTSIDE = '0x52908400098527886E0F7030069857D2E4169EE7';
let world: TestWorld;
let n = 0;
beforeAll(async () => {
  world = await testWorld({ limits: { login: 1000 } });
  world.engine.balances.splice(0, 9, { asset: 'USDT', available: '400000', held: '0' });
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

async function person(): Promise<{ who: Visitor; id: string; email: string }> {
  const email = `person${++n}@example.org`;
  const id = await world.account(email, { kycState: 'APPROVED' });
  const who = world.visitor();
  await who.logIn(email);
  return { who, id, email };
}
const send = (who: Visitor, address: string, amount: string, code?: string) =>
  who.send(
    'post',
    '/withdrawals',
    { asset: 'USDT', network: 'ethereum', address, amount, ...(code && { code }) },
    { 'Idempotency-Key': `thief-key-${++n}` },
  );
const know = (who: Visitor, address: string, code?: string) =>
  who.send('post', '/withdrawal-addresses', { network: 'ethereum', address, ...(code && { code }) });

/** Coins that came to a user from another one, as the engine leaves it. */
async function receive(userId: string, amount: string): Promise<void> {
  const address = `0x${String(++n).padStart(40, '0')}`;
  const now = world.clock.now();
  await world.dataSource
    .getRepository(DepositAddressEntity)
    .insert({ network: 'ethereum', index: n, address, userId, place: n, createdAt: now, frozenAt: null });
  const none = {
    memo: null,
    txid: null,
    decidedBy: 'policy',
    pullBackFee: '0',
    attempt: 0,
    confirmations: 0,
    createdAt: now,
    updatedAt: now,
  };
  await world.dataSource.getRepository(WithdrawalEntity).insert({
    id: `wd-in-${n}`,
    userId: 'somebody',
    asset: 'USDT',
    network: 'ethereum',
    address,
    amount,
    fee: '5',
    state: 'CONFIRMED',
    reason: 'INTERNAL',
    ...none,
  });
}

test.each([
  ['outside', () => OUTSIDE],
  ['to another user', () => world.insideAddress],
])('%s: a stolen session alone moves nothing without a look, in any order of steps', async (_where, address) => {
  const { who } = await person();
  const states: string[] = [];
  const ask = async (amount: string): Promise<void> =>
    void states.push((await send(who, address(), amount)).body.state ?? 'REJECTED');
  await ask('40');
  await know(who, address());
  await ask('40');
  await ask('399998');
  await ask('49000');
  expect(states).toEqual(['REQUESTED', 'REQUESTED', 'REJECTED', 'REQUESTED']);
});

test('small and known with an old factor passes; six of them in a day do not', async () => {
  const email = `careful${++n}@example.org`;
  await world.account(email, { kycState: 'APPROVED' });
  const who = world.visitor();
  await who.logIn(email);
  const { code } = await enrol(world, who);
  await know(who, world.insideAddress, code());
  world.clock.advance(DAY);
  await who.logIn(email, undefined, code());
  const states: string[] = [];
  for (let count = 0; count < 6; count++) states.push((await send(who, world.insideAddress, '10', code())).body.state);
  expect(states).toEqual(['APPROVED', 'APPROVED', 'APPROVED', 'APPROVED', 'APPROVED', 'REQUESTED']);
  expect((await who.send('post', '/second-factor/remove', { code: code() })).status).toBe(200);
  for (const address of [world.insideAddress, OUTSIDE])
    expect((await send(who, address, '10')).body.error.code).toBe('WITHDRAWALS_LOCKED');
  world.clock.advance(DAY);
  await who.logIn(email);
  expect((await send(who, world.insideAddress, '10')).status).toBe(201);
});

test('what came from other users stays for a day, whatever it is swapped into; what was there before may leave', async () => {
  const { who, id, email } = await person();
  await receive(id, '49990');
  world.engine.balances.splice(0, 9, { asset: 'USDT', available: '49990', held: '0' });
  for (const address of [OUTSIDE, world.insideAddress]) {
    expect((await send(who, address, '49000')).body.error).toMatchObject({
      code: 'RECEIVED_RECENTLY',
      details: { stays: '49990', left: '0', until: world.clock.now() + DAY },
    });
  }
  // Swapped into ether, which is worth less by the spread.
  world.engine.balances.splice(0, 9, { asset: 'ETH', available: '16', held: '0' });
  const ether = await who.send(
    'post',
    '/withdrawals',
    { asset: 'ETH', network: 'ethereum', address: OUTSIDE, amount: '15' },
    { 'Idempotency-Key': `thief-key-${++n}` },
  );
  expect(ether.body.error.code).toBe('RECEIVED_RECENTLY');
  // Besides 1,000 of one's own.
  world.engine.balances.splice(0, 9, { asset: 'USDT', available: '50990', held: '0' });
  expect((await send(who, OUTSIDE, '1000')).body.error.code).toBe('RECEIVED_RECENTLY');
  expect((await send(who, OUTSIDE, '990')).status).toBe(201);
  world.clock.advance(DAY);
  const later = world.visitor();
  await later.logIn(email);
  expect((await send(later, OUTSIDE, '40000')).status).toBe(201);
});

test('a little from a friend may leave at once', async () => {
  const { who, id } = await person();
  await receive(id, '50');
  world.engine.balances.splice(0, 9, { asset: 'USDT', available: '50', held: '0' });
  expect((await send(who, OUTSIDE, '40')).status).toBe(201);
});
