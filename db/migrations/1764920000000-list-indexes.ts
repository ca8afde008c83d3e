import type { Migration } from '../migration';

/** Lists that are read page by page in the order of time; the key of the table ends each index by itself. */
const INDEXES: readonly [table: string, key: string, columns: string][] = [
  ['users', 'by_time', 'created_at'],
  ['kyc_applications', 'by_time', 'created_at'],
  ['withdrawals', 'by_time', 'created_at'],
  ['known_addresses', 'by_time', 'user_id, since'],
];

export const ListIndexes1764920000000: Migration = {
  name: 'ListIndexes1764920000000',
  steps: INDEXES.map(([table, key, columns]) => `ALTER TABLE ${table} ADD KEY ${key} (${columns})`),
};
