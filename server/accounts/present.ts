import type { SessionView, UserView } from '../../domain/contract/api/accounts';
import type { UserRow } from '../../db/entities/accounts';

export const presentUser = ({
  id,
  email,
  role,
  kycState,
  locale,
  createdAt,
  confirmedAt,
  frozenAt,
}: UserRow): UserView => ({
  id,
  email,
  role,
  kycState,
  locale,
  createdAt,
  emailConfirmed: confirmedAt !== null,
  frozen: frozenAt !== null,
});

export const presentSession = (
  user: UserRow | null,
  csrfToken: string | undefined,
  secondFactorDue = false,
): SessionView => ({
  user: user && presentUser(user),
  csrfToken: user ? (csrfToken ?? null) : null,
  secondFactorDue,
});
