import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which of our own transactions lie in blocks that the chain no longer has, and which lie in none: asked in each round. */
export class TransactionsByPlace1764910000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE chain_transactions ADD KEY by_place (network, block_height, state)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE chain_transactions DROP KEY by_place');
  }
}
