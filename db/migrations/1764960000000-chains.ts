import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CHAINS, FIRST_HASH, chainTable, hashOfRow } from '../chains';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const LIKE_ALL = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';
/** Set by the table's trigger, whatever a writer says. */
const CHAINED = `place BIGINT NOT NULL DEFAULT 0, hash ${KEY(64)} NOT NULL DEFAULT ''`;
const PAGE = 1000;

/** What admins do and what concerns the security of accounts, chained: a row that is changed or taken out is noticed and named. */
export class Chains1764960000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE chain_heads (name ${KEY(40)} PRIMARY KEY, place BIGINT NOT NULL, hash ${KEY(64)} NOT NULL, base_place BIGINT NOT NULL, base_hash ${KEY(64)} NOT NULL) ${LIKE_ALL}`,
    );
    await runner.query(`CREATE TABLE security_events (id ${KEY(64)} PRIMARY KEY, at BIGINT NOT NULL, user_id ${KEY(64)} NULL, kind ${KEY(40)} NOT NULL, outcome ${KEY(20)} NOT NULL,
      address ${KEY(64)} NULL, agent VARCHAR(200) NULL, details TEXT NOT NULL, ${CHAINED},
      UNIQUE KEY by_place (place), KEY by_user (user_id, at, id), KEY by_kind (kind, at, id), KEY by_time (at, id)) ${LIKE_ALL}`);
    await runner.query('INSERT INTO chain_heads VALUES (?, 0, ?, 0, ?)', ['security_events', FIRST_HASH, FIRST_HASH]);
    await chainTable(runner, 'security_events');
    for (const verb of ['update', 'delete']) await runner.query(`DROP TRIGGER IF EXISTS admin_audit_no_${verb}`);
    await runner.query(
      `ALTER TABLE admin_audit ADD place BIGINT NOT NULL DEFAULT 0, ADD hash ${KEY(64)} NOT NULL DEFAULT ''`,
    );
    const head = await chained(runner);
    await runner.query('ALTER TABLE admin_audit ADD UNIQUE KEY by_place (place)');
    await runner.query('INSERT INTO chain_heads VALUES (?, ?, ?, 0, ?)', [
      'admin_audit',
      head.place,
      head.hash,
      FIRST_HASH,
    ]);
    await chainTable(runner, 'admin_audit');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const trigger of ['admin_audit_chain', 'admin_audit_no_update', 'admin_audit_no_delete'])
      await runner.query(`DROP TRIGGER ${trigger}`);
    await runner.query('ALTER TABLE admin_audit DROP KEY by_place, DROP COLUMN place, DROP COLUMN hash');
    for (const verb of ['UPDATE', 'DELETE']) {
      await runner.query(
        `CREATE TRIGGER admin_audit_no_${verb.toLowerCase()} BEFORE ${verb} ON admin_audit FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append-only'`,
      );
    }
    await runner.query('DROP TABLE security_events');
    await runner.query('DROP TABLE chain_heads');
  }
}

/** Rows of before are chained in the order of their time. */
async function chained(runner: QueryRunner): Promise<{ place: number; hash: string }> {
  let [place, hash] = [0, FIRST_HASH];
  const columns = CHAINS.admin_audit.map((column) => `CONVERT(${column} USING utf8mb4) AS ${column}`).join(', ');
  for (;;) {
    const rows = (await runner.query(
      `SELECT ${columns} FROM admin_audit WHERE place = 0 ORDER BY admin_audit.at, admin_audit.id LIMIT ${PAGE}`,
    )) as Record<string, string>[];
    for (const row of rows) {
      hash = hashOfRow(
        hash,
        ++place,
        CHAINS.admin_audit.map((column) => row[column] ?? null),
      );
      await runner.query('UPDATE admin_audit SET place = ?, hash = ? WHERE id = ?', [place, hash, row.id]);
    }
    if (rows.length < PAGE) return { place, hash };
  }
}
