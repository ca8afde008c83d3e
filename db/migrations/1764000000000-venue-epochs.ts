import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const MONEY = 'DECIMAL(38,18)';

/**
 * Which life of the venue's ids we are in, whether orders go there, and what was booked between its account and our
 * books.
 */
export const VenueEpochs1764000000000: Migration = {
  name: 'VenueEpochs1764000000000',
  steps: [
    `CREATE TABLE venue_states (venue ${KEY(20)} PRIMARY KEY, epoch INT NOT NULL, state ${KEY(12)} NOT NULL, reason VARCHAR(500) NULL,
      admin_id ${KEY(64)} NULL, at BIGINT NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
    `INSERT INTO venue_states (venue, epoch, state, reason, admin_id, at) VALUES ('binance', 1, 'OPEN', NULL, NULL, 0)`,
    `CREATE TABLE venue_differences (id ${KEY(200)} PRIMARY KEY, epoch INT NOT NULL, asset ${KEY(20)} NOT NULL, booked ${MONEY} NOT NULL,
      actual ${MONEY} NOT NULL, difference ${MONEY} NOT NULL, reason VARCHAR(500) NULL, admin_id ${KEY(64)} NULL, at BIGINT NOT NULL, KEY by_time (at))
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
