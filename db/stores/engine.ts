import { In } from 'typeorm';
import type { DataSource, QueryDeepPartialEntity } from 'typeorm';
import type { CommandAnswer } from '../../domain/contract/commands';
import { formatAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Entry } from '../../ledger/post';
import { BalanceEntity, OutboxEntity, QuarantineEntity } from '../entities/ledger';
import type { BalanceRow, CommandRow, OutboxRow, QuarantineRow } from '../entities/ledger';
import { AssetPauseEntity } from '../entities/treasury';
import type { AssetPauseRow } from '../entities/treasury';
import type { WithdrawalRow } from '../entities/withdrawals';
import { rowsBeside } from './withdrawal-records';
import { isDuplicate, isRefusal, isTransient } from '../transaction';
import { openBatchConnection } from './batch-connection';
import type { BatchConnection } from './batch-connection';
import type { Snapshot } from './modules/table-reader';
import { insertRow, statementsOf } from './rows';
import type { RowChange } from './rows';
import { literal } from './text';

/** Everything one batch changes. Balances are absolute: the fence makes sure that nobody else writes them. */
export interface BatchWrite {
  readonly batch: number;
  readonly at: number;
  readonly commands: readonly CommandRow[];
  /** Numbered from the last entry on. */
  readonly entries: readonly { readonly id: number; readonly entry: Entry }[];
  readonly lastEntry: number;
  readonly balances: readonly { account: string; asset: string; amount: Units }[];
  readonly rows: readonly RowChange[];
  readonly effects: readonly OutboxRow[];
}

/**
 * What the engine itself reads when it takes over, and what each module read, in the order in which they were named.
 */
export interface TakenOver<Part> {
  readonly epoch: number;
  readonly batch: number;
  readonly entry: number;
  readonly balances: readonly BalanceRow[];
  readonly effects: readonly OutboxRow[];
  readonly parts: readonly Part[];
}

/** Another engine has taken over: this one must stop at once. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** The server refused the batch by a definite answer: nothing of it was kept. */
export class BatchRefused extends Error {
  override readonly name = 'BatchRefused';
}

export interface EngineStore {
  /**
   * Moves the epoch on (waiting for a batch of the old owner to end), then reads all in one snapshot; `readers` are
   * the modules'.
   */
  takeOver<Part>(readers: readonly ((snapshot: Snapshot) => Promise<Part>)[]): Promise<TakenOver<Part>>;
  /** Rows of commands that were carried out, by reference. */
  findCommands(references: readonly string[]): Promise<Map<string, { bodyHash: string; answer: CommandAnswer }>>;
  findQuarantined(references: readonly string[]): Promise<Set<string>>;
  /** One transaction. Throws Fenced, BatchRefused (definitely nothing happened), or anything else: not known. */
  commit(write: BatchWrite): Promise<void>;
  quarantine(row: QuarantineRow): Promise<void>;
  balances(accounts: readonly string[]): Promise<BalanceRow[]>;
  balancesLike(prefixes: readonly string[]): Promise<BalanceRow[]>;
  pauses(): Promise<AssetPauseRow[]>;
  effectsDone(ids: readonly string[]): Promise<void>;
  /** Rows of withdrawals that say they are open, and those with these ids. */
  withdrawalRows(ids: readonly string[]): Promise<WithdrawalRow[]>;
  /** Traded since a time by user and market, in the market's quote asset. */
  volumesSince(at: number): Promise<{ userId: string; symbol: string; volume: string }[]>;
  close(): Promise<void>;
}

/** The tables the engine alone writes. One connection of its own for batches, so that a busy pool never delays them. */
export function createEngineStore(dataSource: DataSource): EngineStore {
  let writer: BatchConnection | undefined;
  // Beside the one for batches: references are looked up while the batch before commits.
  let lookups: BatchConnection | undefined;
  let epoch = 0;

  const connection = async (): Promise<BatchConnection> => (writer ??= await openBatchConnection(dataSource));
  const drop = async (): Promise<void> => {
    // A connection whose transaction has failed is never used again.
    writer?.close();
    writer = undefined;
  };
  const close = async (): Promise<void> => {
    await drop();
    lookups?.close();
    lookups = undefined;
  };

  return {
    takeOver: async (readers) => {
      await drop();
      await dataSource.query('UPDATE engine SET epoch = epoch + 1 WHERE id = 1');
      const tables = await readTables(dataSource, readers);
      epoch = tables.epoch;
      return tables;
    },
    findCommands: async (references) => {
      if (references.length === 0) return new Map();
      const sql = `SELECT reference, body_hash AS bodyHash, answer FROM commands WHERE reference IN (${references.map(literal).join(',')})`;
      try {
        lookups ??= await openBatchConnection(dataSource);
        const rows = (await lookups.rows(sql)) as { reference: string; bodyHash: string; answer: string }[];
        return new Map(
          rows.map(({ reference, bodyHash, answer }) => [
            reference,
            { bodyHash, answer: JSON.parse(answer) as CommandAnswer },
          ]),
        );
      } catch (error) {
        lookups?.close();
        lookups = undefined;
        throw error;
      }
    },
    findQuarantined: async (references) => {
      const rows =
        references.length === 0
          ? []
          : await dataSource.getRepository(QuarantineEntity).findBy({ reference: In([...references]) });
      return new Set(rows.map((row) => row.reference));
    },
    commit: async (write) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await commitBatch(await connection(), dataSource, epoch, write);
        } catch (error) {
          await drop();
          // A deadlock or a lock wait was rolled back whole; the same absolute rows may be written again.
          if (attempt >= 5 || !isTransient(error)) throw error;
        }
      }
    },
    quarantine: async (row) => {
      await dataSource
        .getRepository(QuarantineEntity)
        .insert(row as QueryDeepPartialEntity<QuarantineRow>)
        .catch((error: unknown) => {
          if (!isDuplicate(error)) throw error;
        });
    },
    balances: (accounts) => dataSource.getRepository(BalanceEntity).findBy({ account: In([...accounts]) }),
    balancesLike: async (prefixes) => {
      const where = prefixes.map(() => 'b.account LIKE ?').join(' OR ');
      return (await dataSource.query(
        `SELECT account, asset, amount FROM balances b WHERE ${where}`,
        prefixes.map((prefix) => `${prefix}%`),
      )) as BalanceRow[];
    },
    withdrawalRows: (ids) => rowsBeside(dataSource, ids),
    pauses: () => dataSource.getRepository(AssetPauseEntity).find({ order: { asset: 'ASC' } }),
    effectsDone: async (ids) => {
      if (ids.length > 0) await dataSource.getRepository(OutboxEntity).delete({ id: In([...ids]) });
    },
    volumesSince: async (at) =>
      (await dataSource.query(
        'SELECT user_id AS userId, symbol, SUM(quote_quantity) AS volume FROM fills WHERE at > ? GROUP BY user_id, symbol',
        [at],
      )) as {
        userId: string;
        symbol: string;
        volume: string;
      }[],
    close,
  };
}

async function readTables<Part>(
  dataSource: DataSource,
  readers: readonly ((snapshot: Snapshot) => Promise<Part>)[],
): Promise<TakenOver<Part>> {
  return dataSource.transaction('REPEATABLE READ', async (snapshot) => {
    const [fence] = (await snapshot.query('SELECT epoch, batch, entry FROM engine WHERE id = 1')) as Record<
      string,
      string
    >[];
    const parts: Part[] = [];
    for (const read of readers) parts.push(await read(snapshot));
    return {
      epoch: Number(fence?.epoch),
      batch: Number(fence?.batch),
      entry: Number(fence?.entry),
      balances: (await snapshot.query('SELECT account, asset, amount FROM balances')) as BalanceRow[],
      effects: await snapshot.find(OutboxEntity, { where: { done: false }, order: { at: 'ASC' } }),
      parts,
    };
  });
}

async function commitBatch(
  connection: BatchConnection,
  dataSource: DataSource,
  epoch: number,
  write: BatchWrite,
): Promise<void> {
  try {
    const { batch, lastEntry } = write;
    const fence = `UPDATE engine SET batch = ${literal(batch)}, entry = ${literal(lastEntry)} WHERE id = 1 AND epoch = ${literal(epoch)} AND batch = ${literal(batch - 1)}`;
    const changed = await connection.run([
      'START TRANSACTION',
      fence,
      ...journal(write),
      ...statementsOf(dataSource, write.rows),
      ...outbox(dataSource, write),
      ...balances(write),
    ]);
    if (changed[1] !== 1) throw new Fenced(`epoch ${epoch} no longer writes`);
  } catch (error) {
    // Before COMMIT was sent nothing can have been kept, whatever the error was.
    await connection.run(['ROLLBACK']).catch(() => undefined);
    throw isRefusal(error) ? new BatchRefused(String(error), { cause: error }) : error;
  }
  await connection.run(['COMMIT']);
}

const insert = (into: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`INSERT INTO ${into} VALUES ${lines.join(',')}`];

function journal({ commands, entries, batch, at }: BatchWrite): string[] {
  const when = `${literal(batch)},${literal(at)}`;
  return [
    ...insert(
      'commands (reference,kind,body_hash,answer,batch,at)',
      commands.map(
        ({ reference, kind, bodyHash, answer }) =>
          `(${literal(reference)},'${kind}','${bodyHash}',${literal(JSON.stringify(answer))},${when})`,
      ),
    ),
    ...insert(
      'journal_entries (id,reference,reason,batch,at)',
      entries.map(({ id, entry }) => `(${id},${literal(entry.reference)},${literal(entry.reason)},${when})`),
    ),
    ...insert(
      'postings (entry_id,line,account,asset,amount)',
      entries.flatMap(({ id, entry }) =>
        entry.postings.map(
          ({ account, asset, amount }, line) =>
            `(${id},${line},${literal(account)},${literal(asset)},'${formatAmount(amount)}')`,
        ),
      ),
    ),
  ];
}

const outbox = (dataSource: DataSource, { effects }: BatchWrite): string[] =>
  statementsOf(
    dataSource,
    effects.map((row) => insertRow(OutboxEntity, row)),
  );

function balances(write: BatchWrite): string[] {
  const lines = write.balances.map(
    ({ account, asset, amount }) => `(${literal(account)},${literal(asset)},'${formatAmount(amount)}')`,
  );
  return insert('balances (account,asset,amount)', lines).map(
    (sql) => `${sql} ON DUPLICATE KEY UPDATE amount = VALUES(amount)`,
  );
}
