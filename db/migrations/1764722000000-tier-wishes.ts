import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** A higher tier that one admin wants for a user, until another confirms it. */
export const TierWishes1764722000000: Migration = {
  name: 'TierWishes1764722000000',
  steps: [
    `CREATE TABLE tier_wishes (id ${KEY(64)} NOT NULL, user_id ${KEY(64)} NOT NULL, tier INT NOT NULL, why VARCHAR(500) NOT NULL, admin_id ${KEY(64)} NOT NULL,
      at BIGINT NOT NULL, decided_at BIGINT NULL, PRIMARY KEY (id), KEY by_user (user_id, decided_at)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
