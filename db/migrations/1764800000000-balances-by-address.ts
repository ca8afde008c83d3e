import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where nodes do not trace, what our rows say of an address is asked again and again. */
export class BalancesByAddress1764800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE deposits ADD KEY by_address (network, address)');
    await runner.query('ALTER TABLE chain_transactions ADD KEY by_receiver (network, to_address)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE chain_transactions DROP KEY by_receiver');
    await runner.query('ALTER TABLE deposits DROP KEY by_address');
  }
}
