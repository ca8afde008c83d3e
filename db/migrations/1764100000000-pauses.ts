import type { Migration } from '../migration';

/** Assets of which nothing is withdrawn while a person looks into something. */
export const Pauses1764100000000: Migration = {
  name: 'Pauses1764100000000',
  steps: [
    `CREATE TABLE asset_pauses (asset VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, why VARCHAR(500) NOT NULL, at BIGINT NOT NULL)
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
