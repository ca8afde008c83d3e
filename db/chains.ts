/**
 * Tables whose rows are chained: each row holds the hash of itself and of the row before, so that a row that was changed or taken out
 * is noticed and can be named. The table's own trigger chains, under a lock of the chain's head that lasts until the writer commits:
 * it holds for one writer and for several, in whatever process and transaction they write.
 */
import { createHash } from 'node:crypto';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/** The columns that are hashed, by table, in their order. A list only grows by a migration that chains the table anew. */
export const CHAINS = {
  admin_audit: ['id', 'admin_id', 'action', 'subject', 'details', 'at'],
  security_events: ['id', 'at', 'user_id', 'kind', 'outcome', 'address', 'agent', 'details'],
  withdrawal_records: ['withdrawal_id', 'step', 'round', 'reference', 'body', 'at'],
} as const satisfies Record<string, readonly string[]>;
export type ChainName = keyof typeof CHAINS;

/** What a chain begins with. */
export const FIRST_HASH = '0'.repeat(64);

/** Places are whole numbers far below 2^53. */
const placeOf = (text: string | number | null | undefined): number => Number(text ?? 0);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Each value is hashed by itself, so that nothing can move from one column into the next; NULL is a dash. */
export const hashOfRow = (before: string, place: number, values: readonly (string | null)[]): string =>
  sha256([before, String(place), ...values.map((value) => (value === null ? '-' : sha256(value)))].join(''));

const hashSql = (table: ChainName): string =>
  `SHA2(CONCAT(head_hash, NEW.place, ${CHAINS[table].map((column) => `IF(NEW.${column} IS NULL, '-', SHA2(CONVERT(NEW.${column} USING utf8mb4), 256))`).join(', ')}), 256)`;

/** Chains a table that has the columns `place` and `hash`; its rows so far must be chained already, up to the head. */
export async function chainTable(runner: QueryRunner, table: ChainName): Promise<void> {
  await runner.query(`CREATE TRIGGER ${table}_chain BEFORE INSERT ON ${table} FOR EACH ROW BEGIN
    DECLARE head_place BIGINT;
    DECLARE head_hash CHAR(64) CHARACTER SET ascii;
    SELECT place, hash INTO head_place, head_hash FROM chain_heads WHERE name = '${table}' FOR UPDATE;
    SET NEW.place = head_place + 1;
    SET NEW.hash = ${hashSql(table)};
    UPDATE chain_heads SET place = NEW.place, hash = NEW.hash WHERE name = '${table}';
  END`);
  await runner.query(
    `CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append-only'`,
  );
  // What was forgotten by rule lies before the base, and the base moves only forward.
  await runner.query(`CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} FOR EACH ROW
    IF OLD.place > (SELECT base_place FROM chain_heads WHERE name = '${table}') THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append-only'; END IF`);
}

export interface ChainHead {
  readonly chain: ChainName;
  readonly place: number;
  readonly hash: string;
  /** The last place that was forgotten by rule; 0 where nothing was. */
  readonly base: number;
}

export interface ChainFinding {
  readonly chain: ChainName;
  readonly place: number;
  /** The row's id, where it is still there. */
  readonly row: string | null;
  readonly what: 'changed' | 'missing' | 'other than was noted outside' | 'forgotten without a note outside';
}

interface HeadRow {
  place: string;
  hash: string;
  base_place: string;
  base_hash: string;
}

/** The last row of each chain. What is noted of it outside the database cannot be made anew in it. */
export async function chainHeads(dataSource: DataSource): Promise<ChainHead[]> {
  const rows = (await dataSource.query(
    'SELECT name, place, hash, base_place AS base FROM chain_heads ORDER BY name',
  )) as { name: ChainName; place: string; hash: string; base: string }[];
  return rows.map(({ name, place, hash, base }) => ({ chain: name, place: placeOf(place), hash, base: placeOf(base) }));
}

const PAGE = 2000;
const MOST_FINDINGS = 100;

/**
 * Reads a chain from its base to its head. `noted`: what was noted outside of its heads. Each row that is missing or is not what it was
 * is named once: what follows a changed row is judged by the hash that stands there.
 */
export async function verifyChain(
  dataSource: DataSource,
  chain: ChainName,
  noted: readonly ChainHead[] = [],
): Promise<ChainFinding[]> {
  return dataSource.transaction('REPEATABLE READ', async (manager) => {
    const [head] = (await manager.query('SELECT place, hash, base_place, base_hash FROM chain_heads WHERE name = ?', [
      chain,
    ])) as HeadRow[];
    if (!head) return [{ chain, place: 0, row: null, what: 'missing' }];
    const outside = new Map(
      noted
        .filter((one) => one.chain === chain && one.place > placeOf(head.base_place))
        .map((one) => [one.place, one.hash]),
    );
    const found: ChainFinding[] = [];
    const add = (place: number, row: string | null, what: ChainFinding['what']): void =>
      void (found.length < MOST_FINDINGS && found.push({ chain, place, row, what }));
    const ours = noted.filter((one) => one.chain === chain);
    if (ours.length > 0 && ours.every(({ base }) => base < placeOf(head.base_place)))
      add(placeOf(head.base_place), null, 'forgotten without a note outside');
    let [place, before] = [placeOf(head.base_place), head.base_hash];
    for await (const row of rowsOf(manager, chain, place)) {
      for (const next = placeOf(row.place); place + 1 < next && found.length < MOST_FINDINGS;)
        add(++place, null, 'missing');
      const isAfterGap = found.at(-1)?.what === 'missing' && found.at(-1)?.place === placeOf(row.place) - 1;
      place = placeOf(row.place);
      // What stood before it is gone: its own hash cannot be made again, and the gap has been told.
      if (
        !isAfterGap &&
        hashOfRow(
          before,
          place,
          CHAINS[chain].map((column) => row[column] ?? null),
        ) !== row.hash
      )
        add(place, row[CHAINS[chain][0]] ?? null, 'changed');
      else if (outside.has(place) && outside.get(place) !== row.hash)
        add(place, row[CHAINS[chain][0]] ?? null, 'other than was noted outside');
      before = String(row.hash);
    }
    const last = [...outside.keys()].reduce((most, one) => (one > most ? one : most), placeOf(head.place));
    while (place < last && found.length < MOST_FINDINGS) add(++place, null, 'missing');
    if (place === placeOf(head.place) && before !== head.hash && found.at(-1)?.place !== place)
      add(place, null, 'changed');
    return found;
  });
}

async function* rowsOf(
  manager: EntityManager,
  chain: ChainName,
  after: number,
): AsyncGenerator<Record<string, string | null>> {
  const columns = CHAINS[chain].map((column) => `CONVERT(${column} USING utf8mb4) AS ${column}`).join(', ');
  for (let from = after; ;) {
    const rows = (await manager.query(
      `SELECT place, hash, ${columns} FROM ${chain} WHERE place > ? ORDER BY place LIMIT ${PAGE}`,
      [from],
    )) as Record<string, string | null>[];
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    from = placeOf(last.place);
  }
}

/** Moves the base of a chain on to the last row before a time, and takes out what lies before it. Answers how many rows. */
export async function forgetBefore(dataSource: DataSource, chain: ChainName, at: number): Promise<number> {
  const base = await dataSource.transaction(async (manager) => {
    await manager.query('SELECT place FROM chain_heads WHERE name = ? FOR UPDATE', [chain]);
    const [kept] = (await manager.query(`SELECT MIN(place) AS place FROM ${chain} WHERE at >= ?`, [at])) as {
      place: string | null;
    }[];
    const [head] = (await manager.query('SELECT place, base_place AS base FROM chain_heads WHERE name = ?', [
      chain,
    ])) as { place: string; base: string }[];
    const place = kept?.place == null ? placeOf(head?.place ?? 0) : placeOf(kept.place) - 1;
    if (place <= placeOf(head?.base ?? 0)) return placeOf(head?.base ?? 0);
    const [row] = (await manager.query(`SELECT hash FROM ${chain} WHERE place = ?`, [place])) as { hash: string }[];
    if (!row) return placeOf(head?.base ?? 0);
    await manager.query('UPDATE chain_heads SET base_place = ?, base_hash = ? WHERE name = ?', [
      place,
      row.hash,
      chain,
    ]);
    return place;
  });
  let forgotten = 0;
  for (;;) {
    const { affectedRows } = (await dataSource.query(
      `DELETE FROM ${chain} WHERE place <= ? ORDER BY place LIMIT ${PAGE}`,
      [base],
    )) as { affectedRows: number };
    forgotten += affectedRows;
    if (affectedRows < PAGE) return forgotten;
  }
}
