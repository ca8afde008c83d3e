import type { WithdrawalRow } from '../../db/entities/withdrawals';
import type { AdminWithdrawalView, WithdrawalView } from '../../domain/contract/api/withdrawals';
import { plain } from '../present';

export const presentWithdrawal = (row: WithdrawalRow): WithdrawalView => ({ ...row, amount: plain(row.amount), fee: plain(row.fee) });

export const presentForAdmin = (row: WithdrawalRow, email: string | undefined): AdminWithdrawalView => ({
  ...row,
  amount: plain(row.amount),
  fee: plain(row.fee),
  email: email ?? '',
});
