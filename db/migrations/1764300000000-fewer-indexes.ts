import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes that nothing asks for and every order paid for: postings are read whole by the audit, and an order's number is its id
 * already.
 */
export class FewerIndexes1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE postings DROP KEY by_account');
    await runner.query('ALTER TABLE orders DROP KEY one_seq');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE orders ADD UNIQUE KEY one_seq (seq)');
    await runner.query('ALTER TABLE postings ADD KEY by_account (account, asset)');
  }
}
