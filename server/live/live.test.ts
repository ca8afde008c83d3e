import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { AdminEvent, LiveEvent, LiveStamp } from '../../domain/contract/api/live';
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

async function listen(cookie: string, origin?: string) {
  const socket = io(world.url, {
    path: '/live',
    transports: ['websocket'],
    reconnection: false,
    extraHeaders: { cookie, ...(origin && { origin }) },
  });
  open.push(socket);
  const heard = { events: [] as LiveEvent[], admin: [] as AdminEvent[], tickers: 0, ended: false };
  socket.on('event', (event: LiveEvent) => heard.events.push(event));
  socket.on('admin', (event: AdminEvent) => heard.admin.push(event));
  socket.on('tickers', () => heard.tickers++);
  socket.on('disconnect', () => (heard.ended = true));
  const hello = await new Promise<LiveStamp>((resolve, reject) => {
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
    { name: 'alert', code: 'QUARANTINED', message: 'look here' },
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

test('logging out ends the sockets of that session', async () => {
  const leaving = await listen(other.cookie());
  await other.send('delete', '/session');
  await until(() => leaving.heard.ended);
});
