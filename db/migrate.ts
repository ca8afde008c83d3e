import type { DataSource, QueryRunner } from 'typeorm';
import { MIGRATIONS } from './migrations';
import type { Migration, Step } from './migration';
import { errno } from './transaction';

/** What a server says of a definition that is there already, or gone already. */
const ALREADY = new Set([1050, 1051, 1060, 1061, 1091, 1304, 1305]);
const LOCK_SECONDS = 60;

const commitsByItself = (step: Step): step is string =>
  typeof step === 'string' && /^\s*(CREATE|ALTER|DROP)\s/i.test(step);

/** Migrations that the database has not seen whole, in their order. Needs no more than to read. */
export async function pendingMigrations(source: DataSource | QueryRunner): Promise<readonly Migration[]> {
  const there = (await source.query(
    "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'migrations'",
  )) as unknown[];
  if (there.length === 0) return MIGRATIONS;
  const done = new Set(
    ((await source.query('SELECT name FROM migrations')) as { name: string }[]).map(({ name }) => name),
  );
  return MIGRATIONS.filter(({ name }) => !done.has(name));
}

/**
 * Brings the tables up to date (`before`: up to the migration of this name alone); two processes at once wait for each
 * other. The number of the step that is next is noted after each, so that a migration that was cut is taken up again
 * where it stopped. Answers what it did.
 */
export async function migrate(dataSource: DataSource, before?: string): Promise<string[]> {
  // One connection for all: its lock is held until the server has ended what it was told, also when nobody waits for
  // the answer any more.
  const runner = dataSource.createQueryRunner();
  const lock = "CONCAT('migrate/', SHA1(DATABASE()))";
  try {
    if ((await pendingMigrations(runner)).length === 0) return [];
    const [held] = (await runner.query(`SELECT GET_LOCK(${lock}, ${LOCK_SECONDS}) AS held`)) as {
      held: string | number;
    }[];
    if (String(held?.held) !== '1')
      throw new Error(
        `another process has been changing the tables for ${LOCK_SECONDS} seconds; try again when it has ended`,
      );
    await makeNotes(runner);
    const done: string[] = [];
    for (const migration of await pendingMigrations(runner)) {
      if (migration.name === before) break;
      await carryOut(runner, migration);
      done.push(migration.name);
    }
    return done;
  } catch (error) {
    if (![1044, 1142, 1370].includes(errno(error) ?? 0)) throw error;
    throw new Error(
      'the tables are of a former release, and this database user may not change them: set DATABASE_MIGRATE_URL, or run npm run migrate with it',
      { cause: error },
    );
  } finally {
    await runner.query(`SELECT RELEASE_LOCK(${lock})`).catch(() => undefined);
    await runner.release();
  }
}

async function makeNotes(runner: QueryRunner): Promise<void> {
  await runner.query(
    'CREATE TABLE IF NOT EXISTS migrations (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, timestamp BIGINT NOT NULL, name VARCHAR(255) NOT NULL)',
  );
  await runner.query(
    'CREATE TABLE IF NOT EXISTS migration_progress (name VARCHAR(255) NOT NULL PRIMARY KEY, next_step INT NOT NULL)',
  );
}

async function carryOut(runner: QueryRunner, { name, steps }: Migration): Promise<void> {
  const [noted] = (await runner.query('SELECT next_step AS next FROM migration_progress WHERE name = ?', [name])) as {
    next: number;
  }[];
  if (!noted) await runner.query('INSERT INTO migration_progress VALUES (?, 0)', [name]);
  const first = noted?.next ?? 0;
  for (const [at, step] of steps.entries()) {
    if (at < first) continue;
    const note = async (): Promise<void> =>
      void (await runner.query('UPDATE migration_progress SET next_step = ? WHERE name = ?', [at + 1, name]));
    if (commitsByItself(step)) {
      // The first one of a migration that was cut may have been done without a note of it.
      await define(runner, step, noted !== undefined && at === first);
      await note();
    } else {
      await inOne(runner, async () => {
        await (typeof step === 'string' ? runner.query(step) : step(runner.manager));
        await note();
      });
    }
  }
  await inOne(runner, async () => {
    await runner.query('INSERT INTO migrations (timestamp, name) VALUES (?, ?)', [/\d+$/.exec(name)?.[0], name]);
    await runner.query('DELETE FROM migration_progress WHERE name = ?', [name]);
  });
}

/** A statement of definition is done whole or not at all, and commits by itself. */
async function define(runner: QueryRunner, statement: string, mayBeDone: boolean): Promise<void> {
  try {
    await runner.query(statement);
  } catch (error) {
    if (!mayBeDone || !ALREADY.has(errno(error) ?? 0)) throw error;
  }
}

async function inOne(runner: QueryRunner, work: () => Promise<void>): Promise<void> {
  await runner.startTransaction();
  try {
    await work();
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}
