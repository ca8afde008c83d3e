import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A commission on deposits may be a share, too; what was taken is kept, so that exactly that is given back. */
export class DepositFees1764721000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE rails ADD COLUMN deposit_fee_rate DECIMAL(38,18) NOT NULL DEFAULT 0');
    await runner.query(
      'ALTER TABLE deposits ADD COLUMN credited DECIMAL(38,18) NULL, ADD COLUMN fee DECIMAL(38,18) NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE deposits DROP COLUMN fee, DROP COLUMN credited');
    await runner.query('ALTER TABLE rails DROP COLUMN deposit_fee_rate');
  }
}
