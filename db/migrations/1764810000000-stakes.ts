import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** TRX that an operator stakes, and has unstaked. */
export const Stakes1764810000000: Migration = {
  name: 'Stakes1764810000000',
  steps: [
    `CREATE TABLE stakes (id ${KEY(64)} NOT NULL, network ${KEY(64)} NOT NULL, kind ${KEY(20)} NOT NULL, resource ${KEY(20)} NOT NULL, asset ${KEY(20)} NOT NULL, amount DECIMAL(38,18) NOT NULL,
      state ${KEY(30)} NOT NULL, why VARCHAR(500) NOT NULL, admin_id ${KEY(64)} NOT NULL, txid ${KEY(100)} NULL, ready_at BIGINT NULL, reason VARCHAR(500) NULL,
      created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (id), KEY by_state (network, state)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
