import type { DataSource } from 'typeorm';
import { OneNumber1764820000000 } from '../migrations/1764820000000-one-number';
import { migrate } from '../migrate';
import { databaseBefore, testDatabase } from '../testing';
import { keySpaceOf } from './child-numbers';
import type { KeySpace } from './child-numbers';
import { createDepositStore } from './deposits';
import type { DepositStore } from './deposits';

const evm = (id: string) => ({ id, kind: 'evm' as const });
const listed = [evm('ethereum'), evm('bsc'), { id: 'tron', kind: 'tron' as const }];
const ethereum = keySpaceOf(evm('ethereum'), listed);
const bsc = keySpaceOf(evm('bsc'), listed);
const tron = keySpaceOf({ id: 'tron', kind: 'tron' }, listed);
const derive = (index: number): string => `0xA${index}`;

interface Stage {
  readonly dataSource: DataSource;
  readonly store: DepositStore;
  issue(space: KeySpace, userId: string): Promise<number>;
  /** Rows as text: network, number, user, in the order of issue. */
  rows(network: string): Promise<string[]>;
}
async function onDatabase(work: (stage: Stage) => Promise<void>): Promise<void> {
  const { dataSource, close } = await testDatabase();
  await onTables(dataSource, close, work);
}
async function onTables(
  dataSource: DataSource,
  close: () => Promise<void>,
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const store = createDepositStore(dataSource);
  try {
    await work({
      dataSource,
      store,
      issue: async (space, userId) => (await store.issue(space, userId, derive, 1)).index,
      rows: async (network) =>
        (await store.addresses(network)).map(
          ({ place, index, userId, address }) => `${place}: ${index} ${userId} ${address}`,
        ),
    });
  } finally {
    await close();
  }
}

test('a user has one address on every network of one key, wherever it was asked for first; other keys count for themselves', () =>
  onDatabase(async ({ issue, rows }) => {
    expect(await issue(ethereum, 'x')).toBe(0);
    expect(await issue(bsc, 'y')).toBe(1);
    expect(await issue(bsc, 'x')).toBe(0);
    expect(await issue(tron, 'y')).toBe(0);
    for (const network of ['ethereum', 'bsc']) expect(await rows(network)).toEqual(['0: 0 x 0xA0', '1: 1 y 0xA1']);
    expect(await rows('tron')).toEqual(['0: 0 y 0xA0']);
  }));

test('asked by many at once on both networks, every user gets one number and nobody the same', () =>
  onDatabase(async ({ dataSource, issue, store }) => {
    const users = Array.from({ length: 12 }, (_, at) => `user-${at}`);
    const other = createDepositStore(dataSource);
    const numbers = await Promise.all(
      users.flatMap((user) => [
        issue(ethereum, user),
        issue(bsc, user),
        other.issue(bsc, user, derive, 1).then(({ index }) => index),
      ]),
    );
    for (const at of users.keys()) expect(new Set(numbers.slice(at * 3, at * 3 + 3)).size).toBe(1);
    expect(new Set(numbers).size).toBe(users.length);
    // Without gaps: who read up to one place misses nothing that is issued later.
    for (const network of ['ethereum', 'bsc'])
      expect((await store.addresses(network)).map(({ place }) => place)).toEqual([...users.keys()]);
  }));

test("a network that is listed later has everybody's addresses at once; what lies there is their owner's", () =>
  onDatabase(async ({ store, issue, rows }) => {
    const alone = keySpaceOf(evm('ethereum'), [evm('ethereum')]);
    for (const user of ['x', 'y']) await issue(alone, user);
    const later = keySpaceOf(evm('polygon'), [evm('ethereum'), evm('polygon')]);
    await Promise.all([store.fill(later, 2), store.fill(later, 2)]);
    expect(await rows('polygon')).toEqual(['0: 0 x 0xA0', '1: 1 y 0xA1']);
    expect(await issue(later, 'z')).toBe(2);
    expect(await rows('polygon')).toEqual(['0: 0 x 0xA0', '1: 1 y 0xA1', '2: 2 z 0xA2']);
  }));

test("of before: a number of two users is nobody's, they get new ones; a number of one user is theirs everywhere", async () => {
  const { owner, close } = await databaseBefore(OneNumber1764820000000.name);
  await onTables(owner, close, async ({ dataSource, store, issue, rows }) => {
    const before = (network: string, index: number, userId: string) =>
      dataSource.query(
        'INSERT INTO deposit_addresses (network, child_index, address, user_id, created_at) VALUES (?, ?, ?, ?, 0)',
        [network, index, derive(index), userId],
      );
    for (const [index, user] of [
      [0, 'x'],
      [1, 'z'],
      [2, 'w'],
    ] as const)
      await before('ethereum', index, user);
    for (const [index, user] of [
      [0, 'y'],
      [1, 'z'],
    ] as const)
      await before('bsc', index, user);
    await dataSource.query(
      "INSERT INTO deposit_addresses (network, child_index, address, user_id, created_at) VALUES ('tron', 0, 'T0', 'q', 0)",
    );
    await migrate(owner);
    await store.fill(bsc, 2);
    // w's number of Ethereum is w's on BSC; x and y share 0, and nothing new is issued by it.
    expect(await rows('bsc')).toEqual(['0: 0 y 0xA0', '1: 1 z 0xA1', '2: 2 w 0xA2']);
    expect(await store.otherOwners({ address: '0xA0', userId: 'x' })).toEqual(['y']);
    expect(await store.otherOwners({ address: '0xA1', userId: 'z' })).toEqual([]);
    expect([
      await issue(ethereum, 'x'),
      await issue(bsc, 'y'),
      await issue(bsc, 'z'),
      await issue(ethereum, 'w'),
    ]).toEqual([3, 4, 1, 2]);
    expect(await issue(tron, 'r')).toBe(1);
    // The former addresses stay, with their owners: what comes there is still seen.
    expect(await rows('ethereum')).toEqual(['0: 0 x 0xA0', '1: 1 z 0xA1', '2: 2 w 0xA2', '3: 3 x 0xA3', '4: 4 y 0xA4']);
  });
});

test("a number that a process of an older version gave to another user meanwhile is nobody's: the user gets a new one", () =>
  onDatabase(async ({ dataSource, issue }) => {
    const alone = keySpaceOf(evm('ethereum'), [evm('ethereum')]);
    expect(await issue(alone, 'x')).toBe(0);
    await dataSource.query(
      "INSERT INTO deposit_addresses (network, child_index, address, user_id, place, created_at) VALUES ('bsc', 0, '0xA0', 'y', 0, 0)",
    );
    expect(await issue(bsc, 'x')).toBe(1);
    expect(await issue(bsc, 'y')).toBe(2);
  }));
