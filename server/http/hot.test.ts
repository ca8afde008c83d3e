import { memoryFirst } from './memory-first';
import { createKnownSessions } from './known-sessions';
import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { SessionData } from 'express-session';
import type { UserRow } from '../../db/entities/accounts';
import { testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

const ORDER = { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', quantity: '1.5', price: '3000' };
let world: TestWorld;
let user: Visitor;
let userId: string;

beforeAll(async () => {
  world = await testWorld();
  userId = await world.account('user@example.org', { kycState: 'APPROVED' });
});
beforeEach(async () => {
  user = world.visitor();
  await user.logIn('user@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

const place = (key: string, who = user) => who.send('post', '/orders', ORDER, { 'Idempotency-Key': key });

test('it answers with the headers of every other answer', async () => {
  const [hot, slow] = [
    await place('headers-1'),
    await user.send('post', '/orders?slow=1', ORDER, { 'Idempotency-Key': 'headers-1' }),
  ];
  expect(hot.body).toEqual(slow.body);
  // Express puts a tag on what may not be stored anyway, and the cookie is renewed now and then rather than each time.
  const named = (headers: Record<string, string>) =>
    Object.keys(headers)
      .filter((name) => !['etag', 'set-cookie', 'date', 'content-length'].includes(name))
      .sort();
  expect(named(hot.headers as Record<string, string>)).toEqual(named(slow.headers as Record<string, string>));
  for (const name of ['content-security-policy', 'content-type', 'cache-control'])
    expect(hot.headers[name]).toBe(slow.headers[name]);
});

test('what is refused is refused in the same words, before Express and in it', async () => {
  const both = async (headers: Record<string, string>, body: string) =>
    Promise.all(
      ['/api/orders', '/api/orders?slow=1'].map(async (path) => {
        const agent = headers.Cookie ? world.visitor().agent : user.agent;
        const { status, body: told } = await agent
          .post(path)
          .set({
            'Content-Type': 'application/json',
            'X-CSRF-Token': user.csrf(),
            'Idempotency-Key': 'refused-1',
            ...headers,
          })
          .send(body);
        return [status, told];
      }),
    );
  const text = JSON.stringify(ORDER);
  const cases: [Record<string, string>, string, string][] = [
    [{ 'X-CSRF-Token': 'another' }, text, 'CSRF'],
    [{ 'X-CSRF-Token': '' }, text, 'CSRF'],
    [{ Origin: 'https://evil.example' }, text, 'CSRF'],
    [{ 'Sec-Fetch-Site': 'cross-site' }, text, 'CSRF'],
    [{ 'Idempotency-Key': 'short' }, text, 'IDEMPOTENCY_KEY_REQUIRED'],
    [{}, '{"symbol":', 'BAD_REQUEST'],
    [{}, '[]', 'BAD_REQUEST'],
    [{}, '7', 'BAD_REQUEST'],
    [{}, JSON.stringify({ ...ORDER, price: '1e3' }), 'BAD_AMOUNT'],
    [{}, '{"__proto__":{"admin":true},"symbol":"ETHUSDT"}', 'BAD_REQUEST'],
    [{}, JSON.stringify({ ...ORDER, filler: 'x'.repeat(40_000) }), 'TOO_LARGE'],
    [{ Cookie: 'javizen.sid=s%3Ax.y' }, text, 'NOT_LOGGED_IN'],
    [{ Cookie: 'javizen.sid=%E0%A4%A' }, text, 'NOT_LOGGED_IN'],
    [{ 'Content-Type': 'text/plain' }, text, 'BAD_REQUEST'],
  ];
  const before = world.engine.commands.length;
  for (const [headers, body, code] of cases) {
    const [hot, slow] = await both(headers, body);
    expect([hot, (hot?.[1] as { error?: { code: string } } | undefined)?.error?.code]).toEqual([slow, code]);
  }
  expect(world.engine.commands).toHaveLength(before);
});

test('logging out, and logging in anew, end the old session at once', async () => {
  const cookie = user.cookie();
  const csrf = user.csrf();
  const old = (key: string) =>
    world
      .visitor()
      .agent.post('/api/orders')
      .set({ Cookie: cookie, 'X-CSRF-Token': csrf, 'Idempotency-Key': key })
      .send(ORDER);
  expect((await old('ended-001')).status).toBe(201);
  await user.logIn('user@example.org');
  expect((await old('ended-002')).body.error.code).toBe('NOT_LOGGED_IN');
  expect((await place('ended-003')).status).toBe(201);
  const [again, token] = [user.cookie(), user.csrf()];
  await user.send('delete', '/session');
  const after = await world
    .visitor()
    .agent.post('/api/orders')
    .set({ Cookie: again, 'X-CSRF-Token': token, 'Idempotency-Key': 'ended-004' })
    .send(ORDER);
  expect(after.body.error.code).toBe('NOT_LOGGED_IN');
});

test('whose identity is no longer approved places nothing more', async () => {
  expect((await place('kyc-0001')).status).toBe(201);
  await world.owner.query(`UPDATE users SET kyc_state = 'REJECTED' WHERE id = ?`, [userId]);
  world.events.publish({ name: 'kyc.changed', userId, state: 'REJECTED' });
  expect((await place('kyc-0002')).body.error.code).toBe('KYC_REQUIRED');
  await world.owner.query(`UPDATE users SET kyc_state = 'APPROVED' WHERE id = ?`, [userId]);
  world.events.publish({ name: 'kyc.changed', userId, state: 'APPROVED' });
  expect((await place('kyc-0003')).status).toBe(201);
});

test('the session is renewed, and its cookie with it', async () => {
  const { headers } = await place('renew-001');
  expect(String(headers['set-cookie'])).toMatch(/^javizen\.sid=.*; Path=\/; Expires=.* GMT; HttpOnly; SameSite=Lax$/);
  expect((await place('renew-002')).headers['set-cookie']).toBeUndefined();
});

test('a body that breaks off places nothing and harms nobody', async () => {
  const before = world.engine.commands.length;
  const { port } = new URL(world.url);
  const headers = {
    cookie: user.cookie(),
    'x-csrf-token': user.csrf(),
    'idempotency-key': 'broken-01',
    'content-type': 'application/json',
    'content-length': 200,
  };
  await new Promise<void>((resolve) => {
    const req = httpRequest({ host: '127.0.0.1', port, path: '/api/orders', method: 'POST', headers }, () => undefined);
    req.on('error', () => resolve());
    req.write('{"symbol":"ETHUSDT"');
    setTimeout(() => req.destroy(), 100);
  });
  expect((await place('broken-02')).status).toBe(201);
  expect(world.engine.commands).toHaveLength(before + 1);
});

describe('known sessions', () => {
  const secret = 'x'.repeat(40);
  const cookie = (id: string): string =>
    `javizen.sid=${encodeURIComponent(`s:${id}.${createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')}`)}`;
  const data = { userId: 'u1', csrf: 'token', loggedInAt: 1, cookie: {} } as unknown as SessionData;
  const open = (found: () => Promise<SessionData | null> = async () => data) => {
    let [reads, time] = [0, 0];
    const store = {
      get: (_id: string, done: (error: unknown, data?: SessionData | null) => void) => {
        reads++;
        found().then(
          (session) => done(null, session),
          (error: unknown) => done(error),
        );
      },
    };
    const known = createKnownSessions({
      store,
      cookieName: 'javizen.sid',
      secrets: [secret],
      attributes: 'HttpOnly',
      idleSeconds: 60,
      userById: async (id) => ({ id, sessionGeneration: 0 }) as UserRow,
      ticks: () => time,
    });
    return { known, reads: () => reads, pass: (ms: number) => (time += ms) };
  };

  test('one is read once in a while, and at once again when it was forgotten', async () => {
    const { known, reads, pass } = open();
    const ask = async () => (await known.of(`a=b; ${cookie('s1')}`))?.sessionId;
    await Promise.all([ask(), ask()]);
    expect([await ask(), reads()]).toEqual(['s1', 1]);
    pass(6000);
    await ask();
    expect(reads()).toBe(2);
    known.forget('s1');
    await ask();
    known.forgetUser('u1');
    await ask();
    expect(reads()).toBe(4);
  });

  test('what was being read while it ended is not remembered', async () => {
    let answer: (data: SessionData | null) => void = () => undefined;
    let first = true;
    const { known } = open(() =>
      first ? new Promise((resolve) => ((first = false), (answer = resolve))) : Promise.resolve(null),
    );
    const begun = known.of(cookie('s1'));
    known.forget('s1');
    const after = known.of(cookie('s1'));
    answer(data);
    await begun;
    expect([await after, await known.of(cookie('s1'))]).toEqual([undefined, undefined]);
  });

  test('forged, cut and foreign cookies are nobody, and cost no reading', async () => {
    const { known, reads } = open();
    for (const given of [
      undefined,
      '',
      'javizen.sid=',
      'javizen.sid=s%3As1.',
      cookie('s1').slice(0, -1),
      `x${cookie('s1')}`,
      'javizen.sid=%',
    ])
      expect(await known.of(given)).toBeUndefined();
    expect(reads()).toBe(0);
  });

  test('a store that does not answer rejects, and the next time is a new one', async () => {
    let broken = true;
    const { known } = open(() => (broken ? Promise.reject(new Error('away')) : Promise.resolve(data)));
    await expect(known.of(cookie('s1'))).rejects.toThrow('away');
    broken = false;
    expect((await known.of(cookie('s1')))?.sessionId).toBe('s1');
  });
});

describe('counted here first', () => {
  test('over the limit at once, and what others used counts a moment later', async () => {
    const told: [string, number][] = [];
    let others = 0;
    const shared = async (key: string, points: number) => {
      told.push([key, points]);
      return { consumedPoints: points + others, msBeforeNext: 60_000 };
    };
    const use = memoryFirst(10, 60_000, shared);
    expect([use('a', 4), use('a', 6), use('b', 1)]).toEqual([0, 0, 0]);
    expect(use('a', 1)).toBeGreaterThan(0);
    others = 9;
    while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toEqual([
      ['a', 11],
      ['b', 1],
    ]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(use('b', 1)).toBeGreaterThan(0);
  });

  test('while nobody keeps the shared count it goes by its own', async () => {
    const use = memoryFirst(2, 60_000, () => Promise.reject(new Error('away')));
    expect([use('a', 1), use('a', 1)]).toEqual([0, 0]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(use('a', 1)).toBeGreaterThan(0);
  });
});
