import { WithdrawalEntity } from '../../db/entities/withdrawals';
import { WithdrawalReviewEntity } from '../../db/entities/reviews';
import { enrol } from '../second-factor/testing';
import { testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

let world: TestWorld;
let [first, second]: [Visitor, Visitor] = [undefined as never, undefined as never];
let firstId: string;

beforeAll(async () => {
  world = await testWorld({
    withdrawalLimits: [
      { perDay: '1000', small: '10' },
      { perDay: '50000', small: '50', asks: ['identity', 'second-factor', 'call'] },
      { perDay: '900000', small: '60' },
    ],
  });
  firstId = await world.account('first@example.org', { role: 'admin', kycState: 'APPROVED' });
  await world.account('second@example.org', { role: 'admin', kycState: 'APPROVED' });
  [first, second] = [world.visitor(), world.visitor()];
  await first.logIn('first@example.org');
  await second.logIn('second@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

let count = 0;
const newUser = async (kycState?: 'APPROVED'): Promise<{ id: string; who: Visitor; email: string }> => {
  const email = `u${++count}@example.org`;
  const id = await world.account(email, kycState ? { kycState } : {});
  const who = world.visitor();
  await who.logIn(email);
  return { id, who, email };
};
const set = (admin: Visitor, id: string, tier: number, why = 'because of it') =>
  admin.send('post', `/admin/users/${id}/tier`, { tier, why });
const row = async (email: string) => (await first.get(`/admin/users?email=${encodeURIComponent(email)}`)).body.items[0];
const actions = async (subject: string): Promise<string[]> =>
  (await first.get('/admin/audit-log')).body.items
    .filter((one: { subject: string }) => one.subject === subject)
    .map(({ action }: { action: string }) => action);

test('a user sees the own tier, its limit, what is used of it, and what each tier asks for', async () => {
  const { id, who } = await newUser('APPROVED');
  const now = world.clock.now();
  const withdrawal = {
    userId: id,
    asset: 'ETH',
    network: 'ethereum',
    address: '0x',
    memo: null,
    amount: '0.1',
    fee: '0',
    pullBackFee: '0',
    attempt: 0,
    confirmations: 0,
    reason: null,
    txid: null,
    decidedBy: null,
    createdAt: now,
    updatedAt: now,
  };
  await world.dataSource.getRepository(WithdrawalEntity).insert([
    { ...withdrawal, id: 'w1', state: 'CONFIRMED' },
    { ...withdrawal, id: 'w2', state: 'REJECTED' },
  ]);
  const review = { userId: id, verdict: 'pass' as const, reasons: [], inside: false, at: now };
  await world.dataSource.getRepository(WithdrawalReviewEntity).insert([
    { ...review, withdrawalId: 'w1', value: '300.5' },
    { ...review, withdrawalId: 'w2', value: '500' },
  ]);
  const mine = (await who.get('/tier')).body;
  expect(mine).toEqual({
    tier: 1,
    quote: 'USDT',
    perDay: '1000',
    used: '300.5',
    left: '699.5',
    tiers: [
      { tier: 1, perDay: '1000', asks: [{ what: 'identity', met: true }] },
      {
        tier: 2,
        perDay: '50000',
        asks: [
          { what: 'identity', met: true },
          { what: 'second-factor', met: false },
          { what: 'call', met: null },
        ],
      },
      { tier: 3, perDay: '900000', asks: [{ what: 'identity', met: true }] },
    ],
  });
  // What may leave without a look is the house's own business.
  expect(JSON.stringify(mine)).not.toContain('small');
  await enrol(world, who);
  expect((await who.get('/tier')).body.tiers[1].asks).toContainEqual({ what: 'second-factor', met: true });
  world.clock.advance(86_400_001);
  expect((await who.get('/tier')).body).toMatchObject({ used: '0', left: '1000' });
});

test('before the identity is approved there is no tier, and no admin can give one', async () => {
  const { id, who, email } = await newUser();
  expect((await who.get('/tier')).body).toMatchObject({ tier: 0, perDay: '0', left: '0' });
  expect((await set(first, id, 2)).body.error.code).toBe('KYC_STATE');
  expect(await row(email)).toMatchObject({ tier: 0, perDay: '0', waiting: null });
});

test('a higher tier takes two admins: one wishes it, another confirms it; both are written down', async () => {
  const { id, who, email } = await newUser('APPROVED');
  expect((await set(first, id, 2, 'sold a house')).body).toMatchObject({
    tier: 1,
    waiting: { tier: 2, why: 'sold a house', adminId: firstId, adminEmail: 'first@example.org' },
  });
  // The same admin, ten times more, is still one.
  for (const answer of await Promise.all(Array.from({ length: 10 }, () => set(first, id, 2))))
    expect(answer.body).toMatchObject({ tier: 1, waiting: { tier: 2, why: 'sold a house' } });
  expect((await who.get('/tier')).body.tier).toBe(1);
  expect(await row(email)).toMatchObject({ tier: 1, waiting: { tier: 2, adminEmail: 'first@example.org' } });
  expect((await set(second, id, 2, 'seen the deed')).body).toEqual({ tier: 2, waiting: null });
  expect((await who.get('/tier')).body).toMatchObject({ tier: 2, perDay: '50000' });
  expect(await row(email)).toMatchObject({ tier: 2, perDay: '50000', waiting: null });
  const [done, wished, ...more] = (await first.get('/admin/audit-log')).body.items.filter(
    (one: { subject: string }) => one.subject === id,
  );
  expect([done, wished]).toMatchObject([
    {
      action: 'user.tier',
      adminEmail: 'second@example.org',
      details: { before: 1, tier: 2, why: 'seen the deed', wishedBy: firstId, wish: 'sold a house' },
    },
    { action: 'user.tier.wish', adminEmail: 'first@example.org', details: { before: 1, tier: 2, why: 'sold a house' } },
  ]);
  expect(more).toEqual([]);
});

test('two admins at the same moment: the second to come confirms', async () => {
  const { id } = await newUser('APPROVED');
  const answers = await Promise.all([set(first, id, 2), set(second, id, 2)]);
  expect(answers.map(({ body }) => body.tier).toSorted()).toEqual([1, 2]);
  expect((await actions(id)).toSorted()).toEqual(['user.tier', 'user.tier.wish']);
});

test('another higher tier is another wish, which nobody has confirmed', async () => {
  const { id } = await newUser('APPROVED');
  await set(first, id, 2);
  expect((await set(second, id, 3)).body).toMatchObject({
    tier: 1,
    waiting: { tier: 3, adminEmail: 'second@example.org' },
  });
  expect((await set(second, id, 3)).body).toMatchObject({ tier: 1, waiting: { tier: 3 } });
  expect((await set(first, id, 3)).body).toEqual({ tier: 3, waiting: null });
});

test('a lower tier takes one admin, at once; the same tier takes back what was wished', async () => {
  const { id } = await newUser('APPROVED');
  await set(first, id, 3);
  await set(second, id, 3);
  expect((await set(first, id, 2)).body).toEqual({ tier: 2, waiting: null });
  expect((await set(first, id, 3)).body).toMatchObject({ tier: 2, waiting: { tier: 3 } });
  expect((await set(first, id, 2)).body).toEqual({ tier: 2, waiting: null });
  // What was taken back is confirmed by nobody: it is a new wish.
  expect((await set(second, id, 3)).body).toMatchObject({
    tier: 2,
    waiting: { tier: 3, adminEmail: 'second@example.org' },
  });
});

test('the wish of who is no admin any more counts for nothing', async () => {
  const { id } = await newUser('APPROVED');
  await world.account('gone@example.org', { role: 'admin', kycState: 'APPROVED' });
  const gone = world.visitor();
  await gone.logIn('gone@example.org');
  await set(gone, id, 2);
  await world.owner.query("UPDATE users SET role = 'user' WHERE email = 'gone@example.org'");
  expect((await set(second, id, 2)).body).toMatchObject({
    tier: 1,
    waiting: { tier: 2, adminEmail: 'second@example.org' },
  });
});

test('nobody sets the own tier, one that is not in the settings, or without saying why', async () => {
  const { id } = await newUser('APPROVED');
  expect((await set(first, firstId, 2)).body.error.code).toBe('SELF_APPROVAL');
  expect((await set(first, id, 4)).body.error.code).toBe('UNKNOWN_TIER');
  expect((await set(first, 'none-such', 2)).body.error.code).toBe('NOT_FOUND');
  for (const body of [{ tier: 2 }, { tier: 2, why: '  ' }, { tier: 0, why: 'because' }, { tier: 1.5, why: 'because' }])
    expect((await first.send('post', `/admin/users/${id}/tier`, body)).body.error.code).toBe('BAD_REQUEST');
  expect(await actions(id)).toEqual([]);
});

test('the settings of the tiers, and users by the beginning of their address', async () => {
  expect((await first.get('/admin/tiers')).body).toMatchObject({
    quote: 'USDT',
    adminsToRaise: 2,
    tiers: [{ tier: 1, perDay: '1000', small: '10', asks: ['identity'] }, { tier: 2 }, { tier: 3 }],
  });
  await world.account('100%_sure@example.org');
  const found = async (text: string): Promise<string[]> =>
    (await first.get(`/admin/users?email=${encodeURIComponent(text)}`)).body.items.map(
      ({ email }: { email: string }) => email,
    );
  expect(await found('first@')).toEqual(['first@example.org']);
  expect(await found('100%_')).toEqual(['100%_sure@example.org']);
  expect(await found('%')).toEqual([]);
  expect(await found('SECOND@example')).toEqual(['second@example.org']);
});

test('where one admin is enough, one is', async () => {
  const small = await testWorld({ adminsToRaise: 1 });
  try {
    await small.account('only@example.org', { role: 'admin', kycState: 'APPROVED' });
    const id = await small.account('user@example.org', { kycState: 'APPROVED' });
    const only = small.visitor();
    await only.logIn('only@example.org');
    expect((await set(only, id, 2)).body).toEqual({ tier: 2, waiting: null });
  } finally {
    await small.close();
  }
});
