import type { Migration } from '../migration';

/** Where nodes do not trace, what our rows say of an address is asked again and again. */
export const BalancesByAddress1764800000000: Migration = {
  name: 'BalancesByAddress1764800000000',
  steps: [
    'ALTER TABLE deposits ADD KEY by_address (network, address)',
    'ALTER TABLE chain_transactions ADD KEY by_receiver (network, to_address)',
  ],
};
