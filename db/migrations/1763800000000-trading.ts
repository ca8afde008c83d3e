import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const ID = KEY(64);
const ASSET = KEY(20);
const MONEY = 'DECIMAL(38,18)';

const TABLES: Record<string, string> = {
  orders: `id ${ID} PRIMARY KEY, seq BIGINT NOT NULL, user_id ${ID} NOT NULL, client_order_id ${ID} NOT NULL, symbol ${KEY(40)} NOT NULL,
    side ${KEY(4)} NOT NULL, type ${KEY(20)} NOT NULL, time_in_force ${KEY(3)} NOT NULL, price ${MONEY} NOT NULL, worst ${MONEY} NOT NULL,
    quantity ${MONEY} NOT NULL, quote_order_qty ${MONEY} NOT NULL, stop_price ${MONEY} NOT NULL, trailing_delta INT NOT NULL, iceberg_qty ${MONEY} NOT NULL,
    self_trade_prevention ${KEY(12)} NOT NULL, sibling_id ${ID} NULL, list_id ${ID} NULL, executed_qty ${MONEY} NOT NULL, executed_quote ${MONEY} NOT NULL,
    held_asset ${ASSET} NOT NULL, held ${MONEY} NOT NULL, state ${KEY(20)} NOT NULL, standing ${KEY(8)} NULL, priority BIGINT NOT NULL,
    shown BIGINT NOT NULL, extreme BIGINT NOT NULL, rounds INT NOT NULL, reason ${KEY(60)} NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
    UNIQUE KEY one_seq (seq), UNIQUE KEY one_per_client_id (user_id, client_order_id), KEY by_user (user_id, created_at), KEY open_ones (standing, symbol),
    CONSTRAINT hold_not_negative CHECK (held >= 0)`,
  fills: `symbol ${KEY(40)} NOT NULL, trade_id BIGINT NOT NULL, maker BOOLEAN NOT NULL, user_id ${ID} NOT NULL, order_id ${ID} NOT NULL, side ${KEY(4)} NOT NULL,
    price ${MONEY} NOT NULL, quantity ${MONEY} NOT NULL, quote_quantity ${MONEY} NOT NULL, fee ${MONEY} NOT NULL, fee_asset ${ASSET} NOT NULL,
    rate ${MONEY} NOT NULL, fee_version INT NOT NULL, venue_trade_id BIGINT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (symbol, trade_id, maker), KEY by_user (user_id, at), KEY by_order (order_id), KEY by_time (symbol, at)`,
  routing: `symbol ${KEY(40)} PRIMARY KEY, user_orders BIGINT NOT NULL, matched_inside BIGINT NOT NULL, sent_on BIGINT NOT NULL,
    venue_orders BIGINT NOT NULL, exposure_most ${MONEY} NOT NULL, slippage ${MONEY} NOT NULL`,
};

/** Steps and limits of a market's own book, in the order of the columns. */
const MARKET_COLUMNS = [
  `tick ${MONEY} NOT NULL DEFAULT 0.01`,
  `lot ${MONEY} NOT NULL DEFAULT 0.0001`,
  `min_quantity ${MONEY} NOT NULL DEFAULT 0.0001`,
  `max_quantity ${MONEY} NOT NULL DEFAULT 9000`,
  `min_notional ${MONEY} NOT NULL DEFAULT 5`,
  'max_orders INT NOT NULL DEFAULT 200',
  `band ${MONEY} NOT NULL DEFAULT 0.02`,
  `state ${KEY(20)} NOT NULL DEFAULT 'TRADING'`,
  'inside_only BOOLEAN NOT NULL DEFAULT 0',
];

/** What an exchange that was listed before orders existed reads its trading fees from: the rates of a fresh one. */
const TRADING_FEES = `'$.trading', JSON_ARRAY(JSON_OBJECT('market', '*', 'minVolume', '0', 'maker', '0.001', 'taker', '0.0015')), '$.venueMargin', '0.0002'`;

/** Orders, their fills, and how they were routed; bundles of orders among the intents. */
export const Trading1763800000000: Migration = {
  name: 'Trading1763800000000',
  steps: [
    ...Object.entries(TABLES).map(
      ([table, columns]) =>
        `CREATE TABLE ${table} (${columns}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
    ),
    `ALTER TABLE markets ${MARKET_COLUMNS.map((column) => `ADD COLUMN ${column}`).join(', ')}`,
    `ALTER TABLE venue_intents MODIFY swap_id ${ID} NULL, ADD COLUMN members MEDIUMTEXT NULL, ADD COLUMN seen TEXT NULL`,
    `UPDATE venue_intents SET members = '[]', seen = '{}'`,
    `UPDATE fee_versions SET rates = JSON_SET(rates, ${TRADING_FEES}) WHERE JSON_EXTRACT(rates, '$.trading') IS NULL`,
    'INSERT INTO routing SELECT symbol, 0, 0, 0, 0, 0, 0 FROM markets',
  ],
};
