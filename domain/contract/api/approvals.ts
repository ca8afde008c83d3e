/** What an admin signs with a key of their own before coins leave, and who may. */
import { z } from 'zod';
import { amount, id, time } from './common';

/** Names a public key: the first 32 hexadecimal digits of the SHA-256 of its SPKI bytes. */
export const approvalKeyId = z.string().regex(/^[0-9a-f]{32}$/);

/** A detached signature (ECDSA P-256 with SHA-256, 64 bytes r and s, base64) over `approvalText`. */
export const approval = z.strictObject({
  key: approvalKeyId,
  /** When it was signed. The signer takes none that is old. */
  at: time,
  /** The most that the network may take for the transaction, in the network's own coin. */
  feeCap: amount,
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
});
export type Approval = z.infer<typeof approval>;

/** SPKI bytes of a P-256 key are 91. */
export const offerKey = z.strictObject({ publicKey: z.string().regex(/^[A-Za-z0-9+/]{120,124}={0,2}$/) });
export const approvalKeyView = z.object({
  id: approvalKeyId,
  adminId: id,
  email: z.string(),
  /** SPKI, base64. */
  publicKey: z.string(),
  /** Does the signer know it? An operator enrols it there: `npm run signer -- enrol`. */
  enrolled: z.boolean(),
  createdAt: time,
});
export type ApprovalKeyView = z.infer<typeof approvalKeyView>;

/** How far a withdrawal is: `needed` more admins must approve before it is paid. */
export const approvalProgress = z.object({ needed: z.number().int(), approvedBy: z.array(z.string()) });
export type ApprovalProgress = z.infer<typeof approvalProgress>;
