/**
 * Tables whose rows are chained: each row holds the hash of itself and of the row before, so that a row that was
 * changed or taken out is noticed and can be named. Whoever adds a row moves the chain's head, which stays locked
 * until the writer commits: one chain holds for one writer and for several, in whatever process and transaction they
 * write.
 */
import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { literal } from './stores/text';
import { inTransaction } from './transaction';

/**
 * The columns that are hashed, by table, in their order. A list only grows by a migration that chains the table anew.
 */
export const CHAINS = {
  admin_audit: ['id', 'admin_id', 'action', 'subject', 'details', 'at'],
  security_events: ['id', 'at', 'user_id', 'kind', 'outcome', 'address', 'agent', 'details'],
  withdrawal_records: ['withdrawal_id', 'step', 'round', 'reference', 'body', 'at'],
} as const satisfies Record<string, readonly string[]>;
export type ChainName = keyof typeof CHAINS;
export const isChained = (table: string): table is ChainName => table in CHAINS;

/** What a chain begins with. */
export const FIRST_HASH = '0'.repeat(64);

/** Places are whole numbers far below 2^53. */
const placeOf = (text: string | number | null | undefined): number => Number(text ?? 0);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Each value is hashed by itself, so that nothing can move from one column into the next; NULL is a dash. */
export const hashOfRow = (before: string, place: number, values: readonly (string | null)[]): string =>
  sha256([before, String(place), ...values.map((value) => (value === null ? '-' : sha256(value)))].join(''));

/**
 * The statements that add a row to a chained table: the head moves on, which locks it until the writer's transaction
 * ends, and the row takes its place and hash. To be carried out in one transaction. `row` by column.
 */
export function appendTexts(table: ChainName, row: Readonly<Record<string, unknown>>): string[] {
  const columns: readonly string[] = CHAINS[table];
  const values = columns.map((column) => row[column] ?? null);
  const digests = values.map((value) => (value === null ? '-' : sha256(String(value)))).join('');
  const ofHead = (column: string): string => `(SELECT ${column} FROM chain_heads WHERE name = '${table}')`;
  return [
    `UPDATE chain_heads SET hash = SHA2(CONCAT(hash, place + 1, '${digests}'), 256), place = place + 1 WHERE name = '${table}'`,
    `INSERT INTO ${table} (${columns.join(',')},place,hash) VALUES (${values.map(literal).join(',')},${ofHead('place')},${ofHead('hash')})`,
  ];
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
 * Reads a chain from its base to its head. `noted`: what was noted outside of its heads. Each row that is missing or
 * is not what it was is named once: what follows a changed row is judged by the hash that stands there.
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

/**
 * Moves the base of the security events on to the last row before a time, and takes out what lies before it. The
 * application may delete no event: a procedure of the migrations does it, and never takes one of the last 30 days.
 * Answers how many rows.
 */
export async function forgetSecurityEvents(dataSource: DataSource, at: number): Promise<number> {
  await inTransaction(dataSource, async (manager) => {
    const one = async <Row>(sql: string, values: unknown[]): Promise<Row | undefined> =>
      ((await manager.query(sql, values)) as Row[])[0];
    const ofChain = "FROM chain_heads WHERE name = 'security_events'";
    const head = await one<{ place: string; base: string }>(
      `SELECT place, base_place AS base ${ofChain} FOR UPDATE`,
      [],
    );
    const kept = await one<{ place: string | null }>('SELECT MIN(place) AS place FROM security_events WHERE at >= ?', [
      at,
    ]);
    const place = kept?.place == null ? placeOf(head?.place) : placeOf(kept.place) - 1;
    if (place <= placeOf(head?.base)) return;
    const row = await one<{ hash: string }>('SELECT hash FROM security_events WHERE place = ?', [place]);
    if (!row) return;
    const set = "UPDATE chain_heads SET base_place = ?, base_hash = ? WHERE name = 'security_events'";
    await manager.query(set, [place, row.hash]);
  });
  for (let forgotten = 0; ;) {
    const [[answer]] = (await dataSource.query('CALL forget_security_events(?)', [PAGE])) as [
      { forgotten: string | number }[],
    ];
    const rows = placeOf(answer?.forgotten);
    forgotten += rows;
    if (rows < PAGE) return forgotten;
  }
}
