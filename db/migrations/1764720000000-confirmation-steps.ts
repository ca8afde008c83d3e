import type { Migration } from '../migration';

/** How deep a deposit must be follows its amount; what a deposit needs is written beside it. */
export const ConfirmationSteps1764720000000: Migration = {
  name: 'ConfirmationSteps1764720000000',
  steps: [
    'ALTER TABLE rails ADD COLUMN confirmation_steps TEXT NULL',
    'ALTER TABLE deposits ADD COLUMN confirmations_needed INT NOT NULL DEFAULT 0',
    'UPDATE deposits d JOIN networks n ON n.id = d.network SET d.confirmations_needed = n.confirmations',
    'ALTER TABLE deposits ALTER COLUMN confirmations_needed DROP DEFAULT',
  ],
};
