import type { DataSource } from 'typeorm';
import { createEngineStore } from '../../db/stores/engine';
import type { EngineStore } from '../../db/stores/engine';
import { testDatabase } from '../../db/testing';
import { fixedClock } from '../../domain/clock-and-ids';
import type { Command } from '../../domain/contract/commands';
import { createEventBus } from '../../domain/contract/event-bus';
import type { DomainEvent } from '../../domain/contract/events';
import { firstListing } from '../../db/seed';
import { createEngine } from '.';

const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let database: Awaited<ReturnType<typeof testDatabase>>;
const engines: { stop(): Promise<void> }[] = [];
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.close();
});

async function startEngine(
  options: { store?: (real: EngineStore) => EngineStore; onFenced?: () => void; dataSource?: DataSource } = {},
) {
  const events: DomainEvent[] = [];
  const bus = createEventBus((error) => {
    throw error;
  });
  for (const name of ['alert', 'balance.changed'] as const) bus.on(name, (event) => void events.push(event));
  const dataSource = options.dataSource ?? database.dataSource;
  const store = (options.store ?? ((real) => real))(createEngineStore(dataSource));
  const engine = createEngine({
    dataSource,
    registry,
    clock: fixedClock(),
    events: bus,
    logger: silent,
    onFenced: options.onFenced ?? (() => undefined),
    store,
  });
  await engine.start();
  engines.push(engine);
  return { engine, events };
}

const contribute = (n: number | string, amount = '1'): Command => ({
  kind: 'operator.contribute',
  reference: `contribute:${n}`,
  asset: 'ETH',
  amount,
  custody: 'hot/ethereum',
});
const credit = (n: number | string, userId: string, amount: string): Command => ({
  kind: 'deposit.credit',
  reference: `deposit:ethereum:0x${n}:native`,
  depositId: `d${n}`,
  userId,
  network: 'ethereum',
  asset: 'ETH',
  amount,
});
const request = (n: number | string, userId: string, amount: string): Command => ({
  kind: 'withdrawal.request',
  reference: `withdrawal:${userId}:${n}`,
  withdrawalId: `w${n}`,
  userId,
  asset: 'ETH',
  network: 'ethereum',
  address: '0x00000000000000000000000000000000000000aa',
  amount,
  fee: '0.003',
});

const count = async (table: string): Promise<number> =>
  Number(((await database.dataSource.query(`SELECT COUNT(*) AS n FROM ${table}`)) as { n: string }[])[0]?.n);

test('a deposit is credited down to the ledger scale, the rest waits in dust', async () => {
  const { engine } = await startEngine();
  await engine.submit(credit(1, 'u1', '1.123456789123456789'));
  expect(await engine.balancesOf('u1')).toEqual([{ asset: 'ETH', available: '1.12345678', held: '0' }]);
  const rows = (await database.dataSource.query("SELECT amount FROM balances WHERE account = 'suspense/dust'")) as {
    amount: string;
  }[];
  expect(rows).toEqual([{ amount: '0.000000009123456789' }]);
});

test('the same reference 50 times at once: one effect, 50 equal answers; another body is refused', async () => {
  const { engine } = await startEngine();
  await engine.submit(credit(1, 'u1', '10'));
  const answers = await Promise.all(Array.from({ length: 50 }, () => engine.submit(request(1, 'u1', '2'))));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(await engine.balancesOf('u1')).toEqual([{ asset: 'ETH', available: '7.997', held: '2.003' }]);
  expect(await count('withdrawals')).toBe(1);
  await expect(engine.submit(request(1, 'u1', '3'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  // After a restart the answer comes from the table.
  await engine.stop();
  const again = await startEngine();
  expect(await again.engine.submit(request(1, 'u1', '2'))).toEqual(answers[0]);
  await expect(again.engine.submit(request(1, 'u1', '3'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
});

test('50 withdrawals of the whole balance at once: one is held, 49 are refused and leave nothing', async () => {
  const { engine } = await startEngine();
  await engine.submit(credit(1, 'u1', '1.003'));
  const results = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => engine.submit(request(n, 'u1', '1'))));
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
  expect(await engine.balancesOf('u1')).toEqual([{ asset: 'ETH', available: '0', held: '1.003' }]);
  expect(await count('withdrawals')).toBe(1);
});

test("a cost is reserved from the operator alone: users' coins do not cover it", async () => {
  const { engine } = await startEngine();
  await engine.submit(credit(1, 'u1', '100'));
  const reserve: Command = {
    kind: 'cost.reserve',
    reference: 'cost:1',
    asset: 'ETH',
    amount: '0.01',
    purpose: 'sweep',
  };
  await expect(engine.submit(reserve)).rejects.toMatchObject({ code: 'NEEDS_OPERATOR_FUNDS' });
  await engine.submit(contribute(1, '0.01'));
  await engine.submit(reserve);
  expect(await engine.operatorPosition()).toEqual([{ asset: 'ETH', amount: '0' }]);
  await engine.submit({
    kind: 'custody.move',
    reference: 'sweep:1',
    asset: 'ETH',
    amount: '5',
    from: 'deposit/ethereum',
    to: 'hot/ethereum',
    cost: { reservation: 'cost:1', asset: 'ETH', actual: '0.004', from: 'deposit/ethereum' },
  });
  expect(await engine.operatorPosition()).toEqual([{ asset: 'ETH', amount: '0.006' }]);
});

test('two engines: the older one is fenced off and nothing of it is kept', async () => {
  let fenced = false;
  const old = await startEngine({ onFenced: () => (fenced = true) });
  await old.engine.submit(contribute(1));
  const young = await startEngine();
  await expect(old.engine.submit(contribute(2))).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  expect(fenced).toBe(true);
  await young.engine.submit(contribute(3));
  const references = (await database.dataSource.query('SELECT reference FROM commands ORDER BY reference')) as {
    reference: string;
  }[];
  expect(references.map((row) => row.reference)).toEqual(['contribute:1', 'contribute:3']);
  await young.engine.stop();
});

test('a commit whose answer is lost is told as unknown; asking again tells what happened', async () => {
  let lose = 0;
  const { engine } = await startEngine({
    store: (real) => ({
      ...real,
      commit: async (write) => {
        await real.commit(write);
        if (lose-- > 0) throw new Error('connection lost after COMMIT');
      },
    }),
  });
  lose = 1;
  await expect(engine.submit(contribute(1))).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  await engine.submit(contribute(1));
  expect(await engine.operatorPosition()).toEqual([{ asset: 'ETH', amount: '1' }]);
});

test('a commit that never happened leaves nothing, in memory or in the tables', async () => {
  let fail = 0;
  const { engine } = await startEngine({
    store: (real) => ({
      ...real,
      commit: (write) => (fail-- > 0 ? Promise.reject(new Error('no server')) : real.commit(write)),
    }),
  });
  await engine.submit(credit(1, 'u1', '1'));
  fail = 1;
  const results = await Promise.allSettled([engine.submit(credit(2, 'u1', '1')), engine.submit(credit(3, 'u1', '1'))]);
  expect(results.every((result) => result.status === 'rejected')).toBe(true);
  expect(await engine.balancesOf('u1')).toEqual([{ asset: 'ETH', available: '1', held: '0' }]);
  await engine.submit(credit(2, 'u1', '1'));
  expect(await engine.balancesOf('u1')).toEqual([{ asset: 'ETH', available: '2', held: '0' }]);
});

test('a command that the tables refuse is set aside with an alert; the others go on', async () => {
  const { engine, events } = await startEngine();
  // Fits the memory, not the column: DECIMAL(38,18) ends at 10^20.
  await engine.submit(credit('a', 'u1', '60000000000000000000'));
  const poisoned = credit('b', 'u1', '60000000000000000000');
  const together = await Promise.allSettled([engine.submit(poisoned), engine.submit(credit('c', 'u2', '1'))]);
  expect(together.every((result) => result.status === 'rejected')).toBe(true);
  await expect(engine.submit(poisoned)).rejects.toMatchObject({ code: 'QUARANTINED' });
  await engine.submit(credit('c', 'u2', '1'));
  await expect(engine.submit(poisoned)).rejects.toMatchObject({ code: 'QUARANTINED' });
  expect(await engine.balancesOf('u2')).toEqual([{ asset: 'ETH', available: '1', held: '0' }]);
  expect(events).toContainEqual(expect.objectContaining({ name: 'alert', code: 'QUARANTINED' }));
  expect(await count('quarantine')).toBe(1);
});

test('a deposit that vanishes after it was used: a debt, the asset paused, nothing leaves; whatever comes back pays it first', async () => {
  const { engine, events } = await startEngine();
  await engine.submit(credit(1, 'u1', '2'));
  await engine.submit({ ...credit(2, 'u1', '100'), asset: 'USDT' } as Command);
  await engine.submit(request(1, 'u1', '1.497'));
  await engine.submit({
    kind: 'deposit.reverse',
    reference: 'reverse:1',
    depositId: 'd1',
    userId: 'u1',
    network: 'ethereum',
    asset: 'ETH',
    amount: '2',
  });
  expect(await engine.balancesOf('u1')).toEqual([
    { asset: 'ETH', available: '0', held: '1.5' },
    { asset: 'USDT', available: '100', held: '0' },
  ]);
  expect(await engine.paused()).toMatchObject([{ asset: 'ETH', why: 'deposit d1 left the chain after it was used' }]);
  expect(events.filter((event) => event.name === 'alert').map((event) => 'code' in event && event.code)).toEqual([
    'ASSET_PAUSED',
    'DEPOSIT_REVERSED',
  ]);
  const dollars = (n: number): Command => ({ ...request(n, 'u1', '10'), asset: 'USDT', fee: '6' }) as Command;
  await expect(engine.submit(dollars(2))).rejects.toMatchObject({
    code: 'NEGATIVE_BALANCE',
    details: { asset: 'ETH', owed: '1.5' },
  });
  await expect(
    engine.submit({
      kind: 'withdrawal.approve',
      reference: 'approve:1',
      withdrawalId: 'w1',
      adminId: 'admin',
      seen: { network: 'ethereum', asset: 'ETH', address: '0x00000000000000000000000000000000000000aa', amount: '1' },
    }),
  ).rejects.toMatchObject({ code: 'ASSET_PAUSED' });
  await engine.submit({ kind: 'withdrawal.cancel', reference: 'cancel:1', withdrawalId: 'w1', userId: 'u1' });
  expect(await engine.balancesOf('u1')).toEqual([{ asset: 'USDT', available: '100', held: '0' }]);
  await expect(engine.submit(dollars(3))).resolves.toMatchObject({ state: 'REQUESTED' });
});

test('a book is published as the last commit left it: an order on its way to the tables is not in it, and one that was lost never was', async () => {
  let hold: Promise<void> = Promise.resolve();
  let lose = false;
  const { engine } = await startEngine({
    store: (real) => ({
      ...real,
      commit: async (write) => {
        await hold;
        if (lose) throw new Error('the connection is closed');
        return real.commit(write);
      },
    }),
  });
  await engine.submit({
    kind: 'operator.contribute',
    reference: 'jvg',
    asset: 'JVG',
    amount: '1000',
    custody: 'cold/own',
  });
  await engine.submit({
    kind: 'operator.grant',
    reference: 'grant',
    userId: 'ann',
    asset: 'JVG',
    amount: '1000',
    why: 'test',
  });
  const place = (price: string): Promise<unknown> =>
    engine.submit({
      kind: 'order.place',
      userId: 'ann',
      clientOrderId: `at ${price}`,
      symbol: 'JVZJVG',
      side: 'BUY',
      type: 'LIMIT',
      price,
      quantity: '10',
      reference: `order:ann:${price}`,
    });
  await place('1');
  expect(engine.levels('JVZJVG')).toEqual([[10_000, 1000], []]);
  let release: () => void = () => undefined;
  hold = new Promise((resolve) => (release = resolve));
  const second = place('2');
  while (engine.markets().get('JVZJVG')?.orders.size !== 2) await new Promise((resolve) => setImmediate(resolve));
  expect(engine.levels('JVZJVG')).toEqual([[10_000, 1000], []]);
  release();
  await second;
  expect(engine.levels('JVZJVG')).toEqual([[20_000, 1000, 10_000, 1000], []]);
  lose = true;
  await expect(place('3')).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  expect(engine.levels('JVZJVG')[0]).not.toContain(30_000);
});

test('a book of addresses knows what was paid, and not what was asked for; a second payment leaves its age, a refusal takes it out', async () => {
  const { engine } = await startEngine();
  const known = async (): Promise<string[]> =>
    (
      (await database.dataSource.query(
        'SELECT CONCAT(user_id, " ", address, " ", since) AS line FROM known_addresses',
      )) as { line: string }[]
    ).map(({ line }) => line);
  const pay = async (n: number): Promise<void> => {
    await engine.submit({
      kind: 'withdrawal.approve',
      reference: `approve:${n}`,
      withdrawalId: `w${n}`,
      adminId: 'admin',
      seen: { network: 'ethereum', asset: 'ETH', address: '0x00000000000000000000000000000000000000aa', amount: '1' },
    });
    await engine.submit({
      kind: 'withdrawal.confirm',
      reference: `confirm:${n}`,
      withdrawalId: `w${n}`,
      txid: `0x${n}`,
      gas: { asset: 'ETH', amount: '0', reservation: null },
    });
  };
  await engine.submit(credit(1, 'u1', '10'));
  for (const n of [1, 2, 3, 4]) await engine.submit(request(n, 'u1', '1'));
  await engine.submit({ kind: 'withdrawal.cancel', reference: 'cancel:3', withdrawalId: 'w3', userId: 'u1' });
  expect(await known()).toEqual([]);
  await pay(1);
  const line = `u1 0x00000000000000000000000000000000000000aa ${fixedClock().now()}`;
  expect(await known()).toEqual([line]);
  await database.owner.query('UPDATE known_addresses SET since = 7');
  await pay(2);
  expect(await known()).toEqual([line.replace(/[0-9]+$/, '7')]);
  await engine.submit({
    kind: 'withdrawal.refuse',
    reference: 'refuse:4',
    withdrawalId: 'w4',
    adminId: 'admin',
    reason: 'stolen',
  });
  expect(await known()).toEqual([]);
});
