import type { DataSource } from 'typeorm';
import type { BookFacts, AccountSum } from '../../ledger/audit';
import { parseSigned } from '../../domain/money/amount';
import type { OpenMovements } from '../../domain/contract/custody';
import { replacesSql } from '../references';
import { MODULE_FACTS } from './modules';

interface SumRow {
  account: string;
  asset: string;
  amount: string;
}

const toSum = ({ account, asset, amount }: SumRow): AccountSum => ({ account, asset, amount: parseSigned(amount) });

/**
 * The place, without `custody/`, of which an entry's reference changed what lies there; undefined where nothing was
 * booked under it.
 */
export async function custodyBookedBy(dataSource: DataSource, reference: string): Promise<string | undefined> {
  const [posting] = (await dataSource.query(
    "SELECT p.account FROM journal_entries e JOIN postings p ON p.entry_id = e.id WHERE e.reference = ? AND p.account LIKE 'custody/%' ORDER BY p.line LIMIT 1",
    [reference],
  )) as { account: string }[];
  return posting?.account.slice('custody/'.length);
}

/** Reads what the audit compares, all in one snapshot. */
export async function readBookFacts(dataSource: DataSource): Promise<BookFacts> {
  return dataSource.transaction('REPEATABLE READ', async (manager) => {
    const sums = async (sql: string): Promise<AccountSum[]> => ((await manager.query(sql)) as SumRow[]).map(toSum);
    const facts = async (name: 'holds' | 'earned' | 'suspended'): Promise<AccountSum[]> => {
      const found: AccountSum[] = [];
      for (const module of MODULE_FACTS) for (const sql of module[name] ?? []) found.push(...(await sums(sql)));
      return found;
    };
    const reasons = MODULE_FACTS.flatMap(({ venueTradeReasons }) => venueTradeReasons ?? []);
    const count = async (sql: string): Promise<number> =>
      Number(((await manager.query(sql)) as { n: string }[])[0]?.n ?? 0);
    const unbalanced = (await manager.query(
      'SELECT entry_id AS entryId, asset, SUM(amount) AS sum FROM postings GROUP BY entry_id, asset HAVING SUM(amount) <> 0 LIMIT 100',
    )) as { entryId: string; asset: string; sum: string }[];
    return {
      unbalanced: unbalanced.map((row) => ({ ...row, sum: parseSigned(row.sum) })),
      balances: await sums('SELECT account, asset, amount FROM balances'),
      postings: await sums('SELECT account, asset, SUM(amount) AS amount FROM postings GROUP BY account, asset'),
      holds: await facts('holds'),
      earned: await facts('earned'),
      suspended: await facts('suspended'),
      entry: await count('SELECT MAX(id) AS n FROM journal_entries'),
      venueTrades: await count('SELECT COUNT(*) AS n FROM venue_trades'),
      venueTradeEntries: await count(
        `SELECT COUNT(*) AS n FROM journal_entries WHERE reason IN (${reasons.map((reason) => `'${reason}'`).join(', ')})`,
      ),
    };
  });
}

export async function readOpenMovements(dataSource: DataSource): Promise<OpenMovements> {
  const query = async <T>(sql: string): Promise<T[]> => (await dataSource.query(sql)) as T[];
  const numbers = <T extends object>(rows: T[], ...fields: (keyof T)[]): T[] =>
    rows.map((row) => ({ ...row, ...Object.fromEntries(fields.map((field) => [field, Number(row[field])])) }));
  return {
    deposits: numbers(
      await query<OpenMovements['deposits'][number]>(
        `SELECT id, network, asset, amount, block_height AS blockHeight, state, created_at AS createdAt FROM deposits WHERE state IN ('SEEN', 'CONFIRMING', 'IGNORED', 'HELD')`,
      ),
      'blockHeight',
      'createdAt',
    ),
    transactions: numbers(
      await query<OpenMovements['transactions'][number]>(
        `SELECT id, network, purpose, from_address AS fromAddress, to_address AS toAddress, asset, amount, txid, state, created_at AS createdAt,
           (SELECT GROUP_CONCAT(f.txid) FROM chain_transactions f WHERE ${replacesSql('f', 't.id')}) AS former
         FROM chain_transactions t WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')`,
      ),
      'createdAt',
    ),
    transfers: numbers(
      await query<OpenMovements['transfers'][number]>(
        `SELECT id, network, direction, asset, amount, fee, txid, state, created_at AS createdAt FROM venue_transfers WHERE state NOT IN ('DONE', 'FAILED')`,
      ),
      'createdAt',
    ),
    cold: numbers(
      await query<OpenMovements['cold'][number]>(
        `SELECT id, network, asset, amount, fee, txid, created_at AS createdAt FROM cold_transfers WHERE state = 'SENDING' AND txid IS NOT NULL`,
      ),
      'createdAt',
    ),
    intents: numbers(
      await query<OpenMovements['intents'][number]>(
        `SELECT id, symbol, side, quantity, limit_price AS limitPrice, sent_timestamp AS timestamp, recv_window AS recvWindow, created_at AS createdAt
         FROM venue_intents WHERE state IN ('PENDING', 'UNKNOWN')`,
      ),
      'timestamp',
      'recvWindow',
      'createdAt',
    ),
    addresses: await query<OpenMovements['addresses'][number]>('SELECT network, address FROM deposit_addresses'),
  };
}
