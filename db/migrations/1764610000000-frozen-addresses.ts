import type { Migration } from '../migration';

/** A deposit address that somebody else can sign for: nothing more is credited to it. */
export const FrozenAddresses1764610000000: Migration = {
  name: 'FrozenAddresses1764610000000',
  steps: ['ALTER TABLE deposit_addresses ADD COLUMN frozen_at BIGINT NULL'],
};
