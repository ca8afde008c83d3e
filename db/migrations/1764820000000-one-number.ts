import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
/**
 * Addresses of one key: on every network of the Ethereum kind they are the same. As the store of deposits names them.
 */
const ISSUED =
  "(SELECT CASE WHEN address LIKE '0x%' THEN 'evm' ELSE network END AS key_space, child_index, user_id FROM deposit_addresses)";

/**
 * One child number per user for all networks of one key. Numbers of before that are two users' are nobody's from now
 * on: these users
 * get a new one. `place` is the order of issue on a network, which the numbers no longer are.
 */
export const OneNumber1764820000000: Migration = {
  name: 'OneNumber1764820000000',
  steps: [
    `CREATE TABLE child_numbers (key_space ${KEY(64)} NOT NULL, child_index INT NOT NULL, user_id ${KEY(64)} NULL, PRIMARY KEY (key_space, child_index), UNIQUE KEY one_per_user (key_space, user_id))
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
    `INSERT INTO child_numbers (key_space, child_index, user_id) SELECT DISTINCT key_space, child_index, NULL FROM ${ISSUED} issued`,
    `UPDATE child_numbers c JOIN (
        SELECT key_space, user_id, MIN(child_index) AS child_index FROM (
          SELECT key_space, child_index, MIN(user_id) AS user_id FROM ${ISSUED} issued GROUP BY key_space, child_index HAVING COUNT(DISTINCT user_id) = 1) alone
        GROUP BY key_space, user_id) own ON own.key_space = c.key_space AND own.child_index = c.child_index
      SET c.user_id = own.user_id`,
    'ALTER TABLE deposit_addresses ADD COLUMN place INT NULL',
    'UPDATE deposit_addresses SET place = child_index',
    'ALTER TABLE deposit_addresses MODIFY place INT NOT NULL, ADD UNIQUE KEY in_order (network, place), DROP KEY one_per_user, ADD KEY by_user (network, user_id), ADD KEY by_address (address)',
    'ALTER TABLE deposits ADD COLUMN released_at BIGINT NULL',
  ],
};
