import type { EntityManager } from 'typeorm';
import { FIRST_HASH, appendTexts } from '../chains';
import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

const OPEN = "state IN ('REQUESTED', 'APPROVED', 'WAITING_FUNDS', 'SIGNED', 'BROADCAST')";
const REQUESTED = `SELECT id AS withdrawal_id, 'request' AS step, attempt AS round, 'migration' AS reference,
  CAST(JSON_OBJECT('userId', user_id, 'asset', asset, 'network', network, 'address', address, 'memo', memo,
    'amount', CAST(amount AS CHAR), 'fee', CAST(fee AS CHAR)) AS CHAR) AS body, created_at AS at
  FROM withdrawals WHERE ${OPEN} ORDER BY created_at, id`;
const APPROVED = `SELECT id AS withdrawal_id, 'approve' AS step, attempt AS round, 'migration' AS reference,
  CAST(JSON_OBJECT('adminId', decided_by) AS CHAR) AS body, updated_at AS at
  FROM withdrawals WHERE ${OPEN} AND state <> 'REQUESTED' ORDER BY created_at, id`;

/** Writes what a query finds into the record. */
const record =
  (query: string) =>
  async (manager: EntityManager): Promise<void> => {
    for (const row of (await manager.query(query)) as Record<string, string | number>[]) {
      for (const sql of appendTexts('withdrawal_records', row)) await manager.query(sql);
    }
  };

/**
 * What was asked for and decided of each withdrawal, as the engine carried it out: never changed, and chained. Until
 * now the row that wallets
 * write too was all there was; what is open now is believed once more.
 */
export const WithdrawalRecords1764961000000: Migration = {
  name: 'WithdrawalRecords1764961000000',
  steps: [
    `CREATE TABLE withdrawal_records (withdrawal_id ${KEY(64)} NOT NULL, step ${KEY(20)} NOT NULL, round INT NOT NULL,
      reference ${KEY(190)} NOT NULL, body TEXT NOT NULL, at BIGINT NOT NULL, place BIGINT NOT NULL DEFAULT 0,
      hash ${KEY(64)} NOT NULL DEFAULT '', PRIMARY KEY (withdrawal_id, round, step), UNIQUE KEY by_place (place),
      KEY by_step (step, withdrawal_id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
    `INSERT INTO chain_heads VALUES ('withdrawal_records', 0, '${FIRST_HASH}', 0, '${FIRST_HASH}')`,
    record(REQUESTED),
    record(APPROVED),
  ],
};
