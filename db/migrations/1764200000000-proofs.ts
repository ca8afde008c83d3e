import type { MigrationInterface, QueryRunner } from 'typeorm';

const ID = 'VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin';

/** Published proofs, and each user's leaf in the newest. */
export class Proofs1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const rest = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';
    await runner.query(
      `CREATE TABLE proofs (id ${ID} PRIMARY KEY, statement MEDIUMTEXT NOT NULL, signature VARCHAR(200) NOT NULL, public_key VARCHAR(500) NOT NULL, at BIGINT NOT NULL, KEY by_time (at)) ${rest}`,
    );
    await runner.query(
      `CREATE TABLE proof_leaves (proof_id ${ID} NOT NULL, user_id ${ID} NOT NULL, leaf MEDIUMTEXT NOT NULL, PRIMARY KEY (proof_id, user_id)) ${rest}`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['proof_leaves', 'proofs']) await runner.query(`DROP TABLE ${table}`);
  }
}
