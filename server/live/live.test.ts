import { ALERTS } from '../../domain/alerts';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { AdminEvent, DepthDiff, LiveEvent, LiveStamp } from '../../domain/contract/api/live';
import type { PublicTradeView } from '../../domain/contract/api/markets';
import { orderView } from '../../domain/contract/api/orders';
import type { DomainEvent } from '../../domain/contract/events';
import { presentFill, presentOrder } from '../orders/present';
import { fillRow, orderRow } from '../orders/testing';
import { enrol } from '../second-factor/testing';
import { testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

let world: TestWorld;
let userId: string;
let user: Visitor;
let other: Visitor;
let admin: Visitor;
const open: Socket[] = [];

beforeAll(async () => {
  world = await testWorld();
  userId = await world.account('user@example.org', { kycState: 'APPROVED' });
  await world.account('other@example.org', { kycState: 'APPROVED' });
  await world.account('admin@example.org', { role: 'admin' });
  [user, other, admin] = [world.visitor(), world.visitor(), world.visitor()];
  await user.logIn('user@example.org');
  await other.logIn('other@example.org');
  await admin.logIn('admin@example.org');
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect();
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

async function listen(cookie: string, origin?: string, auth: object = {}, url = world.url) {
  const socket = io(url, {
    path: '/live',
    transports: ['websocket'],
    reconnection: false,
    auth,
    extraHeaders: { cookie, ...(origin && { origin }) },
  });
  open.push(socket);
  const heard = {
    events: [] as LiveEvent[],
    admin: [] as AdminEvent[],
    diffs: [] as DepthDiff[],
    trades: [] as string[],
    tickers: 0,
    ended: false,
  };
  socket.on('event', (event: LiveEvent) => heard.events.push(event));
  socket.on('admin', (event: AdminEvent) => heard.admin.push(event));
  socket.on('tickers', () => heard.tickers++);
  socket.on('depth', (diff: DepthDiff) => heard.diffs.push(diff));
  socket.on('trades', (_symbol: string, trades: PublicTradeView[]) => heard.trades.push(...trades.map(({ id }) => id)));
  socket.on('disconnect', () => (heard.ended = true));
  const hello = await new Promise<LiveStamp & { resync?: boolean }>((resolve, reject) => {
    socket.on('hello', resolve);
    socket.on('connect_error', reject);
  });
  return { socket, heard, hello };
}
const until = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 100 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 30));
  expect(condition()).toBe(true);
};

test('a user hears their own, numbered without a gap; others and strangers hear nothing of it', async () => {
  const mine = await listen(user.cookie());
  const theirs = await listen(other.cookie());
  const stranger = await listen('');
  world.events.publish({ name: 'balance.changed', userId, asset: 'ETH' });
  world.events.publish({ name: 'withdrawal.changed', userId, withdrawalId: 'none', state: 'APPROVED' });
  world.events.publish({ name: 'balance.changed', userId, asset: 'USDT' });
  await until(() => mine.heard.events.length === 3);
  expect(mine.heard.events.map(({ name, seq, epoch }) => [name, seq, epoch])).toEqual([
    ['balance.changed', mine.hello.seq + 1, mine.hello.epoch],
    ['withdrawal.changed', mine.hello.seq + 2, mine.hello.epoch],
    ['balance.changed', mine.hello.seq + 3, mine.hello.epoch],
  ]);
  expect(mine.heard.events[0]?.data).toEqual({ items: [{ asset: 'ETH', available: '1.5', held: '0' }] });
  expect(mine.heard.events[1]?.data).toBeNull();
  expect([theirs.heard.events, stranger.heard.events, mine.heard.admin]).toEqual([[], [], []]);
  mine.socket.disconnect();
  expect((await listen(user.cookie())).hello).toEqual({ epoch: mine.hello.epoch, seq: mine.hello.seq + 3 });
});

test('admins hear of their queues and of alerts', async () => {
  const operator = await listen(admin.cookie());
  world.events.publish({ name: 'kyc.changed', userId, state: 'SUBMITTED' });
  world.events.publish({ name: 'alert', code: 'QUARANTINED', message: 'look here' });
  await until(() => operator.heard.admin.length === 2);
  expect(operator.heard.admin).toEqual([
    { name: 'queue.changed', queue: 'kyc' },
    { name: 'alert', code: 'QUARANTINED', message: 'look here', ...ALERTS.QUARANTINED },
  ]);
});

test('everybody hears prices', async () => {
  const stranger = await listen('');
  await until(() => stranger.heard.tickers > 0);
});

test.each(['https://evil.example', 'null'])('another page may not connect: %s', async (origin) => {
  await expect(listen(user.cookie(), origin)).rejects.toThrow();
});

test('a forged cookie is a stranger', async () => {
  const forged = await listen(user.cookie().replace(/.{4}$/, 'AAAA'));
  world.events.publish({ name: 'balance.changed', userId, asset: 'ETH' });
  const witness = await listen(user.cookie());
  world.events.publish({ name: 'balance.changed', userId, asset: 'ETH' });
  await until(() => witness.heard.events.length > 0);
  expect(forged.heard.events).toEqual([]);
});

test('asking for a room does not give it', async () => {
  const pushy = await listen(other.cookie());
  pushy.socket.emit('join', `user:${userId}`);
  const witness = await listen(user.cookie());
  world.events.publish({ name: 'balance.changed', userId, asset: 'ETH' });
  await until(() => witness.heard.events.length > 0);
  expect(pushy.heard.events).toEqual([]);
});

const orderEvent = (id: string): DomainEvent => ({
  name: 'order.changed',
  userId,
  order: presentOrder(orderRow({ id, userId })),
});

test('orders and fills travel whole, without a look at a table, in their place among the others', async () => {
  const mine = await listen(user.cookie());
  world.events.publish({ name: 'balance.changed', userId, asset: 'ETH' });
  world.events.publish(orderEvent('o-live'));
  world.events.publish({ name: 'fill.made', userId, fill: presentFill(fillRow({ tradeId: 9, userId })) });
  await until(() => mine.heard.events.length === 3);
  expect(mine.heard.events.map(({ name, seq }) => [name, seq - mine.hello.seq])).toEqual([
    ['balance.changed', 1],
    ['order.changed', 2],
    ['fill.made', 3],
  ]);
  expect(mine.heard.events[1]?.data).toMatchObject({ id: 'o-live', status: 'NEW', price: '0' });
  expect(mine.heard.events[2]?.data).toMatchObject({ tradeId: 9, outside: false });
});

test('one who was away is told exactly what was missed', async () => {
  const first = await listen(user.cookie());
  world.events.publish(orderEvent('o-before'));
  await until(() => first.heard.events.length === 1);
  const { epoch, seq } = first.heard.events[0] ?? first.hello;
  first.socket.disconnect();
  await until(() => first.heard.ended);
  for (const id of ['o-1', 'o-2', 'o-3']) world.events.publish(orderEvent(id));
  const again = await listen(user.cookie(), undefined, { epoch, seq });
  await until(() => again.heard.events.length === 3);
  expect(again.hello).toEqual({ epoch, seq });
  expect(again.heard.events.map((event) => [event.seq, (event.data as { id: string }).id])).toEqual([
    [seq + 1, 'o-1'],
    [seq + 2, 'o-2'],
    [seq + 3, 'o-3'],
  ]);
  const nothing = await listen(user.cookie(), undefined, { epoch, seq: seq + 3 });
  expect(nothing.hello).toEqual({ epoch, seq: seq + 3 });
});

test('what is not kept any more is said: fetch again', async () => {
  const first = await listen(user.cookie());
  first.socket.disconnect();
  for (let n = 0; n < 501; n++) world.events.publish(orderEvent('o-many'));
  const { epoch, seq } = first.hello;
  expect((await listen(user.cookie(), undefined, { epoch, seq })).hello).toEqual({
    epoch,
    seq: seq + 501,
    resync: true,
  });
  const most = await listen(user.cookie(), undefined, { epoch, seq: seq + 1 });
  await until(() => most.heard.events.length === 500);
  expect((await listen(user.cookie(), undefined, { epoch: 'another', seq })).hello.resync).toBe(true);
  expect((await listen(user.cookie(), undefined, { epoch, seq: seq + 9999 })).hello.resync).toBe(true);
  expect((await listen(user.cookie(), undefined, { epoch, seq: '1' })).hello).toEqual({ epoch, seq: seq + 501 });
});

test('books and trades go to whoever subscribed, until they had enough', async () => {
  const [reader, idle] = [await listen(''), await listen('')];
  const taken: string[] = await reader.socket.emitWithAck('subscribe', ['ETHUSDT', 'NOSUCH', 7, 'ETHUSDT']);
  expect(taken).toEqual(['ETHUSDT']);
  for (const nonsense of [[null], [{}], [7], ['ETHUSDT'], [['ETHUSDT'], 'not a function']])
    idle.socket.emit('subscribe', ...nonsense.slice(0, 1), ...nonsense.slice(1));
  idle.socket.emit('unsubscribe', ['ETHUSDT']);
  await idle.socket.emitWithAck('subscribe', []);
  world.market.move([['2999', '1']], []);
  world.market.move([['2998', '0']], [['3001', '2']]);
  world.market.trade({ id: 't1', price: '3000', quantity: '1', side: 'BUY', at: 1 });
  await until(() => reader.heard.diffs.length === 2 && reader.heard.trades.length === 1);
  expect(reader.heard.diffs[1]?.first).toBe((reader.heard.diffs[0]?.last ?? 0) + 1);
  expect([idle.heard.diffs, idle.heard.trades]).toEqual([[], []]);
  reader.socket.emit('unsubscribe', ['ETHUSDT']);
  await reader.socket.emitWithAck('subscribe', []);
  world.market.move([['2999', '2']], []);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(reader.heard.diffs).toHaveLength(2);
});

test('who reads too slowly is left out, and nobody waits for them', async () => {
  const [slow, quick] = [await listen(''), await listen('')];
  for (const { socket } of [slow, quick]) await socket.emitWithAck('subscribe', ['ETHUSDT']);
  // The reader stops reading: what is sent fills the buffers of both machines and then waits here.
  const pipe = (slow.socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws
    ._socket;
  pipe.pause();
  const wide = (at: number): [string, string][] =>
    Array.from({ length: 10_000 }, (_, n) => [`${n}.${at}`, '1.123456789012']);
  for (let sent = 0; sent < 60; sent++) {
    world.market.tellDepth({ symbol: 'ETHUSDT', first: 1000 + sent, last: 1000 + sent, bids: wide(sent), asks: [] });
    // Past the pause, so that each goes out as a message of its own.
    await until(() => quick.heard.diffs.length === sent + 1);
  }
  pipe.resume();
  await new Promise((resolve) => setTimeout(resolve, 500));
  world.market.tellDepth({ symbol: 'ETHUSDT', first: 2000, last: 2000, bids: [], asks: [] });
  await until(() => slow.heard.diffs.at(-1)?.last === 2000);
  expect(slow.heard.diffs.length).toBeLessThan(quick.heard.diffs.length);
  expect(slow.heard.ended).toBe(false);
});

test('logging out ends the sockets of that session', async () => {
  const leaving = await listen(other.cookie());
  await other.send('delete', '/session');
  await until(() => leaving.heard.ended);
});

test('after a gap in what this process was told, all are cut off, come back and are told to fetch again', async () => {
  const mine = await listen(user.cookie());
  world.events.publish({ name: 'balance.changed', userId, asset: 'ETH' });
  await until(() => mine.heard.events.length === 1);
  const [last] = mine.heard.events;
  world.events.publish({ name: 'feed.gap' });
  await until(() => mine.heard.ended);
  const { hello } = await listen(user.cookie(), undefined, { epoch: last?.epoch, seq: last?.seq });
  expect(hello).toMatchObject({ seq: 0, resync: true });
  expect(hello.epoch).not.toBe(last?.epoch);
});

test("where admins need a second factor, one without hears nothing of the admins' until it is in force", async () => {
  const strict = await testWorld({ adminsNeedSecondFactor: true });
  try {
    await strict.account('admin@example.org', { role: 'admin' });
    const fresh = strict.visitor();
    await fresh.logIn('admin@example.org');
    const before = await listen(fresh.cookie(), undefined, {}, strict.url);
    await enrol(strict, fresh);
    const after = await listen(fresh.cookie(), undefined, {}, strict.url);
    strict.events.publish({ name: 'alert', code: 'QUARANTINED', message: 'x', details: {} });
    await until(() => after.heard.admin.length === 1);
    expect(before.heard.admin).toEqual([]);
    expect(strict.failures).toEqual([]);
  } finally {
    for (const socket of open.splice(0)) socket.disconnect();
    await strict.close();
  }
});

test('an event tells exactly its schema: more is stripped where people are served, and what does not fit is told as changed alone', async () => {
  const served = await testWorld({ exactAnswers: false });
  try {
    const id = await served.account('user@example.org', { kycState: 'APPROVED' });
    const visitor = served.visitor();
    await visitor.logIn('user@example.org');
    const { heard } = await listen(visitor.cookie(), undefined, {}, served.url);
    const order = presentOrder(orderRow({ id: 'o-exact', userId: id }));
    served.events.publish({
      name: 'order.changed',
      userId: id,
      order: { ...orderRow({ id: 'o-exact', userId: id }), ...order },
    });
    served.events.publish({ name: 'order.changed', userId: id, order: { ...order, status: 'NO SUCH' as 'NEW' } });
    await until(() => heard.events.length === 2);
    expect(Object.keys(heard.events[0]?.data ?? {}).toSorted()).toEqual(Object.keys(orderView.shape).toSorted());
    expect(heard.events[1]?.data).toBeNull();
    expect(served.failures).toHaveLength(1);
  } finally {
    for (const socket of open.splice(0)) socket.disconnect();
    await served.close();
  }
});

/** Connects, as nobody or with a cookie, or is refused. */
const enter = (url: string, cookie?: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = io(url, {
      path: '/live',
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      ...(cookie && { extraHeaders: { cookie } }),
    });
    open.push(socket);
    socket.on('hello', () => resolve(socket));
    socket.on('connect_error', () => resolve(undefined));
    socket.on('disconnect', () => resolve(undefined));
  });

test('one address has only so many sockets that are nobody’s, also all at once; a user has 20', async () => {
  const small = await testWorld({ socketsPerAddress: 5 });
  await small.account('tabs@example.org');
  const tabs = small.visitor();
  await tabs.logIn('tabs@example.org');
  const anonymous = await Promise.all(Array.from({ length: 12 }, () => enter(small.url)));
  expect(anonymous.filter(Boolean)).toHaveLength(5);
  const own = await Promise.all(Array.from({ length: 25 }, () => enter(small.url, tabs.cookie())));
  expect(own.filter(Boolean).length).toBeLessThanOrEqual(20);
  anonymous.find(Boolean)?.disconnect();
  let again: Socket | undefined;
  await until(() => {
    if (!again) void enter(small.url).then((socket) => (again ??= socket));
    return again !== undefined;
  });
  for (const socket of open.splice(0)) socket.disconnect();
  await small.close();
});

test.each<[string, (socket: Socket) => void]>([
  ['asks for markets that are not there', (socket) => socket.emit('subscribe', ['NONE'])],
  ['asks for what is no list', (socket) => socket.emit('subscribe', 7)],
  ['says what nobody understands', (socket) => socket.emit('shout', 1)],
])('who %s twenty times is cut off, and nobody else', async (_, say) => {
  const { socket, heard } = await listen(user.cookie());
  const beside = await listen(other.cookie());
  for (let at = 0; at < 10; at++) say(socket);
  await socket.emitWithAck('subscribe', ['ETHUSDT']);
  expect(heard.ended).toBe(false);
  for (let at = 0; at < 30_000; at++) say(socket);
  await until(() => heard.ended);
  expect(await beside.socket.emitWithAck('subscribe', ['ETHUSDT'])).toEqual(['ETHUSDT']);
});
