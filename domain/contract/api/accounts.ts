/** Accounts and sessions: who somebody is. */
import { z } from 'zod';
import { id, locale, page, time } from './common';
import { assertion } from './passkeys';
import { code } from './second-factor';
import { line } from './text';

/** Compared without case and without spaces around it. */
export const email = z.string().trim().toLowerCase().max(190).pipe(z.email()).meta({ example: 'ada@example.org' });
export const kycState = z.enum(['NONE', 'SUBMITTED', 'APPROVED', 'REJECTED']);

const newPassword = z.string().min(10).max(200);
const anyPassword = z.string().min(1).max(200);

export const register = z.strictObject({
  email,
  password: newPassword,
  locale: locale.default('en'),
});
export type Register = z.input<typeof register>;

/** Out of a letter. */
const token = z.string().regex(/^[A-Za-z0-9_.-]{16,300}$/);
export const withToken = z.strictObject({ token });
export const withEmail = z.strictObject({ email });

/**
 * What a log-in needs after many that failed: SHA-256 of `<challenge>:<nonce>` begins with as many zero bits as
 * `difficulty` says.
 */
export const proofOfWork = z.strictObject({ challenge: z.string().max(300), nonce: z.string().regex(/^[0-9]{1,20}$/) });
export type ProofOfWork = z.infer<typeof proofOfWork>;
/** `details` of CHALLENGE_NEEDED. */
export const challengeView = z.object({ challenge: z.string(), difficulty: z.number().int() });
export type ChallengeView = z.infer<typeof challengeView>;

/**
 * `code`, or `passkey`: of the second factor, where the account has one; which it takes is in `details` of
 * SECOND_FACTOR_REQUIRED. `proof`: after CHALLENGE_NEEDED.
 */
export const login = z.strictObject({
  email,
  password: anyPassword,
  code: code.optional(),
  passkey: assertion.optional(),
  proof: proofOfWork.optional(),
});
export type Login = z.input<typeof login>;

export const userView = z.object({
  id,
  email: z.string(),
  role: z.enum(['user', 'admin']),
  kycState,
  locale,
  createdAt: time,
  /** Until then nothing is received or traded. */
  emailConfirmed: z.boolean(),
  /** Nothing leaves and no order is taken until the exchange opens it again. */
  frozen: z.boolean(),
});
export type UserView = z.infer<typeof userView>;

/**
 * `csrfToken` goes into the X-CSRF-Token header of every request that changes something. Both null when not logged in.
 * `secondFactorDue`: an admin's requests are refused SECOND_FACTOR_REQUIRED until one is in force.
 */
export const sessionView = z.object({
  user: userView.nullable(),
  csrfToken: z.string().nullable(),
  secondFactorDue: z.boolean(),
});
export type SessionView = z.infer<typeof sessionView>;

/**
 * One of my log-ins that has not ended. `address`: where it was opened, without its last part; `lastUsedAt` to the
 * minute.
 */
export const sessionItem = z.object({
  id,
  current: z.boolean(),
  address: z.string(),
  agent: z.string(),
  createdAt: time,
  lastUsedAt: time,
});
export type SessionItem = z.infer<typeof sessionItem>;
export const sessionsQuery = page;

export const changePassword = z.strictObject({
  current: anyPassword,
  next: newPassword,
  code: code.optional(),
  passkey: assertion.optional(),
});
export type ChangePassword = z.infer<typeof changePassword>;

export const setFrozen = z.strictObject({ frozen: z.boolean(), why: line(3, 500) });
