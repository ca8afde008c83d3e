/**
 * What the application's database user may do. It reads and adds rows everywhere and defines nothing; what else it may
 * do with a table is said here, and nowhere else: the grants are made from this table.
 */
import type { DataSource } from 'typeorm';
import { openDatabase } from './data-source';
import { errno } from './transaction';

interface TableRights {
  /**
   * Columns that it may change; ALL where a row is written whole (ON DUPLICATE KEY UPDATE asks for the right on every
   * column).
   */
  readonly update?: readonly string[] | typeof ALL;
  readonly delete?: true;
}
const ALL = 'every column';
const APPEND_ONLY: TableRights = {};

/** Rights on rows, by table. */
export const RIGHTS: Readonly<Record<string, TableRights>> = {
  // The journal and the engine's own.
  journal_entries: APPEND_ONLY,
  postings: APPEND_ONLY,
  commands: APPEND_ONLY,
  quarantine: APPEND_ONLY,
  engine: { update: ['epoch', 'batch', 'entry'] },
  balances: { update: ALL },
  costs: { update: ['settled', 'actual'] },
  outbox: { delete: true },
  // The logs.
  admin_audit: APPEND_ONLY,
  security_events: APPEND_ONLY,
  withdrawal_records: APPEND_ONLY,
  chain_heads: { update: ['place', 'hash', 'base_place', 'base_hash'] },
  // The listing.
  assets: APPEND_ONLY,
  networks: APPEND_ONLY,
  fee_versions: APPEND_ONLY,
  rails: { update: ['min_deposit', 'deposit_fee', 'deposit_fee_rate', 'confirmation_steps'] },
  markets: { update: ['state', 'internal_only'] },
  last_prices: { update: ALL },
  // Trading.
  orders: { update: ALL },
  fills: APPEND_ONLY,
  routing: { update: ALL },
  swaps: { update: ['state', 'leg', 'filled_from', 'filled_to', 'between_amount', 'commission', 'updated_at'] },
  venue_intents: { update: ['state', 'venue_order_id', 'reason', 'updated_at'] },
  venue_trades: APPEND_ONLY,
  venue_differences: APPEND_ONLY,
  venue_states: { update: ALL },
  venue_reserves: { delete: true },
  asset_pauses: { update: ALL, delete: true },
  // People.
  users: {
    update: [
      'password_hash',
      'role',
      'kyc_state',
      'session_generation',
      'confirmed_at',
      'frozen_at',
      'withdrawals_from',
    ],
  },
  registrations: { delete: true },
  kyc_applications: {
    update: [
      'state',
      'reason',
      'decided_at',
      'decided_by',
      'document_file',
      'document_number',
      'document_hash',
      'person_hash',
    ],
  },
  kyc_first_approvals: { update: ['admin_id', 'why', 'at'] },
  second_factors: { update: ALL, delete: true },
  second_factor_failures: { update: ALL, delete: true },
  passkeys: { update: ['counter', 'last_used_at', 'enrolled', 'untold', 'label'], delete: true },
  tiers: { update: ALL },
  tier_wishes: { update: ['decided_at'] },
  known_addresses: { delete: true },
  // Coins that come in.
  child_numbers: { update: ['user_id'] },
  deposit_addresses: { update: ['frozen_at'] },
  deposits: {
    // One that comes back in another block after a reorganisation may pay another address.
    update: [
      'state',
      'user_id',
      'address',
      'asset',
      'amount',
      'block_height',
      'block_hash',
      'confirmations',
      'confirmations_needed',
      'credited_at',
      'credited',
      'fee',
      'sweep_id',
      'released_at',
    ],
  },
  chain_blocks: { delete: true },
  utxos: { update: ALL },
  sweeps: { update: ['amount', 'state', 'updated_at'] },
  // Coins that go out.
  withdrawals: {
    update: [
      'state',
      'attempt',
      'payout_stage',
      'payout_round',
      'reason',
      'txid',
      'confirmations',
      'decided_by',
      'pull_back_fee',
      'updated_at',
    ],
  },
  withdrawal_approvals: { update: ALL },
  withdrawal_reviews: { update: ALL },
  approval_keys: APPEND_ONLY,
  batch_payments: { update: ['reservation', 'live', 'refused'] },
  chain_transactions: { update: ALL },
  nonces: { update: ['next_nonce'] },
  venue_transfers: { update: ['amount', 'fee', 'state', 'txid', 'updated_at'] },
  cold_transfers: {
    update: ['amount', 'fee', 'state', 'psbt', 'signatures', 'raw_transaction', 'txid', 'reason', 'updated_at'],
  },
  stakes: { update: ['state', 'txid', 'ready_at', 'reason', 'updated_at'] },
  // What was published of what users are owed.
  proofs: APPEND_ONLY,
  proof_leaves: { delete: true },
};
/** Which migrations were carried out: the application reads it, and adds nothing. */
const NOTES = ['migrations', 'migration_progress'];
export const PROCEDURES = ['forget_security_events'];

/** Tables of which the application may change and take out nothing. */
export const APPEND_ONLY_TABLES: readonly string[] = Object.keys(RIGHTS).filter(
  (table) => !RIGHTS[table]?.update && !RIGHTS[table]?.delete,
);

/**
 * As `PRIVILEGE ON place`: a table, a column as `table.column`, a procedure, or `pattern.*` and `*.*` for databases and
 * the whole server.
 */
type Right = string;

/** Every right that the application needs. */
export function neededRights(): Right[] {
  const ofTables = Object.entries(RIGHTS).flatMap(([table, { update = [], delete: takesOut }]) => [
    ...['SELECT', 'INSERT', ...(update === ALL ? ['UPDATE'] : []), ...(takesOut ? ['DELETE'] : [])].map(
      (verb) => `${verb} ON ${table}`,
    ),
    ...(update === ALL ? [] : update.map((column) => `UPDATE ON ${table}.${column}`)),
  ]);
  return [
    ...ofTables,
    ...NOTES.map((table) => `SELECT ON ${table}`),
    ...PROCEDURES.map((name) => `EXECUTE ON ${name}`),
  ];
}

const HELD = `
  SELECT CONCAT(PRIVILEGE_TYPE, ' ON *.*') AS held FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE <> 'USAGE'
  UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_SCHEMA, '.*') FROM information_schema.SCHEMA_PRIVILEGES WHERE ? LIKE TABLE_SCHEMA
  UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_NAME) FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = ?
  UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_NAME, '.', COLUMN_NAME) FROM information_schema.COLUMN_PRIVILEGES WHERE TABLE_SCHEMA = ?`;

/** What the user of this connection holds on a database and beyond; the procedures that it may execute are not told. */
async function heldRights(source: DataSource, database: string): Promise<Set<Right>> {
  const rows = (await source.query(HELD, [database, database, database])) as { held: Right }[];
  return new Set(rows.map(({ held }) => held));
}

/**
 * What the user of this connection may do that the application never needs; empty where it holds its own rights alone.
 */
export async function rightsTooMany(dataSource: DataSource): Promise<Right[]> {
  const needed = new Set(neededRights());
  return [...(await heldRights(dataSource, await databaseOf(dataSource)))]
    .filter((right) => !needed.has(right))
    .toSorted();
}

async function databaseOf(source: DataSource): Promise<string> {
  const [row] = (await source.query('SELECT DATABASE() AS name')) as { name: string }[];
  return String(row?.name);
}

async function accountOf(source: DataSource): Promise<string> {
  const [row] = (await source.query('SELECT CURRENT_USER() AS account')) as { account: string }[];
  return String(row?.account).replace(/^(.*)@(.*)$/, "'$1'@'$2'");
}

const [NO_SUCH_GRANT, NO_SUCH_TABLE_GRANT] = [1141, 1147];

/** The statements that give or take rights: one a table, a procedure, or a pattern of databases. */
function statements(verb: 'GRANT' | 'REVOKE', rights: readonly Right[], account: string): string[] {
  const places = new Map<string, string[]>();
  for (const right of rights) {
    const [, privilege = '', place = '', column] = /^(.+) ON (.*?)(?:\.([^.*]+))?$/.exec(right) ?? [];
    const what = place.endsWith('.*')
      ? `\`${place.slice(0, -2)}\`.*`
      : `${privilege === 'EXECUTE' ? 'PROCEDURE ' : ''}\`${place}\``;
    places.set(what, [...(places.get(what) ?? []), column ? `${privilege} (\`${column}\`)` : privilege]);
  }
  return [...places].map(
    ([what, privileges]) =>
      `${verb} ${privileges.join(', ')} ON ${what} ${verb === 'GRANT' ? 'TO' : 'FROM'} ${account}`,
  );
}

/**
 * Gives the application's user exactly the rights that it needs, and takes from it what else it was given on this
 * database. `owner`: a connection of the migrations' user, who holds everything on the database and may give it on.
 * Does nothing where both are one user. Rights on the whole server are an administrator's to take: `rightsTooMany`
 * names them.
 */
export async function separateRights(owner: DataSource, url: string): Promise<void> {
  // A user that was given nothing yet may open no other database than this one.
  const bare = new URL(url);
  bare.pathname = '/information_schema';
  const application = await openDatabase({ url: bare.toString(), poolSize: 1 });
  try {
    const account = await accountOf(application);
    if (account === (await accountOf(owner))) return;
    const held = await heldRights(application, await databaseOf(owner));
    const needed = neededRights();
    const missing = needed.filter((right) => !held.has(right));
    const tooMany = [...held].filter((right) => !needed.includes(right) && !right.endsWith(' ON *.*'));
    for (const sql of statements('GRANT', missing, account)) await owner.query(sql);
    for (const sql of statements('REVOKE', tooMany, account)) {
      await owner.query(sql).catch((error: unknown) => {
        // Another start was quicker.
        if (![NO_SUCH_GRANT, NO_SUCH_TABLE_GRANT].includes(errno(error) ?? 0)) throw error;
      });
    }
  } finally {
    await application.destroy();
  }
}
