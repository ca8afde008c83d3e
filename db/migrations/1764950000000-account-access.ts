import type { MigrationInterface, QueryRunner } from 'typeorm';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';

/**
 * Which sessions of a user count (those of the present generation), whether the address is confirmed and the account frozen, and from when on
 * withdrawals may leave again. Accounts of before count as confirmed. Wrong codes are counted for each purpose by itself.
 */
export class AccountAccess1764950000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users ADD session_generation INT NOT NULL DEFAULT 0, ADD confirmed_at BIGINT NULL, ADD frozen_at BIGINT NULL,
      ADD withdrawals_from BIGINT NOT NULL DEFAULT 0`);
    await runner.query('UPDATE users SET confirmed_at = created_at');
    await runner.query(`CREATE TABLE registrations (token_hash ${KEY(64)} NOT NULL, email VARCHAR(190) NOT NULL, password_hash ${KEY(255)} NOT NULL,
      locale ${KEY(5)} NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (token_hash), KEY by_email (email, at), KEY by_time (at)) ${TABLE}`);
    await runner.query(`CREATE TABLE second_factor_failures (user_id ${KEY(64)} NOT NULL, purpose ${KEY(100)} NOT NULL, failures INT NOT NULL, failed_at BIGINT NOT NULL,
      PRIMARY KEY (user_id, purpose), KEY by_time (failed_at)) ${TABLE}`);
    await runner.query('ALTER TABLE second_factors DROP COLUMN failures, DROP COLUMN failed_at');
    await runner.query('ALTER TABLE withdrawals ADD KEY by_receiver (network, address, updated_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE withdrawals DROP KEY by_receiver');
    await runner.query(
      'ALTER TABLE second_factors ADD failures INT NOT NULL DEFAULT 0, ADD failed_at BIGINT NOT NULL DEFAULT 0',
    );
    await runner.query('DROP TABLE second_factor_failures');
    await runner.query('DROP TABLE registrations');
    await runner.query(
      'ALTER TABLE users DROP COLUMN session_generation, DROP COLUMN confirmed_at, DROP COLUMN frozen_at, DROP COLUMN withdrawals_from',
    );
  }
}
