import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Assets of which nothing is withdrawn while a person looks into something. */
export class Pauses1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE asset_pauses (asset VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, why VARCHAR(500) NOT NULL, at BIGINT NOT NULL)
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE asset_pauses');
  }
}
