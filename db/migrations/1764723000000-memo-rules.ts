import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A network takes no memos, may take one, or needs one. */
export class MemoRules1764723000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      "ALTER TABLE networks ADD COLUMN memo VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'none'",
    );
    await runner.query("UPDATE networks SET memo = 'required' WHERE needs_memo = 1");
    await runner.query('ALTER TABLE networks DROP COLUMN needs_memo');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE networks ADD COLUMN needs_memo TINYINT NOT NULL DEFAULT 0');
    await runner.query("UPDATE networks SET needs_memo = 1 WHERE memo = 'required'");
    await runner.query('ALTER TABLE networks DROP COLUMN memo');
  }
}
