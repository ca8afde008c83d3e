import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** Our coins on networks where money is outputs of transactions. */
export const Coins1764500000000: Migration = {
  name: 'Coins1764500000000',
  steps: [
    `CREATE TABLE coins (network ${KEY(64)} NOT NULL, txid ${KEY(100)} NOT NULL, output_index INT NOT NULL, branch INT NOT NULL, child_index INT NOT NULL,
      amount DECIMAL(38,18) NOT NULL, height BIGINT NULL, spent_by ${KEY(64)} NULL, PRIMARY KEY (network, txid, output_index),
      KEY by_spender (spent_by), KEY by_height (network, height)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
