import type { Migration } from '../migration';

/** A commission on deposits may be a share, too; what was taken is kept, so that exactly that is given back. */
export const DepositFees1764721000000: Migration = {
  name: 'DepositFees1764721000000',
  steps: [
    'ALTER TABLE rails ADD COLUMN deposit_fee_rate DECIMAL(38,18) NOT NULL DEFAULT 0',
    'ALTER TABLE deposits ADD COLUMN credited DECIMAL(38,18) NULL, ADD COLUMN fee DECIMAL(38,18) NULL',
  ],
};
