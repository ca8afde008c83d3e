import type { CoreState, Draft } from '../../engine/draft';
import type { MoneyState } from '../money/state';
import type { OpenWithdrawal } from './records';

/** What the module `withdrawals` remembers. */
export interface WithdrawalsState extends CoreState {
  readonly withdrawals: Map<string, OpenWithdrawal>;
  /** The same as the last commit left it: `withdrawals` may be a batch ahead. */
  readonly committedWithdrawals: Map<string, OpenWithdrawal>;
}

/** Costs, debts and pauses are the module `money`'s. */
export type WithdrawalsDraft = Draft<WithdrawalsState & MoneyState>;
