import { pendingMigrations } from './migrate';
import { MIGRATIONS } from './migrations';
import { checkDatabase } from './schema';
import { databaseBefore, testDatabase } from './testing';

test('a migrated database is what this release needs, also to the eyes of the application', async () => {
  const { owner, dataSource, close } = await testDatabase();
  try {
    for (const source of [owner, dataSource])
      expect(await checkDatabase(source)).toEqual({ pending: [], differences: [] });
  } finally {
    await close();
  }
});

test('no column is virtual: an index over one was seen to miss rows, and a withdrawal that was approved was never paid', async () => {
  const { owner, close } = await testDatabase();
  try {
    const generated = (await owner.query(
      "SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME, ' ', EXTRA) AS found FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND EXTRA LIKE '%GENERATED%'",
    )) as { found: string }[];
    expect(generated.map(({ found }) => found)).toEqual(['withdrawals.shown_state STORED GENERATED']);
  } finally {
    await close();
  }
});

test.each([
  ['ALTER TABLE users DROP COLUMN frozen_at', 'users.frozen_at is missing'],
  ['ALTER TABLE deposits MODIFY block_height INT NOT NULL', 'deposits.block_height is int, should be bigint'],
  ['ALTER TABLE withdrawals MODIFY reason VARCHAR(50) NULL', 'withdrawals.reason holds 50 characters, should hold 500'],
  ['ALTER TABLE withdrawals MODIFY memo VARCHAR(100) NOT NULL', 'withdrawals.memo does not take NULL'],
  ['ALTER TABLE sweeps ADD COLUMN mood INT NOT NULL', 'sweeps.mood wants a value that this release does not write'],
  ['DROP TABLE child_numbers', 'child_numbers is missing'],
  ['DROP PROCEDURE forget_security_events', 'the procedure forget_security_events is missing'],
])('after %s: %s', async (sql, difference) => {
  const { owner, close } = await testDatabase();
  try {
    await owner.query(sql);
    expect(await checkDatabase(owner)).toEqual({ pending: [], differences: [difference] });
  } finally {
    await close();
  }
});

test('of a database of a former release it says what is to come, and where a migration was cut', async () => {
  const last = MIGRATIONS.at(-1)?.name ?? '';
  const { owner, close } = await databaseBefore(last);
  try {
    expect((await checkDatabase(owner)).pending).toEqual([{ name: last }]);
    await owner.query('INSERT INTO migration_progress VALUES (?, 1)', [last]);
    expect((await checkDatabase(owner)).pending).toEqual([{ name: last, nextStep: 1 }]);
    expect(await pendingMigrations(owner)).toHaveLength(1);
  } finally {
    await close();
  }
});
