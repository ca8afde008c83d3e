import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lists that are read page by page in the order of time; the key of the table ends each index by itself. */
const INDEXES: readonly [table: string, key: string, columns: string][] = [
  ['users', 'by_time', 'created_at'],
  ['kyc_applications', 'by_time', 'created_at'],
  ['withdrawals', 'by_time', 'created_at'],
  ['known_addresses', 'by_time', 'user_id, since'],
];

export class ListIndexes1764920000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, key, columns] of INDEXES) await runner.query(`ALTER TABLE ${table} ADD KEY ${key} (${columns})`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, key] of INDEXES) await runner.query(`ALTER TABLE ${table} DROP KEY ${key}`);
  }
}
