/**
 * Two real API processes over one engine: a balance is spent once, whoever takes the orders, also when the engine is
 * killed under them.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { auditBySettings } from '../../deploy/custody';
import { LOCAL } from '../../deploy/config/paths';
import { World, worldConfig } from '../world';
import type { WorldAddress } from '../world';
import { Client, PatientClient, until } from '../stage/client';
import type { ApiRefusal } from '../stage/client';
import { WHOLE, etherOf, usersWithEther, wholeBalanceRounds, wholeOrder } from './balance';

jest.setTimeout(300_000);

const ROUNDS = Number(process.env.WHOLE_BALANCE_ROUNDS ?? 40);
const dir = join(LOCAL, 'test', `two-apis-${process.pid}`);
let world: World;
let address: WorldAddress;
let api: string;

beforeAll(async () => {
  mkdirSync(dir, { recursive: true });
  // Not throw-away: a killed engine finds in its tables what it has acknowledged.
  world = new World({ dir, say: () => undefined, networks: ['ethereum'] });
  address = await world.start();
  api = await world.startApi();
});
afterAll(async () => {
  await world?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const key = (): string => `key-${randomBytes(8).toString('hex')}`;

test(`50 parallel orders for the whole balance, ${ROUNDS} rounds, on two API processes: one is accepted, none holds what it should not`, async () => {
  const users = await usersWithEther(address, 4);
  const result = await wholeBalanceRounds(users, [address.url, api], ROUNDS);
  expect(result).toMatchObject({ problems: [], accepted: ROUNDS, refused: ROUNDS * 49 });
});

test('one key at both processes at the same moment is one order and one answer; both tell it live', async () => {
  const [user] = await usersWithEther(address, 1, Client);
  if (!user) throw new Error('no user');
  const [one, other] = [user.at(address.url), user.at(api)];
  const order = await wholeOrder(user);
  await Promise.all([one.live(), other.live()]);
  const same = key();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      (n % 2 ? one : other).call<{ id: string; status: string }>('POST', '/orders', order, { 'idempotency-key': same }),
    ),
  );
  expect(new Set(answers.map(({ id, status }) => `${id} ${status}`)).size).toBe(1);
  await expect(
    other.call('POST', '/orders', { ...order, price: '1' }, { 'idempotency-key': same }),
  ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  await until('both feeds tell it', async () =>
    [one, other].every((client) => client.heardOf('order.changed') === 1 && client.heardOf('balance.changed') > 0),
  );
  const depth = new Promise((resolve) => {
    const socket = io(api, { path: '/live', transports: ['websocket'] });
    socket.on('connect', () => socket.emit('subscribe', ['ETHUSDT']));
    socket.once('depth', (diff: { symbol: string }) => {
      socket.disconnect();
      resolve(diff.symbol);
    });
  });
  expect(await depth).toBe('ETHUSDT');
  one.close();
  other.close();
});

test('the engine is killed under 50 orders: asked again by the same keys, one stands, the rest of the world goes on', async () => {
  const [user] = await usersWithEther(address, 1, PatientClient);
  if (!user) throw new Error('no user');
  const other = user.at(api);
  const order = await wholeOrder(user);
  await other.live();
  const keys = Array.from({ length: 50 }, key);
  const asking = keys.map((each) =>
    other.call<{ id: string }>('POST', '/orders', order, { 'idempotency-key': each }).then(
      ({ id }) => id,
      (error: ApiRefusal) => error.code,
    ),
  );
  await Promise.race(asking);
  await world.killAndRestart('javizen');
  const outcomes = await Promise.all(asking);
  const won = outcomes.filter((outcome) => outcome !== 'INSUFFICIENT_FUNDS');
  expect(won).toHaveLength(1);
  expect(await etherOf(other)).toEqual({ available: '0', held: WHOLE });
  const again = await Promise.all(
    [user, other].map((at) =>
      at.call<{ id: string }>('POST', '/orders', order, {
        'idempotency-key': keys[outcomes.indexOf(won[0] ?? '')] ?? '',
      }),
    ),
  );
  expect(again.map(({ id }) => id)).toEqual([won[0], won[0]]);
  await other.call('DELETE', `/orders/${won[0]}`);
  expect(await etherOf(user)).toEqual({ available: WHOLE, held: '0' });
  // Its clients were cut off, because what was missed is not known, and come back within seconds.
  const told = other.heardOf('order.changed');
  await until('the feed goes on over the new link', async () => {
    const { id } = await user.call<{ id: string }>('POST', '/orders', order, { 'idempotency-key': key() });
    await user.call('DELETE', `/orders/${id}`);
    return other.heardOf('order.changed') > told;
  });
  other.close();
  expect(await auditBySettings(worldConfig(address), 60_000)).toMatchObject({ balanced: true, findings: [] });
});
