/** The audit row of an admin's command, in the same transaction as the command. */
import { AdminAuditEntity } from '../../db/entities/accounts';
import { idFrom } from '../../db/references';
import { insertRow } from '../../db/stores/rows';
import type { RowChange } from '../../db/stores/rows';

/** `adminId`: an admin, or `operator` for what is done by a command of the machine. */
export const adminAudit = (
  reference: string,
  adminId: string,
  action: string,
  subject: string,
  details: Record<string, unknown>,
  at: number,
): RowChange => insertRow(AdminAuditEntity, { id: idFrom('aud', reference), adminId, action, subject, details, at });
