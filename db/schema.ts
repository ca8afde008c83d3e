import type { DataSource, EntityMetadata } from 'typeorm';
import { pendingMigrations } from './migrate';
import { PROCEDURES, RIGHTS } from './rights';

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly length: string | number | null;
  readonly nullable: 'YES' | 'NO';
  readonly default: string | null;
}

/** Types of columns in which an entity's may lie. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  varchar: ['varchar'],
  decimal: ['decimal'],
  int: ['int'],
  bigint: ['bigint'],
  boolean: ['tinyint'],
  text: ['text', 'mediumtext', 'longtext'],
  mediumtext: ['mediumtext', 'longtext'],
  'simple-json': ['text', 'mediumtext', 'longtext'],
};

const COLUMNS = `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, DATA_TYPE AS type, CHARACTER_MAXIMUM_LENGTH AS length, IS_NULLABLE AS nullable,
  COLUMN_DEFAULT AS \`default\` FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION`;

/**
 * How the tables differ from what this release reads and writes, a sentence each; none where they are as they should
 * be.
 */
export async function schemaDifferences(dataSource: DataSource): Promise<string[]> {
  const rows = (await dataSource.query(COLUMNS)) as Column[];
  const tables = new Set(rows.map(({ table }) => table));
  const missing = Object.keys(RIGHTS)
    .filter((table) => !tables.has(table))
    .map((table) => `${table} is missing`);
  const others = dataSource.entityMetadatas
    .filter(({ tableName }) => tables.has(tableName))
    .flatMap((entity) =>
      columnDifferences(
        entity,
        rows.filter(({ table }) => table === entity.tableName),
      ),
    );
  return [...missing, ...others, ...(await missingProcedures(dataSource))];
}

function columnDifferences({ tableName, columns }: EntityMetadata, there: readonly Column[]): string[] {
  const found: string[] = [];
  for (const { databaseName, type, length, isNullable } of columns) {
    const where = `${tableName}.${databaseName}`;
    const column = there.find(({ name }) => name === databaseName);
    if (!column) {
      found.push(`${where} is missing`);
      continue;
    }
    if (!TYPES[String(type)]?.includes(column.type))
      found.push(`${where} is ${column.type}, should be ${String(type)}`);
    if (type === 'varchar' && BigInt(column.length ?? 0) < BigInt(length ?? 0))
      found.push(`${where} holds ${column.length} characters, should hold ${length}`);
    if (isNullable && column.nullable === 'NO') found.push(`${where} does not take NULL`);
  }
  const known = new Set(columns.map(({ databaseName }) => databaseName));
  const strange = there.filter(
    ({ name, nullable, default: usual }) => !known.has(name) && nullable === 'NO' && usual === null,
  );
  return [
    ...found,
    ...strange.map(({ name }) => `${tableName}.${name} wants a value that this release does not write`),
  ];
}

async function missingProcedures(dataSource: DataSource): Promise<string[]> {
  const sql = 'SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()';
  const there = ((await dataSource.query(sql)) as { name: string }[]).map(({ name }) => name);
  return PROCEDURES.filter((name) => !there.includes(name)).map((name) => `the procedure ${name} is missing`);
}

export interface DatabaseCheck {
  /** Migrations to come, and of one that was cut the step that is next. */
  readonly pending: readonly { readonly name: string; readonly nextStep?: number }[];
  readonly differences: readonly string[];
}

/** Is the database, or a copy of it, what this release needs? Changes nothing, and needs no more than to read. */
export async function checkDatabase(dataSource: DataSource): Promise<DatabaseCheck> {
  const pending = await pendingMigrations(dataSource);
  const hasNotes = (await dataSource.query("SHOW TABLES LIKE 'migration_progress'")) as unknown[];
  const rows =
    hasNotes.length === 0
      ? []
      : ((await dataSource.query('SELECT name, next_step AS nextStep FROM migration_progress')) as {
          name: string;
          nextStep: number;
        }[]);
  const steps = new Map(rows.map(({ name, nextStep }) => [name, nextStep]));
  const differences = await schemaDifferences(dataSource);
  return {
    pending: pending.map(({ name }) => ({ name, ...(steps.has(name) && { nextStep: steps.get(name) ?? 0 }) })),
    differences,
  };
}
