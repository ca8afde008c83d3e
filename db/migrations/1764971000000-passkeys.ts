import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** Passkeys of users, as a second factor and for the confirmation of withdrawals. */
export const Passkeys1764971000000: Migration = {
  name: 'Passkeys1764971000000',
  steps: [
    `CREATE TABLE passkeys (id ${KEY(64)} NOT NULL, user_id ${KEY(64)} NOT NULL, credential_id ${KEY(1364)} NOT NULL,
      public_key ${KEY(1000)} NOT NULL, counter BIGINT NOT NULL, label VARCHAR(60) NOT NULL, transports TEXT NOT NULL, created_at BIGINT NOT NULL,
      last_used_at BIGINT NULL, untold TEXT NULL, enrolled TINYINT(1) NOT NULL, PRIMARY KEY (id), KEY by_user (user_id, created_at))
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
