import type { DataSource } from 'typeorm';
import { BatchPaymentEntity } from '../entities/utxos';
import type { BatchPaymentRow } from '../entities/utxos';
import type { Approval } from '../../domain/contract/api/approvals';
import { approvalsOf } from './approvals';

interface Found {
  readonly id: string;
  readonly batch: string;
  readonly live: number | null;
  readonly refused: number;
  /** Payments of the batch, and whether it is known which of them it was given up for. */
  readonly size: string;
  readonly known: number | string;
}

/** What batches made of a withdrawal that is not signed yet, at its present attempt. */
export interface Standing {
  /** It is in a batch that will be signed. */
  readonly live: boolean;
  /** The batch that was given up because of it. */
  readonly refusedIn?: string;
  /** Batches with it were given up, and nobody knows because of which payment: the next one has at most so many. */
  readonly most?: number;
}

/** Withdrawals that are paid several in one transaction. */
export interface BatchStore {
  /** Payments of a transaction, oldest first. */
  payments(transactionId: string): Promise<BatchPaymentRow[]>;
  /** What admins signed for one of them. */
  approvals(payment: BatchPaymentRow): Promise<Approval[]>;
  /** By withdrawal; those that were in no batch yet are left out. */
  standings(network: string): Promise<Map<string, Standing>>;
  /** Payments of batches that were given up whose reservations were not given back yet. */
  unreleased(network: string): Promise<BatchPaymentRow[]>;
  released(payment: BatchPaymentRow): Promise<void>;
  /** When the newest batch that was not given up was planned; milliseconds since 1970. */
  lastAt(network: string): Promise<number | undefined>;
}

export function createBatchStore(dataSource: DataSource): BatchStore {
  const payments = dataSource.getRepository(BatchPaymentEntity);
  return {
    payments: (transactionId) => payments.find({ where: { transactionId }, order: { position: 'ASC' } }),
    approvals: async ({ withdrawalId, attempt }) =>
      (await approvalsOf(dataSource, withdrawalId, attempt)).map(({ keyId: key, at, feeCap, signature }) => ({
        key,
        at,
        feeCap,
        signature,
      })),
    standings: async (network) => {
      const rows = (await dataSource.query(
        `SELECT p.withdrawal_id AS id, p.transaction_id AS batch, p.live AS live, p.refused AS refused,
           (SELECT COUNT(*) FROM batch_payments o WHERE o.transaction_id = p.transaction_id) AS size, EXISTS (SELECT 1 FROM batch_payments o WHERE o.transaction_id = p.transaction_id AND o.refused) AS known
         FROM withdrawals w JOIN batch_payments p ON p.withdrawal_id = w.id AND p.attempt = w.attempt WHERE w.network = ? AND w.shown_state IN ('APPROVED', 'WAITING_FUNDS')`,
        [network],
      )) as Found[];
      const standings = new Map<string, Standing>();
      for (const row of rows) standings.set(row.id, joined(standings.get(row.id), row));
      return standings;
    },
    unreleased: (network) =>
      payments
        .createQueryBuilder('p')
        .where(
          "p.live IS NULL AND p.reservation IS NOT NULL AND EXISTS (SELECT 1 FROM chain_transactions t WHERE t.id = p.transaction_id AND t.network = :network AND t.state = 'VOID')",
          { network },
        )
        .getMany(),
    released: async ({ transactionId, withdrawalId }) => {
      await payments.update({ transactionId, withdrawalId }, { reservation: null });
    },
    lastAt: async (network) => {
      const [last] = (await dataSource.query(
        "SELECT created_at AS at FROM chain_transactions WHERE network = ? AND purpose = 'withdrawal' AND state <> 'VOID' ORDER BY created_at DESC LIMIT 1",
        [network],
      )) as { at: string }[];
      return last && Number(last.at);
    },
  };
}

function joined(before: Standing | undefined, row: Found): Standing {
  const size = Number(row.size);
  const half = size > 1 ? (size - (size % 2)) / 2 : 1;
  const most =
    row.live === null && Number(row.known) === 0 && (before?.most === undefined || half < before.most)
      ? half
      : before?.most;
  const refusedIn = row.refused ? row.batch : before?.refusedIn;
  return {
    live: row.live !== null || before?.live === true,
    ...(refusedIn !== undefined && { refusedIn }),
    ...(most !== undefined && { most }),
  };
}
