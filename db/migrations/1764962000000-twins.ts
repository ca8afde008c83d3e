import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/**
 * Finds the same person in two accounts, and keeps what the first of two admins said who approve such a one. The
 * server fills in what is there already.
 */
export const Twins1764962000000: Migration = {
  name: 'Twins1764962000000',
  steps: [
    `ALTER TABLE kyc_applications ADD person_hash ${KEY(64)} NULL, ADD KEY by_person (person_hash), ADD KEY by_decision (state, decided_at)`,
    `CREATE TABLE kyc_first_approvals (application_id ${KEY(64)} PRIMARY KEY, admin_id ${KEY(64)} NOT NULL, why VARCHAR(500) NOT NULL, at BIGINT NOT NULL)
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  ],
};
