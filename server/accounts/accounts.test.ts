/** Whose address it is, a new password, and an account that is frozen. */
import { PASSWORD, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';
import { enrol } from '../second-factor/testing';

const ORDER = { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', quantity: '1', price: '3000' };
let world: TestWorld;
let n = 0;
beforeAll(async () => {
  world = await testWorld({ limits: { login: 1000, register: 1000 } });
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

const loggedIn = async (email: string, password = PASSWORD): Promise<Visitor> => {
  const visitor = world.visitor();
  expect((await visitor.logIn(email, password)).status).toBe(200);
  return visitor;
};
const place = (who: Visitor) => who.send('post', '/orders', ORDER, { 'Idempotency-Key': `frozen-order-${++n}` });
const withdraw = (who: Visitor, more: object = {}) =>
  who.send(
    'post',
    '/withdrawals',
    {
      asset: 'ETH',
      network: 'ethereum',
      address: '0x52908400098527886E0F7030069857D2E4169EE7',
      amount: '0.5',
      ...more,
    },
    { 'Idempotency-Key': `frozen-withdrawal-${++n}` },
  );
const confirm = (token: string | undefined) => world.visitor().agent.post('/api/accounts/confirm').send({ token });

test('A10 a taken address and a free one are answered alike; its owner alone is told', async () => {
  await world.account('taken@example.org');
  const [taken, free] = [
    await world.visitor().register('taken@example.org'),
    await world.visitor().register('free@example.org'),
  ];
  expect([taken.status, taken.body]).toEqual([202, {}]);
  expect([free.status, free.body]).toEqual([202, {}]);
  expect(taken.headers['set-cookie']).toBeUndefined();
  expect((await world.letters('taken@example.org')).map(({ text }) => /\/confirm\//.test(text))).toEqual([false]);
  expect((await world.letters('free@example.org')).map(({ text }) => /\/confirm\//.test(text))).toEqual([true]);
  for (const email of ['taken@example.org', 'free@example.org', 'nobody@example.org']) {
    const { status, body } = await world.visitor().agent.post('/api/accounts/resend').send({ email });
    expect([status, body]).toEqual([202, {}]);
  }
  // The account that is there keeps its password.
  await world.visitor().register('taken@example.org', 'the password of a stranger');
  expect((await world.visitor().logIn('taken@example.org')).status).toBe(200);
});

test('before its address is confirmed an account receives and trades nothing', async () => {
  await world.visitor().register('early@example.org');
  // Even where an identity was approved by mistake.
  await world.owner.query("UPDATE users SET kyc_state = 'APPROVED' WHERE email = 'early@example.org'");
  const early = await loggedIn('early@example.org');
  const tries = async (): Promise<string[]> =>
    (
      await Promise.all([
        early.send('post', '/deposit-addresses', { network: 'ethereum' }),
        place(early),
        early.send('post', '/quotes', { from: 'ETH', to: 'USDT', fromAmount: '1' }),
        early.send('post', '/second-factor', { password: PASSWORD }),
      ])
    ).map(({ body }) => body.error?.code ?? 'TAKEN');
  expect(await tries()).toEqual(Array.from({ length: 4 }, () => 'EMAIL_NOT_CONFIRMED'));
  expect((await confirm('not-a-token-of-ours-at-all')).body.error.code).toBe('NOT_FOUND');
  await world.letters('early@example.org');
  const token = await world.token('early@example.org', 'confirm');
  expect((await confirm(token)).body).toEqual({});
  expect((await early.get('/session')).body.user.emailConfirmed).toBe(true);
  expect(await tries()).toEqual(['TAKEN', 'TAKEN', 'TAKEN', 'TAKEN']);
  expect((await confirm(token)).status).toBe(200);
});

test("who takes a stranger's address keeps nobody from it: the letter decides, and the squatter's session ends", async () => {
  await world.visitor().register('owned@example.org', 'the words of a squatter');
  const squatter = await loggedIn('owned@example.org', 'the words of a squatter');
  await world.letters('owned@example.org');
  await world.visitor().register('owned@example.org');
  await world.letters('owned@example.org', 2);
  expect((await confirm(await world.token('owned@example.org', 'confirm'))).status).toBe(200);
  expect((await squatter.get('/balances')).body.error.code).toBe('NOT_LOGGED_IN');
  expect((await world.visitor().logIn('owned@example.org', 'the words of a squatter')).body.error.code).toBe(
    'BAD_CREDENTIALS',
  );
  expect((await world.visitor().logIn('owned@example.org')).body.user.emailConfirmed).toBe(true);
  // An older letter means nothing any more.
  await world.visitor().register('owned@example.org', 'the words of a squatter');
  expect((await world.visitor().logIn('owned@example.org')).status).toBe(200);
});

test("nobody fills a stranger's box with letters", async () => {
  for (let count = 0; count < 8; count++) await world.visitor().register('box@example.org');
  await world.letters('box@example.org', 5);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await world.letters('box@example.org')).toHaveLength(5);
});

test.each(['1234567890', 'password12', 'qwertyuiop', 'aaaaaaaaaa', 'weak@example.org', 'javizen1234'])(
  'the password %s is refused, at opening an account and at a change',
  async (password) => {
    expect((await world.visitor().register('weak@example.org', password)).body.error.code).toBe('PASSWORD_TOO_COMMON');
    await world.account('weak@example.org');
    const user = await loggedIn('weak@example.org');
    expect((await user.send('post', '/account/password', { current: PASSWORD, next: password })).body.error.code).toBe(
      'PASSWORD_TOO_COMMON',
    );
  },
);

test('another password: by the present one and a code; a letter; nothing is withdrawn for a day', async () => {
  await world.account('change@example.org', { kycState: 'APPROVED' });
  const user = await loggedIn('change@example.org');
  const { code } = await enrol(world, user);
  const change = (more: object) =>
    user.send('post', '/account/password', { current: PASSWORD, next: 'another long password', ...more });
  expect((await change({ current: 'not the password' })).body.error.code).toBe('BAD_CREDENTIALS');
  expect((await change({})).body.error.code).toBe('SECOND_FACTOR_REQUIRED');
  expect((await change({ code: code() })).body).toEqual({});
  expect((await withdraw(user, { code: code() })).body.error).toMatchObject({
    code: 'WITHDRAWALS_LOCKED',
    details: { until: expect.any(Number) },
  });
  expect((await world.visitor().logIn('change@example.org', PASSWORD)).body.error.code).toBe('BAD_CREDENTIALS');
  world.clock.advance(86_400_000);
  const again = world.visitor();
  expect((await again.logIn('change@example.org', 'another long password', code())).status).toBe(200);
  expect((await withdraw(again, { code: code() })).status).toBe(201);
  const subjects = (await world.letters('change@example.org', 5)).map(({ subject }) => subject);
  for (const one of [
    'Log-in from a new device',
    'Two-factor authentication is on',
    'Your password was changed',
    'A withdrawal was requested',
  ])
    expect(subjects).toContain(one);
});

/** By its owner, by the link of any letter, by somebody of the exchange. */
const WAYS: [string, (email: string, user: Visitor, admin: Visitor, userId: string) => Promise<number>][] = [
  ['its owner', async (_email, user) => (await user.send('post', '/account/freeze', {})).status],
  [
    'the link of a letter, without a log-in',
    async (email) => {
      await world.letters(email);
      const token = await world.token(email, 'freeze');
      const stranger = world.visitor().agent;
      const looked = await stranger.get(`/api/account/freeze/${token}`);
      expect([looked.status, looked.body]).toEqual([200, {}]);
      expect(
        (await world.dataSource.query('SELECT frozen_at AS frozenAt FROM users WHERE email = ?', [email]))[0].frozenAt,
      ).toBeNull();
      expect((await stranger.post(`/api/account/freeze/${token?.slice(0, -2)}xx`).send({})).body.error.code).toBe(
        'NOT_FOUND',
      );
      return (await stranger.post(`/api/account/freeze/${token}`).send({})).status;
    },
  ],
  [
    'an admin',
    async (_email, _user, admin, userId) =>
      (await admin.send('post', `/admin/users/${userId}/freeze`, { frozen: true, why: 'a thief wrote' })).status,
  ],
];

test.each(WAYS)(
  'frozen by %s: nothing leaves and no order is taken; cancelling and receiving go on; staff opens it again',
  async (_who, freeze) => {
    const email = `freeze${++n}@example.org`;
    const userId = await world.account(email, { kycState: 'APPROVED' });
    await world.account(`staff${n}@example.org`, { role: 'admin' });
    const [user, admin] = [await loggedIn(email), await loggedIn(`staff${n}@example.org`)];
    const order = (await place(user)).body.id as string;
    const asked = (await withdraw(user)).body.id as string;
    expect(await freeze(email, user, admin, userId)).toBe(200);
    expect((await user.get('/session')).body.user.frozen).toBe(true);
    expect((await place(user)).body.error.code).toBe('ACCOUNT_FROZEN');
    expect((await withdraw(user)).body.error.code).toBe('ACCOUNT_FROZEN');
    expect(
      (
        await user.send('post', '/withdrawal-addresses', {
          network: 'ethereum',
          address: '0x52908400098527886E0F7030069857D2E4169EE7',
        })
      ).body.error.code,
    ).toBe('ACCOUNT_FROZEN');
    expect((await user.get(`/withdrawals/${asked}`)).body.state).toBe('CANCELED');
    expect((await user.send('delete', `/orders/${order}`)).status).toBe(200);
    expect((await user.send('post', '/deposit-addresses', { network: 'ethereum' })).status).toBe(200);
    // The thief cannot open it.
    expect(
      (await user.send('post', `/admin/users/${userId}/freeze`, { frozen: false, why: 'it is me' })).body.error.code,
    ).toBe('FORBIDDEN');
    expect(
      (await admin.send('post', `/admin/users/${userId}/freeze`, { frozen: false, why: 'spoke to the owner' })).status,
    ).toBe(200);
    expect((await place(user)).status).toBe(201);
    const { items } = (await admin.get('/admin/audit-log')).body as { items: { action: string; subject: string }[] };
    expect(items.filter(({ subject }) => subject === userId).map(({ action }) => action)).toContain('user.unfreeze');
  },
);

test('a link to freeze is good for a month', async () => {
  await world.account('month@example.org');
  await loggedIn('month@example.org');
  await world.letters('month@example.org');
  const token = await world.token('month@example.org', 'freeze');
  world.clock.advance(31 * 86_400_000);
  expect((await world.visitor().agent.post(`/api/account/freeze/${token}`).send({})).body.error.code).toBe('NOT_FOUND');
});

test('an admin approves no withdrawal of a frozen account, and cannot open the own one', async () => {
  const userId = await world.account('late@example.org', { kycState: 'APPROVED' });
  const adminId = await world.account('approver@example.org', { role: 'admin' });
  const [user, admin] = [await loggedIn('late@example.org'), await loggedIn('approver@example.org')];
  const { body } = await withdraw(user);
  await world.owner.query('UPDATE users SET frozen_at = 1 WHERE id = ?', [userId]);
  expect(
    (await admin.send('post', `/admin/withdrawals/${body.id}/approve`, world.approvalBy('approver@example.org'))).body
      .error.code,
  ).toBe('ACCOUNT_FROZEN');
  expect(
    (await admin.send('post', `/admin/users/${adminId}/freeze`, { frozen: false, why: 'myself' })).body.error.code,
  ).toBe('SELF_APPROVAL');
});
