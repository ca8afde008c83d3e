import type { RecordedWithdrawal } from '../../../domain/recorded-withdrawal';
import type { EngineHost } from '../../engine/module';
import { recorded } from './records';
import type { WithdrawalsState } from './state';
import { createWithdrawalWatch } from './watch';

export const withdrawalsControl = (host: EngineHost<WithdrawalsState>) => ({
  /** Open withdrawals of these ids as they were recorded and committed. */
  recordedWithdrawals: async (ids: readonly string[]): Promise<RecordedWithdrawal[]> =>
    ids.flatMap((id) => host.state().committedWithdrawals.get(id) ?? []).map(recorded),
  /**
   * Compares the rows of open withdrawals with what was recorded; a difference in two comparisons running is an alert.
   */
  lookAtWithdrawals: createWithdrawalWatch({ ...host, open: () => [...host.state().committedWithdrawals.values()] }),
});
