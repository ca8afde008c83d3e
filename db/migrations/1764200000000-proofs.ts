import type { Migration } from '../migration';

const ID = 'VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin';

const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';

/** Published proofs, and each user's leaf in the newest. */
export const Proofs1764200000000: Migration = {
  name: 'Proofs1764200000000',
  steps: [
    `CREATE TABLE proofs (id ${ID} PRIMARY KEY, statement MEDIUMTEXT NOT NULL, signature VARCHAR(200) NOT NULL, public_key VARCHAR(500) NOT NULL, at BIGINT NOT NULL, KEY by_time (at)) ${TABLE}`,
    `CREATE TABLE proof_leaves (proof_id ${ID} NOT NULL, user_id ${ID} NOT NULL, leaf MEDIUMTEXT NOT NULL, PRIMARY KEY (proof_id, user_id)) ${TABLE}`,
  ],
};
