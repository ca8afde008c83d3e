import type { UserRow } from '../../db/entities/accounts';
import type { WithdrawalRow } from '../../db/entities/withdrawals';
import { withdrawalById, withdrawalOf } from '../../db/stores/history';
import type { Approval, ApprovalProgress } from '../../domain/contract/api/approvals';
import type { AskWithdrawal } from '../../domain/contract/api/withdrawals';
import { DomainError } from '../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { ServerDeps } from '../deps';
import { idFrom } from '../http/references';
import type { Approvals } from './approvals';
import { railFor, refuseDecided, refuseOwn } from './policy';

export interface WithdrawalService {
  /** The same key with the same request is the same withdrawal, however often it is sent. */
  ask(userId: string, request: AskWithdrawal, key: string): Promise<WithdrawalRow>;
  cancel(userId: string, id: string): Promise<WithdrawalRow>;
  /** Refuses NOT_FOUND, also for another's. */
  find(userId: string, id: string): Promise<WithdrawalRow>;
  /** Keeps the admin's signature; with the last one that the signer wants the withdrawal is approved. */
  approve(admin: UserRow, id: string, approval: Approval): Promise<ApprovalProgress>;
  refuse(admin: UserRow, id: string, reason: string): Promise<void>;
}

type Deps = Pick<ServerDeps, 'dataSource' | 'engine' | 'addressCheck' | 'registry'>;

export function createWithdrawalService(deps: Deps, approvals: Approvals): WithdrawalService {
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
  return {
    find,
    ask: async (userId, request, key) => {
      const id = await submitRequest(deps, userId, request, `withdrawal:${userId}:${key}`);
      return find(userId, id);
    },
    cancel: async (userId, id) => {
      const { attempt } = await find(userId, id);
      await deps.engine.submit({ kind: 'withdrawal.cancel', withdrawalId: id, userId, reference: `withdrawal:${id}:cancel:${attempt}` });
      return find(userId, id);
    },
    approve: async (admin, id, approval) => {
      const row = await underReview(admin, id);
      if (row.state === 'REQUESTED') await approvals.add(admin, row, approval);
      const { needed, approvedBy, lastAdmin } = await approvals.judge(row);
      const reference = `withdrawal:${id}:approve:${row.attempt}`;
      if (needed === 0) await deps.engine.submit({ kind: 'withdrawal.approve', withdrawalId: id, adminId: lastAdmin ?? admin.id, reference });
      return { needed, approvedBy };
    },
    refuse: async (admin, id, reason) => {
      const { attempt } = await underReview(admin, id);
      const reference = `withdrawal:${id}:refuse:${attempt}`;
      await deps.engine.submit({ kind: 'withdrawal.refuse', withdrawalId: id, adminId: admin.id, reason, reference });
    },
  };
}

async function submitRequest(deps: Deps, userId: string, request: AskWithdrawal, reference: string): Promise<string> {
  const { asset, network } = request;
  const rail = railFor(deps.registry, request);
  const { address } = await deps.addressCheck.check(network, asset, request.address);
  const withdrawalId = idFrom('wd', reference);
  const before = await withdrawalOf(deps.dataSource, userId, withdrawalId);
  await deps.engine.submit({
    kind: 'withdrawal.request',
    withdrawalId,
    userId,
    asset,
    network,
    address,
    amount: formatAmount(parseAmount(request.amount)),
    // A request that is sent again keeps the fee it was made with.
    fee: formatAmount(parseAmount(before?.fee ?? rail.withdrawalFee)),
    reference,
  });
  return withdrawalId;
}
