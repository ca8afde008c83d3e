import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** What is fetched from cold storage by those who hold its keys. */
export const Cold1764900000000: Migration = {
  name: 'Cold1764900000000',
  steps: [
    `CREATE TABLE cold_transfers (id ${KEY(64)} NOT NULL, network ${KEY(64)} NOT NULL, asset ${KEY(20)} NOT NULL, amount DECIMAL(38,18) NOT NULL, fee DECIMAL(38,18) NOT NULL,
      state ${KEY(30)} NOT NULL, why VARCHAR(500) NOT NULL, admin_id ${KEY(64)} NOT NULL, psbt LONGTEXT NULL, signatures INT NOT NULL, raw_transaction LONGTEXT NULL, txid ${KEY(100)} NULL,
      reason VARCHAR(500) NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (id), UNIQUE KEY by_txid (network, txid), KEY by_state (network, state))
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
