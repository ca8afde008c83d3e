import { createHash, randomBytes } from 'node:crypto';
import {
  addRegistration,
  changeAccess,
  confirmEmail,
  insertUser,
  lastRegistration,
  lockUser,
  registrationBy,
  userByEmail,
  userById,
} from '../../db/stores/users';
import type { Locale } from '../../domain/contract/api/languages';
import { NEW_ACCOUNT } from '../../db/entities/accounts';
import type { UserRow } from '../../db/entities/accounts';
import { inTransaction } from '../../db/transaction';
import { DomainError } from '../../domain/contract/errors';
import type { ServerDeps } from '../deps';
import { WITHDRAWAL_LOCK_MS } from '../second-factor/service';
import { isCommon } from './common-passwords';
import { hashPassword, passwordFits } from './passwords';
import type { PasswordLane } from './passwords';

export interface NewAccount {
  readonly email: string;
  readonly password: string;
  readonly locale: Locale;
}

export interface Accounts {
  /**
   * Takes a wish for an account. Answers whose address it is, and the token for the letter where the address is not
   * confirmed: an account that nobody has confirmed keeps nobody else from it. Refuses PASSWORD_TOO_COMMON, BUSY.
   */
  register(account: NewAccount): Promise<{ user: UserRow; token: string | undefined }>;
  /** Another token for the last wish; undefined where nothing waits for one. */
  again(email: string): Promise<{ user: UserRow; token: string } | undefined>;
  /**
   * The owner of the address has spoken: the account has the password of that wish from now on. Answers its user.
   * Refuses NOT_FOUND.
   */
  confirm(token: string): Promise<UserRow>;
  /** The account the password fits, or null: never which of the two was wrong. */
  check(user: UserRow | null, password: string, lane: PasswordLane): Promise<UserRow | null>;
  /**
   * Refuses PASSWORD_TOO_COMMON. Answers the generation of the sessions that count from now on; nothing is withdrawn
   * for a day.
   */
  changePassword(user: UserRow, next: string): Promise<number>;
  find(email: string): Promise<UserRow | null>;
}

const REGISTRATION_MS = 3 * 86_400_000;
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

type Deps = Pick<ServerDeps, 'dataSource' | 'clock' | 'ids' | 'events'>;

export function createAccounts(deps: Deps): Accounts {
  const { dataSource, clock, events } = deps;
  const tokenFor = async (email: string, passwordHash: string, locale: Locale): Promise<string> => {
    const token = randomBytes(24).toString('base64url');
    await addRegistration(
      dataSource,
      { tokenHash: hashOf(token), email, passwordHash, locale, at: clock.now() },
      clock.now() - REGISTRATION_MS,
    );
    return token;
  };
  return {
    find: (email) => userByEmail(dataSource, email),
    register: async ({ email, password, locale }) => {
      await refuseCommon(password, email);
      const passwordHash = await hashPassword(password);
      const wished: UserRow = {
        id: deps.ids.next(),
        email,
        passwordHash,
        role: 'user',
        kycState: 'NONE',
        locale,
        createdAt: clock.now(),
        ...NEW_ACCOUNT,
      };
      await insertUser(dataSource, wished);
      const user = (await userByEmail(dataSource, email)) ?? wished;
      return { user, token: user.confirmedAt === null ? await tokenFor(email, passwordHash, locale) : undefined };
    },
    again: async (email) => {
      const [user, wish] = await Promise.all([userByEmail(dataSource, email), lastRegistration(dataSource, email)]);
      return user && wish && user.confirmedAt === null
        ? { user, token: await tokenFor(email, wish.passwordHash, wish.locale) }
        : undefined;
    },
    confirm: async (token) => {
      const wish = await registrationBy(dataSource, hashOf(token));
      if (!wish || clock.now() - wish.at > REGISTRATION_MS) throw new DomainError('NOT_FOUND');
      const { user, ended } = await inTransaction(dataSource, async (manager) => {
        const found = await userByEmail(manager, wish.email);
        const locked = found && (await lockUser(manager, found.id));
        if (!locked) throw new DomainError('NOT_FOUND');
        // Once confirmed, no other wish for the address means anything.
        if (locked.confirmedAt !== null) return { user: locked, ended: false };
        const isFirst = locked.passwordHash === wish.passwordHash;
        if (isFirst) await confirmEmail(manager, locked.id, clock.now());
        else await changeAccess(manager, locked.id, { passwordHash: wish.passwordHash, confirmedAt: clock.now() });
        return { user: locked, ended: true };
      });
      if (ended) events.publish({ name: 'access.changed', userId: user.id });
      return (await userById(dataSource, user.id)) ?? user;
    },
    check: async (user, password, lane) =>
      (await passwordFits(user?.passwordHash ?? null, password, lane)) ? user : null,
    changePassword: async (user, next) => {
      await refuseCommon(next, user.email);
      const passwordHash = await hashPassword(next, 'known');
      return inTransaction(dataSource, (manager) =>
        changeAccess(manager, user.id, { passwordHash, withdrawalsFrom: clock.now() + WITHDRAWAL_LOCK_MS }),
      );
    },
  };
}

async function refuseCommon(password: string, email: string): Promise<void> {
  if (await isCommon(password, email)) throw new DomainError('PASSWORD_TOO_COMMON');
}

/**
 * Makes sure that an account exists, with a confirmed address, for the first admin and for demo accounts; one that
 * exists is left as it is.
 * Answers its id.
 */
export async function ensureAccount(
  deps: Pick<ServerDeps, 'dataSource' | 'clock' | 'ids'>,
  account: NewAccount & Partial<Pick<UserRow, 'role' | 'kycState'>>,
): Promise<string> {
  const email = account.email.trim().toLowerCase();
  const existing = await userByEmail(deps.dataSource, email);
  if (existing) return existing.id;
  const [id, now] = [deps.ids.next(), deps.clock.now()];
  const { role = 'user', kycState = 'NONE', locale } = account;
  const passwordHash = await hashPassword(account.password);
  await insertUser(deps.dataSource, {
    ...NEW_ACCOUNT,
    id,
    email,
    passwordHash,
    role,
    kycState,
    locale,
    createdAt: now,
    confirmedAt: now,
  });
  return (await userByEmail(deps.dataSource, email))?.id ?? id;
}
