import type { DataSource, EntitySchema, ObjectLiteral, QueryRunner } from 'typeorm';

/** A change of one row, by property names. `set` and `key` name a subset of the columns. */
export type RowChange =
  | { readonly op: 'insert'; readonly entity: EntitySchema<ObjectLiteral>; readonly row: ObjectLiteral }
  /** Writes the whole row, new or changed. Of several for one key in one batch the last counts. */
  | { readonly op: 'upsert'; readonly entity: EntitySchema<ObjectLiteral>; readonly row: ObjectLiteral }
  | { readonly op: 'update'; readonly entity: EntitySchema<ObjectLiteral>; readonly key: ObjectLiteral; readonly set: ObjectLiteral }
  | { readonly op: 'delete'; readonly entity: EntitySchema<ObjectLiteral>; readonly key: ObjectLiteral };

interface Statement {
  readonly sql: string;
  readonly values: unknown[];
}

/** Builds a typed insert; the generic keeps the row in step with its entity. */
export function insertRow<T extends ObjectLiteral>(entity: EntitySchema<T>, row: T): RowChange {
  return { op: 'insert', entity: entity as unknown as EntitySchema<ObjectLiteral>, row };
}

export function upsertRow<T extends ObjectLiteral>(entity: EntitySchema<T>, row: T): RowChange {
  return { op: 'upsert', entity: entity as unknown as EntitySchema<ObjectLiteral>, row };
}

export function updateRow<T extends ObjectLiteral>(entity: EntitySchema<T>, key: Partial<T>, set: Partial<T>): RowChange {
  return { op: 'update', entity: entity as unknown as EntitySchema<ObjectLiteral>, key, set };
}

export function deleteRow<T extends ObjectLiteral>(entity: EntitySchema<T>, key: Partial<T>): RowChange {
  return { op: 'delete', entity: entity as unknown as EntitySchema<ObjectLiteral>, key };
}

/** Carries the changes out in order; neighbouring inserts into one table become one statement. */
export async function writeRows(runner: QueryRunner, dataSource: DataSource, changes: readonly RowChange[]): Promise<void> {
  for (let at = 0; at < changes.length; ) {
    const change = changes[at] as RowChange;
    if (change.op === 'upsert') {
      // Whole rows: they wait for the end, where each is written once.
      at++;
      continue;
    }
    if (change.op !== 'insert') {
      await run(runner, change.op === 'update' ? updateStatement(dataSource, change) : deleteStatement(dataSource, change));
      at++;
      continue;
    }
    const rows: ObjectLiteral[] = [];
    for (let next = changes[at]; next?.op === 'insert' && next.entity === change.entity; next = changes[++at]) rows.push(next.row);
    await run(runner, insertStatement(dataSource, change.entity, rows));
  }
  await writeWholeRows(runner, dataSource, changes);
}

/** The last version of each row that was written whole, a statement a table. */
async function writeWholeRows(runner: QueryRunner, dataSource: DataSource, changes: readonly RowChange[]): Promise<void> {
  const byEntity = new Map<EntitySchema<ObjectLiteral>, Map<string, ObjectLiteral>>();
  for (const change of changes) {
    if (change.op !== 'upsert') continue;
    const keys = dataSource.getMetadata(change.entity).primaryColumns.map(({ propertyName }) => String(change.row[propertyName]));
    const rows = byEntity.get(change.entity) ?? new Map<string, ObjectLiteral>();
    byEntity.set(change.entity, rows.set(keys.join('|'), change.row));
  }
  for (const [entity, rows] of byEntity) {
    const { sql, values } = insertStatement(dataSource, entity, [...rows.values()]);
    const { name } = columns(dataSource, entity);
    const first = Object.keys([...rows.values()][0] ?? {});
    await run(runner, { sql: `${sql} ON DUPLICATE KEY UPDATE ${first.map((property) => `${name(property)} = VALUES(${name(property)})`).join(', ')}`, values });
  }
}

const run = (runner: QueryRunner, { sql, values }: Statement): Promise<unknown> => runner.query(sql, values);

function columns(dataSource: DataSource, entity: EntitySchema<ObjectLiteral>) {
  const metadata = dataSource.getMetadata(entity);
  const byProperty = new Map(metadata.columns.map((column) => [column.propertyName, column]));
  const name = (property: string): string => {
    const column = byProperty.get(property);
    if (!column) throw new Error(`${metadata.tableName} has no ${property}`);
    return column.databaseName;
  };
  const value = (property: string, raw: unknown): unknown => (byProperty.get(property)?.type === 'simple-json' ? JSON.stringify(raw) : raw);
  return { table: metadata.tableName, name, value };
}

function insertStatement(dataSource: DataSource, entity: EntitySchema<ObjectLiteral>, rows: ObjectLiteral[]): Statement {
  const { table, name, value } = columns(dataSource, entity);
  const properties = Object.keys(rows[0] ?? {});
  const line = `(${properties.map(() => '?').join(',')})`;
  return {
    sql: `INSERT INTO ${table} (${properties.map(name).join(',')}) VALUES ${rows.map(() => line).join(',')}`,
    values: rows.flatMap((row) => properties.map((property) => value(property, row[property]))),
  };
}

function updateStatement(dataSource: DataSource, change: Extract<RowChange, { op: 'update' }>): Statement {
  const { table, name, value } = columns(dataSource, change.entity);
  const assign = (row: ObjectLiteral): string[] => Object.keys(row).map((property) => `${name(property)} = ?`);
  const values = (row: ObjectLiteral): unknown[] => Object.keys(row).map((property) => value(property, row[property]));
  return {
    sql: `UPDATE ${table} SET ${assign(change.set).join(', ')} WHERE ${assign(change.key).join(' AND ')}`,
    values: [...values(change.set), ...values(change.key)],
  };
}

function deleteStatement(dataSource: DataSource, change: Extract<RowChange, { op: 'delete' }>): Statement {
  const { table, name } = columns(dataSource, change.entity);
  return {
    sql: `DELETE FROM ${table} WHERE ${Object.keys(change.key)
      .map((property) => `${name(property)} = ?`)
      .join(' AND ')}`,
    values: Object.values(change.key),
  };
}
