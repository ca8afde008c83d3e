/** Keys that admins offer, and what they signed with them. */
import type { DataSource, EntityManager } from 'typeorm';
import { ApprovalKeyEntity, WithdrawalApprovalEntity } from '../entities/approvals';
import type { ApprovalKeyRow, WithdrawalApprovalRow } from '../entities/approvals';

/** Of one payout, oldest first. */
export const approvalsOf = (
  source: DataSource | EntityManager,
  withdrawalId: string,
  round: number,
): Promise<WithdrawalApprovalRow[]> =>
  source
    .getRepository(WithdrawalApprovalEntity)
    .find({ where: { withdrawalId, round }, order: { at: 'ASC', adminId: 'ASC' } });

/** One an admin: a newer one takes the place of the older. */
export async function saveApproval(manager: EntityManager, row: WithdrawalApprovalRow): Promise<void> {
  await manager.getRepository(WithdrawalApprovalEntity).upsert(row, ['withdrawalId', 'round', 'adminId']);
}

/** Newest first. */
export const listApprovalKeys = (dataSource: DataSource): Promise<ApprovalKeyRow[]> =>
  dataSource.getRepository(ApprovalKeyEntity).find({ order: { createdAt: 'DESC', id: 'ASC' }, take: 200 });

/** Answers whose the key is: the first who offered it. */
export async function offerApprovalKey(manager: EntityManager, row: ApprovalKeyRow): Promise<string> {
  await manager.query('INSERT IGNORE INTO approval_keys (id, admin_id, public_key, created_at) VALUES (?, ?, ?, ?)', [
    row.id,
    row.adminId,
    row.publicKey,
    row.createdAt,
  ]);
  return (await manager.getRepository(ApprovalKeyEntity).findOneByOrFail({ id: row.id })).adminId;
}
