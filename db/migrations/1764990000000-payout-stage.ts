import type { Migration } from '../migration';

const KEY = 'VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin';

/**
 * The state of a withdrawal is the engine's alone; how far wallets are with its payout has columns of its own, and
 * what is shown follows from both. Stored, not virtual: an index of MariaDB over a virtual column was seen to miss rows.
 */
export const PayoutStage1764990000000: Migration = {
  name: 'PayoutStage1764990000000',
  steps: [
    `ALTER TABLE withdrawals ADD COLUMN payout_stage ${KEY} NULL, ADD COLUMN payout_round INT NULL`,
    `UPDATE withdrawals SET payout_stage = state, payout_round = attempt, state = 'APPROVED'
      WHERE state IN ('WAITING_FUNDS', 'SIGNED', 'BROADCAST')`,
    `ALTER TABLE withdrawals ADD COLUMN shown_state ${KEY}
      AS (IF(state = 'APPROVED' AND payout_round = attempt, COALESCE(payout_stage, state), state)) STORED,
      ADD KEY by_shown_state (shown_state, created_at)`,
  ],
};
