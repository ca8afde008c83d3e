/** The engine's own record of withdrawals, and the rows beside it. */
import { In, Not } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CHAINS, FIRST_HASH, hashOfRow } from '../chains';
import { ENDED_WITHDRAWALS } from '../../domain/lifecycle/withdrawal';
import { WithdrawalEntity } from '../entities/withdrawals';
import type { WithdrawalRecordRow, WithdrawalRow } from '../entities/withdrawals';

/** `intact`: its hash is the one that its contents and the record before it give. */
export type ReadRecord = WithdrawalRecordRow & { readonly intact: boolean };

const COLUMNS = CHAINS.withdrawal_records;

/** All records of withdrawals that have not ended, in the order in which they were written. */
export async function openRecords(manager: EntityManager): Promise<ReadRecord[]> {
  const columns = COLUMNS.map((column) => `CONVERT(r.${column} USING utf8mb4) AS ${column}`).join(', ');
  const rows = (await manager.query(
    `SELECT ${columns}, r.place AS place, r.hash AS hash, p.hash AS hash_before FROM withdrawal_records r LEFT JOIN withdrawal_records p ON p.place = r.place - 1
     WHERE NOT EXISTS (SELECT 1 FROM withdrawal_records e WHERE e.withdrawal_id = r.withdrawal_id AND e.step IN ('refuse', 'cancel', 'confirm', 'settleInternal')) ORDER BY r.place`,
  )) as Record<string, string>[];
  return rows.map((row) => ({
    withdrawalId: String(row.withdrawal_id),
    step: row.step as WithdrawalRecordRow['step'],
    round: Number(row.round),
    reference: String(row.reference),
    body: JSON.parse(String(row.body)) as WithdrawalRecordRow['body'],
    at: Number(row.at),
    intact:
      hashOfRow(
        row.hash_before ?? FIRST_HASH,
        Number(row.place),
        COLUMNS.map((column) => row[column] ?? null),
      ) === row.hash,
  }));
}

/** Rows that do not say of themselves that they have ended, and those with these ids whatever they say. */
export async function rowsBeside(dataSource: DataSource, ids: readonly string[]): Promise<WithdrawalRow[]> {
  const where = [{ state: Not(In([...ENDED_WITHDRAWALS])) }, ...(ids.length > 0 ? [{ id: In([...ids]) }] : [])];
  return dataSource.getRepository(WithdrawalEntity).find({ where });
}
