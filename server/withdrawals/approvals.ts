import { createHash } from 'node:crypto';
import type { UserRow } from '../../db/entities/accounts';
import type { ApprovalKeyRow, WithdrawalApprovalRow } from '../../db/entities/approvals';
import type { WithdrawalRow } from '../../db/entities/withdrawals';
import { recordAdminAction } from '../../db/stores/admin-audit';
import { approvalsOf, listApprovalKeys, offerApprovalKey, saveApproval } from '../../db/stores/approvals';
import { emailsOf } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import type { Approval, ApprovalKeyView } from '../../domain/contract/api/approvals';
import { DomainError } from '../../domain/contract/errors';
import type { Judgement, Payment } from '../../domain/contract/ports';
import type { RecordedWithdrawal } from '../../domain/recorded-withdrawal';
import { payoutId } from '../../domain/references';
import type { ServerDeps } from '../deps';
import { plain } from '../present';

type Deps = Pick<ServerDeps, 'dataSource' | 'payoutRules' | 'clock' | 'ids'>;

/** A withdrawal as whoever approves it sees it. */
export type Payout = Pick<
  WithdrawalRow,
  'id' | 'userId' | 'attempt' | 'network' | 'asset' | 'address' | 'memo' | 'amount'
> &
  Pick<RecordedWithdrawal, 'confirmation'>;

export interface Approvals {
  /** Keeps an admin's signature when the signer counts it. Refuses APPROVAL_REFUSED, BUSY. */
  add(admin: UserRow, withdrawal: Payout, approval: Approval): Promise<void>;
  /** What the signer says of this payout with everything that was signed for it, and who signed last. */
  judge(withdrawal: Payout): Promise<Judgement & { lastAdmin: string | null }>;
  /** Who approved each of these, by e-mail address; not asked of the signer. */
  names(withdrawals: readonly WithdrawalRow[]): Promise<Map<string, string[]>>;
  keys(): Promise<ApprovalKeyView[]>;
  /** Refuses FORBIDDEN a key that another admin offered. */
  offer(admin: UserRow, publicKey: string): Promise<ApprovalKeyView>;
}

/** What admins sign. This house only keeps it: what counts is the signer's to say, here and when it pays. */
export function createApprovals(deps: Deps): Approvals {
  const { dataSource, payoutRules, clock, ids } = deps;
  const keys = async (): Promise<ApprovalKeyView[]> => {
    const [rows, known] = await Promise.all([listApprovalKeys(dataSource), orBusy(payoutRules.approvers())]);
    const emails = await emailsOf(
      dataSource,
      rows.map((row) => row.adminId),
    );
    return rows.map((row) =>
      presentKey(
        row,
        emails.get(row.adminId) ?? '',
        known.some(({ key }) => key === row.id),
      ),
    );
  };
  return {
    add: async (admin, row, approval) => {
      const judged = await orBusy(payoutRules.judge(paymentOf(row), [approval]));
      // The signer knows admins by the addresses they log in with: nobody brings another's signature.
      if (!judged.approvedBy.includes(admin.email))
        throw new DomainError('APPROVAL_REFUSED', {
          why: judged.refused[0]?.why ?? "this key is another admin's",
          key: approval.key,
        });
      const { key: keyId, at, feeCap, signature } = approval;
      const details = {
        userId: row.userId,
        asset: row.asset,
        network: row.network,
        amount: plain(row.amount),
        address: row.address,
        round: row.attempt,
        key: keyId,
      };
      await inTransaction(dataSource, async (manager) => {
        await saveApproval(manager, {
          withdrawalId: row.id,
          round: row.attempt,
          adminId: admin.id,
          keyId,
          at,
          feeCap,
          signature,
        });
        await recordAdminAction(manager, {
          id: ids.next(),
          adminId: admin.id,
          action: 'withdrawal.sign',
          subject: row.id,
          details,
          at: clock.now(),
        });
      });
    },
    judge: async (row) => {
      const rows = await approvalsOf(dataSource, row.id, row.attempt);
      const judged = await orBusy(payoutRules.judge(paymentOf(row), rows.map(approvalOf)));
      return { ...judged, lastAdmin: rows.at(-1)?.adminId ?? null };
    },
    names: async (rows) => {
      const found = await Promise.all(
        rows.map(
          async (row) =>
            [row.id, (await approvalsOf(dataSource, row.id, row.attempt)).map(({ adminId }) => adminId)] as const,
        ),
      );
      const emails = await emailsOf(
        dataSource,
        found.flatMap(([, admins]) => admins),
      );
      return new Map(found.map(([id, admins]) => [id, admins.map((adminId) => emails.get(adminId) ?? adminId)]));
    },
    keys,
    offer: async (admin, publicKey) => {
      const id = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 32);
      const now = clock.now();
      await inTransaction(dataSource, async (manager) => {
        if ((await offerApprovalKey(manager, { id, adminId: admin.id, publicKey, createdAt: now })) !== admin.id)
          throw new DomainError('FORBIDDEN');
        await recordAdminAction(manager, {
          id: ids.next(),
          adminId: admin.id,
          action: 'approval-key.offer',
          subject: id,
          details: {},
          at: now,
        });
      });
      const offered = (await keys()).find((one) => one.id === id);
      if (!offered) throw new DomainError('NOT_FOUND');
      return offered;
    },
  };
}

/** As the signer will be asked, word for word. */
const paymentOf = ({ id, userId, attempt, network, asset, address: to, amount, confirmation }: Payout): Payment => ({
  intentId: payoutId({ withdrawalId: id, round: attempt }),
  network,
  asset,
  to,
  amount: plain(amount),
  userId,
  ...(confirmation && { confirmation }),
});

const approvalOf = ({ keyId: key, at, feeCap, signature }: WithdrawalApprovalRow): Approval => ({
  key,
  at,
  feeCap,
  signature,
});

const presentKey = (
  { id, adminId, publicKey, createdAt }: ApprovalKeyRow,
  email: string,
  enrolled: boolean,
): ApprovalKeyView => ({ id, adminId, email, publicKey, enrolled, createdAt });

/** A signer that is away has refused nothing: the same request may be sent again. */
async function orBusy<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError('BUSY', { signer: 'the signer does not answer' });
  }
}
