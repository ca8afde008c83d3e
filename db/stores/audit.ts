import type { DataSource } from 'typeorm';
import type { BookFacts, AccountSum } from '../../ledger/audit';
import { PULL_BACK_FEES, RESERVED_COSTS, VENUE_DIFFERENCES } from '../../ledger/accounts';
import { parseSigned } from '../../domain/money/amount';
import type { OpenMovements } from '../../domain/contract/custody';
import { replacesSql } from '../references';

interface SumRow {
  account: string;
  asset: string;
  amount: string;
}

const toSum = ({ account, asset, amount }: SumRow): AccountSum => ({ account, asset, amount: parseSigned(amount) });

/** The place, without `custody/`, of which an entry's reference changed what lies there; undefined where nothing was booked under it. */
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
    const sums = async (sql: string, values: unknown[] = []): Promise<AccountSum[]> =>
      ((await manager.query(sql, values)) as SumRow[]).map(toSum);
    const count = async (sql: string): Promise<number> =>
      Number(((await manager.query(sql)) as { n: string }[])[0]?.n ?? 0);
    const unbalanced = (await manager.query(
      'SELECT entry_id AS entryId, asset, SUM(amount) AS sum FROM postings GROUP BY entry_id, asset HAVING SUM(amount) <> 0 LIMIT 100',
    )) as { entryId: string; asset: string; sum: string }[];
    return {
      unbalanced: unbalanced.map((row) => ({ ...row, sum: parseSigned(row.sum) })),
      balances: await sums('SELECT account, asset, amount FROM balances'),
      postings: await sums('SELECT account, asset, SUM(amount) AS amount FROM postings GROUP BY account, asset'),
      holds: [
        ...(await sums(
          `SELECT CONCAT('user/', user_id, '/held') AS account, asset, SUM(amount + fee) AS amount FROM withdrawals
           WHERE state NOT IN ('CONFIRMED', 'REJECTED', 'CANCELED') GROUP BY user_id, asset`,
        )),
        ...(await sums(
          `SELECT CONCAT('user/', user_id, '/held') AS account, from_asset AS asset, SUM(from_amount) AS amount FROM swaps
           WHERE state = 'EXECUTING' AND leg = 0 GROUP BY user_id, from_asset`,
        )),
        ...(await sums(
          `SELECT CONCAT('user/', user_id, '/held') AS account, between_asset AS asset, SUM(between_amount) AS amount FROM swaps
           WHERE state = 'EXECUTING' AND leg > 0 GROUP BY user_id, between_asset`,
        )),
        ...(await sums(
          `SELECT CONCAT('user/', user_id, '/held') AS account, held_asset AS asset, SUM(held) AS amount FROM orders
           WHERE book_status IS NOT NULL GROUP BY user_id, held_asset`,
        )),
      ],
      earned: [
        ...(await sums(
          `SELECT 'revenue/withdrawal-fee' AS account, asset, SUM(fee) AS amount FROM withdrawals
           WHERE state = 'CONFIRMED' AND (reason IS NULL OR reason <> 'INTERNAL') GROUP BY asset`,
        )),
        ...(await sums(
          `SELECT 'revenue/trading-fee' AS account, fee_asset AS asset, SUM(fee) AS amount FROM fills GROUP BY fee_asset`,
        )),
        ...(await sums(
          `SELECT 'revenue/swap-commission' AS account, to_asset AS asset, SUM(commission) AS amount FROM swaps WHERE state <> 'EXECUTING' GROUP BY to_asset`,
        )),
      ],
      suspended: [
        ...(await sums(
          'SELECT ? AS account, asset, SUM(amount) AS amount FROM costs WHERE settled = 0 GROUP BY asset',
          [RESERVED_COSTS],
        )),
        ...(await sums(
          `SELECT ? AS account, asset, -SUM(pull_back_fee) AS amount FROM withdrawals
           WHERE state NOT IN ('CONFIRMED', 'REJECTED', 'CANCELED') GROUP BY asset`,
          [PULL_BACK_FEES],
        )),
        ...(await sums('SELECT ? AS account, asset, SUM(difference) AS amount FROM venue_differences GROUP BY asset', [
          VENUE_DIFFERENCES,
        ])),
      ],
      entry: await count('SELECT MAX(id) AS n FROM journal_entries'),
      venueTrades: await count('SELECT COUNT(*) AS n FROM venue_trades'),
      venueTradeEntries: await count(
        "SELECT COUNT(*) AS n FROM journal_entries WHERE reason IN ('swap.trade', 'order.venueTrade')",
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
