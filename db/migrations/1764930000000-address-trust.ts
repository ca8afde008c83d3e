import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/**
 * Books of addresses held whatever was asked for, also what was refused or cancelled. What was paid stays; everything
 * else, which may have
 * been written by a thief, is confirmed by its owner anew. Prices are kept, so that a day's limit counts while they
 * are away.
 */
export const AddressTrust1764930000000: Migration = {
  name: 'AddressTrust1764930000000',
  steps: [
    `DELETE FROM known_addresses WHERE NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.user_id = known_addresses.user_id
      AND w.network = known_addresses.network AND w.address = known_addresses.address AND w.state = 'CONFIRMED')`,
    `CREATE TABLE last_prices (asset ${KEY(20)} NOT NULL, price DECIMAL(38,18) NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (asset))
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
