import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the same document of two users: numbers are sealed, each in another way. The server fills in what is there already. */
export class DocumentHashes1764940000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE kyc_applications ADD document_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD KEY by_document (document_hash)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE kyc_applications DROP KEY by_document, DROP COLUMN document_hash');
  }
}
