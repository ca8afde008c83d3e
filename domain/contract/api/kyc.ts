/** Identity applications. The document itself travels as the multipart file `document`. */
import { z } from 'zod';
import { id, page, time } from './common';
import { kycState } from './accounts';
import { COUNTRIES } from './countries';
import { documentNumber, line, personName } from './text';

export const documentType = z.enum(['passport', 'identity-card', 'driving-licence']);
export const applyKyc = z.strictObject({
  fullName: personName,
  country: z
    .string()
    .refine((code) => COUNTRIES.includes(code))
    .meta({ description: 'ISO 3166-1 code of two letters.', example: 'DE' }),
  /** Whoever is younger than 18 or older than 120 is refused AGE_LIMIT. */
  birthDate: z.iso.date().meta({ example: '1990-05-17' }),
  documentType,
  documentNumber,
});
export type ApplyKyc = z.infer<typeof applyKyc>;

export const kycApplicationView = z.object({
  id,
  state: kycState,
  fullName: z.string(),
  country: z.string(),
  documentType: z.string(),
  reason: z.string().nullable(),
  createdAt: time,
  decidedAt: time.nullable(),
});
export const kycView = z.object({ state: kycState, application: kycApplicationView.nullable() });
export type KycView = z.infer<typeof kycView>;

export const adminKycView = z.object({
  id,
  userId: id,
  email: z.string(),
  state: kycState,
  fullName: z.string(),
  country: z.string(),
  birthDate: z.string(),
  documentType: z.string(),
  documentNumber: z.string(),
  documentMime: z.string(),
  reason: z.string().nullable(),
  createdAt: time,
  decidedAt: time.nullable(),
  decidedBy: id.nullable(),
  /**
   * Other accounts that showed the same document (type, country and number), or are of the same person (name and date
   * of birth).
   */
  alsoAccounts: z.array(
    z.object({ userId: id, email: z.string(), state: kycState, same: z.array(z.enum(['document', 'person'])) }),
  ),
  /** What the first of the two admins said whom such a one needs; null before. */
  firstApproval: z.object({ adminId: id, adminEmail: z.string().nullable(), why: z.string(), at: time }).nullable(),
});
export type AdminKycView = z.infer<typeof adminKycView>;
export const adminKycQuery = page.extend({ state: kycState.optional() });

/** `why`: needed where another account is of the same document or person; two admins must say it. */
export const approveKyc = z.strictObject({ why: line(3, 500).optional() });
/** SUBMITTED: another admin must approve it too. */
export const decidedKyc = z.object({ state: kycState });

export const refusal = z.strictObject({ reason: line(1, 500) });
export type Refusal = z.infer<typeof refusal>;
