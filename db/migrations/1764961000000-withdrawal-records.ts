import type { MigrationInterface, QueryRunner } from 'typeorm';
import { FIRST_HASH, chainTable } from '../chains';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/**
 * What was asked for and decided of each withdrawal, as the engine carried it out: never changed, and chained. Until now the row that wallets
 * write too was all there was; what is open now is believed once more.
 */
export class WithdrawalRecords1764961000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE withdrawal_records (withdrawal_id ${KEY(64)} NOT NULL, step ${KEY(20)} NOT NULL, round INT NOT NULL, reference ${KEY(190)} NOT NULL, body TEXT NOT NULL,
      at BIGINT NOT NULL, place BIGINT NOT NULL DEFAULT 0, hash ${KEY(64)} NOT NULL DEFAULT '', PRIMARY KEY (withdrawal_id, round, step), UNIQUE KEY by_place (place), KEY by_step (step, withdrawal_id))
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await runner.query('INSERT INTO chain_heads VALUES (?, 0, ?, 0, ?)', [
      'withdrawal_records',
      FIRST_HASH,
      FIRST_HASH,
    ]);
    await chainTable(runner, 'withdrawal_records');
    const open = "state IN ('REQUESTED', 'APPROVED', 'WAITING_FUNDS', 'SIGNED', 'BROADCAST')";
    await runner.query(`INSERT INTO withdrawal_records (withdrawal_id, step, round, reference, body, at)
      SELECT id, 'request', attempt, 'migration', JSON_OBJECT('userId', user_id, 'asset', asset, 'network', network, 'address', address, 'memo', memo, 'amount', CAST(amount AS CHAR), 'fee', CAST(fee AS CHAR)), created_at
      FROM withdrawals WHERE ${open} ORDER BY created_at, id`);
    await runner.query(`INSERT INTO withdrawal_records (withdrawal_id, step, round, reference, body, at)
      SELECT id, 'approve', attempt, 'migration', JSON_OBJECT('adminId', decided_by), updated_at FROM withdrawals WHERE ${open} AND state <> 'REQUESTED' ORDER BY created_at, id`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE withdrawal_records');
    await runner.query("DELETE FROM chain_heads WHERE name = 'withdrawal_records'");
  }
}
