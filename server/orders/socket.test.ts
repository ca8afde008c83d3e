import { WebSocket } from 'ws';
import { orderView } from '../../domain/contract/api/orders';
import { testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

const ORDER = { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', quantity: '1.5', price: '3000' };
let world: TestWorld;
let user: Visitor;
let n = 0;

beforeAll(async () => {
  world = await testWorld();
  await world.account('user@example.org', { kycState: 'APPROVED' });
  await world.account('new@example.org');
});
beforeEach(async () => {
  user = world.visitor();
  await user.logIn('user@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

interface Told {
  readonly id: unknown;
  readonly order?: { readonly id: string; readonly status: string; readonly clientOrderId: string };
  readonly error?: { readonly code: string; readonly details?: Record<string, unknown> };
}

/** A socket, with what it was told so far; `status` where it was refused. */
function open(
  headers: Record<string, string>,
): Promise<{ socket: WebSocket; next(): Promise<Told>; closed: Promise<number> } | { status: number; code: string }> {
  const socket = new WebSocket(`${world.url.replace('http', 'ws')}/order-socket`, { headers });
  const told: Told[] = [];
  const waiting: ((told: Told) => void)[] = [];
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Told;
    const first = waiting.shift();
    if (first) first(message);
    else told.push(message);
  });
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  const next = (): Promise<Told> => {
    const first = told.shift();
    return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
  };
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ socket, next, closed }));
    socket.once('unexpected-response', (_req, res) => {
      let body = '';
      res.on('data', (chunk) => (body += String(chunk)));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, code: (JSON.parse(body) as Told).error?.code ?? '' }));
    });
    socket.once('error', (error) => (socket.readyState === WebSocket.CLOSING ? undefined : reject(error)));
  });
}

async function connected(who = user) {
  const line = await open({ cookie: who.cookie() });
  if ('status' in line) throw new Error(`refused: ${line.status}`);
  return {
    ...line,
    say: (message: unknown) => line.socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
  };
}
const placing = (id: number | string, clientOrderId = `socket-${++n}-000`) => ({
  id,
  op: 'place',
  order: { ...ORDER, clientOrderId },
});

test('placed and cancelled, each answer under its message’s id', async () => {
  const line = await connected();
  line.say(placing('mine', 'socket-place-1'));
  const { id, order } = await line.next();
  expect([id, order?.status, order?.clientOrderId]).toEqual(['mine', 'NEW', 'socket-place-1']);
  line.say({ id: 2, op: 'cancel', orderId: order?.id });
  expect(await line.next()).toMatchObject({ id: 2, order: { id: order?.id, status: 'CANCELED' } });
  line.socket.close();
});

test('the same client order id with the same order is one order, here and over HTTP; with another it is refused', async () => {
  const line = await connected();
  const orders: unknown[] = [];
  for (const id of [1, 2]) {
    line.say(placing(id, 'socket-twice-1'));
    const { order } = await line.next();
    // Asked again it is read from its row, and leaves without the row's other columns.
    expect(Object.keys(order ?? {}).toSorted()).toEqual(Object.keys(orderView.shape).toSorted());
    orders.push(order?.id);
  }
  const { body } = await user.send('post', '/orders', ORDER, { 'Idempotency-Key': 'socket-twice-1' });
  expect([...new Set([...orders, body.id])]).toHaveLength(1);
  line.say({ ...placing(3), order: { ...ORDER, price: '1', clientOrderId: 'socket-twice-1' } });
  expect((await line.next()).error?.code).toBe('IDEMPOTENCY_KEY_REUSED');
  line.socket.close();
});

test.each([
  ['no JSON', '{"id":', null, 'BAD_REQUEST'],
  ['a list', '[]', null, 'BAD_REQUEST'],
  ['null', 'null', null, 'BAD_REQUEST'],
  ['no op', { id: 5 }, 5, 'BAD_REQUEST'],
  ['another op', { id: 5, op: 'withdraw' }, 5, 'BAD_REQUEST'],
  ['no id', { op: 'cancel', orderId: 'o1' }, null, 'BAD_REQUEST'],
  ['for another', { ...placing(5), userId: 'u2' }, 5, 'BAD_REQUEST'],
  [
    'an unknown field',
    { id: 5, op: 'place', order: { ...ORDER, clientOrderId: 'socket-bad-1', admin: true } },
    5,
    'BAD_REQUEST',
  ],
  [
    'an exponent',
    { id: 5, op: 'place', order: { ...ORDER, price: '3e3', clientOrderId: 'socket-bad-2' } },
    5,
    'BAD_AMOUNT',
  ],
  ['no client order id', { id: 5, op: 'place', order: ORDER }, 5, 'BAD_REQUEST'],
  ['an order that is not there', { id: 5, op: 'cancel', orderId: 'o999999999999' }, 5, 'NOT_FOUND'],
])('refused, and the socket goes on: %s', async (_what, message, id, code) => {
  const line = await connected();
  const before = world.engine.commands.length;
  line.say(message);
  expect(await line.next()).toMatchObject({ id, error: { code } });
  expect(world.engine.commands).toHaveLength(before);
  line.say(placing('after'));
  expect((await line.next()).order?.status).toBe('NEW');
  line.socket.close();
});

test('bytes are refused; a message that is too large ends the socket', async () => {
  const line = await connected();
  line.socket.send(Buffer.from(JSON.stringify(placing(1))));
  expect(await line.next()).toMatchObject({ id: null, error: { code: 'BAD_REQUEST' } });
  line.say({ ...placing(1), id: 'x'.repeat(5000) });
  expect(await line.closed).toBe(1009);
});

test('nobody enters without a session, from another page, or under a cookie that we did not sign', async () => {
  expect(await open({})).toEqual({ status: 401, code: 'NOT_LOGGED_IN' });
  expect(await open({ cookie: 'javizen.sid=s%3Ax.y' })).toEqual({ status: 401, code: 'NOT_LOGGED_IN' });
  expect(await open({ cookie: user.cookie(), origin: 'https://evil.example' })).toEqual({ status: 403, code: 'CSRF' });
  const own = await open({ cookie: user.cookie(), origin: world.url });
  expect(own).toHaveProperty('socket');
  if ('socket' in own) own.socket.close();
});

test('without an approved identity nothing is placed', async () => {
  const fresh = world.visitor();
  await fresh.logIn('new@example.org');
  const line = await connected(fresh);
  line.say(placing(1));
  expect((await line.next()).error?.code).toBe('KYC_REQUIRED');
  line.socket.close();
});

test('after logging out the socket is of no use', async () => {
  const line = await connected();
  line.say(placing(1));
  expect((await line.next()).order).toBeDefined();
  await user.send('delete', '/session');
  const before = world.engine.commands.length;
  line.say(placing(2));
  expect((await line.next()).error?.code).toBe('NOT_LOGGED_IN');
  expect(await line.closed).toBe(1008);
  expect(world.engine.commands).toHaveLength(before);
});

test('only so many are on their way at once, and one user has only so many sockets', async () => {
  const submit = world.engine.submit;
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  world.engine.submit = async (command) => gate.then(() => submit(command));
  const line = await connected();
  for (let at = 0; at < 70; at++) line.say(placing(at));
  for (let at = 64; at < 70; at++)
    expect(await line.next()).toMatchObject({ id: at, error: { code: 'TOO_MANY_REQUESTS' } });
  go();
  for (let at = 0; at < 64; at++) expect((await line.next()).order?.status).toBe('NEW');
  world.engine.submit = submit;
  const more = await Promise.all(Array.from({ length: 9 }, () => open({ cookie: user.cookie() })));
  expect(more.filter((other) => 'status' in other && other.code === 'TOO_MANY_REQUESTS').length).toBeGreaterThan(0);
  expect(more.filter((other) => 'socket' in other).length).toBeLessThanOrEqual(8);
  for (const other of more) if ('socket' in other) other.socket.close();
  line.socket.close();
});

test('30,000 messages that are none: the socket is closed after twenty, nobody else waits, and the user may come back', async () => {
  const line = await connected();
  const told: Told[] = [];
  line.socket.on('message', (data: Buffer) => told.push(JSON.parse(data.toString()) as Told));
  for (let at = 0; at < 30_000; at++) line.say({ id: at, op: 'no' });
  expect((await user.get('/assets')).status).toBe(200);
  expect(await line.closed).toBe(1008);
  expect(told).toHaveLength(20);
  const again = await connected();
  again.say(placing('again'));
  expect((await again.next()).order?.status).toBe('NEW');
  again.socket.close();
});

test('what is refused costs of the orders of its user', async () => {
  const tight = await testWorld({ limits: { order: 20 } });
  await tight.account('loud@example.org', { kycState: 'APPROVED' });
  const loud = tight.visitor();
  await loud.logIn('loud@example.org');
  const socket = new WebSocket(`${tight.url.replace('http', 'ws')}/order-socket`, {
    headers: { cookie: loud.cookie() },
  });
  await new Promise((resolve) => socket.once('open', resolve));
  let told = 0;
  socket.on('message', () => told++);
  for (let at = 0; at < 4; at++) socket.send('nonsense');
  while (told < 4) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await loud.send('post', '/orders', ORDER, { 'Idempotency-Key': 'loud-order-1' })).status).toBe(429);
  socket.terminate();
  await tight.close();
});

test('orders over the socket and over HTTP are counted together', async () => {
  const tight = await testWorld({ limits: { order: 2 } });
  await tight.account('busy@example.org', { kycState: 'APPROVED' });
  const busy = tight.visitor();
  await busy.logIn('busy@example.org');
  await busy.send('post', '/orders', ORDER, { 'Idempotency-Key': 'counted-1' });
  const socket = new WebSocket(`${tight.url.replace('http', 'ws')}/order-socket`, {
    headers: { cookie: busy.cookie() },
  });
  const told: Told[] = [];
  socket.on('message', (data: Buffer) => told.push(JSON.parse(data.toString()) as Told));
  await new Promise((resolve) => socket.once('open', resolve));
  for (const id of [1, 2]) socket.send(JSON.stringify(placing(id)));
  while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(told.map(({ error }) => error?.code).sort()).toEqual(['TOO_MANY_REQUESTS', undefined]);
  socket.terminate();
  await tight.close();
});
