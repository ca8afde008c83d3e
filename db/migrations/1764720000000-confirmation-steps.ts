import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How deep a deposit must be follows its amount; what a deposit needs is written beside it. */
export class ConfirmationSteps1764720000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE rails ADD COLUMN confirmation_steps TEXT NULL');
    await runner.query('ALTER TABLE deposits ADD COLUMN confirmations_needed INT NOT NULL DEFAULT 0');
    await runner.query(
      'UPDATE deposits d JOIN networks n ON n.id = d.network SET d.confirmations_needed = n.confirmations',
    );
    await runner.query('ALTER TABLE deposits ALTER COLUMN confirmations_needed DROP DEFAULT');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE deposits DROP COLUMN confirmations_needed');
    await runner.query('ALTER TABLE rails DROP COLUMN confirmation_steps');
  }
}
