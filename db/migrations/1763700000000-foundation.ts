import type { Migration } from '../migration';

/** Ids, codes, addresses and references compare by bytes: two base58 addresses may differ by case alone. */
const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const ID = KEY(64);
const ASSET = KEY(20);
const MONEY = 'DECIMAL(38,18)';
const TEXT = (length: number): string => `VARCHAR(${length})`;

const TABLES: Record<string, string> = {
  engine: `id INT PRIMARY KEY, epoch BIGINT NOT NULL, batch BIGINT NOT NULL, entry BIGINT NOT NULL`,
  commands: `reference ${KEY(190)} PRIMARY KEY, kind ${KEY(40)} NOT NULL, body_hash ${KEY(64)} NOT NULL, answer TEXT NOT NULL,
    batch BIGINT NOT NULL, at BIGINT NOT NULL`,
  quarantine: `reference ${KEY(190)} PRIMARY KEY, command TEXT NOT NULL, error ${TEXT(1000)} NOT NULL, at BIGINT NOT NULL`,
  journal_entries: `id BIGINT PRIMARY KEY, reference ${KEY(190)} NOT NULL, reason ${KEY(40)} NOT NULL, batch BIGINT NOT NULL,
    at BIGINT NOT NULL, UNIQUE KEY one_entry_per_reference (reference)`,
  postings: `entry_id BIGINT NOT NULL, line INT NOT NULL, account ${KEY(100)} NOT NULL, asset ${ASSET} NOT NULL, amount ${MONEY} NOT NULL,
    PRIMARY KEY (entry_id, line), KEY by_account (account, asset)`,
  balances: `account ${KEY(100)} NOT NULL, asset ${ASSET} NOT NULL, amount ${MONEY} NOT NULL, PRIMARY KEY (account, asset),
    CONSTRAINT users_not_negative CHECK (amount >= 0 OR account NOT LIKE 'user/%' OR account LIKE '%/debt')`,
  outbox: `id ${ID} PRIMARY KEY, kind ${KEY(40)} NOT NULL, payload TEXT NOT NULL, at BIGINT NOT NULL, done BOOLEAN NOT NULL, KEY open_first (done, at)`,
  costs: `reference ${KEY(190)} PRIMARY KEY, asset ${ASSET} NOT NULL, amount ${MONEY} NOT NULL, purpose ${TEXT(100)} NOT NULL,
    settled BOOLEAN NOT NULL, actual ${MONEY} NULL, at BIGINT NOT NULL, KEY open_first (settled)`,
  assets: `code ${ASSET} PRIMARY KEY, name ${TEXT(60)} NOT NULL, scale INT NOT NULL`,
  networks: `id ${ID} PRIMARY KEY, name ${TEXT(60)} NOT NULL, kind ${KEY(20)} NOT NULL, chain_id INT NOT NULL, gas_asset ${ASSET} NOT NULL,
    confirmations INT NOT NULL, venue_network ${ASSET} NOT NULL`,
  rails: `asset ${ASSET} NOT NULL, network ${ID} NOT NULL, contract ${KEY(100)} NULL, decimals INT NOT NULL, min_deposit ${MONEY} NOT NULL,
    deposit_fee ${MONEY} NOT NULL, min_withdrawal ${MONEY} NOT NULL, withdrawal_fee ${MONEY} NOT NULL, PRIMARY KEY (asset, network)`,
  markets: `symbol ${KEY(40)} PRIMARY KEY, base ${ASSET} NOT NULL, quote ${ASSET} NOT NULL, venue ${KEY(20)} NULL`,
  fee_versions: `version INT PRIMARY KEY, rates TEXT NOT NULL, at BIGINT NOT NULL`,
  users: `id ${ID} PRIMARY KEY, email ${TEXT(190)} NOT NULL, password_hash ${KEY(255)} NOT NULL, role ${KEY(20)} NOT NULL,
    kyc_state ${KEY(20)} NOT NULL, locale ${KEY(5)} NOT NULL, created_at BIGINT NOT NULL, UNIQUE KEY one_account_per_email (email)`,
  kyc_applications: `id ${ID} PRIMARY KEY, user_id ${ID} NOT NULL, state ${KEY(20)} NOT NULL, full_name ${TEXT(190)} NOT NULL, country ${KEY(2)} NOT NULL,
    birth_date ${KEY(10)} NOT NULL, document_type ${KEY(40)} NOT NULL, document_number ${TEXT(500)} NOT NULL, document_file ${TEXT(190)} NOT NULL,
    document_mime ${KEY(60)} NOT NULL, reason ${TEXT(500)} NULL, created_at BIGINT NOT NULL, decided_at BIGINT NULL, decided_by ${ID} NULL,
    KEY by_user (user_id), KEY by_state (state, created_at)`,
  admin_audit: `id ${ID} PRIMARY KEY, admin_id ${ID} NOT NULL, action ${KEY(60)} NOT NULL, subject ${KEY(190)} NOT NULL, details TEXT NOT NULL,
    at BIGINT NOT NULL, KEY by_time (at)`,
  deposit_addresses: `network ${ID} NOT NULL, child_index INT NOT NULL, address ${KEY(100)} NOT NULL, user_id ${ID} NOT NULL, created_at BIGINT NOT NULL,
    PRIMARY KEY (network, child_index), UNIQUE KEY one_owner (network, address), UNIQUE KEY one_per_user (network, user_id)`,
  deposits: `id ${ID} PRIMARY KEY, network ${ID} NOT NULL, txid ${KEY(100)} NOT NULL, position ${KEY(60)} NOT NULL, user_id ${ID} NOT NULL,
    address ${KEY(100)} NOT NULL, asset ${ASSET} NOT NULL, amount ${MONEY} NOT NULL, block_height BIGINT NOT NULL, block_hash ${KEY(100)} NOT NULL,
    confirmations INT NOT NULL, state ${KEY(20)} NOT NULL, created_at BIGINT NOT NULL, credited_at BIGINT NULL, sweep_id ${ID} NULL,
    UNIQUE KEY one_row_per_output (network, txid, position), KEY by_user (user_id, created_at), KEY by_state (network, state), KEY by_sweep (sweep_id)`,
  chain_blocks: `network ${ID} NOT NULL, height BIGINT NOT NULL, hash ${KEY(100)} NOT NULL, parent_hash ${KEY(100)} NOT NULL, PRIMARY KEY (network, height)`,
  withdrawals: `id ${ID} PRIMARY KEY, user_id ${ID} NOT NULL, asset ${ASSET} NOT NULL, network ${ID} NOT NULL, address ${KEY(100)} NOT NULL,
    amount ${MONEY} NOT NULL, fee ${MONEY} NOT NULL, pull_back_fee ${MONEY} NOT NULL, state ${KEY(20)} NOT NULL, attempt INT NOT NULL, reason ${TEXT(500)} NULL, txid ${KEY(100)} NULL,
    confirmations INT NOT NULL, decided_by ${ID} NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
    KEY by_user (user_id, created_at), KEY by_state (state, created_at)`,
  chain_transactions: `id ${ID} PRIMARY KEY, network ${ID} NOT NULL, purpose ${KEY(20)} NOT NULL, subject ${ID} NOT NULL, from_address ${KEY(100)} NOT NULL,
    to_address ${KEY(100)} NOT NULL, asset ${ASSET} NOT NULL, amount ${MONEY} NOT NULL, nonce BIGINT NOT NULL, gas_limit ${KEY(40)} NOT NULL,
    max_fee_per_gas ${KEY(40)} NOT NULL, max_priority_fee_per_gas ${KEY(40)} NOT NULL, txid ${KEY(100)} NOT NULL, raw_transaction TEXT NOT NULL, reservation ${KEY(190)} NULL, state ${KEY(20)} NOT NULL, block_height BIGINT NULL, fee_paid ${MONEY} NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
    UNIQUE KEY one_txid (network, txid), KEY by_nonce (network, from_address, nonce), KEY by_state (network, state), KEY by_subject (subject)`,
  sweeps: `id ${ID} PRIMARY KEY, network ${ID} NOT NULL, asset ${ASSET} NOT NULL, address_index INT NOT NULL, address ${KEY(100)} NOT NULL,
    amount ${MONEY} NOT NULL, state ${KEY(30)} NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, KEY by_state (state)`,
  venue_transfers: `id ${ID} PRIMARY KEY, direction ${KEY(20)} NOT NULL, network ${ID} NOT NULL, asset ${ASSET} NOT NULL, amount ${MONEY} NOT NULL,
    fee ${MONEY} NOT NULL, address ${KEY(100)} NOT NULL, state ${KEY(30)} NOT NULL, txid ${KEY(100)} NULL, withdrawal_id ${ID} NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, KEY by_state (state)`,
  nonces: `network ${ID} NOT NULL, address ${KEY(100)} NOT NULL, next_nonce BIGINT NOT NULL, PRIMARY KEY (network, address)`,
  swaps: `id ${ID} PRIMARY KEY, user_id ${ID} NOT NULL, quote_id ${ID} NOT NULL, from_asset ${ASSET} NOT NULL, to_asset ${ASSET} NOT NULL,
    from_amount ${MONEY} NOT NULL, to_amount ${MONEY} NOT NULL, filled_from ${MONEY} NOT NULL, filled_to ${MONEY} NOT NULL, commission ${MONEY} NOT NULL,
    fee_version INT NOT NULL, state ${KEY(20)} NOT NULL, legs TEXT NOT NULL, seen TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
    UNIQUE KEY one_swap_per_quote (quote_id), KEY by_user (user_id, created_at), KEY by_state (state)`,
  venue_intents: `id ${ID} PRIMARY KEY, swap_id ${ID} NOT NULL, leg INT NOT NULL, symbol ${KEY(40)} NOT NULL, side ${KEY(4)} NOT NULL,
    quantity ${MONEY} NOT NULL, limit_price ${MONEY} NOT NULL, sent_timestamp BIGINT NOT NULL, recv_window INT NOT NULL, state ${KEY(20)} NOT NULL,
    venue_order_id ${KEY(40)} NULL, reason ${TEXT(500)} NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, KEY by_state (state), KEY by_swap (swap_id)`,
  venue_trades: `venue_epoch INT NOT NULL, symbol ${KEY(40)} NOT NULL, trade_id BIGINT NOT NULL, intent_id ${ID} NOT NULL, price ${MONEY} NOT NULL,
    quantity ${MONEY} NOT NULL, quote_quantity ${MONEY} NOT NULL, commission ${MONEY} NOT NULL, commission_asset ${ASSET} NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (venue_epoch, symbol, trade_id), KEY by_intent (intent_id)`,
  venue_reserves: `transfer_id ${ID} PRIMARY KEY, asset ${ASSET} NOT NULL, amount ${MONEY} NOT NULL`,
};

export const Foundation1763700000000: Migration = {
  name: 'Foundation1763700000000',
  steps: [
    ...Object.entries(TABLES).map(
      ([table, columns]) =>
        `CREATE TABLE ${table} (${columns}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
    ),
    'INSERT INTO engine (id, epoch, batch, entry) VALUES (1, 0, 0, 0)',
  ],
};
