import type { MigrationInterface, QueryRunner } from 'typeorm';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** A higher tier that one admin wants for a user, until another confirms it. */
export class TierWishes1764722000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE tier_wishes (id ${KEY(64)} NOT NULL, user_id ${KEY(64)} NOT NULL, tier INT NOT NULL, why VARCHAR(500) NOT NULL, admin_id ${KEY(64)} NOT NULL,
      at BIGINT NOT NULL, decided_at BIGINT NULL, PRIMARY KEY (id), KEY by_user (user_id, decided_at)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE tier_wishes');
  }
}
