import type { Migration } from '../migration';

/** A network takes no memos, may take one, or needs one. */
export const MemoRules1764723000000: Migration = {
  name: 'MemoRules1764723000000',
  steps: [
    "ALTER TABLE networks ADD COLUMN memo VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'none'",
    "UPDATE networks SET memo = 'required' WHERE needs_memo = 1",
    'ALTER TABLE networks DROP COLUMN needs_memo',
  ],
};
