/** Withdrawals from request to their end, by the engine's own record of each. */
import { readWithdrawals } from '../../../db/stores/modules/withdrawals';
import { WITHDRAWAL_COMMANDS } from '../../../domain/commands/withdrawals';
import { PULL_BACK_FEES, held } from '../../../ledger/accounts';
import { handlers } from '../../engine/module';
import type { EngineModule } from '../../engine/module';
import type { MoneyState } from '../money/state';
import * as commands from './commands';
import { withdrawalsFrom } from './records';
import type { WithdrawalsState } from './state';

export { addPullBackFee } from './commands';

export const WITHDRAWALS: EngineModule<WithdrawalsState & MoneyState> = {
  name: 'withdrawals',
  commands: handlers(WITHDRAWAL_COMMANDS, {
    'withdrawal.request': commands.requestWithdrawal,
    'withdrawal.approve': commands.approveWithdrawal,
    'withdrawal.refuse': commands.refuseWithdrawal,
    'withdrawal.cancel': commands.cancelWithdrawal,
    'withdrawal.confirm': commands.confirmWithdrawal,
    'withdrawal.fail': commands.failWithdrawal,
    'withdrawal.settleInternal': commands.settleInternalWithdrawal,
  }),
  memory: () => ({ withdrawals: new Map(), committedWithdrawals: new Map() }),
  load: async (snapshot) => {
    const { records, rows } = await readWithdrawals(snapshot);
    return ({ withdrawals, committedWithdrawals }) => {
      for (const open of withdrawalsFrom(records, rows)) {
        withdrawals.set(open.id, open);
        committedWithdrawals.set(open.id, open);
      }
    };
  },
  holds: ({ withdrawals }) =>
    [...withdrawals.values()].flatMap(({ userId, asset, amount, fee, pullBackFee }) => [
      { account: held(userId), asset, amount: amount + fee },
      { account: PULL_BACK_FEES, asset, amount: -pullBackFee },
    ]),
  invariants: ({ withdrawals }) =>
    [...withdrawals.values()]
      .filter(({ amount, fee, pullBackFee }) => amount <= 0n || fee < 0n || pullBackFee < 0n)
      .map(({ id }) => `withdrawal ${id} has an amount, a fee or a pull-back fee out of range`),
};
