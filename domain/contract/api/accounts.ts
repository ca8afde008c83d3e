/** Accounts and sessions: who somebody is. */
import { z } from 'zod';
import { id, locale, time } from './common';
import { code } from './second-factor';

/** Compared without case and without spaces around it. */
export const email = z.string().trim().toLowerCase().max(190).pipe(z.email()).meta({ example: 'ada@example.org' });
export const kycState = z.enum(['NONE', 'SUBMITTED', 'APPROVED', 'REFUSED']);

export const register = z.strictObject({
  email,
  password: z.string().min(10).max(200),
  locale: locale.default('en'),
});
export type Register = z.input<typeof register>;

/** `code`: of the second factor, where the account has one. */
export const login = z.strictObject({ email, password: z.string().min(1).max(200), code: code.optional() });
export type Login = z.input<typeof login>;

export const userView = z.object({
  id,
  email: z.string(),
  role: z.enum(['user', 'admin']),
  kycState,
  locale,
  createdAt: time,
});
export type UserView = z.infer<typeof userView>;

/**
 * `csrfToken` goes into the X-CSRF-Token header of every request that changes something. Both null when not logged in. `secondFactorDue`: an admin's
 * requests are refused SECOND_FACTOR_REQUIRED until one is in force.
 */
export const sessionView = z.object({ user: userView.nullable(), csrfToken: z.string().nullable(), secondFactorDue: z.boolean() });
export type SessionView = z.infer<typeof sessionView>;
