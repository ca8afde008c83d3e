import type { DataSource, QueryRunner } from 'typeorm';
import { openDatabase } from './data-source';
import { migrate, pendingMigrations } from './migrate';
import { MIGRATIONS } from './migrations';
import { emptyDatabase } from './testing';

/**
 * What a running exchange had in its tables when these migrations came, so that a step done twice or not at all shows.
 */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  Trading1763800000000: [
    "INSERT INTO markets (symbol, base, quote) VALUES ('ETHUSDT', 'ETH', 'USDT')",
    "INSERT INTO fee_versions VALUES (1, '{}', 1)",
    "INSERT INTO swaps VALUES ('s', 'u', 'q', 'ETH', 'USDT', 1, 2, 0, 0, 0, 1, 'EXECUTING', '[]', '{}', 1, 1)",
    "INSERT INTO venue_intents VALUES ('i', 's', 0, 'ETHUSDT', 'SELL', 1, 2, 1, 1, 'PENDING', NULL, NULL, 1, 1)",
  ],
  Batches1764620000000: [
    "INSERT INTO networks (id, name, kind, chain_id, gas_asset, confirmations, venue_network) VALUES ('bitcoin', 'Bitcoin', 'bitcoin', 0, 'BTC', 3, 'BTC')",
    `INSERT INTO chain_transactions (id, network, purpose, subject, from_address, to_address, asset, amount, nonce, gas_limit, max_fee_per_gas,
      max_priority_fee_per_gas, txid, raw_transaction, state, created_at, updated_at)
      VALUES ('withdrawal:w:1', 'bitcoin', 'withdrawal', 'w', 'a', 'b', 'BTC', 1, 0, '1', '1', '1', 't', '', 'CONFIRMED', 1, 1)`,
  ],
  MemoRules1764723000000: ['UPDATE networks SET needs_memo = 1'],
  OneNumber1764820000000: [
    "INSERT INTO deposit_addresses (network, child_index, address, user_id, created_at) VALUES ('ethereum', 0, '0xa', 'x', 1), ('bsc', 0, '0xa', 'y', 1)",
  ],
  AccountAccess1764950000000: ["INSERT INTO users VALUES ('u', 'u@example.org', '', 'user', 'NONE', 'en', 5)"],
  Chains1764960000000: [
    "INSERT INTO admin_audit VALUES ('a2', 'b', 'x', 's', '{}', 2), ('a1', 'b', 'x', 's', '{}', 1)",
  ],
  WithdrawalRecords1764961000000: [
    `INSERT INTO withdrawals (id, user_id, asset, network, address, amount, fee, pull_back_fee, state, attempt, confirmations, created_at, updated_at)
      VALUES ('w1', 'u', 'ETH', 'ethereum', '0xa', 1, 0, 0, 'REQUESTED', 0, 0, 1, 1), ('w2', 'u', 'ETH', 'ethereum', '0xa', 1, 0, 0, 'APPROVED', 0, 0, 2, 2)`,
  ],
};

/** Every table's definition and rows. */
async function contents(dataSource: DataSource): Promise<Record<string, unknown>> {
  const tables = (await dataSource.query(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY name',
  )) as { name: string }[];
  const all: Record<string, unknown> = {};
  for (const { name } of tables) {
    const [made] = (await dataSource.query(`SHOW CREATE TABLE ${name}`)) as Record<string, string>[];
    const rows = (await dataSource.query(`SELECT * FROM ${name} ORDER BY 1, 2`)) as Record<string, unknown>[];
    // A number that was taken by what was rolled back is not given again.
    all[name] = [
      String(made?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, ''),
      rows.map(({ id, ...rest }) => (name === 'migrations' ? rest : { id, ...rest })),
    ];
  }
  return all;
}

/** Calls `each` for every stage: up to a migration that finds rows, and to the end. */
async function inStages(dataSource: DataSource, each: (before?: string) => Promise<void>): Promise<void> {
  for (const [before, rows] of Object.entries(ROWS)) {
    await each(before);
    for (const sql of rows) await dataSource.query(sql);
  }
  await each();
}

class Cut extends Error {}

/**
 * Runs migrations over a connection that is gone after so many statements, answered or not. True where they came to
 * their end before.
 */
async function cutAfter(dataSource: DataSource, statements: number, before?: string): Promise<boolean> {
  const create = dataSource.createQueryRunner.bind(dataSource);
  let left = statements;
  const cutting = (): QueryRunner => {
    const runner = create();
    const query = runner.query.bind(runner) as (...words: unknown[]) => Promise<unknown>;
    runner.query = (async (...words: unknown[]) => {
      const isOfTheStart = /^(SELECT|CREATE TABLE IF NOT EXISTS migration)/.test(String(words[0]));
      if (left === 0 && !isOfTheStart) throw new Cut();
      const answer = await query(...words);
      if (!isOfTheStart && --left === 0) ((await runner.connect()) as { destroy(): void }).destroy();
      return answer;
    }) as QueryRunner['query'];
    return runner;
  };
  dataSource.createQueryRunner = cutting as never;
  try {
    await migrate(dataSource, before);
    return true;
  } catch (error) {
    if (left > 0) throw error;
    return false;
  } finally {
    dataSource.createQueryRunner = create;
  }
}

test('migrations that are cut between any two statements are taken up where they stopped, and end as if they had not been', async () => {
  const [whole, cut] = [await emptyDatabase(), await emptyDatabase()];
  const [expected, tried] = [
    await openDatabase({ url: whole.ownerUrl, poolSize: 1 }),
    await openDatabase({ url: cut.ownerUrl, poolSize: 1 }),
  ];
  let cuts = 0;
  try {
    await inStages(expected, async (before) => void (await migrate(expected, before)));
    const noted = async (): Promise<string> =>
      JSON.stringify(
        await tried
          .query(
            'SELECT (SELECT COUNT(*) FROM migrations) AS done, name, next_step FROM (SELECT 1) one LEFT JOIN migration_progress ON TRUE',
          )
          .catch(() => 'nothing'),
      );
    await inStages(tried, async (before) => {
      for (let statements = 1, last = ''; !(await cutAfter(tried, statements, before)); cuts++) {
        const now = await noted();
        statements = now === last ? statements + 1 : 1;
        last = now;
      }
    });
    expect(await contents(tried)).toEqual(await contents(expected));
    expect(cuts).toBeGreaterThan(MIGRATIONS.reduce((sum, { steps }) => sum + steps.length * 3, 0));
  } finally {
    for (const dataSource of [expected, tried]) await dataSource.destroy();
    for (const database of [whole, cut]) await database.drop();
  }
}, 180_000);

test('two processes at once: one changes the tables, the other waits and finds nothing to do', async () => {
  const { ownerUrl, drop } = await emptyDatabase();
  const both = await Promise.all([1, 2].map(() => openDatabase({ url: ownerUrl, poolSize: 1 })));
  try {
    const done = await Promise.all(both.map((one) => migrate(one)));
    expect(done.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([0, MIGRATIONS.length]);
    for (const one of both) expect(await pendingMigrations(one)).toEqual([]);
  } finally {
    for (const one of both) await one.destroy();
    await drop();
  }
});

test('what is in the way at first is an error, and not taken for what was done before a cut', async () => {
  const { ownerUrl, drop } = await emptyDatabase();
  const owner = await openDatabase({ url: ownerUrl, poolSize: 1 });
  try {
    await owner.query('CREATE TABLE engine (something_else INT)');
    await expect(migrate(owner)).rejects.toMatchObject({ driverError: { errno: 1050 } });
  } finally {
    await owner.destroy();
    await drop();
  }
});

test('the names are in the order of their times, and none twice', () => {
  const times = MIGRATIONS.map(({ name }) => Number(/\d+$/.exec(name)?.[0]));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(new Set(times).size).toBe(times.length);
});
