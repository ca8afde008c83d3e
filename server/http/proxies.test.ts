/** A15: who may say where a request came from, and under which name the exchange answers. */
import { request } from 'node:http';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { PASSWORD, testWorld } from '../testing';
import type { TestWorld } from '../testing';
import { trustedNetworks } from './proxies';

test.each([
  ['10.0.0.0/8', '10.9.8.7', true],
  ['10.0.0.0/8', '::ffff:10.9.8.7', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['203.0.113.7', '203.0.113.7', true],
  ['203.0.113.7', '203.0.113.8', false],
  ['2001:db8::/32', '2001:db8:1::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['0.0.0.0/0', '::1', false],
])('of %s, %s: %s', (network, address, trusted) => {
  expect(trustedNetworks([network])(address)).toBe(trusted);
});
test('no address is trusted where there is none', () => {
  expect(trustedNetworks(['0.0.0.0/0'])(undefined)).toBe(false);
  for (const bad of ['10.0.0.0/33', '10.0.0/8', 'x', '', '::/129', '10.0.0.0/', '10.0.0.0/-1'])
    expect(() => trustedNetworks([bad])).toThrow('is no network');
});

/** Forty guesses at forty accounts, each said to come from elsewhere. */
async function guesses(world: TestWorld): Promise<Set<string>> {
  const codes = new Set<string>();
  for (let n = 0; n < 40; n++) {
    const { body } = await world
      .visitor()
      .agent.post('/api/session')
      .set('X-Forwarded-For', `198.51.100.${n}`)
      .send({ email: `a${n}@example.org`, password: 'a guess' });
    codes.add(body.error.code);
  }
  return codes;
}

test('whoever connects from no trusted network names no address of its own; whoever does, does', async () => {
  for (const [trustedProxies, told] of [
    [['192.0.2.0/24'], ['BAD_CREDENTIALS', 'TOO_MANY_REQUESTS']],
    [['127.0.0.0/8'], ['BAD_CREDENTIALS']],
  ] as const) {
    const world = await testWorld({ trustedProxies, limits: { login: 2 } });
    expect([...(await guesses(world))]).toEqual(told);
    await world.close();
  }
});

test('an address that is said before the one the proxy adds is not believed', async () => {
  const world = await testWorld({ trustedProxies: ['127.0.0.0/8'], limits: { login: 2 } });
  const codes = new Set<string>();
  for (let n = 0; n < 25; n++)
    codes.add(
      (
        await world
          .visitor()
          .agent.post('/api/session')
          .set('X-Forwarded-For', `198.51.100.${n}, 203.0.113.9`)
          .send({ email: `b${n}@example.org`, password: 'a guess' })
      ).body.error.code,
    );
  expect(codes).toContain('TOO_MANY_REQUESTS');
  await world.close();
});

const asked = (url: string, path: string, headers: Record<string, string>, body?: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request(
      {
        hostname,
        port,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...headers,
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          }),
        },
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

describe('under a name that is not ours', () => {
  let world: TestWorld;
  let cookie = '';
  beforeAll(async () => {
    world = await testWorld();
    await world.account('user@example.org', { kycState: 'APPROVED' });
    const user = world.visitor();
    await user.logIn('user@example.org');
    cookie = user.cookie();
  });
  afterAll(async () => {
    expect(world.failures).toEqual([]);
    await world.close();
  });

  test.each([
    'rebind.evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:80',
    '203.0.113.7',
  ])('nothing is told: %s', async (host) => {
    const headers = { host, cookie, origin: `http://${host}` };
    for (const path of ['/', '/api/session', '/api/assets', '/live/?EIO=4&transport=polling'])
      expect([421, 400, 403]).toContain(await asked(world.url, path, headers));
    expect([421, 400]).toContain(await asked(world.url, '/api/orders', headers, '{}'));
    const socket = new WebSocket(`${world.url.replace('http', 'ws')}/order-socket`, { headers });
    expect([421, 400]).toContain(
      await new Promise((resolve) => {
        socket.once('unexpected-response', (_req, res) => resolve(res.statusCode));
        socket.once('open', () => resolve(101));
        socket.on('error', () => undefined);
      }),
    );
    const live = io(world.url, {
      path: '/live',
      transports: ['websocket'],
      reconnection: false,
      extraHeaders: headers,
    });
    expect(
      await new Promise((resolve) => {
        live.once('connect', () => resolve('connected'));
        live.once('connect_error', () => resolve('refused'));
      }),
    ).toBe('refused');
    live.disconnect();
  });

  test('names of this machine are taken, whatever the port, and the health is told to anybody', async () => {
    const { port } = new URL(world.url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost', '[::1]:1'])
      expect(await asked(world.url, '/api/assets', { host })).toBe(200);
    expect(await asked(world.url, '/healthz', { host: '10.0.0.7:8080' })).toBe(200);
  });
});

test('behind a public origin its own name alone is taken', async () => {
  const world = await testWorld({ publicOrigin: 'https://exchange.example', secureCookies: true });
  for (const [host, status] of [
    ['exchange.example', 200],
    ['exchange.example:443', 200],
    ['EXCHANGE.example', 200],
    ['127.0.0.1', 421],
    ['evil.example', 421],
    ['exchange.example:8080', 421],
  ] as const)
    expect([host, await asked(world.url, '/api/assets', { host })]).toEqual([host, status]);
  await world.close();
});

test.each([{ toString: 1 }, { toString: {} }, [], [['x@example.org']], 7, null, true, '', '\u0000@example.org'])(
  'A18 %j as an e-mail address is a fault of the caller, everywhere',
  async (email) => {
    const world = await testWorld();
    const refusals: [string, number][] = [];
    for (const [path, body] of [
      ['/api/session', { email, password: PASSWORD }],
      ['/api/accounts', { email, password: PASSWORD }],
      ['/api/accounts/resend', { email }],
      ['/api/accounts/confirm', { token: email }],
      ['/api/orders', { orders: email }],
      ['/api/orders/batch', { orders: { length: { valueOf: 1 } } }],
      ['/api/second-factor/confirm', { email, code: email }],
    ] as const) {
      const { status } = await world.visitor().agent.post(path).send(body);
      refusals.push([path, status]);
    }
    for (const [path, status] of refusals) expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    expect(world.failures).toEqual([]);
    await world.close();
  },
);
