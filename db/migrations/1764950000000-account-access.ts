import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';

/**
 * Which sessions of a user count (those of the present generation), whether the address is confirmed and the account
 * frozen, and from when on
 * withdrawals may leave again. Accounts of before count as confirmed. Wrong codes are counted for each purpose by
 * itself.
 */
export const AccountAccess1764950000000: Migration = {
  name: 'AccountAccess1764950000000',
  steps: [
    `ALTER TABLE users ADD session_generation INT NOT NULL DEFAULT 0, ADD confirmed_at BIGINT NULL, ADD frozen_at BIGINT NULL,
      ADD withdrawals_from BIGINT NOT NULL DEFAULT 0`,
    'UPDATE users SET confirmed_at = created_at',
    `CREATE TABLE registrations (token_hash ${KEY(64)} NOT NULL, email VARCHAR(190) NOT NULL, password_hash ${KEY(255)} NOT NULL,
      locale ${KEY(5)} NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (token_hash), KEY by_email (email, at), KEY by_time (at)) ${TABLE}`,
    `CREATE TABLE second_factor_failures (user_id ${KEY(64)} NOT NULL, purpose ${KEY(100)} NOT NULL, failures INT NOT NULL, failed_at BIGINT NOT NULL,
      PRIMARY KEY (user_id, purpose), KEY by_time (failed_at)) ${TABLE}`,
    'ALTER TABLE second_factors DROP COLUMN failures, DROP COLUMN failed_at',
    'ALTER TABLE withdrawals ADD KEY by_receiver (network, address, updated_at)',
  ],
};
