import { EntitySchema } from 'typeorm';
import type { Locale } from '../../domain/contract/api/languages';
import type { KycState } from '../../domain/lifecycle/kyc';
import { big, id, int, json, nullable, primary, text } from './columns';

export interface UserRow {
  id: string;
  email: string;
  passwordHash: string;
  role: 'user' | 'admin';
  kycState: KycState;
  locale: Locale;
  createdAt: number;
  /** Sessions of another generation have ended. */
  sessionGeneration: number;
  /** Since when the e-mail address is known to be its owner's; null: nothing is received or traded. */
  confirmedAt: number | null;
  /** Since when nothing leaves and no order is taken; null where the account is not frozen. */
  frozenAt: number | null;
  /** Nothing is withdrawn before this time. */
  withdrawalsFrom: number;
}
/** What a new account begins with. */
export const NEW_ACCOUNT = { sessionGeneration: 0, confirmedAt: null, frozenAt: null, withdrawalsFrom: 0 } as const;
export const UserEntity = new EntitySchema<UserRow>({
  name: 'users',
  columns: {
    id: id(),
    email: text('email', 190),
    passwordHash: text('password_hash', 255),
    role: text('role', 20),
    kycState: text('kyc_state', 20),
    locale: text('locale', 5),
    createdAt: big('created_at'),
    sessionGeneration: int('session_generation'),
    confirmedAt: nullable(big('confirmed_at')),
    frozenAt: nullable(big('frozen_at')),
    withdrawalsFrom: big('withdrawals_from'),
  },
});

/** Somebody who wants an account for an address that nobody has confirmed yet; the token lies in the letter alone. */
export interface RegistrationRow {
  tokenHash: string;
  email: string;
  passwordHash: string;
  locale: Locale;
  at: number;
}
export const RegistrationEntity = new EntitySchema<RegistrationRow>({
  name: 'registrations',
  columns: {
    tokenHash: primary(text('token_hash', 64)),
    email: text('email', 190),
    passwordHash: text('password_hash', 255),
    locale: text('locale', 5),
    at: big(),
  },
});

/** One application; the document lies encrypted outside the web root under `documentFile`. */
export interface KycApplicationRow {
  id: string;
  userId: string;
  state: KycState;
  fullName: string;
  country: string;
  birthDate: string;
  documentType: string;
  documentNumber: string;
  /**
   * Of type, country and number, with a key: finds who showed the same document. Null of older versions, until it is
   * filled in.
   */
  documentHash?: string | null;
  /** Of name and date of birth, likewise. */
  personHash?: string | null;
  /** Empty once it was deleted. */
  documentFile: string;
  documentMime: string;
  reason: string | null;
  createdAt: number;
  decidedAt: number | null;
  decidedBy: string | null;
}
export const KycApplicationEntity = new EntitySchema<KycApplicationRow>({
  name: 'kyc_applications',
  columns: {
    id: id(),
    userId: text('user_id', 64),
    state: text('state', 20),
    fullName: text('full_name', 190),
    country: text('country', 2),
    birthDate: text('birth_date', 10),
    documentType: text('document_type', 40),
    documentNumber: text('document_number', 500),
    documentHash: nullable(text('document_hash', 64)),
    personHash: nullable(text('person_hash', 64)),
    documentFile: text('document_file', 190),
    documentMime: text('document_mime', 60),
    reason: nullable(text('reason', 500)),
    createdAt: big('created_at'),
    decidedAt: nullable(big('decided_at')),
    decidedBy: nullable(text('decided_by', 64)),
  },
});

/** What the first of two admins said who approve an application of which there is a twin. */
export interface FirstApprovalRow {
  applicationId: string;
  adminId: string;
  why: string;
  at: number;
}
export const FirstApprovalEntity = new EntitySchema<FirstApprovalRow>({
  name: 'kyc_first_approvals',
  columns: { applicationId: id('application_id'), adminId: text('admin_id', 64), why: text('why', 500), at: big() },
});

/** One row for each admin action, written in the same transaction as the action. Append-only. */
export interface AdminAuditRow {
  id: string;
  adminId: string;
  action: string;
  subject: string;
  details: Record<string, unknown>;
  at: number;
}
export const AdminAuditEntity = new EntitySchema<AdminAuditRow>({
  name: 'admin_audit',
  columns: {
    id: id(),
    adminId: text('admin_id', 64),
    action: text('action', 60),
    subject: text('subject', 190),
    details: json(),
    at: big(),
  },
});
