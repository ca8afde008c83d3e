import type { Migration } from '../migration';

/**
 * Indexes that nothing asks for and every order paid for: postings are read whole by the audit, and an order's number
 * is its id
 * already.
 */
export const FewerIndexes1764300000000: Migration = {
  name: 'FewerIndexes1764300000000',
  steps: ['ALTER TABLE postings DROP KEY by_account', 'ALTER TABLE orders DROP KEY one_seq'],
};
