/**
 * Rows change by events that their table allows, and by no other: every state against every event, on a real database.
 */
import type { EntitySchema, ObjectLiteral } from 'typeorm';
import { ColdTransferEntity } from './entities/cold';
import { StakeEntity } from './entities/stakes';
import { SweepEntity, VenueTransferEntity } from './entities/treasury';
import { COLD_TRANSFERS, STAKES, SWEEPS, VENUE_TRANSFERS, advance } from './lifecycle';
import type { Lifecycle } from './lifecycle';
import { testDatabase } from './testing';
import type { TestDatabase } from './testing';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

type AnyLifecycle = Lifecycle<{ state: string; id: string }, string, string>;
const common = { network: 'n', asset: 'A', amount: '1', createdAt: 1, updatedAt: 1 };
const wish = { why: 'why', adminId: 'a', txid: null, reason: null };
const CASES: readonly { name: string; lifecycle: AnyLifecycle; entity: EntitySchema; row: ObjectLiteral }[] = [
  {
    name: 'sweeps',
    lifecycle: SWEEPS as unknown as AnyLifecycle,
    entity: SweepEntity as EntitySchema,
    row: { ...common, address: 'x', addressIndex: 1 },
  },
  {
    name: 'venue transfers',
    lifecycle: VENUE_TRANSFERS as unknown as AnyLifecycle,
    entity: VenueTransferEntity as EntitySchema,
    row: { ...common, direction: 'to-venue', fee: '0', address: 'x', txid: null, withdrawalId: null },
  },
  {
    name: 'cold transfers',
    lifecycle: COLD_TRANSFERS as unknown as AnyLifecycle,
    entity: ColdTransferEntity as EntitySchema,
    row: { ...common, ...wish, fee: '0', psbt: null, signatures: 0, rawTransaction: null },
  },
  {
    name: 'stakes',
    lifecycle: STAKES as unknown as AnyLifecycle,
    entity: StakeEntity as EntitySchema,
    row: { ...common, ...wish, kind: 'stake', resource: 'ENERGY', readyAt: null },
  },
];

describe.each(CASES)('$name', ({ lifecycle, entity, row }) => {
  const { table } = lifecycle;
  const states = Object.keys(table);
  const events = [...new Set(states.flatMap((state) => Object.keys(table[state] ?? {})))];
  const cases = states.flatMap((state) => events.map((event) => ({ state, event, next: table[state]?.[event] })));

  test.each(cases)('$state, $event', async ({ state, event, next }) => {
    const { manager } = database.dataSource;
    const id = `${state}-${event}`;
    await manager.insert(entity, { ...row, id, state });
    expect(await advance(manager, lifecycle, { id }, event)).toBe(next !== undefined);
    expect((await manager.findOneByOrFail(entity, { id })).state).toBe(next ?? state);
  });
});

test('a state that is asked for narrows what the table accepts, and never widens it', async () => {
  const { manager } = database.dataSource;
  const sweep = { ...common, address: 'x', addressIndex: 1 };
  await manager.insert(SweepEntity, { ...sweep, id: 'narrow', state: 'SENDING' });
  expect(await advance(manager, SWEEPS, { id: 'narrow', state: 'PLANNED' }, 'finish')).toBe(false);
  expect(await advance(manager, SWEEPS, { id: 'narrow', state: 'DONE' }, 'finish')).toBe(false);
  expect(await advance(manager, SWEEPS, { id: 'narrow', state: 'SENDING' }, 'finish', { updatedAt: 7 })).toBe(true);
  expect(await advance(manager, SWEEPS, { id: 'narrow' }, 'finish', { updatedAt: 8 })).toBe(false);
  expect(await manager.findOneByOrFail(SweepEntity, { id: 'narrow' })).toMatchObject({ state: 'DONE', updatedAt: 7 });
});

test('of two that take the same step, one does', async () => {
  const { manager } = database.dataSource;
  await manager.insert(StakeEntity, {
    ...common,
    ...wish,
    id: 'twice',
    kind: 'stake',
    resource: 'ENERGY',
    readyAt: null,
    state: 'PLANNED',
  });
  const done = await Promise.all(
    ['send', 'cancel', 'send', 'cancel'].map((event) =>
      advance(manager, STAKES, { id: 'twice' }, event as 'send' | 'cancel'),
    ),
  );
  expect(done.filter(Boolean)).toHaveLength(1);
});
