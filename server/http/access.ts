/** Who may do what: asked of the caller's row as it is now and of the session itself, in one place for every way in. */
import type { UserRow } from '../../db/entities/accounts';
import type { Access } from '../../domain/contract/api/endpoints';
import { DomainError } from '../../domain/contract/errors';
import type { ErrorCode } from '../../domain/contract/errors';
import type { ServerConfig } from '../deps';

/** What a session knows of itself besides whose it is. */
export interface Proof {
  /**
   * When a code of the second factor was shown in this session; absent in one that was opened with the password alone.
   */
  readonly provenAt?: number | undefined;
}

export interface Admission {
  /** Refuses who may not. */
  admit(access: Access, user: UserRow | null, session: Proof): void;
  /** Is it an admin's session in which no second factor was shown, where admins need one? */
  isDue(user: Pick<UserRow, 'role'>, session: Proof): boolean;
}

type Rule = readonly [refusal: ErrorCode, holds: (user: UserRow) => boolean];

const CONFIRMED: Rule = ['EMAIL_NOT_CONFIRMED', ({ confirmedAt }) => confirmedAt !== null];
const IDENTIFIED: Rule = ['KYC_REQUIRED', ({ kycState }) => kycState === 'APPROVED'];
const NOT_FROZEN: Rule = ['ACCOUNT_FROZEN', ({ frozenAt }) => frozenAt === null];
const OPERATOR: Rule = ['FORBIDDEN', ({ role }) => role === 'admin'];

/** In the order in which a refusal is told. */
const RULES: Readonly<Record<Exclude<Access, 'public'>, readonly Rule[]>> = {
  user: [],
  confirmed: [CONFIRMED],
  verified: [CONFIRMED, IDENTIFIED],
  active: [CONFIRMED, IDENTIFIED, NOT_FROZEN],
  admin: [OPERATOR],
};
/** What an admin may do in a session that has shown no second factor: look at the account and set one up. */
const WITHOUT_PROOF: readonly Access[] = ['public', 'user', 'confirmed'];

export function createAdmission({
  adminsNeedSecondFactor = false,
}: Pick<ServerConfig, 'adminsNeedSecondFactor'>): Admission {
  const isDue: Admission['isDue'] = ({ role }, { provenAt }) =>
    adminsNeedSecondFactor && role === 'admin' && provenAt === undefined;
  return {
    isDue,
    admit: (access, user, session) => {
      if (access === 'public') return;
      if (!user) throw new DomainError('NOT_LOGGED_IN');
      for (const [refusal, holds] of RULES[access]) if (!holds(user)) throw new DomainError(refusal);
      if (!WITHOUT_PROOF.includes(access) && isDue(user, session)) throw new DomainError('SECOND_FACTOR_REQUIRED');
    },
  };
}
