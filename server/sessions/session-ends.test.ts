/** Who has a stolen session, or one that was opened before something changed: it is over, at every way in. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { saveSecondFactor } from '../../db/stores/second-factors';
import type { Transaction } from '../../db/transaction';
import { enrol } from '../second-factor/testing';
import { PASSWORD, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

const ORDER = { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', quantity: '1', price: '3000' };
let world: TestWorld;
let n = 0;
const sockets: { disconnect(): unknown }[] = [];
beforeAll(async () => {
  world = await testWorld({ adminsNeedSecondFactor: true, limits: { login: 1000 } });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

const loggedIn = async (email: string, code?: string): Promise<Visitor> => {
  const visitor = world.visitor();
  expect((await visitor.logIn(email, PASSWORD, code)).status).toBe(200);
  return visitor;
};
const until = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 200 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 30));
  expect(condition()).toBe(true);
};

async function live(cookie: string) {
  const socket: Socket = io(world.url, {
    path: '/live',
    transports: ['websocket'],
    reconnection: false,
    extraHeaders: { cookie },
  });
  sockets.push(socket);
  const heard = { ended: false, admin: [] as unknown[], mine: 0 };
  socket.on('disconnect', () => (heard.ended = true));
  socket.on('admin', (event) => heard.admin.push(event));
  socket.on('event', () => heard.mine++);
  await new Promise<void>((resolve) => socket.on('hello', () => resolve()));
  return heard;
}

async function orderSocket(cookie: string) {
  const socket = new WebSocket(`${world.url.replace('http', 'ws')}/order-socket`, { headers: { cookie } });
  sockets.push({ disconnect: () => socket.terminate() });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return (): Promise<string | undefined> =>
    new Promise((resolve) => {
      socket.once('message', (data: Buffer) =>
        resolve((JSON.parse(data.toString()) as { error?: { code: string } }).error?.code ?? 'TAKEN'),
      );
      socket.send(JSON.stringify({ id: 1, op: 'place', order: { ...ORDER, clientOrderId: `ends-socket-${++n}` } }));
    });
}

const place = (who: Visitor) => who.send('post', '/orders', ORDER, { 'Idempotency-Key': `ends-order-${++n}` });

/** Each changes who may use the account, in the owner's session. */
const CHANGES: [string, (owner: Visitor) => Promise<void>][] = [
  ['a second factor', async (owner) => void (await enrol(world, owner))],
  [
    'another password',
    async (owner) =>
      expect(
        (await owner.send('post', '/account/password', { current: PASSWORD, next: 'another long password' })).status,
      ).toBe(200),
  ],
  ['ending all others', async (owner) => expect((await owner.send('delete', '/sessions')).status).toBe(200)],
  [
    'ending that one',
    async (owner) => {
      const { items } = (await owner.get('/sessions')).body as { items: { id: string; current: boolean }[] };
      for (const { id } of items.filter(({ current }) => !current))
        expect((await owner.send('delete', `/sessions/${id}`)).status).toBe(200);
    },
  ],
];

test.each(CHANGES)('%s ends a stolen session at every way in, and the owner goes on', async (_what, change) => {
  const email = `owner${++n}@example.org`;
  const userId = await world.account(email, { kycState: 'APPROVED' });
  const [owner, thief] = [await loggedIn(email), await loggedIn(email)];
  // Remembered by the hot path, listening, and on a socket for orders.
  expect((await place(thief)).status).toBe(201);
  const [heard, say] = [await live(thief.cookie()), await orderSocket(thief.cookie())];
  expect(await say()).toBe('TAKEN');
  await change(owner);
  expect((await thief.get('/balances')).body.error.code).toBe('NOT_LOGGED_IN');
  expect((await place(thief)).body.error.code).toBe('NOT_LOGGED_IN');
  expect(await say()).toBe('NOT_LOGGED_IN');
  await until(() => heard.ended);
  const again = await live(thief.cookie());
  world.events.publish({ name: 'balance.changed', userId, asset: 'ETH' });
  const own = await live(owner.cookie());
  world.events.publish({ name: 'balance.changed', userId, asset: 'ETH' });
  await until(() => own.mine > 0);
  expect(again.mine).toBe(0);
  expect((await owner.get('/balances')).status).toBe(200);
  expect((await place(owner)).status).toBe(201);
});

test("A1 an admin's session that was opened with the password alone is nobody's when the admin sets up the factor", async () => {
  const email = `boss${++n}@example.org`;
  await world.account(email, { role: 'admin', kycState: 'APPROVED' });
  const thief = await loggedIn(email);
  expect((await thief.get('/admin/users')).body.error.code).toBe('SECOND_FACTOR_REQUIRED');
  // Neither is anything else that an admin's own account could do.
  expect((await place(thief)).body.error.code).toBe('SECOND_FACTOR_REQUIRED');
  const heard = await live(thief.cookie());
  const boss = await loggedIn(email);
  const before = boss.cookie();
  const { code } = await enrol(world, boss);
  expect(boss.cookie()).not.toBe(before);
  expect((await boss.get('/admin/users')).status).toBe(200);
  expect((await thief.get('/admin/users')).body.error.code).toBe('NOT_LOGGED_IN');
  world.events.publish({ name: 'alert', code: 'QUARANTINED', message: 'x' });
  await until(() => heard.ended);
  expect(heard.admin).toEqual([]);
  // The proof is the session's: another log-in shows its own.
  expect((await (await loggedIn(email, code())).get('/admin/users')).status).toBe(200);
  expect((await world.visitor().logIn(email)).body.error.code).toBe('SECOND_FACTOR_REQUIRED');
});

test("an admin's proof is asked of the session: where the index and the generation say nothing, it still opens nothing", async () => {
  const email = `quiet${++n}@example.org`;
  await world.account(email, { role: 'admin', kycState: 'APPROVED' });
  const thief = await loggedIn(email);
  const heard = await live(thief.cookie());
  const [user] = (await world.dataSource.query('SELECT id FROM users WHERE email = ?', [email])) as { id: string }[];
  // The account has a factor in force, and neither its generation nor the list of sessions has ended the one of before.
  await saveSecondFactor(world.dataSource.manager as Transaction, {
    userId: user?.id ?? '',
    secret: 'sealed',
    enabledAt: world.clock.now(),
    lastStep: 0,
    recovery: [],
  });
  expect((await thief.get('/session')).body).toMatchObject({ user: { email } });
  for (const path of ['/admin/users', '/admin/kyc', '/admin/audit-log'])
    expect((await thief.get(path)).body.error?.code).toBe('SECOND_FACTOR_REQUIRED');
  expect((await place(thief)).body.error.code).toBe('SECOND_FACTOR_REQUIRED');
  world.events.publish({ name: 'alert', code: 'QUARANTINED', message: 'x' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([heard.admin, heard.ended]).toEqual([[], false]);
});

test("a role that was taken away in the table: its holder's sockets leave the admins' room", async () => {
  const email = `former${++n}@example.org`;
  await world.account(email, { role: 'admin' });
  const former = await loggedIn(email);
  const { code } = await enrol(world, former);
  const heard = await live(former.cookie());
  world.events.publish({ name: 'alert', code: 'LOG_CHANGED', message: 'x' });
  await until(() => heard.admin.length === 1);
  await world.owner.query("UPDATE users SET role = 'user' WHERE email = ?", [email]);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  world.events.publish({ name: 'alert', code: 'DEPOSIT_HELD', message: 'x' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(heard.admin).toHaveLength(1);
  // And by the factor, at once.
  await world.owner.query("UPDATE users SET role = 'admin' WHERE email = ?", [email]);
  const back = await live(former.cookie());
  await former.send('post', '/second-factor/remove', { code: code() });
  await until(() => back.ended);
  const bare = await live(former.cookie());
  world.events.publish({ name: 'alert', code: 'TX_REORGED', message: 'x' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(bare.admin).toEqual([]);
});

test("the list of log-ins: mine alone, with the one that asks; nobody ends another's; pages go both ways", async () => {
  const email = `lists${++n}@example.org`;
  await world.account(email);
  await world.account('stranger@example.org');
  const sessions: Visitor[] = [];
  for (let count = 0; count < 5; count++) {
    world.clock.advance(60_000);
    sessions.push(await loggedIn(email));
  }
  const mine = sessions[0] as Visitor;
  const { body } = await mine.get('/sessions');
  expect(body.items.map(({ current }: { current: boolean }) => current)).toEqual([false, false, false, false, true]);
  expect(body.items[0]).toMatchObject({ address: expect.stringMatching(/\.0\/24$/), agent: expect.any(String) });
  expect(JSON.stringify(body)).not.toContain(decodeURIComponent(mine.cookie()).slice('javizen.sid=s:'.length, 40));
  const first = (await mine.get('/sessions?limit=2')).body;
  const second = (await mine.get(`/sessions?limit=2&cursor=${first.next}`)).body;
  const third = (await mine.get(`/sessions?limit=2&cursor=${second.next}`)).body;
  expect([...first.items, ...second.items, ...third.items]).toEqual(body.items);
  expect([first.previous, third.next]).toEqual([null, null]);
  expect((await mine.get(`/sessions?limit=2&cursor=${second.previous}`)).body.items).toEqual(first.items);
  for (const cursor of ['', 'x', first.next.slice(1)])
    expect((await mine.get(`/sessions?cursor=${cursor}`)).body.error.code).toBe('BAD_CURSOR');
  const stranger = await loggedIn('stranger@example.org');
  expect((await stranger.send('delete', `/sessions/${body.items[0].id}`)).body.error.code).toBe('NOT_FOUND');
  expect((await sessions[4]?.get('/balances'))?.status).toBe(200);
  expect((await mine.send('delete', `/sessions/${body.items[0].id}`)).status).toBe(200);
  expect((await sessions[4]?.get('/balances'))?.body.error.code).toBe('NOT_LOGGED_IN');
  expect((await mine.get('/sessions')).body.items).toHaveLength(4);
});
