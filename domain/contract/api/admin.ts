/** What operators see beyond the queues. */
import { z } from 'zod';
import { amount, assetCode, id, signedAmount, time } from './common';
import { kycState } from './accounts';

export const treasuryView = z.object({
  /** What our books say lies in each place. */
  custody: z.array(z.object({ place: z.string(), asset: assetCode, amount: signedAmount })),
  /** The operator's own: what new costs may be paid from. */
  position: z.array(z.object({ asset: assetCode, amount: signedAmount })),
  inFlight: z.array(
    z.object({
      id,
      kind: z.enum(['sweep', 'venue-transfer']),
      direction: z.string(),
      network: z.string(),
      asset: assetCode,
      amount,
      state: z.string(),
      txid: z.string().nullable(),
      updatedAt: time,
    }),
  ),
});
export type TreasuryView = z.infer<typeof treasuryView>;

export const auditView = z.object({
  id,
  adminId: id,
  adminEmail: z.string().nullable(),
  action: z.string(),
  subject: z.string(),
  details: z.record(z.string(), z.unknown()),
  at: time,
});
export type AuditView = z.infer<typeof auditView>;

export const adminUserView = z.object({
  id,
  email: z.string(),
  role: z.enum(['user', 'admin']),
  kycState,
  createdAt: time,
});
export type AdminUserView = z.infer<typeof adminUserView>;
