import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';

/** Second factors, what was known of each withdrawal when it was asked for, address books, tiers, and memos. */
export const WithdrawalPolicy1764710000000: Migration = {
  name: 'WithdrawalPolicy1764710000000',
  steps: [
    `CREATE TABLE second_factors (user_id ${KEY(64)} NOT NULL, secret ${KEY(500)} NOT NULL, enabled_at BIGINT NULL, last_step BIGINT NOT NULL, recovery TEXT NOT NULL,
      failures INT NOT NULL, failed_at BIGINT NOT NULL, PRIMARY KEY (user_id)) ${TABLE}`,
    `CREATE TABLE withdrawal_reviews (withdrawal_id ${KEY(64)} NOT NULL, user_id ${KEY(64)} NOT NULL, value DECIMAL(38,18) NULL, verdict ${KEY(20)} NOT NULL,
      reasons TEXT NOT NULL, inside TINYINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (withdrawal_id), KEY by_user (user_id, at)) ${TABLE}`,
    `CREATE TABLE known_addresses (user_id ${KEY(64)} NOT NULL, network ${KEY(64)} NOT NULL, address ${KEY(100)} NOT NULL, since BIGINT NOT NULL,
      PRIMARY KEY (user_id, network, address)) ${TABLE}`,
    `CREATE TABLE tiers (user_id ${KEY(64)} NOT NULL, tier INT NOT NULL, admin_id ${KEY(64)} NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (user_id)) ${TABLE}`,
    'ALTER TABLE networks ADD COLUMN needs_memo TINYINT NOT NULL DEFAULT 0',
    'ALTER TABLE withdrawals ADD COLUMN memo VARCHAR(100) NULL',
  ],
};
