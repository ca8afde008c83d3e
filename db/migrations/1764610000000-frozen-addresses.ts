import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A deposit address that somebody else can sign for: nothing more is credited to it. */
export class FrozenAddresses1764610000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE deposit_addresses ADD COLUMN frozen_at BIGINT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE deposit_addresses DROP COLUMN frozen_at');
  }
}
