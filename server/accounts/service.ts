import { insertUser, userByEmail } from '../../db/stores/users';
import type { UserRow } from '../../db/entities/accounts';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { hashPassword, passwordFits } from './passwords';

export interface NewAccount {
  readonly email: string;
  readonly password: string;
  readonly locale: 'en' | 'fa';
}

export interface Accounts {
  /** Refuses EMAIL_TAKEN. */
  open(account: NewAccount): Promise<UserRow>;
  /** The account the password fits, or null: never which of the two was wrong. */
  check(email: string, password: string): Promise<UserRow | null>;
}

export function createAccounts(deps: Pick<ServerDeps, 'dataSource' | 'clock' | 'ids'>): Accounts {
  return {
    open: async ({ email, password, locale }) => {
      const user: UserRow = {
        id: deps.ids.next(),
        email: email.trim().toLowerCase(),
        passwordHash: await hashPassword(password),
        role: 'user',
        kycState: 'NONE',
        locale,
        createdAt: deps.clock.now(),
      };
      if (!(await insertUser(deps.dataSource, user))) throw new DomainError('EMAIL_TAKEN');
      return user;
    },
    check: async (email, password) => {
      const user = await userByEmail(deps.dataSource, email);
      return (await passwordFits(user?.passwordHash ?? null, password)) ? user : null;
    },
  };
}

/**
 * Makes sure that an account exists, for the first admin and for demo accounts; one that exists is left as it is.
 * Answers its id.
 */
export async function ensureAccount(
  deps: Pick<ServerDeps, 'dataSource' | 'clock' | 'ids'>,
  account: NewAccount & Partial<Pick<UserRow, 'role' | 'kycState'>>,
): Promise<string> {
  const email = account.email.trim().toLowerCase();
  const existing = await userByEmail(deps.dataSource, email);
  if (existing) return existing.id;
  const id = deps.ids.next();
  const { role = 'user', kycState = 'NONE', locale } = account;
  const passwordHash = await hashPassword(account.password);
  await insertUser(deps.dataSource, { id, email, passwordHash, role, kycState, locale, createdAt: deps.clock.now() });
  return (await userByEmail(deps.dataSource, email))?.id ?? id;
}
