import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Command } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import type { DomainEvent } from '../../domain/contract/events';
import { frameOf, readFrames } from '../../domain/contract/frames';
import { VERSION, addressOf, proofOf } from './protocol';
import { SECRET, houses, linkWorld, until } from './testing';

let world: ReturnType<typeof linkWorld>;
let here: ReturnType<typeof houses>;
const raw: { destroy(): void }[] = [];
const servers: Server[] = [];
beforeEach(() => {
  world = linkWorld();
  here = houses();
});
afterEach(async () => {
  for (const socket of raw.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  await world.close();
});

const cancel = (reference: string): Command => ({ kind: 'order.cancel', userId: 'ann', orderId: 'o1', reference });

/** A connection without our manners: says what it is told to. `heard` are the frames that came. */
async function stranger(): Promise<{ socket: Socket; heard: Record<string, unknown>[]; closed: Promise<void> }> {
  const socket = connect(world.address);
  raw.push(socket);
  const heard: Record<string, unknown>[] = [];
  const read = readFrames(1_000_000, (message) => heard.push(message as Record<string, unknown>));
  socket.on('data', (chunk) => read(chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await until('a greeting', () => heard.length > 0 || socket.destroyed);
  return { socket, heard, closed };
}

async function admitted() {
  const peer = await stranger();
  const nonce = 'n'.repeat(32);
  peer.socket.write(frameOf({ nonce, proof: proofOf(SECRET, 'api', String(peer.heard[0]?.greeting), nonce) }));
  await until('a welcome', () => peer.heard.length > 1);
  return peer;
}

/** Listens as an engine would, and does with each connection what it is told to. */
async function falseEngine(
  talk: (socket: Socket, message: Record<string, unknown>) => void,
  greeting = 'g',
): Promise<void> {
  const server = createServer((socket) => {
    raw.push(socket);
    socket.on('error', () => undefined);
    const read = readFrames(1_000_000, (message) => talk(socket, message as Record<string, unknown>));
    socket.on('data', (chunk) => read(chunk));
    socket.write(frameOf({ greeting, version: VERSION }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(world.address, resolve));
}
const welcome = (nonce: unknown): Uint8Array => frameOf({ welcome: proofOf(SECRET, 'engine', 'g', String(nonce)) });

test('every port answers over the link as it does here; refusals keep code and details, faults tell nothing', async () => {
  await world.serve(here.ports);
  const link = world.connect();
  await link.ready();
  const { engine, quotes, marketData, depositAddresses, addressCheck, payoutRules } = link.ports;
  expect(await engine.submit(cancel('a'))).toEqual({ reference: 'a' });
  expect(here.asked).toEqual([cancel('a')]);
  expect(await engine.balancesOf('ETH')).toEqual([{ asset: 'ETH', available: '1', held: '0' }]);
  expect(await marketData.depth('ETHUSDT', 5)).toMatchObject({ symbol: 'ETHUSDT', sequence: 5 });
  expect(await marketData.candles('ETHUSDT', '1m', 7, undefined, 'a')).toEqual([[7, '1', '1', '1', '1', '1']]);
  expect(await marketData.candles('ETHUSDT', '1m', 7, 1, 'a')).toEqual([]);
  expect(await depositAddresses.addressFor('ann', 'ethereum')).toBe('ethereum:ann');
  expect(await addressCheck.check('ethereum', 'ETH', '0x1')).toEqual({ address: '0x1', inside: false });
  expect(
    await payoutRules.judge(
      { intentId: 'withdrawal:w1:0', network: 'ethereum', asset: 'ETH', to: '0x1', amount: '1' },
      [],
    ),
  ).toMatchObject({ needed: 1 });
  expect(await payoutRules.approvers()).toEqual([{ name: 'ann', key: 'k' }]);
  here.state.answer = async () => Promise.reject(new DomainError('FILTER_FAILURE', { filter: 'LOT_SIZE' }));
  await expect(engine.submit(cancel('b'))).rejects.toMatchObject({
    code: 'FILTER_FAILURE',
    details: { filter: 'LOT_SIZE' },
  });
  const fault = await quotes
    .quote({ userId: 'ann', from: 'ETH', to: 'USDT', fromAmount: '1' })
    .catch((error: unknown) => error);
  expect(fault).not.toBeInstanceOf(DomainError);
  expect(String(fault)).not.toContain('nobody else');
});

test('facts are not for an API process to state: only wishes of users and admins pass', async () => {
  await world.serve(here.ports);
  const link = world.connect();
  await link.ready();
  const fact: Command = {
    kind: 'operator.contribute',
    asset: 'ETH',
    amount: '1000',
    custody: 'binance',
    reference: 'mine',
  };
  await expect(link.ports.engine.submit(fact)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(link.ports.engine.submit(cancel('a b'))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(link.ports.engine.submit(null as never)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const heard: DomainEvent[] = [];
  here.ports.events.on('balance.changed', (event) => heard.push(event));
  const peer = await admitted();
  peer.socket.write(frameOf({ event: { name: 'balance.changed', userId: 'ann', asset: 'ETH' } }));
  await peer.closed;
  expect([here.asked, heard]).toEqual([[], []]);
});

test('who does not know the secret is cut off and logged, and is asked nothing; nor is somebody who only listens there', async () => {
  await world.serve(here.ports);
  const wrong = world.connect({ secret: 'another secret of thirty-two characters' });
  await until('a word in the log', () => world.logged.some((line) => line.includes('does not know the secret')));
  await expect(wrong.ports.engine.submit(cancel('a'))).rejects.toMatchObject({ code: 'BUSY' });
  for (const first of [
    { id: 1, call: 'submit', params: [cancel('b')] },
    { nonce: 'n'.repeat(32), proof: '' },
    { nonce: 5, proof: null },
    {},
    null,
  ]) {
    const peer = await stranger();
    peer.socket.write(frameOf(first));
    await peer.closed;
    expect(peer.heard).toHaveLength(1);
  }
  // The proof of one connection is none for another.
  const [one, other] = [await stranger(), await stranger()];
  const nonce = 'n'.repeat(32);
  other.socket.write(frameOf({ nonce, proof: proofOf(SECRET, 'api', String(one.heard[0]?.greeting), nonce) }));
  await other.closed;
  expect(here.asked).toEqual([]);
});

test('an engine that cannot show the secret itself is sent nothing', async () => {
  const asked: unknown[] = [];
  await falseEngine((socket, message) => {
    if (asked.push(message) === 1) socket.write(frameOf({ welcome: message.proof }));
  });
  const link = world.connect();
  await until('a second try', () => asked.length >= 2);
  await expect(link.ports.engine.submit(cancel('a'))).rejects.toMatchObject({ code: 'BUSY' });
  expect(asked.every((message) => Object.keys(message as object).join() === 'nonce,proof')).toBe(true);
});

test.each([
  ['a frame that is too long', Buffer.from([0x7f, 0, 0, 0])],
  ['no JSON', Buffer.from([0, 0, 0, 2, 0x7b, 0x7b])],
  ['a message that has no meaning', Buffer.from(frameOf({ hello: 1 }))],
  ['an unknown event', Buffer.from(frameOf({ event: { name: 'constructor' } }))],
])('a peer that says %s is cut off; the others go on', async (_what, bytes) => {
  await world.serve(here.ports);
  const link = world.connect();
  await link.ready();
  const peer = await admitted();
  peer.socket.write(bytes);
  await peer.closed;
  expect(await link.ports.engine.submit(cancel('a'))).toEqual({ reference: 'a' });
});

test('a stranger may say 4 KiB and no more before the secret; whoever is known may say more', async () => {
  await world.serve(here.ports);
  const head = (length: number): Uint8Array => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, length);
    return bytes;
  };
  const loud = await stranger();
  loud.socket.write(head(4 * 1024 + 1));
  await loud.closed;
  expect(world.logged.at(-1)).toContain('a frame of 4097 bytes');
  const peer = await admitted();
  peer.socket.write(frameOf({ id: 1, call: 'balancesOf', params: ['x'.repeat(900_000)] }));
  await until('an answer', () => peer.heard.some((message) => message.id === 1));
});

test('a call that does not exist is refused, also one that every object has', async () => {
  await world.serve(here.ports);
  const peer = await admitted();
  for (const [id, call] of ['constructor', '__proto__', 'stop'].entries())
    peer.socket.write(frameOf({ id, call, params: [] }));
  const answers = (): Record<string, unknown>[] => peer.heard.filter((message) => 'id' in message);
  await until('three answers', () => answers().length === 3);
  expect(answers().map(({ failure }) => failure)).toEqual([0, 1, 2].map(() => ({ code: 'NOT_FOUND' })));
});

test('past the deadline the outcome of a command is unknown; a late answer harms nobody; the same reference is answered', async () => {
  await world.serve(here.ports);
  const link = world.connect({ deadlineMs: 100 });
  await link.ready();
  let finish: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => (finish = resolve));
  here.state.answer = async () => slow.then(() => ({ done: true }));
  await expect(link.ports.engine.submit(cancel('a'))).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  finish();
  expect(await link.ports.engine.submit(cancel('a'))).toEqual({ done: true });
});

test(
  'the engine is killed in the middle: commands are unknown, reads and what follows are ' +
    'BUSY, and after its return all is well',
  async () => {
    const asked: Record<string, unknown>[] = [];
    await falseEngine((socket, message) => {
      if ('nonce' in message) socket.write(welcome(message.nonce));
      else if (asked.push(message) === 2) socket.destroy();
    });
    const link = world.connect();
    const gaps: unknown[] = [];
    link.ports.events.on('feed.gap', (event) => gaps.push(event));
    await link.ready();
    const [command, read] = await Promise.allSettled([
      link.ports.engine.submit(cancel('a')),
      link.ports.engine.balancesOf('ann'),
    ]);
    expect([command, read]).toMatchObject([{ reason: { code: 'UNKNOWN_OUTCOME' } }, { reason: { code: 'BUSY' } }]);
    servers.splice(0).forEach((server) => server.close());
    for (const socket of raw.splice(0)) socket.destroy();
    await until('the loss is noticed', () => world.logged.some((line) => line.includes('lost')));
    await world.serve(here.ports);
    await until('a gap is told', () => gaps.length > 0);
    expect(await link.ports.engine.submit(cancel('a'))).toEqual({ reference: 'a' });
  },
);

test('more than may wait is refused before it is sent, and at the door too', async () => {
  await world.serve(here.ports, { mostWaiting: 3 });
  let finish: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => (finish = resolve));
  here.state.answer = async () => slow.then(() => ({ done: true }));
  const narrow = world.connect({ mostWaiting: 2 });
  const wide = world.connect();
  await Promise.all([narrow.ready(), wide.ready()]);
  const outcomes = [narrow, wide].map((link) =>
    [1, 2, 3, 4, 5].map((n) =>
      link.ports.engine.submit(cancel(`${n}`)).then(
        () => 'done',
        (error: DomainError) => error.code,
      ),
    ),
  );
  await until('five under way', () => here.asked.length === 5);
  // A read gets no further than a command while the queue is full.
  await expect(wide.ports.engine.balancesOf('ann')).rejects.toMatchObject({ code: 'BUSY' });
  finish();
  expect(await Promise.all(outcomes.flat())).toEqual([
    'done',
    'done',
    'BUSY',
    'BUSY',
    'BUSY',
    'done',
    'done',
    'done',
    'BUSY',
    'BUSY',
  ]);
  expect(await narrow.ports.engine.submit(cancel('6'))).toEqual({ done: true });
});

test('events go to every process once, wherever they came into being; prices are passed on', async () => {
  await world.serve(here.ports);
  const [one, other] = [world.connect(), world.connect()];
  await Promise.all([one.ready(), other.ready()]);
  const heard: string[] = [];
  const hear = (who: string, { ports }: { ports: typeof here.ports }): void => {
    ports.events.on('kyc.changed', ({ state }) => heard.push(`${who} ${state}`));
    ports.events.on('balance.changed', ({ asset }) => heard.push(`${who} ${asset}`));
    ports.marketData.onDepth(({ symbol }) => heard.push(`${who} ${symbol}`));
  };
  hear('engine', here);
  hear('one', one);
  hear('other', other);
  one.ports.events.publish({ name: 'kyc.changed', userId: 'ann', state: 'APPROVED' });
  await until('all heard of it', () => heard.length === 3);
  here.ports.events.publish({ name: 'balance.changed', userId: 'ann', asset: 'ETH' });
  here.tellDepth({ symbol: 'ETHUSDT', first: 1, last: 1, bids: [], asks: [] });
  await until('all heard of all', () => heard.length === 9);
  expect(heard.toSorted()).toEqual(
    ['engine', 'one', 'other'].flatMap((who) => ['APPROVED', 'ETH', 'ETHUSDT'].map((what) => `${who} ${what}`)),
  );
});

test('what an API process told while the engine was away is told when it is back', async () => {
  const link = world.connect();
  link.ports.events.publish({ name: 'kyc.changed', userId: 'ann', state: 'APPROVED' });
  const heard: string[] = [];
  here.ports.events.on('kyc.changed', ({ state }) => heard.push(state));
  await world.serve(here.ports);
  await until('it was told', () => heard.length === 1);
  expect(heard).toEqual(['APPROVED']);
});

test('a peer that does not read: prices are left out for it, then it is cut off; another hears everything', async () => {
  await world.serve(here.ports, { slowBytes: 200_000, stuckBytes: 600_000 });
  const slow = await admitted();
  slow.socket.pause();
  const link = world.connect();
  await link.ready();
  let depths = 0;
  let balances = 0;
  link.ports.marketData.onDepth(() => depths++);
  link.ports.events.on('alert', () => balances++);
  const levels = Array.from({ length: 500 }, (_, n): [string, string] => [String(n), '1']);
  for (let n = 1; n <= 200; n++) {
    here.tellDepth({ symbol: 'ETHUSDT', first: n, last: n, bids: levels, asks: [] });
    await until('it was heard', () => depths === n);
  }
  expect(world.logged.filter((line) => line.includes('does not read'))).toEqual([]);
  for (let n = 1; n <= 200; n++) {
    here.ports.events.publish({ name: 'alert', code: 'QUARANTINED', message: 'm'.repeat(10_000) });
    await until('it was heard', () => balances === n);
  }
  expect(world.logged.filter((line) => line.includes('does not read'))).toHaveLength(1);
});

test('over TCP, with a port that was found', async () => {
  const { address } = await world.serve(here.ports, { address: '127.0.0.1:0' });
  const link = world.connect({ address });
  await link.ready();
  expect(await link.ports.engine.submit(cancel('a'))).toEqual({ reference: 'a' });
  expect(() => addressOf('nowhere')).toThrow();
  expect(addressOf('[::1]:7200')).toEqual({ host: '::1', port: 7200 });
});
