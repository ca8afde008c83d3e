import { EntitySchema } from 'typeorm';
import { big, int, primary, text } from './columns';

/** A public key that an admin's browser or program offers. Whether it counts is the signer's to say. */
export interface ApprovalKeyRow {
  id: string;
  adminId: string;
  /** SPKI, base64. */
  publicKey: string;
  createdAt: number;
}
export const ApprovalKeyEntity = new EntitySchema<ApprovalKeyRow>({
  name: 'approval_keys',
  columns: {
    id: primary(text('id', 32)),
    adminId: text('admin_id', 64),
    publicKey: text('public_key', 190),
    createdAt: big('created_at'),
  },
});

/** One admin's signature over one payout of a withdrawal. */
export interface WithdrawalApprovalRow {
  withdrawalId: string;
  round: number;
  adminId: string;
  keyId: string;
  at: number;
  feeCap: string;
  signature: string;
}
export const WithdrawalApprovalEntity = new EntitySchema<WithdrawalApprovalRow>({
  name: 'withdrawal_approvals',
  columns: {
    withdrawalId: primary(text('withdrawal_id', 64)),
    round: primary(int()),
    adminId: primary(text('admin_id', 64)),
    keyId: text('key_id', 32),
    at: big(),
    feeCap: text('fee_cap', 40),
    signature: text('signature', 100),
  },
});
