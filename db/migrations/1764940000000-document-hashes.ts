import type { Migration } from '../migration';

/**
 * Finds the same document of two users: numbers are sealed, each in another way. The server fills in what is there
 * already.
 */
export const DocumentHashes1764940000000: Migration = {
  name: 'DocumentHashes1764940000000',
  steps: [
    'ALTER TABLE kyc_applications ADD document_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL, ADD KEY by_document (document_hash)',
  ],
};
