import type { Migration } from '../migration';

const KEY = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** Several withdrawals in one transaction, on networks of coins. What was sent there before was a batch of one each. */
export const Batches1764620000000: Migration = {
  name: 'Batches1764620000000',
  steps: [
    `CREATE TABLE batch_payments (transaction_id ${KEY(64)} NOT NULL, withdrawal_id ${KEY(64)} NOT NULL, attempt INT NOT NULL, place INT NOT NULL, address ${KEY(100)} NOT NULL,
      amount DECIMAL(38,18) NOT NULL, reservation ${KEY(190)} NULL, live INT NULL, refused BOOLEAN NOT NULL, PRIMARY KEY (transaction_id, withdrawal_id),
      UNIQUE KEY one_live_batch (withdrawal_id, live), KEY given_up (live)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
    'ALTER TABLE chain_transactions ADD KEY by_purpose (network, purpose, created_at)',
    `INSERT INTO batch_payments (transaction_id, withdrawal_id, attempt, place, address, amount, reservation, live, refused)
      SELECT t.id, t.subject, CAST(SUBSTRING_INDEX(t.id, ':', -1) AS INT), 0, t.to_address, t.amount, t.reservation, IF(t.state = 'VOID', NULL, 1), t.state = 'VOID'
      FROM chain_transactions t JOIN networks n ON n.id = t.network AND n.kind = 'bitcoin' WHERE t.purpose = 'withdrawal' AND t.id NOT LIKE '%#%'`,
  ],
};
