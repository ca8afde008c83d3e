import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from './data-source';
import { prepareDatabase } from './prepare';
import { APPEND_ONLY_TABLES, RIGHTS, neededRights, rightsTooMany } from './rights';
import { testDatabase } from './testing';
import type { TestDatabase } from './testing';
import { errno } from './transaction';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

/** Command denied on a table, on a column, on the database, on a routine; a privilege of the server is missing. */
const DENIED = [1142, 1143, 1044, 1370, 1227, 1419];
const refused = async (sql: string): Promise<void> => {
  const error: unknown = await database.dataSource.query(sql).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect([sql, DENIED.includes(errno(error) ?? 0)]).toEqual([sql, true]);
};
const columnsOf = async (table: string): Promise<string[]> => {
  const sql =
    'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?';
  return ((await database.owner.query(sql, [table])) as { name: string }[]).map(({ name }) => name);
};

test('the append-only tables are those that former releases guarded by triggers, and more', () => {
  const guarded = [
    'journal_entries',
    'postings',
    'commands',
    'venue_trades',
    'fills',
    'venue_differences',
    'admin_audit',
    'security_events',
    'withdrawal_records',
  ];
  expect(APPEND_ONLY_TABLES).toEqual(expect.arrayContaining(guarded));
});

test.each(Object.keys(RIGHTS))(
  '%s: the application changes and takes out what it may, and nothing else',
  async (table) => {
    const { update = [], delete: takesOut } = RIGHTS[table] ?? {};
    for (const column of await columnsOf(table)) {
      const change = `UPDATE ${table} SET ${column} = ${column} WHERE 1 = 0`;
      if (typeof update === 'string' || update.includes(column)) await database.dataSource.query(change);
      else await refused(change);
    }
    if (takesOut) await database.dataSource.query(`DELETE FROM ${table} WHERE 1 = 0`);
    else await refused(`DELETE FROM ${table}`);
    for (const sql of [
      `TRUNCATE TABLE ${table}`,
      `ALTER TABLE ${table} ADD COLUMN x INT`,
      `DROP TABLE ${table}`,
      `RENAME TABLE ${table} TO x`,
    ])
      await refused(sql);
  },
);

test.each([
  'CREATE TABLE x (a INT)',
  'CREATE TRIGGER x BEFORE UPDATE ON users FOR EACH ROW SET NEW.id = 1',
  'DROP TRIGGER IF EXISTS x',
  'CREATE PROCEDURE x() DELETE FROM postings',
  'DROP PROCEDURE forget_security_events',
  'CREATE INDEX x ON postings (amount)',
  "INSERT INTO migrations (timestamp, name) VALUES (1, 'x')",
  'UPDATE migration_progress SET next_step = 7',
  'GRANT DELETE ON postings TO CURRENT_USER()',
  'SET GLOBAL sql_mode = DEFAULT',
  'SELECT * FROM mysql.global_priv',
  "SELECT * FROM postings INTO OUTFILE '/tmp/x'",
])('refused to the application: %s', async (sql) => {
  const error: unknown = await database.dataSource.query(sql).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect([...DENIED, 1045]).toContain(errno(error));
});

test('every table of the database is in the list, and the rights in force are those of the list', async () => {
  const sql =
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE 'migration%'";
  const tables = ((await database.owner.query(sql)) as { name: string }[]).map(({ name }) => name);
  expect(Object.keys(RIGHTS).toSorted()).toEqual(tables.toSorted());
  expect(await rightsTooMany(database.dataSource)).toEqual([]);
});

test('what the application holds too much on its database is told, and taken at the next start', async () => {
  const { dataSource, owner, url, ownerUrl } = database;
  const [row] = (await dataSource.query('SELECT CURRENT_USER() AS account, DATABASE() AS name')) as {
    account: string;
    name: string;
  }[];
  const account = String(row?.account).replace(/^(.*)@(.*)$/, "'$1'@'$2'");
  await owner.query(`GRANT DELETE, UPDATE (amount) ON postings TO ${account}`);
  await owner.query(`REVOKE INSERT ON fills FROM ${account}`);
  expect(await rightsTooMany(dataSource)).toEqual(['DELETE ON postings', 'UPDATE ON postings.amount']);
  await prepareDatabase({ url, migrateUrl: ownerUrl });
  expect(await rightsTooMany(dataSource)).toEqual([]);
  await refused('DELETE FROM postings');
  await dataSource.query('INSERT INTO fills SELECT * FROM fills WHERE 1 = 0');
  expect(await rightsTooMany(owner)).toEqual(expect.arrayContaining([expect.stringMatching(/^DROP ON javizen%\.\*$/)]));
});

test('one user for both is left as it is, and a start with nothing to do needs no rights on tables', async () => {
  const { url, ownerUrl } = database;
  const before = await rightsTooMany(database.owner);
  expect(await prepareDatabase({ url: ownerUrl })).toEqual([]);
  expect(await prepareDatabase({ url })).toEqual([]);
  expect(await rightsTooMany(database.owner)).toEqual(before);
});

test('where the tables are of a former release, the application alone cannot change them and says what to do', async () => {
  await database.owner.query("DELETE FROM migrations WHERE name LIKE 'AppendOnly%'");
  await expect(prepareDatabase({ url: database.url })).rejects.toThrow(
    'set DATABASE_MIGRATE_URL, or run npm run migrate',
  );
  // The procedure is there: the last migration finds that it was done.
  await database.owner.query('DROP PROCEDURE forget_security_events');
  await prepareDatabase({ url: database.url, migrateUrl: database.ownerUrl });
  const application = await openDatabase({ url: database.url, poolSize: 1 });
  await application.query('CALL forget_security_events(1)');
  await application.destroy();
});

/** What the sources of the houses ask of each table, by their statements and by the calls of the mapper. */
function asked(): Record<'update' | 'delete', Set<string>> {
  const files = ['db', 'matching', 'wallets', 'server', 'solvency', 'deploy']
    .flatMap((house) => readdirSync(house, { recursive: true }).map((file) => join(house, String(file))))
    .filter((file) => file.endsWith('.ts') && !/test|migrations/.test(file));
  const text = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const entities = new Map(
    [...text.values()].flatMap((source) =>
      [...source.matchAll(/const (\w+Entity) = new EntitySchema<\w+>\(\{\s*name: '(\w+)'/g)].map(
        ([, entity, table]) => [entity, table],
      ),
    ),
  );
  const found = { update: new Set<string>(), delete: new Set<string>() };
  const add = (verb: string, table: string | undefined): void =>
    void (table !== undefined && found[/^delete/i.test(verb) ? 'delete' : 'update'].add(table));
  for (const source of text.values()) {
    for (const [, table] of source.matchAll(/UPDATE (\w+)(?: \w+)?(?: JOIN [^`]*?)? SET /g)) add('update', table);
    for (const [, table] of source.matchAll(/DELETE FROM (\w+) /g)) add('delete', table);
    for (const [, table] of source.matchAll(
      /(?:INTO |insert\(')(\w+) \((?:(?!INTO |insert\(')[^;]){0,400}?ON DUPLICATE KEY UPDATE/g,
    ))
      add('update', table);
    for (const [, verb = '', entity = ''] of source.matchAll(
      /(updateRow|upsertRow|deleteRow|\.update|\.delete|\.upsert)\(\s*(\w+Entity)\b/g,
    ))
      add(verb.replace('.', ''), entities.get(entity));
    for (const [, entity = ''] of source.matchAll(/\blifecycle\((\w+Entity),/g)) add('update', entities.get(entity));
    for (const [, entity = '', verb = ''] of source.matchAll(
      /getRepository\(\s*(\w+Entity)\s*\)\s*\.(update|upsert|save|delete)\(/g,
    ))
      add(verb, entities.get(entity));
    for (const [, alias, entity = ''] of source.matchAll(/const (\w+) = \w+\.getRepository\((\w+Entity)\)/g)) {
      for (const [, verb = ''] of source.matchAll(new RegExp(`\\b${alias}\\.(update|upsert|save|delete)\\(`, 'g')))
        add(verb, entities.get(entity));
    }
  }
  return found;
}

test('the list gives what the sources ask for, table by table', () => {
  const { update, delete: takesOut } = asked();
  const given = (verb: 'update' | 'delete'): string[] => Object.keys(RIGHTS).filter((table) => RIGHTS[table]?.[verb]);
  expect([...update].filter((table) => table in RIGHTS).toSorted()).toEqual(given('update').toSorted());
  expect([...takesOut].filter((table) => table in RIGHTS).toSorted()).toEqual(given('delete').toSorted());
});

test('every column in the list is one, and none twice', () => {
  expect(new Set(neededRights()).size).toBe(neededRights().length);
});
