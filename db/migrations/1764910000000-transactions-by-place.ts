import type { Migration } from '../migration';

/**
 * Which of our own transactions lie in blocks that the chain no longer has, and which lie in none: asked in each
 * round.
 */
export const TransactionsByPlace1764910000000: Migration = {
  name: 'TransactionsByPlace1764910000000',
  steps: ['ALTER TABLE chain_transactions ADD KEY by_place (network, block_height, state)'],
};
