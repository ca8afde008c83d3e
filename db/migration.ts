import type { EntityManager } from 'typeorm';

/**
 * One statement, or work in several. Work is carried out in one transaction, together with the note that it was; DDL
 * in it ends that transaction by itself, so such work must bear to be done again.
 */
export type Step = string | ((manager: EntityManager) => Promise<void>);

/**
 * One change of the tables, forward only. The name ends in the time that orders it; a step of one that was released is
 * never changed.
 */
export interface Migration {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** The tables' triggers that are there, by name. */
const triggersOf = async (manager: EntityManager, tables: readonly string[]): Promise<string[]> => {
  const rows = (await manager.query(
    `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE IN (${tables.map(() => '?').join(', ')})`,
    [...tables],
  )) as { name: string }[];
  return rows.map(({ name }) => name);
};

const BINARY_LOG = 1419;

/**
 * A step that drops the triggers of former releases where there are any. With a binary log a server lets only an
 * administrator do that (or everybody, while log_bin_trust_function_creators is on): the error says so.
 */
export const dropTriggers =
  (tables: readonly string[]): Step =>
  async (manager) => {
    for (const name of await triggersOf(manager, tables)) {
      await manager.query(`DROP TRIGGER \`${name}\``).catch((error: unknown) => {
        if ((error as { driverError?: { errno?: number } }).driverError?.errno !== BINARY_LOG) throw error;
        throw new Error(
          'This database has triggers of a former release, and a server with a binary log lets only its administrator drop them. ' +
            'Run SET GLOBAL log_bin_trust_function_creators = 1 as its administrator, start again, and set it back to 0.',
          { cause: error },
        );
      });
    }
  };

const isThere = async (manager: EntityManager, table: string, column?: string): Promise<boolean> => {
  const within = 'TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?';
  const rows = await (column === undefined
    ? manager.query(`SELECT 1 FROM information_schema.TABLES WHERE ${within}`, [table])
    : manager.query(`SELECT 1 FROM information_schema.COLUMNS WHERE ${within} AND COLUMN_NAME = ?`, [table, column]));
  return (rows as unknown[]).length > 0;
};

/** A step that gives columns of a table other names, once. */
export const renameColumns =
  (table: string, names: Readonly<Record<string, string>>): Step =>
  async (manager) => {
    const [first = ''] = Object.keys(names);
    if (!(await isThere(manager, table, first))) return;
    const parts = Object.entries(names).map(([from, to]) => `RENAME COLUMN \`${from}\` TO \`${to}\``);
    await manager.query(`ALTER TABLE ${table} ${parts.join(', ')}`);
  };

/** A step that gives a table another name, once. */
export const renameTable =
  (from: string, to: string): Step =>
  async (manager) => {
    if (await isThere(manager, from)) await manager.query(`RENAME TABLE \`${from}\` TO \`${to}\``);
  };
