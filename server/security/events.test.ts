import { readFile } from 'node:fs/promises';
import { verifyChain } from '../../db/chains';
import type { DomainEvent } from '../../domain/contract/events';
import { enrol } from '../second-factor/testing';
import type { SecurityEventKind, SecurityEventOutcome } from '../../domain/contract/api/security';
import { ADDRESS, PASSWORD, PNG, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';
import { networkOf } from './caller';
import { createSecurityEvents } from './events';

let world: TestWorld;
let user: Visitor;
let admin: Visitor;
let code: () => string = () => '';
const alerts: DomainEvent[] = [];
beforeAll(async () => {
  world = await testWorld({ limits: { login: 1000 } });
  world.events.on('alert', (event) => void alerts.push(event));
  await world.account('user@example.org', { kycState: 'APPROVED' });
  await world.account('admin@example.org', { role: 'admin' });
  [user, admin] = [world.visitor(), world.visitor()];
  await user.logIn('user@example.org');
  await admin.logIn('admin@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

interface Row {
  readonly kind: string;
  readonly outcome: string;
  readonly user_id: string | null;
  readonly address: string | null;
  readonly agent: string | null;
  readonly details: string;
}
const rowsAfter = async (place: number): Promise<Row[]> =>
  world.dataSource.query(
    'SELECT kind, outcome, user_id, address, agent, details FROM security_events WHERE place > ? ORDER BY place',
    [place],
  ) as Promise<Row[]>;
const head = async (): Promise<number> =>
  Number(
    (
      (await world.dataSource.query("SELECT place FROM chain_heads WHERE name = 'security_events'")) as {
        place: string;
      }[]
    )[0]?.place,
  );
/** Nobody waits for what was refused. */
async function settledRows(place: number): Promise<Row[]> {
  for (let turn = 0; turn < 100 && (await head()) === place; turn++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 30));
  return rowsAfter(place);
}

const FORM = {
  fullName: 'Ada Canary-Name',
  country: 'GB',
  birthDate: '1990-05-17',
  documentType: 'passport',
  documentNumber: 'CANARY-NUMBER-77',
};
const REQUEST = { asset: 'ETH', network: 'ethereum', address: ADDRESS, amount: '0.5' };
const made: Record<string, string> = {};

/** Each in its turn: what is done, and the one row that it leaves. */
const CASES: [string, SecurityEventKind, SecurityEventOutcome, () => Promise<unknown>, (() => Promise<unknown>)?][] = [
  ['an account is opened', 'account.open', 'done', () => world.visitor().register('opened@example.org')],
  ['a log-in from a new device', 'log-in.new-device', 'done', () => world.visitor().logIn('user@example.org')],
  ['a log-in from the same', 'log-in', 'done', () => user.logIn('user@example.org')],
  ['a wrong password', 'log-in', 'refused', () => world.visitor().logIn('user@example.org', 'CANARY-PASSWORD')],
  [
    'an unknown account',
    'log-in',
    'refused',
    () => world.visitor().logIn('CANARY-MAIL@example.org', 'CANARY-PASSWORD'),
  ],
  ['a log-out', 'log-out', 'done', () => passing.send('delete', '/session'), somebodyPassing],
  [
    'a second factor is begun with a wrong password',
    'second-factor.begin',
    'refused',
    () => user.send('post', '/second-factor', { password: 'CANARY-PASSWORD' }),
  ],
  [
    'a second factor is begun',
    'second-factor.begin',
    'done',
    async () =>
      void (made.secret = (
        (await user.send('post', '/second-factor', { password: PASSWORD })).body as { secret: string }
      ).secret),
  ],
  [
    'a wrong code',
    'second-factor.code',
    'refused',
    () => user.send('post', '/second-factor/confirm', { code: '000000' }),
  ],
  ['a log-in without the code', 'log-in', 'refused', () => world.visitor().logIn('factor@example.org'), withFactor],
  [
    'a second factor is removed',
    'second-factor.remove',
    'done',
    async () => factor.send('post', '/second-factor/remove', { code: code() }),
  ],
  [
    'an address is written down',
    'address.add',
    'done',
    () => user.send('post', '/withdrawal-addresses', { network: 'ethereum', address: ADDRESS }),
  ],
  [
    'an address is taken out',
    'address.remove',
    'done',
    () => user.send('post', '/withdrawal-addresses/forget', { network: 'ethereum', address: ADDRESS }),
  ],
  [
    'a withdrawal is asked for',
    'withdrawal.request',
    'done',
    async () =>
      void (made.withdrawal = (
        (await user.send('post', '/withdrawals', REQUEST, { 'Idempotency-Key': 'key-0001' })).body as { id: string }
      ).id),
  ],
  [
    'a withdrawal is approved',
    'withdrawal.approve',
    'done',
    () => admin.send('post', `/admin/withdrawals/${made.withdrawal}/approve`, world.approvalBy('admin@example.org')),
  ],
  [
    'another is cancelled',
    'withdrawal.cancel',
    'done',
    () => user.send('delete', `/withdrawals/${made.withdrawal}`),
    another,
  ],
  [
    'another is refused',
    'withdrawal.refuse',
    'done',
    () => admin.send('post', `/admin/withdrawals/${made.withdrawal}/refuse`, { reason: 'looks stolen' }),
    another,
  ],
  [
    'an application is sent',
    'identity.submit',
    'done',
    () =>
      passing.agent
        .post('/api/kyc')
        .set('X-CSRF-Token', passing.csrf())
        .field(FORM)
        .attach('document', PNG, 'passport.png'),
    somebodyPassing,
  ],
  [
    'its document is looked at',
    'identity.view-document',
    'done',
    async () => admin.get(`/admin/kyc/${await application()}/document`),
  ],
  [
    'it is refused',
    'identity.refuse',
    'done',
    async () => admin.send('post', `/admin/kyc/${await application()}/refuse`, { reason: 'blurred' }),
  ],
  [
    'a tier is changed',
    'tier.change',
    'done',
    async () => admin.send('post', `/admin/users/${await idOf('user@example.org')}/tier`, { tier: 2, why: 'a reason' }),
  ],
  [
    'a key is offered',
    'approval-key.offer',
    'done',
    () => admin.send('post', '/admin/approval-keys', { publicKey: Buffer.alloc(91, 7).toString('base64') }),
  ],
  [
    'an address is confirmed',
    'account.confirm',
    'done',
    async () => passing.agent.post('/api/accounts/confirm').send({ token: await tokenOf('confirming@example.org') }),
    () => world.visitor().register('confirming@example.org'),
  ],
  [
    'another password',
    'password.change',
    'done',
    () => passing.send('post', '/account/password', { current: PASSWORD, next: 'CANARY-PASSWORD-2' }),
    somebodyPassing,
  ],
  [
    'a wrong one',
    'password.change',
    'refused',
    () => passing.send('post', '/account/password', { current: 'CANARY-PASSWORD', next: 'CANARY-PASSWORD-3' }),
  ],
  ['all other sessions end', 'session.end-others', 'done', () => passing.send('delete', '/sessions')],
  [
    'one session ends',
    'session.end',
    'done',
    async () =>
      passing.send(
        'delete',
        `/sessions/${((await passing.get('/sessions')).body as { items: { id: string }[] }).items[0]?.id}`,
      ),
  ],
  [
    'an account is frozen',
    'account.freeze',
    'done',
    () => passing.send('post', '/account/freeze', {}),
    somebodyPassing,
  ],
  [
    'an account is opened again',
    'account.unfreeze',
    'done',
    async () =>
      admin.send('post', `/admin/users/${await idOf(`passing${passed - 1}@example.org`)}/freeze`, {
        frozen: false,
        why: 'a call',
      }),
  ],
  [
    'a forged request',
    'request.forged',
    'refused',
    () => user.agent.post('/api/withdrawals').set('X-CSRF-Token', 'CANARY-TOKEN').send({}),
  ],
  ["an admin's page asked for by a user", 'request.forbidden', 'refused', () => user.get('/admin/users')],
  [
    'the same again within a minute is the same event',
    'request.forbidden',
    'refused',
    () => user.get('/admin/kyc'),
    () => Promise.resolve(world.clock.advance(61_000)),
  ],
];

let passed = 0;
let factor: Visitor;
let passing: Visitor;
async function somebodyPassing(): Promise<void> {
  passing = world.visitor();
  await world.account(`passing${passed}@example.org`);
  await passing.logIn(`passing${passed++}@example.org`);
}
/** Of the letter, once it is there. */
async function tokenOf(email: string): Promise<string | undefined> {
  await world.letters(email);
  return world.token(email, 'confirm');
}
async function withFactor(): Promise<void> {
  await world.account('factor@example.org');
  factor = world.visitor();
  await factor.logIn('factor@example.org');
  ({ code } = await enrol(world, factor));
}
async function another(): Promise<void> {
  const { body } = await user.send('post', '/withdrawals', REQUEST, {
    'Idempotency-Key': `key-${Math.random().toString(36).slice(2, 12)}`,
  });
  made.withdrawal = (body as { id: string }).id;
}
const application = async (): Promise<string> =>
  (
    (await world.dataSource.query('SELECT id FROM kyc_applications ORDER BY created_at DESC LIMIT 1')) as {
      id: string;
    }[]
  )[0]?.id ?? '';
const idOf = async (email: string): Promise<string> =>
  ((await world.dataSource.query('SELECT id FROM users WHERE email = ?', [email])) as { id: string }[])[0]?.id ?? '';

test('each of twenty and more events leaves exactly one row, with where it came from, and no secret in any', async () => {
  for (const [what, kind, outcome, act, before] of CASES) {
    await before?.();
    await new Promise((resolve) => setTimeout(resolve, 40));
    const from = await head();
    await act();
    const rows = await settledRows(from);
    expect([what, rows.map((row) => `${row.kind} ${row.outcome}`)]).toEqual([what, [`${kind} ${outcome}`]]);
    expect(rows[0]?.address).toBe('127.0.0.0/24');
  }
  expect(CASES.length).toBeGreaterThanOrEqual(20);
  const all = JSON.stringify(await rowsAfter(0));
  for (const secret of [
    'CANARY',
    PASSWORD,
    made.secret ?? '?',
    user.csrf(),
    user.cookie().slice(16, 40),
    FORM.documentNumber,
    FORM.fullName,
  ])
    expect(all).not.toContain(secret);
  expect(await verifyChain(world.dataSource, 'security_events')).toEqual([]);
});

test('a user sees the own events, an admin those of an account; nobody else', async () => {
  const mine = (await user.get('/security-events?limit=100')).body as {
    items: { kind: string; outcome: string }[];
    next: string | null;
  };
  expect(mine.items.some(({ kind, outcome }) => kind === 'log-in' && outcome === 'refused')).toBe(true);
  expect(Object.keys(mine.items[0] ?? {}).toSorted()).toEqual(['address', 'agent', 'at', 'id', 'kind', 'outcome']);
  const userId = await idOf('user@example.org');
  expect((await rowsAfter(0)).filter((row) => row.user_id === userId).length).toBe(mine.items.length);
  const seen = (await admin.get(`/admin/security-events?userId=${userId}&kind=log-in`)).body as {
    items: { userId: string; kind: string; email: string }[];
  };
  expect(seen.items.length).toBeGreaterThan(1);
  expect(new Set(seen.items.map(({ kind, email }) => `${kind} ${email}`))).toEqual(
    new Set(['log-in user@example.org']),
  );
  expect((await user.get('/admin/security-events')).status).toBe(403);
  expect((await user.get('/security-events?limit=2')).body.items).toHaveLength(2);
});

test('a flood of one caller is one row a minute, with how many there were', async () => {
  world.clock.advance(61_000);
  const flooding = world.visitor();
  await world.account('flood@example.org');
  await flooding.logIn('flood@example.org');
  await new Promise((resolve) => setTimeout(resolve, 40));
  const from = await head();
  for (let n = 0; n < 30; n++) await flooding.get('/admin/users');
  world.clock.advance(61_000);
  await flooding.get('/admin/users');
  const rows = await settledRows(from);
  expect(rows.map(({ kind, details }) => [kind, (JSON.parse(details) as { times?: number }).times])).toEqual([
    ['request.forbidden', undefined],
    ['request.forbidden', 30],
  ]);
});

test('operators are told once when one account is tried often', async () => {
  await world.account('tried@example.org');
  for (let n = 0; n < 12; n++) {
    const from = await head();
    await world.visitor().logIn('tried@example.org', 'a guess');
    await settledRows(from);
  }
  const told = alerts.filter(
    (event) =>
      event.name === 'alert' &&
      event.code === 'SECURITY_THRESHOLD' &&
      event.details?.kind === 'log-in' &&
      event.details.userId !== undefined,
  );
  expect(told).toHaveLength(1);
});

test('a log that cannot be written is an alert and undoes nothing', async () => {
  const told: string[] = [];
  const logged: string[] = [];
  const record = createSecurityEvents({
    dataSource: { getRepository: () => ({ insert: () => Promise.reject(new Error('away')) }) } as never,
    clock: world.clock,
    ids: { next: () => 'id' },
    events: {
      on: () => () => undefined,
      publish: (event) => void told.push(event.name === 'alert' ? event.code : event.name),
    },
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (_fields, message) => void logged.push(message),
    },
  });
  const event = { kind: 'log-in', outcome: 'done', userId: 'u', caller: { address: null, agent: null } } as const;
  await record(event);
  await record(event);
  expect([told, logged.length]).toEqual([['SECURITY_LOG_FAILED'], 2]);
});

test.each([
  ['203.0.113.77', '203.0.113.0/24'],
  ['::ffff:203.0.113.77', '203.0.113.0/24'],
  ['2001:db8:1234:5678::1', '2001:db8:1234::/48'],
  ['2001:0db8::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['unknown', null],
  [undefined, null],
])('of %s is kept %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

test('only one function writes into the table', async () => {
  const { readdirSync } = await import('node:fs');
  const files = ['server', 'matching', 'wallets', 'deploy', 'db']
    .flatMap((house) => readdirSync(house, { recursive: true }).map((file) => `${house}/${String(file)}`))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('testbed/attack/'));
  const writers = [];
  for (const file of files)
    if (/insertSecurityEvent\(|INTO security_events/.test(await readFile(file, 'utf8'))) writers.push(file);
  expect(writers.toSorted()).toEqual(['db/stores/security-events.ts', 'server/security/events.ts']);
});
