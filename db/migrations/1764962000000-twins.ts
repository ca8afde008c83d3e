import type { MigrationInterface, QueryRunner } from 'typeorm';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** Finds the same person in two accounts, and keeps what the first of two admins said who approve such a one. The server fills in what is there already. */
export class Twins1764962000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE kyc_applications ADD person_hash ${KEY(64)} NULL, ADD KEY by_person (person_hash), ADD KEY by_decision (state, decided_at)`,
    );
    await runner.query(`CREATE TABLE kyc_first_approvals (application_id ${KEY(64)} PRIMARY KEY, admin_id ${KEY(64)} NOT NULL, why VARCHAR(500) NOT NULL, at BIGINT NOT NULL)
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE kyc_first_approvals');
    await runner.query(
      'ALTER TABLE kyc_applications DROP KEY by_person, DROP KEY by_decision, DROP COLUMN person_hash',
    );
  }
}
