import { EntityManager } from 'typeorm';
import type { DataSource, EntitySchema, ObjectLiteral } from 'typeorm';
import { appendTexts, isChained } from '../chains';
import { inTransaction } from '../transaction';
import { literal } from './text';

/** A change of one row, by property names. `set` and `key` name a subset of the columns. */
export type RowChange =
  | { readonly op: 'insert'; readonly entity: EntitySchema<ObjectLiteral>; readonly row: ObjectLiteral }
  /** Writes the row where none with its key is there; one that is there stays as it is. */
  | { readonly op: 'insertMissing'; readonly entity: EntitySchema<ObjectLiteral>; readonly row: ObjectLiteral }
  /** Writes the whole row, new or changed. Of several for one key in one batch the last counts. */
  | { readonly op: 'upsert'; readonly entity: EntitySchema<ObjectLiteral>; readonly row: ObjectLiteral }
  | {
      readonly op: 'update';
      readonly entity: EntitySchema<ObjectLiteral>;
      readonly key: ObjectLiteral;
      readonly set: ObjectLiteral;
    }
  | { readonly op: 'delete'; readonly entity: EntitySchema<ObjectLiteral>; readonly key: ObjectLiteral };

/** Builds a typed insert; the generic keeps the row in step with its entity. */
export function insertRow<T extends ObjectLiteral>(entity: EntitySchema<T>, row: T): RowChange {
  return { op: 'insert', entity: entity as unknown as EntitySchema<ObjectLiteral>, row };
}

export function insertMissingRow<T extends ObjectLiteral>(entity: EntitySchema<T>, row: T): RowChange {
  return { op: 'insertMissing', entity: entity as unknown as EntitySchema<ObjectLiteral>, row };
}

export function upsertRow<T extends ObjectLiteral>(entity: EntitySchema<T>, row: T): RowChange {
  return { op: 'upsert', entity: entity as unknown as EntitySchema<ObjectLiteral>, row };
}

export function updateRow<T extends ObjectLiteral>(
  entity: EntitySchema<T>,
  key: Partial<T>,
  set: Partial<T>,
): RowChange {
  return { op: 'update', entity: entity as unknown as EntitySchema<ObjectLiteral>, key, set };
}

export function deleteRow<T extends ObjectLiteral>(entity: EntitySchema<T>, key: Partial<T>): RowChange {
  return { op: 'delete', entity: entity as unknown as EntitySchema<ObjectLiteral>, key };
}

/** Carries changes out that belong together, in one transaction: that of the manager, where one is given. */
export async function writeRows(source: DataSource | EntityManager, changes: readonly RowChange[]): Promise<void> {
  if (!(source instanceof EntityManager)) return inTransaction(source, (manager) => writeRows(manager, changes));
  for (const sql of statementsOf(source.dataSource, changes)) await source.query(sql);
}

/**
 * The changes as statements, to be carried out in order. Inserts into one table become one statement, as long as
 * nothing else was asked of that table between them; whole rows come last, the last version of each once.
 */
export function statementsOf(dataSource: DataSource, changes: readonly RowChange[]): string[] {
  const statements: (string | Inserts)[] = [];
  const open = new Map<Entity, Inserts>();
  const whole = new Map<Entity, Map<string, ObjectLiteral>>();
  for (const change of changes) {
    const { entity } = change;
    const table = tableOf(dataSource, entity);
    if (change.op === 'insert' && isChained(table.name))
      statements.push(...appendTexts(table.name, byColumn(table, change.row)));
    else if (change.op === 'insert') {
      const inserts = open.get(entity);
      if (inserts) inserts.rows.push(change.row);
      else {
        const begun: Inserts = { table, rows: [change.row] };
        open.set(entity, begun);
        statements.push(begun);
      }
    } else if (change.op === 'upsert') {
      const key = table.keys.map((property) => String(change.row[property])).join('|');
      const rows = whole.get(entity) ?? new Map<string, ObjectLiteral>();
      whole.set(entity, rows.set(key, change.row));
    } else {
      open.delete(entity);
      statements.push(textOf(table, change));
    }
  }
  return [
    ...statements.map((statement) => (typeof statement === 'string' ? statement : insertText(statement))),
    ...[...whole].map(([entity, rows]) => wholeText({ table: tableOf(dataSource, entity), rows: [...rows.values()] })),
  ];
}

function textOf(table: Table, change: Extract<RowChange, { op: 'update' | 'delete' | 'insertMissing' }>): string {
  if (change.op === 'update') return updateText(table, change);
  if (change.op === 'delete') return `DELETE FROM ${table.name} WHERE ${assigned(table, change.key).join(' AND ')}`;
  const row = byColumn(table, change.row);
  const same = table.keys
    .map((property) => `${columnOf(table, property).name} = ${literal(change.row[property])}`)
    .join(' AND ');
  return `INSERT INTO ${table.name} (${Object.keys(row).join(',')}) SELECT ${Object.values(row).map(literal).join(',')} FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM ${table.name} WHERE ${same})`;
}

type Entity = EntitySchema<ObjectLiteral>;

interface Table {
  readonly name: string;
  readonly keys: readonly string[];
  /** By property name. */
  readonly columns: ReadonlyMap<string, { readonly name: string; readonly isJson: boolean }>;
}

interface Inserts {
  readonly table: Table;
  readonly rows: ObjectLiteral[];
}

const tables = new WeakMap<Entity, Table>();

function tableOf(dataSource: DataSource, entity: Entity): Table {
  const known = tables.get(entity);
  if (known) return known;
  const { tableName, primaryColumns, columns } = dataSource.getMetadata(entity);
  const table: Table = {
    name: tableName,
    keys: primaryColumns.map(({ propertyName }) => propertyName),
    columns: new Map(
      columns.map(({ propertyName, databaseName, type }) => [
        propertyName,
        { name: databaseName, isJson: type === 'simple-json' },
      ]),
    ),
  };
  tables.set(entity, table);
  return table;
}

function columnOf(table: Table, property: string): { name: string; isJson: boolean } {
  const column = table.columns.get(property);
  if (!column) throw new Error(`${table.name} has no ${property}`);
  return column;
}

const valueText = (isJson: boolean, value: unknown): string => literal(isJson ? JSON.stringify(value) : value);

function insertText({ table, rows }: Inserts): string {
  const properties = Object.keys(rows[0] ?? {});
  const columns = properties.map((property) => columnOf(table, property));
  const lines = rows.map((row) => {
    let line = '';
    for (let at = 0; at < properties.length; at++)
      line += `${at === 0 ? '(' : ','}${valueText((columns[at] as { isJson: boolean }).isJson, row[properties[at] as string])}`;
    return `${line})`;
  });
  return `INSERT INTO ${table.name} (${columns.map(({ name }) => name).join(',')}) VALUES ${lines.join(',')}`;
}

function wholeText(whole: Inserts): string {
  const names = Object.keys(whole.rows[0] ?? {}).map((property) => columnOf(whole.table, property).name);
  return `${insertText(whole)} ON DUPLICATE KEY UPDATE ${names.map((name) => `${name} = VALUES(${name})`).join(', ')}`;
}

const byColumn = (table: Table, row: ObjectLiteral): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([property, value]) => {
      const { name, isJson } = columnOf(table, property);
      return [name, isJson ? JSON.stringify(value) : (value as unknown)];
    }),
  );

const assigned = (table: Table, row: ObjectLiteral): string[] =>
  Object.entries(row).map(([property, value]) => {
    const { name, isJson } = columnOf(table, property);
    return `${name} = ${valueText(isJson, value)}`;
  });

const updateText = (table: Table, { key, set }: Extract<RowChange, { op: 'update' }>): string =>
  `UPDATE ${table.name} SET ${assigned(table, set).join(', ')} WHERE ${assigned(table, key).join(' AND ')}`;
