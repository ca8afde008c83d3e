import type { UserRow } from '../../db/entities/accounts';
import type { WithdrawalRow } from '../../db/entities/withdrawals';
import { withdrawalById, withdrawalOf } from '../../db/stores/history';
import { userById } from '../../db/stores/users';
import type { Approval, ApprovalProgress } from '../../domain/contract/api/approvals';
import type { AskWithdrawal } from '../../domain/contract/api/withdrawals';
import { DomainError } from '../../domain/contract/errors';
import { decisionReference, withdrawalRequestReference } from '../../domain/references';
import type { ServerDeps } from '../deps';
import type { Attempt } from '../second-factor/service';
import { plain } from '../present';
import type { Approvals, Payout } from './approvals';
import { refuseDecided, refuseOwn } from './policy';
import { beside } from './recorded';
import type { WithdrawalRequests } from './request';

export interface WithdrawalService {
  /** The same key with the same request is the same withdrawal, however often it is sent. */
  ask(user: UserRow, request: AskWithdrawal, key: string, attempt: Attempt): Promise<WithdrawalRow>;
  cancel(userId: string, id: string): Promise<WithdrawalRow>;
  /** Refuses NOT_FOUND, also for another's. */
  find(userId: string, id: string): Promise<WithdrawalRow>;
  /** Keeps the admin's signature; with the last one that the signer wants the withdrawal is approved. */
  approve(admin: UserRow, id: string, approval: Approval): Promise<ApprovalProgress>;
  refuse(admin: UserRow, id: string, reason: string): Promise<void>;
}

type Deps = Pick<ServerDeps, 'dataSource' | 'engine' | 'events' | 'logger'>;

/** Who approves what passes without a look. */
const POLICY = 'policy';

/** What the engine compares with its record: the payment as it was shown. */
const seenOf = ({ network, asset, address, memo, amount }: Payout) => ({
  network,
  asset,
  address,
  amount: plain(amount),
  ...(memo !== null && { memo }),
});

export function createWithdrawalService(
  deps: Deps,
  requests: WithdrawalRequests,
  approvals: Approvals,
): WithdrawalService {
  const find = async (userId: string, id: string): Promise<WithdrawalRow> => {
    const row = await withdrawalOf(deps.dataSource, userId, id);
    if (!row) throw new DomainError('NOT_FOUND');
    return row;
  };
  const underReview = async (admin: UserRow, id: string): Promise<WithdrawalRow> => {
    const row = await withdrawalById(deps.dataSource, id);
    if (!row) throw new DomainError('NOT_FOUND');
    refuseOwn(admin.id, row);
    refuseDecided(admin.id, row);
    return row;
  };
  /**
   * What an admin decides about is the engine's record. Refuses WITHDRAWAL_CHANGED where the row says something else.
   */
  const shown = async (row: WithdrawalRow): Promise<Payout> => {
    const { record, changed } = (await beside(deps, [row])).get(row.id) ?? { record: undefined, changed: [] };
    if (row.state === 'REQUESTED' && !record) throw new DomainError('WITHDRAWAL_STATE', { withdrawalId: row.id });
    if (changed.length > 0) throw new DomainError('WITHDRAWAL_CHANGED', { withdrawalId: row.id, columns: changed });
    return record ?? row;
  };
  /** Approves what the signer would pay without an admin. Where that cannot be done now a person looks. */
  const pass = async (row: WithdrawalRow, inside: boolean): Promise<void> => {
    try {
      const payout = await shown(row);
      if (!inside && (await approvals.judge(payout)).needed > 0) return;
      await deps.engine.submit({
        kind: 'withdrawal.approve',
        withdrawalId: row.id,
        adminId: POLICY,
        seen: seenOf(payout),
        reference: decisionReference({ withdrawalId: row.id, round: row.attempt }, 'approve'),
      });
    } catch (error) {
      deps.logger.warn(
        {
          event: 'withdrawal.not_passed',
          withdrawal: row.id,
          error: error instanceof Error ? error.message : String(error),
        },
        'a withdrawal that might pass waits for a person',
      );
    }
  };
  return {
    find,
    ask: async (user, request, key, attempt) => {
      const { id, passes, inside } = await requests.ask(
        user,
        request,
        withdrawalRequestReference(user.id, key),
        attempt,
      );
      if (passes) await pass(await find(user.id, id), inside);
      return find(user.id, id);
    },
    cancel: async (userId, id) => {
      const { attempt } = await find(userId, id);
      await deps.engine.submit({
        kind: 'withdrawal.cancel',
        withdrawalId: id,
        userId,
        reference: decisionReference({ withdrawalId: id, round: attempt }, 'cancel'),
      });
      return find(userId, id);
    },
    approve: async (admin, id, approval) => {
      const row = await underReview(admin, id);
      if ((await userById(deps.dataSource, row.userId))?.frozenAt != null) throw new DomainError('ACCOUNT_FROZEN');
      const payout = await shown(row);
      if (row.state === 'REQUESTED') await approvals.add(admin, payout, approval);
      const { needed, approvedBy, lastAdmin } = await approvals.judge(payout);
      const reference = decisionReference({ withdrawalId: id, round: payout.attempt }, 'approve');
      if (needed === 0)
        await deps.engine.submit({
          kind: 'withdrawal.approve',
          withdrawalId: id,
          adminId: lastAdmin ?? admin.id,
          seen: seenOf(payout),
          reference,
        });
      return { needed, approvedBy };
    },
    refuse: async (admin, id, reason) => {
      const { attempt } = await underReview(admin, id);
      const reference = decisionReference({ withdrawalId: id, round: attempt }, 'refuse');
      await deps.engine.submit({ kind: 'withdrawal.refuse', withdrawalId: id, adminId: admin.id, reason, reference });
    },
  };
}
