import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { DepositEntity } from '../../db/entities/deposits';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { testWorld } from '../testing';
import type { TestWorld } from '../testing';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
  await mkdir(join(world.dir, 'web', 'assets'), { recursive: true });
  await writeFile(join(world.dir, 'web', 'index.html'), '<!doctype html><title>the page</title>');
  await writeFile(join(world.dir, 'web', 'assets', 'index-abc.js'), '1');
  await writeFile(join(world.dir, 'secret.txt'), 'secret');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});
const get = (path: string) => world.visitor().agent.get(path);

test('the page, its files, and its health', async () => {
  for (const path of ['/', '/deposit', '/admin/kyc', '/anything/at/all']) {
    const { status, text, headers } = await get(path);
    expect([status, text.includes('the page'), headers['cache-control']]).toEqual([200, true, 'no-cache']);
  }
  expect((await get('/assets/index-abc.js')).headers['cache-control']).toContain('immutable');
  expect((await get('/assets/gone.js')).status).toBe(404);
  expect((await get('/healthz')).body).toEqual({ ok: true });
});

test.each(['/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt'])(
  'no file outside: %s',
  async (path) => {
    expect((await get(path)).text).not.toBe('secret');
  },
);

test('headers', async () => {
  const { headers } = await get('/');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  // One host may be spoken to, by sockets too: a script that got in could otherwise tell any.
  const { host } = new URL(world.url);
  for (const directive of [
    "script-src 'self'",
    `connect-src 'self' ws://${host}`,
    "require-trusted-types-for 'script'",
    'trusted-types vue javizen',
  ])
    expect(policy.split(';')).toContain(directive);
  expect(headers['permissions-policy']).toContain('camera=()');
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
  expect(headers).not.toHaveProperty('x-powered-by');
});

test('security.txt says where a hole is reported, and is not there without a contact', async () => {
  expect((await get('/.well-known/security.txt')).status).toBe(404);
  const told = await testWorld({
    securityContact: 'mailto:security@exchange.example',
    publicOrigin: 'https://exchange.example',
  });
  try {
    const { status, text, headers } = await told
      .visitor()
      .agent.get('/.well-known/security.txt')
      .set('Host', 'exchange.example');
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(text.split('\n')).toEqual([
      'Contact: mailto:security@exchange.example',
      `Expires: ${new Date(told.clock.now() + 180 * 86_400_000).toISOString()}`,
      'Preferred-Languages: en, fa',
      'Canonical: https://exchange.example/.well-known/security.txt',
      '',
    ]);
  } finally {
    await told.close();
  }
});

test('a host that could end the directive names no socket', async () => {
  const { headers } = await get('/').set('Host', "a; script-src 'unsafe-inline'");
  expect(String(headers['content-security-policy'])).not.toContain('unsafe');
});

test.each([
  ['post', '/api/session'],
  ['get', '/api/orders'],
  ['get', '/api/nothing'],
  ['get', '/assets/gone.js'],
] as const)('a refusal is kept by nobody: %s %s', async (method, path) => {
  const { status, headers } = await world.visitor().agent[method](path);
  expect([status >= 400, headers['cache-control']]).toEqual([true, 'no-store']);
});

test.each(['utf-7', 'utf-16', 'utf-16le', 'utf-32', 'iso-8859-1', 'us-ascii', ''])(
  'JSON in %s is refused',
  async (charset) => {
    const { status, body } = await world
      .visitor()
      .agent.post('/api/session')
      .set('Content-Type', `application/json; charset=${charset}`)
      .send('{"email":"a@example.org","password":"long enough"}');
    expect([status, body.error.code]).toEqual([400, 'BAD_REQUEST']);
  },
);
test.each(['utf-8', 'UTF-8', '"utf-8"'])('JSON in %s is read', async (charset) => {
  const { status } = await world
    .visitor()
    .agent.post('/api/session')
    .set('Content-Type', `application/json; charset=${charset}`)
    .send('{"email":"a@example.org","password":"long enough"}');
  expect(status).toBe(401);
});

test.each(['/api/nothing', '/api/admin', '/api/session/x'])('%s: not found, as JSON', async (path) => {
  const { status, body } = await get(path);
  expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
});

test('the document describes every endpoint, and the page shows each', async () => {
  const { body } = await get('/api/openapi.json');
  const { text, headers } = await get('/api/docs');
  expect(body.openapi).toBe('3.1.0');
  expect(headers['content-type']).toContain('text/html');
  expect(text).not.toMatch(/<script|style=/);
  for (const [name, { path, method }] of Object.entries(ENDPOINTS)) {
    const shown = `/api${path.replace(/:([a-z]+)/gi, '{$1}')}`;
    expect(body.paths[shown][method].operationId).toBe(name);
    expect(text).toContain(shown);
  }
  expect(body.paths['/api/withdrawals'].post.requestBody.content['application/json'].schema.additionalProperties).toBe(
    false,
  );
});

test.each(['/api/deposits?limit=0', '/api/deposits?limit=1e3', '/api/deposits?before=x', '/api/deposits?userId=1'])(
  'bad query: %s',
  async (path) => {
    await world.account('query@example.org');
    const visitor = world.visitor();
    await visitor.logIn('query@example.org');
    expect((await visitor.agent.get(path)).body.error.code).toBe('BAD_REQUEST');
  },
);

test('a letter is written once', async () => {
  const visitor = world.visitor();
  await visitor.register('letter@example.org');
  const dir = join(world.dir, 'mail');
  let files: string[] = [];
  for (let turn = 0; turn < 100 && files.length === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    files = (await readdir(dir).catch(() => [])).filter((name) => name.startsWith('confirm-address'));
  }
  expect(files).toHaveLength(1);
  const letter = await readFile(join(dir, files[0] ?? ''), 'utf8');
  expect(letter).toContain('To: letter@example.org');
  // Letters hold links that open doors: for the eyes of the process alone.
  expect([(await stat(dir)).mode & 0o777, (await stat(join(dir, files[0] ?? ''))).mode & 0o777]).toEqual([
    0o700, 0o600,
  ]);
});

test('a fault of ours is told as one, without its inside', async () => {
  world.engine.operatorPosition = async () => Promise.reject(new Error('inside: password=hunter2'));
  await world.account('boss@example.org', { role: 'admin' });
  const visitor = world.visitor();
  await visitor.logIn('boss@example.org');
  const { status, body, text } = await visitor.get('/admin/treasury');
  expect([status, body.error.code]).toEqual([500, 'INTERNAL']);
  expect(text).not.toContain('hunter2');
  expect(world.failures.splice(0)).toHaveLength(1);
});

describe('lists', () => {
  const LISTS = Object.values(ENDPOINTS)
    .filter(({ answers }) => answers !== 'file' && 'next' in (answers as z.ZodObject).shape)
    .map(({ path }) => path);
  let boss: ReturnType<TestWorld['visitor']>;
  beforeAll(async () => {
    await world.account('lists@example.org', { role: 'admin' });
    boss = world.visitor();
    await boss.logIn('lists@example.org');
  });

  test('are these, and each is read page by page', async () => {
    expect(LISTS.toSorted()).toEqual([
      '/admin/audit-log',
      '/admin/kyc',
      '/admin/security-events',
      '/admin/users',
      '/admin/withdrawals',
      '/deposits',
      '/orders',
      '/security-events',
      '/sessions',
      '/swaps',
      '/trades',
      '/withdrawal-addresses',
      '/withdrawals',
    ]);
    for (const path of LISTS)
      expect((await boss.get(`${path}?limit=100`)).body).toMatchObject({
        items: expect.any(Array),
        next: null,
        previous: null,
      });
  });

  test.each(LISTS)('%s refuses what is no cursor of it, and a mark of time', async (path) => {
    const { body } = await boss.get('/admin/users?limit=1');
    for (const cursor of ['', 'x', '%00', 'W10', ...(path === '/admin/users' ? [] : [body.next])]) {
      const { status, body: told } = await boss.get(`${path}?cursor=${cursor}`);
      expect([status, told.error.code]).toEqual([400, 'BAD_CURSOR']);
    }
    for (const query of ['before=1', 'cursor=a&cursor=b', 'limit=101', 'limit=0'])
      expect((await boss.get(`${path}?${query}`)).body.error.code).toBe('BAD_REQUEST');
  });

  test('twelve deposits of one block, one by one: all twelve, and back again', async () => {
    const userId = await world.account('block@example.org', { kycState: 'APPROVED' });
    const rows = Array.from({ length: 12 }, (_, n) => ({
      id: `block${n}`,
      network: 'ethereum',
      txid: `0xb${n}`,
      position: 'native',
      userId,
      address: '0x1',
      asset: n < 4 ? 'USDT' : 'ETH',
      amount: '1',
      blockHeight: 1,
      blockHash: '0x1',
      confirmations: 1,
      confirmationsNeeded: 6,
      state: 'CONFIRMING' as const,
      createdAt: 1000,
      creditedAt: null,
      credited: null,
      fee: null,
      sweepId: null,
    }));
    await world.dataSource.getRepository(DepositEntity).insert(rows);
    const user = world.visitor();
    await user.logIn('block@example.org');
    const walk = async (
      way: 'next' | 'previous',
      query: string,
      cursor: string | null,
    ): Promise<{ ids: string[]; last: { previous: string | null } }> => {
      const ids: string[] = [];
      let body: { items: { id: string }[]; next: string | null; previous: string | null };
      do {
        ({ body } = await user.get(`/deposits?limit=1${query}${cursor === null ? '' : `&cursor=${cursor}`}`));
        ids.push(...body.items.map(({ id }) => id));
        cursor = body[way];
      } while (cursor !== null);
      return { ids, last: body };
    };
    const there = await walk('next', '', null);
    expect(there.ids.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
    const back = await walk('previous', '', there.last.previous);
    expect(back.ids).toEqual(there.ids.slice(0, -1).toReversed());
    expect((await walk('next', '&asset=USDT&state=CONFIRMING&from=1000&to=1000', null)).ids).toHaveLength(4);
    expect((await walk('next', '&from=1001', null)).ids).toEqual([]);
  });
});

test.each([
  [
    'without its end',
    'multipart/form-data; boundary=x',
    '--x\r\nContent-Disposition: form-data; name="fullName"\r\n\r\nAda',
  ],
  ['with a broken head of a part', 'multipart/form-data; boundary=x', '--x\r\nnonsense\r\n\r\nAda\r\n--x--\r\n'],
  ['without a boundary', 'multipart/form-data', 'x'],
])("a form %s is its sender's fault", async (_what, type, body) => {
  const email = `form${body.length}@example.org`;
  await world.account(email);
  const visitor = world.visitor();
  await visitor.logIn(email);
  const { status, body: told } = await visitor.agent
    .post('/api/kyc')
    .set({ 'X-CSRF-Token': visitor.csrf(), 'Content-Type': type })
    .send(body);
  expect([status, told.error.code]).toEqual([400, 'BAD_REQUEST']);
});
