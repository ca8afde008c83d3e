import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';

/**
 * Public keys that admins offer, and what they signed. The signer believes neither table: it knows its admins by
 * itself.
 */
export const Approvals1764700000000: Migration = {
  name: 'Approvals1764700000000',
  steps: [
    `CREATE TABLE approval_keys (id ${KEY(32)} NOT NULL, admin_id ${KEY(64)} NOT NULL, public_key ${KEY(190)} NOT NULL, created_at BIGINT NOT NULL,
      PRIMARY KEY (id), KEY by_admin (admin_id)) ${TABLE}`,
    `CREATE TABLE withdrawal_approvals (withdrawal_id ${KEY(64)} NOT NULL, round INT NOT NULL, admin_id ${KEY(64)} NOT NULL, key_id ${KEY(32)} NOT NULL,
      at BIGINT NOT NULL, fee_cap VARCHAR(40) NOT NULL, signature ${KEY(100)} NOT NULL, PRIMARY KEY (withdrawal_id, round, admin_id)) ${TABLE}`,
  ],
};
