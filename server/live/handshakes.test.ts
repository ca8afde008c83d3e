/** Who is not let in by the live feed or the socket for orders leaves one security event, however often it knocks. */
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { PASSWORD, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

let world: TestWorld;
let user: Visitor;
let userId: string;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  world = await testWorld();
  userId = await world.account('user@example.org', { kycState: 'APPROVED' });
  user = world.visitor();
  await user.logIn('user@example.org');
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

type Headers = Record<string, string>;
/** Whether it was let in. */
type Knock = (headers: Headers) => Promise<boolean>;

const atOrders: Knock = (headers) => {
  const socket = new WebSocket(`${world.url.replace('http', 'ws')}/order-socket`, { headers });
  open.push(socket);
  return new Promise((resolve) => {
    socket.once('open', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
};
const atFeed: Knock = (headers) => {
  const socket = io(world.url, {
    path: '/live',
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders: headers,
  });
  open.push(socket);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('connect_error', () => resolve(false));
  });
};

interface Row {
  readonly kind: string;
  readonly outcome: string;
  readonly user_id: string | null;
  readonly address: string;
  readonly details: string;
}
const refusals = async (): Promise<Row[]> =>
  world.dataSource.query(
    "SELECT kind, outcome, user_id, address, details FROM security_events WHERE kind LIKE 'request.%' ORDER BY place",
  ) as Promise<Row[]>;
/** Nobody waits for what was refused. */
async function written(count: number): Promise<Row[]> {
  for (let turn = 0; turn < 200 && (await refusals()).length < count; turn++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 50));
  return refusals();
}
async function changedPassword(): Promise<Headers> {
  await world.account('old@example.org');
  const [old, other] = [world.visitor(), world.visitor()];
  await old.logIn('old@example.org');
  await other.logIn('old@example.org');
  expect(
    (await other.send('post', '/account/password', { current: PASSWORD, next: 'another long secret 77' })).status,
  ).toBe(200);
  return { cookie: old.cookie() };
}

const ORDERS_OF_USER = 8;
const FEEDS_OF_USER = 20;
const full = async (knock: Knock, most: number): Promise<Headers> => {
  for (let taken = 0; taken < most; taken++) expect(await knock({ cookie: user.cookie() })).toBe(true);
  return { cookie: user.cookie() };
};
const mine = async (more: Headers): Promise<Headers> => ({ cookie: user.cookie(), ...more });

test.each<[string, Knock, () => Promise<Headers>, kind: string, code: string, known: boolean]>([
  ['orders, no session', atOrders, async () => ({}), 'request.forbidden', 'NOT_LOGGED_IN', false],
  [
    'orders, a cookie that we did not sign',
    atOrders,
    async () => ({ cookie: 'javizen.sid=s%3Ax.y' }),
    'request.forbidden',
    'NOT_LOGGED_IN',
    false,
  ],
  [
    'orders, a session of before the password was changed',
    atOrders,
    changedPassword,
    'request.forbidden',
    'NOT_LOGGED_IN',
    false,
  ],
  [
    'orders, from another page',
    atOrders,
    () => mine({ origin: 'https://evil.example' }),
    'request.forged',
    'CSRF',
    false,
  ],
  [
    'orders, under another name',
    atOrders,
    () => mine({ host: 'rebind.evil.example' }),
    'request.forged',
    'MISDIRECTED',
    false,
  ],
  [
    'orders, every seat taken',
    atOrders,
    () => full(atOrders, ORDERS_OF_USER),
    'request.too-many',
    'TOO_MANY_REQUESTS',
    true,
  ],
  ['feed, from another page', atFeed, () => mine({ origin: 'https://evil.example' }), 'request.forged', 'CSRF', true],
  [
    'feed, under another name',
    atFeed,
    () => mine({ host: 'rebind.evil.example' }),
    'request.forged',
    'MISDIRECTED',
    true,
  ],
  ['feed, every seat taken', atFeed, () => full(atFeed, FEEDS_OF_USER), 'request.too-many', 'TOO_MANY_REQUESTS', true],
])('%s', async (_what, knock, given, kind, code, known) => {
  const headers = await given();
  world.clock.advance(61_000);
  const before = (await refusals()).length;
  for (let times = 0; times < 3; times++) expect(await knock(headers)).toBe(false);
  const rows = (await written(before + 1)).slice(before);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ kind, outcome: 'refused', user_id: known ? userId : null, address: '127.0.0.0/24' });
  expect(JSON.parse(rows[0]?.details ?? '{}')).toMatchObject({
    code,
    endpoint: `get ${knock === atOrders ? '/order-socket' : '/live'}`,
  });
});

test('who is let in leaves none, and a stranger may hear prices', async () => {
  const before = (await refusals()).length;
  expect([
    await atOrders({ cookie: user.cookie() }),
    await atFeed({ cookie: user.cookie() }),
    await atFeed({}),
  ]).toEqual([true, true, true]);
  expect(await written(before)).toHaveLength(before);
});
