import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The newest order at the venue with a final word is asked for every few seconds. */
export class FinalIntents1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE venue_intents DROP KEY by_state, ADD KEY by_state (state, updated_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE venue_intents DROP KEY by_state, ADD KEY by_state (state)');
  }
}
