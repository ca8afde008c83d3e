import { In, Not } from 'typeorm';
import { PULL_BACK_FEES } from '../../../ledger/accounts';
import { WithdrawalEntity } from '../../entities/withdrawals';
import { ENDED_WITHDRAWALS } from '../../../domain/lifecycle/withdrawal';
import { openRecords } from '../withdrawal-records';
import type { ModuleFacts, Snapshot } from './table-reader';

/** The records of open withdrawals; of their rows only what the records do not say: the venue's fee. */
export const readWithdrawals = async (snapshot: Snapshot) => ({
  records: await openRecords(snapshot),
  rows: await snapshot.findBy(WithdrawalEntity, { state: Not(In([...ENDED_WITHDRAWALS])) }),
});

const OPEN = "state NOT IN ('CONFIRMED', 'REJECTED', 'CANCELED')";

export const WITHDRAWAL_FACTS: ModuleFacts = {
  holds: [
    `SELECT CONCAT('user/', user_id, '/held') AS account, asset, SUM(amount + fee) AS amount FROM withdrawals
     WHERE ${OPEN} GROUP BY user_id, asset`,
  ],
  earned: [
    `SELECT 'revenue/withdrawal-fee' AS account, asset, SUM(fee) AS amount FROM withdrawals
     WHERE state = 'CONFIRMED' AND (reason IS NULL OR reason <> 'INTERNAL') GROUP BY asset`,
  ],
  suspended: [
    `SELECT '${PULL_BACK_FEES}' AS account, asset, -SUM(pull_back_fee) AS amount FROM withdrawals
     WHERE ${OPEN} GROUP BY asset`,
  ],
};
