import type { EntityManager } from 'typeorm';
import { CHAINS, FIRST_HASH, hashOfRow } from '../chains';
import { dropTriggers } from '../migration';
import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const LIKE_ALL = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';
const CHAINED = `place BIGINT NOT NULL DEFAULT 0, hash ${KEY(64)} NOT NULL DEFAULT ''`;
const PAGE = 1000;

/**
 * What admins do and what concerns the security of accounts, chained: a row that is changed or taken out is noticed
 * and named.
 */
export const Chains1764960000000: Migration = {
  name: 'Chains1764960000000',
  steps: [
    `CREATE TABLE chain_heads (name ${KEY(40)} PRIMARY KEY, place BIGINT NOT NULL, hash ${KEY(64)} NOT NULL,
      base_place BIGINT NOT NULL, base_hash ${KEY(64)} NOT NULL) ${LIKE_ALL}`,
    `CREATE TABLE security_events (id ${KEY(64)} PRIMARY KEY, at BIGINT NOT NULL, user_id ${KEY(64)} NULL, kind ${KEY(40)} NOT NULL,
      outcome ${KEY(20)} NOT NULL, address ${KEY(64)} NULL, agent VARCHAR(200) NULL, details TEXT NOT NULL, ${CHAINED},
      UNIQUE KEY by_place (place), KEY by_user (user_id, at, id), KEY by_kind (kind, at, id), KEY by_time (at, id)) ${LIKE_ALL}`,
    `INSERT INTO chain_heads VALUES ('security_events', 0, '${FIRST_HASH}', 0, '${FIRST_HASH}')`,
    dropTriggers(['admin_audit']),
    `ALTER TABLE admin_audit ADD place BIGINT NOT NULL DEFAULT 0, ADD hash ${KEY(64)} NOT NULL DEFAULT ''`,
    chainAudit,
    'ALTER TABLE admin_audit ADD UNIQUE KEY by_place (place)',
  ],
};

/** Rows of before are chained in the order of their time. */
async function chainAudit(manager: EntityManager): Promise<void> {
  let [place, hash] = [0, FIRST_HASH];
  const columns = CHAINS.admin_audit.map((column) => `CONVERT(${column} USING utf8mb4) AS ${column}`).join(', ');
  const next = `SELECT ${columns} FROM admin_audit WHERE place = 0 ORDER BY admin_audit.at, admin_audit.id LIMIT ${PAGE}`;
  for (;;) {
    const rows = (await manager.query(next)) as Record<string, string>[];
    for (const row of rows) {
      const values = CHAINS.admin_audit.map((column) => row[column] ?? null);
      hash = hashOfRow(hash, ++place, values);
      await manager.query('UPDATE admin_audit SET place = ?, hash = ? WHERE id = ?', [place, hash, row.id]);
    }
    if (rows.length < PAGE) break;
  }
  await manager.query('INSERT INTO chain_heads VALUES (?, ?, ?, 0, ?)', ['admin_audit', place, hash, FIRST_HASH]);
}
