import { hash } from '@node-rs/argon2';
import { testWorld, PASSWORD } from '../testing';
import type { TestWorld } from '../testing';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld({ limits: { login: 6 } });
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

test('register, confirm, look, log out, log in', async () => {
  const visitor = world.visitor();
  const asked = await visitor.register('Ada@Example.org ');
  expect([asked.status, asked.body]).toEqual([202, {}]);
  const opened = await visitor.logIn('ada@example.org');
  expect(opened.body.user).toMatchObject({
    email: 'ada@example.org',
    role: 'user',
    kycState: 'NONE',
    locale: 'en',
    emailConfirmed: false,
    frozen: false,
  });
  expect(Object.keys(opened.body.user).sort()).toEqual([
    'createdAt',
    'email',
    'emailConfirmed',
    'frozen',
    'id',
    'kycState',
    'locale',
    'role',
  ]);
  expect((await visitor.get('/session')).body).toEqual(opened.body);
  expect((await visitor.send('delete', '/session')).status).toBe(200);
  expect((await visitor.get('/session')).body).toEqual({ user: null, csrfToken: null, secondFactorDue: false });
  expect((await visitor.logIn('ADA@example.org')).status).toBe(200);
});

test('the cookie is for http only and is new at each login', async () => {
  await world.account('cookie@example.org');
  const visitor = world.visitor();
  const first = await visitor.logIn('cookie@example.org');
  const before = visitor.cookie();
  for (const line of first.headers['set-cookie'] as unknown as string[])
    expect(line).toMatch(/^javizen\.(sid|device)=.*HttpOnly; SameSite=Lax$/);
  await visitor.logIn('cookie@example.org');
  expect(visitor.cookie()).not.toBe(before);
  const old = await world.visitor().agent.get('/api/session').set('Cookie', before);
  expect(old.body.user).toBeNull();
});

test('an unknown account and a wrong password are answered alike', async () => {
  await world.account('known@example.org');
  const wrong = await world.visitor().logIn('known@example.org', 'not the password');
  const unknown = await world.visitor().logIn('unknown@example.org', 'not the password');
  expect(wrong.status).toBe(401);
  expect(unknown.body).toEqual(wrong.body);
});

test('logins are counted per account, and another account is not locked out', async () => {
  await world.account('target@example.org');
  await world.account('bystander@example.org');
  const codes: string[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    const { body, headers } = await world
      .visitor()
      .agent.post('/api/session')
      .set('X-Forwarded-For', `10.0.0.${attempt}`)
      .send({
        email: attempt % 2 ? 'target@example.org' : ' TARGET@example.org',
        password: 'guess',
      });
    codes.push(body.error.code);
    if (body.error.code === 'TOO_MANY_REQUESTS') expect(headers['retry-after']).toMatch(/^[0-9]+$/);
  }
  expect(codes.filter((code) => code === 'BAD_CREDENTIALS')).toHaveLength(6);
  expect((await world.visitor().logIn('bystander@example.org')).status).toBe(200);
});

test.each([
  ['short password', { email: 'x@example.org', password: 'short' }],
  ['no e-mail', { email: 'x', password: PASSWORD }],
  ['role', { email: 'x@example.org', password: PASSWORD, role: 'admin' }],
  ['kycState', { email: 'x@example.org', password: PASSWORD, kycState: 'APPROVED' }],
  ['id', { email: 'x@example.org', password: PASSWORD, id: 'mine' }],
  ['list', [{ email: 'x@example.org', password: PASSWORD }]],
  ['null', null],
])('refused: %s', async (_what, body) => {
  const response = await world
    .visitor()
    .agent.post('/api/accounts')
    .send(body as object);
  expect([response.status, response.body.error.code]).toEqual([400, 'BAD_REQUEST']);
  expect(JSON.stringify(response.body)).not.toContain(PASSWORD);
});

test('__proto__ and broken JSON are refused', async () => {
  const send = (text: string) =>
    world.visitor().agent.post('/api/accounts').set('Content-Type', 'application/json').send(text);
  const polluted = await send(`{"email":"p@example.org","password":"${PASSWORD}","__proto__":{"role":"admin"}}`);
  expect([
    polluted.status,
    await world.dataSource.query("SELECT role FROM users WHERE email = 'p@example.org'"),
  ]).toEqual([400, []]);
  expect((await send('{"email":')).body.error.code).toBe('BAD_REQUEST');
  expect((await send(JSON.stringify({ email: 'x'.repeat(40_000) }))).body.error.code).toBe('TOO_LARGE');
});

test('a session ends after a week, and when its store is flushed', async () => {
  await world.account('week@example.org');
  const visitor = world.visitor();
  await visitor.logIn('week@example.org');
  world.clock.advance(8 * 24 * 3600 * 1000);
  expect((await visitor.get('/balances')).body.error.code).toBe('NOT_LOGGED_IN');
  await visitor.logIn('week@example.org');
  expect((await visitor.get('/balances')).status).toBe(200);
  const prefix = world.redis.options.keyPrefix ?? '';
  for (const key of await world.redis.keys(`${prefix}*`)) await world.redis.del(key.slice(prefix.length));
  expect((await visitor.get('/balances')).body.error.code).toBe('NOT_LOGGED_IN');
  expect((await visitor.logIn('week@example.org')).status).toBe(200);
});

test('behind https the cookie is secure and bound to the host, and only our own origin is believed', async () => {
  const secure = await testWorld({ secureCookies: true, publicOrigin: 'https://exchange.example' });
  await secure.account('safe@example.org');
  const logIn = (origin: string) =>
    secure
      .visitor()
      .agent.post('/api/session')
      .set({ Host: 'exchange.example', 'X-Forwarded-Proto': 'https', Origin: origin })
      .send({ email: 'safe@example.org', password: PASSWORD });
  const { headers } = await logIn('https://exchange.example');
  for (const line of headers['set-cookie'] as unknown as string[])
    expect(line).toMatch(/^__Host-javizen\.(sid|device)=.*Path=\/.*HttpOnly; Secure; SameSite=Lax$/);
  expect(headers['strict-transport-security']).toBeDefined();
  expect((await logIn(secure.url)).body.error.code).toBe('CSRF');
  await secure.close();
});

test('while Redis is away nobody logs in, and what needs no session is answered', async () => {
  const alone = await testWorld({}, 'redis://127.0.0.1:1');
  await alone.account('away@example.org');
  expect((await alone.visitor().get('/assets')).status).toBe(200);
  const { status, body } = await alone.visitor().logIn('away@example.org');
  expect([status, body.error.code]).toEqual([503, 'BUSY']);
  const known = await alone.visitor().agent.get('/api/balances').set('Cookie', 'javizen.sid=s%3Ax.y');
  expect(known.status).toBe(401);
  await alone.close();
});

test('a password is the same however a keyboard composes its letters; one of an older version fits as it was typed then', async () => {
  const [apart, composed] = ['Zu\u0308rich \u2460\uff12 caf\u0065\u0301', 'Z\u00fcrich 12 caf\u00e9'];
  const visitor = world.visitor();
  expect((await visitor.register('composed@example.org', apart)).status).toBe(202);
  for (const password of [apart, composed])
    expect((await world.visitor().logIn('composed@example.org', password)).status).toBe(200);
  expect((await world.visitor().logIn('composed@example.org', 'Zurich 12 cafe')).body.error.code).toBe(
    'BAD_CREDENTIALS',
  );
  await world.owner.query("UPDATE users SET password_hash = ? WHERE email = 'composed@example.org'", [
    await hash(apart),
  ]);
  expect((await world.visitor().logIn('composed@example.org', apart)).status).toBe(200);
});
