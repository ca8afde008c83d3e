import { PASSWORD, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';
import { enrol, shownBy } from './testing';

let world: TestWorld;
let user: Visitor;
beforeAll(async () => {
  world = await testWorld({ limits: { login: 1000 } });
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});
let n = 0;
beforeEach(async () => {
  await world.account(`user${++n}@example.org`, { kycState: 'APPROVED' });
  user = world.visitor();
  await user.logIn(`user${n}@example.org`);
});

const ask = (code?: string, key = `key-${++n}-withdraw`) =>
  user.send(
    'post',
    '/withdrawals',
    {
      asset: 'ETH',
      network: 'ethereum',
      address: '0x52908400098527886E0F7030069857D2E4169EE7',
      amount: '0.5',
      ...(code && { code }),
    },
    { 'Idempotency-Key': key },
  );

test('enrolled with a picture and a code; in force only then; the secret is not in the table', async () => {
  // Whoever has the session alone may be a thief.
  expect((await user.send('post', '/second-factor', { password: 'not the password' })).body.error.code).toBe(
    'BAD_CREDENTIALS',
  );
  const { body } = await user.send('post', '/second-factor', { password: PASSWORD });
  expect(body).toMatchObject({
    uri: expect.stringContaining(`secret=${body.secret}`),
    qr: expect.stringContaining('svg'),
  });
  expect((await user.get('/second-factor')).body.enabled).toBe(false);
  expect((await ask()).status).toBe(201);
  expect((await user.send('post', '/second-factor/confirm', { code: '000000' })).body.error.code).toBe(
    'SECOND_FACTOR_WRONG',
  );
  expect(
    (await user.send('post', '/second-factor/confirm', { code: shownBy(world, body.secret) })).body.recoveryCodes,
  ).toHaveLength(10);
  expect((await user.get('/second-factor')).body).toMatchObject({ enabled: true, recoveryLeft: 10 });
  expect((await user.send('post', '/second-factor', { password: PASSWORD })).body.error.code).toBe(
    'SECOND_FACTOR_STATE',
  );
  const rows = JSON.stringify(await world.dataSource.query('SELECT * FROM second_factors'));
  expect(rows).not.toContain(body.secret);
  expect(rows.length).toBeGreaterThan(100);
});

test('a withdrawal wants a code; each is good once; a recovery code once too', async () => {
  const { code: shows, codes } = await enrol(world, user);
  expect((await ask()).body.error.code).toBe('SECOND_FACTOR_REQUIRED');
  expect((await ask('123456')).body.error.code).toBe('SECOND_FACTOR_WRONG');
  const code = shows();
  const first = await ask(code, 'key-once-1');
  expect(first.status).toBe(201);
  // The same request again is the same withdrawal; another one with the same code is refused.
  expect((await ask(code, 'key-once-1')).body).toEqual(first.body);
  expect((await ask(code)).body.error.code).toBe('SECOND_FACTOR_WRONG');
  expect((await ask(codes[0]?.toUpperCase())).status).toBe(201);
  expect((await ask(codes[0])).body.error.code).toBe('SECOND_FACTOR_WRONG');
  expect((await user.get('/second-factor')).body.recoveryLeft).toBe(9);
});

test('logging in wants a code too, after the password alone', async () => {
  const { code: shows } = await enrol(world, user);
  const email = (await user.get('/session')).body.user.email as string;
  const again = world.visitor();
  const logIn = (password: string, code?: string) =>
    again.agent.post('/api/session').send({ email, password, ...(code && { code }) });
  expect((await logIn('not the password')).body.error.code).toBe('BAD_CREDENTIALS');
  expect((await logIn('not the password', shows())).body.error.code).toBe('BAD_CREDENTIALS');
  expect((await logIn(PASSWORD)).body.error.code).toBe('SECOND_FACTOR_REQUIRED');
  expect((await logIn(PASSWORD, '000000')).body.error.code).toBe('SECOND_FACTOR_WRONG');
  expect((await again.get('/session')).body.user).toBeNull();
  const code = shows();
  expect((await logIn(PASSWORD, code)).body.user.email).toBe(email);
  expect((await logIn(PASSWORD, code)).body.error.code).toBe('SECOND_FACTOR_WRONG');
});

test('one code sent twice at once is taken once', async () => {
  const { code: shows } = await enrol(world, user);
  const code = shows();
  const answers = await Promise.all([1, 2, 3, 4].map(() => user.send('post', '/second-factor/remove', { code })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  // Nothing is withdrawn on the day after that.
  expect((await ask()).body.error.code).toBe('WITHDRAWALS_LOCKED');
  world.clock.advance(86_400_000);
  const again = await enrol(world, user);
  const other = again.code();
  const asked = await Promise.all([1, 2, 3, 4].map(() => ask(other)));
  expect(asked.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403]);
});

test('five wrong codes in a session end that session, and lock nobody out: the owner logs in and withdraws', async () => {
  const { code: shows } = await enrol(world, user);
  const email = (await user.get('/session')).body.user.email as string;
  const thief = world.visitor();
  expect((await thief.agent.post('/api/session').send({ email, password: PASSWORD, code: shows() })).status).toBe(200);
  const csrf = (await thief.get('/session')).body.csrfToken as string;
  const guess = () => thief.send('post', '/second-factor/remove', { code: '000000' }, { 'X-CSRF-Token': csrf });
  for (let wrong = 0; wrong < 5; wrong++) expect((await guess()).body.error.code).toBe('SECOND_FACTOR_WRONG');
  expect((await guess()).body.error.code).toBe('NOT_LOGGED_IN');
  expect((await ask(shows())).status).toBe(201);
  expect(
    (await world.visitor().agent.post('/api/session').send({ email, password: PASSWORD, code: shows() })).status,
  ).toBe(200);
});

test('wrong codes at the log-in lock new devices for a quarter of an hour, and not the one that the owner knows', async () => {
  const { code: shows } = await enrol(world, user);
  const email = (await user.get('/session')).body.user.email as string;
  const logIn = (who: Visitor, code: string) =>
    who.agent.post('/api/session').send({ email, password: PASSWORD, code });
  for (let wrong = 0; wrong < 5; wrong++)
    expect((await logIn(world.visitor(), '000000')).body.error.code).toBe('SECOND_FACTOR_WRONG');
  expect((await logIn(world.visitor(), shows())).body.error.code).toBe('TOO_MANY_REQUESTS');
  expect((await logIn(user, shows())).status).toBe(200);
  world.clock.advance(15 * 60_000);
  expect((await logIn(world.visitor(), shows())).status).toBe(200);
});

test('a code that was used is no guess: sent again and again it ends nothing', async () => {
  const { code: shows } = await enrol(world, user);
  const code = shows();
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(code)));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    201,
    ...Array.from({ length: 19 }, () => 403),
  ]);
  expect((await ask(shows())).status).toBe(201);
});

test("where admins need one, nothing of an admin's is answered until it is in force; it may be set up", async () => {
  const strict = await testWorld({ adminsNeedSecondFactor: true });
  try {
    await strict.account('admin@example.org', { role: 'admin' });
    await strict.account('user@example.org');
    const [admin, plain] = [strict.visitor(), strict.visitor()];
    expect((await admin.logIn('admin@example.org')).body).toMatchObject({ secondFactorDue: true });
    expect((await plain.logIn('user@example.org')).body).toMatchObject({ secondFactorDue: false });
    const asked = ['/admin/users', '/admin/kyc', '/admin/tiers', '/admin/treasury'];
    const answers = async () =>
      Promise.all(asked.map(async (path) => (await admin.get(path)).body.error?.code ?? 'ANSWERED'));
    expect(await answers()).toEqual(asked.map(() => 'SECOND_FACTOR_REQUIRED'));
    expect((await admin.send('post', '/admin/kyc/x/approve', {})).body.error.code).toBe('SECOND_FACTOR_REQUIRED');
    expect((await plain.get('/admin/users')).body.error.code).toBe('FORBIDDEN');
    // Begun is not in force.
    await admin.send('post', '/second-factor', { password: PASSWORD });
    expect(await answers()).toEqual(asked.map(() => 'SECOND_FACTOR_REQUIRED'));
    const { code } = await enrol(strict, admin);
    expect((await admin.get('/session')).body).toMatchObject({ secondFactorDue: false });
    expect(await answers()).toEqual(asked.map(() => 'ANSWERED'));
    // Without it again, all is closed again.
    await admin.send('post', '/second-factor/remove', { code: code() });
    expect(await answers()).toEqual(asked.map(() => 'SECOND_FACTOR_REQUIRED'));
    expect(strict.failures).toEqual([]);
  } finally {
    await strict.close();
  }
});

test('a code is read with blanks between its digits, and in the digits of a Persian or an Arabic keyboard', async () => {
  const { secret, codes } = await enrol(world, user);
  const persian = (text: string): string =>
    text.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0x6f0 + Number(digit)));
  const arabic = (text: string): string =>
    text.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0x660 + Number(digit)));
  const ways: ((code: string) => string)[] = [
    (code) => code.replace(/^(...)/, ' $1 '),
    persian,
    arabic,
    () => ` ${codes[0]?.toUpperCase()}\u200f\n`,
  ];
  for (const typed of ways) expect((await ask(typed(shownBy(world, secret)))).status).toBe(201);
});
