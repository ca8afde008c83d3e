import { createHash, randomBytes } from 'node:crypto';
import type { UserRow } from '../../db/entities/accounts';
import type { SecondFactorRow } from '../../db/entities/second-factors';
import {
  dropFailures,
  dropOldFailures,
  dropSecondFactor,
  failuresOf,
  lockSecondFactor,
  saveFailures,
  saveSecondFactor,
  secondFactorOf,
} from '../../db/stores/second-factors';
import { changeAccess } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import type { Transaction } from '../../db/transaction';
import type { Assertion } from '../../domain/contract/api/passkeys';
import type { EnrolView, SecondFactorView } from '../../domain/contract/api/second-factor';
import { DomainError } from '../../domain/contract/errors';
import { passwordFits } from '../accounts/passwords';
import type { ServerDeps } from '../deps';
import type { Vault } from '../kyc/vault';
import type { Passkeys } from '../passkeys/service';
import { authenticatorUri, base32, stepOf } from './totp';

const RECOVERY_CODES = 10;
const MOST_FAILURES = 5;
const LOCKED_MS = 15 * 60_000;
/** No session that has counted wrong codes is older. */
const COUNTED_MS = 8 * 86_400_000;
/** So long nothing is withdrawn after the factor was removed, or the password changed. */
export const WITHDRAWAL_LOCK_MS = 86_400_000;

/** What a code is shown for. Wrong ones are counted for each purpose by itself, so that none of them locks another. */
export interface Attempt {
  /** `session:<name>` of what is done in a session, `login` or `device:<name>` of a log-in. */
  readonly purpose: string;
  /**
   * Called once five wrong codes in a row were shown; where it is left out no code is taken for a quarter of an hour
   * then.
   */
  readonly exhausted?: () => Promise<void>;
}

/** What somebody shows besides the password. */
export interface Shown {
  readonly code?: string | undefined;
  readonly passkey?: Assertion | undefined;
}

export interface SecondFactors {
  view(userId: string): Promise<SecondFactorView>;
  /**
   * A new secret, not in force until a code of it was shown. Refuses BAD_CREDENTIALS, and SECOND_FACTOR_STATE while
   * one is in force.
   */
  begin(user: UserRow, password: string): Promise<EnrolView>;
  /**
   * Puts it in force. Answers the recovery codes, shown this once and each good once, and the generation of the
   * sessions that count from now on.
   */
  confirm(userId: string, code: string, attempt: Attempt): Promise<{ recoveryCodes: string[]; generation: number }>;
  /** Answers the generation of the sessions that count from now on. Nothing is withdrawn for a day. */
  remove(userId: string, code: string, attempt: Attempt): Promise<number>;
  /**
   * False for a user without a second factor, true after a good code or the answer of a passkey. Else refuses
   * SECOND_FACTOR_REQUIRED, with what the account takes in `details`, SECOND_FACTOR_WRONG what is wrong or was used,
   * TOO_MANY_REQUESTS for a while after five wrong codes.
   */
  prove(userId: string, shown: Shown, attempt: Attempt): Promise<boolean>;
  /** The same of the authenticator alone. */
  codeFits(userId: string, code: string | undefined, attempt: Attempt): Promise<boolean>;
  /** Since when a second factor is in force; null without one. */
  since(userId: string): Promise<number | null>;
}

const hashOf = (code: string): string =>
  createHash('sha256').update(code.replaceAll('-', '').toLowerCase()).digest('hex');
const recoveryCode = (): string =>
  randomBytes(8)
    .toString('hex')
    .replace(/(.{4})(?=.)/g, '$1-');

type Tried = 'taken' | DomainError;

export function createSecondFactors(
  { dataSource, clock }: Pick<ServerDeps, 'dataSource' | 'clock'>,
  vault: Pick<Vault, 'sealText' | 'openText'>,
  passkeys: Pick<Passkeys, 'of' | 'offer' | 'prove'>,
): SecondFactors {
  const subject = (userId: string): string => `second-factor:${userId}`;
  const secretOf = (row: SecondFactorRow): Buffer =>
    Buffer.from(vault.openText(subject(row.userId), row.secret), 'hex');

  /** The row after this code; `used` where it was good and was shown before, undefined when the code is none. */
  const after = (row: SecondFactorRow, code: string): SecondFactorRow | 'used' | undefined => {
    const step = stepOf(secretOf(row), code, clock.now(), 0);
    if (step !== undefined) return step > row.lastStep ? { ...row, lastStep: step } : 'used';
    const hash = hashOf(code);
    return row.enabledAt !== null && row.recovery.includes(hash)
      ? { ...row, recovery: row.recovery.filter((one) => one !== hash) }
      : undefined;
  };

  /** Counts a wrong code. Answers whether it was the last that is allowed. */
  const countWrong = async (
    manager: Transaction,
    userId: string,
    purpose: string,
    before: number,
  ): Promise<boolean> => {
    await dropOldFailures(manager, userId, clock.now() - COUNTED_MS);
    // After the pause five new tries begin.
    const failures = before >= MOST_FAILURES ? 1 : before + 1;
    await saveFailures(manager, { userId, purpose, failures, failedAt: clock.now() });
    return failures >= MOST_FAILURES;
  };

  /**
   * Runs `then` with the row after a good code; a wrong one is counted, and that count stays. One that was used is no
   * guess.
   */
  const withCode = async (
    userId: string,
    code: string,
    { purpose, exhausted }: Attempt,
    then: (manager: Transaction, row: SecondFactorRow) => Promise<void>,
  ): Promise<void> => {
    let isLast = false;
    const tried = await inTransaction(dataSource, async (manager): Promise<Tried> => {
      const row = await lockSecondFactor(manager, userId);
      if (!row) return new DomainError('SECOND_FACTOR_STATE');
      const count = await failuresOf(manager, userId, purpose);
      if (
        count &&
        count.failures >= MOST_FAILURES &&
        (exhausted !== undefined || clock.now() - count.failedAt < LOCKED_MS)
      )
        return new DomainError('TOO_MANY_REQUESTS');
      const next = after(row, code);
      if (next === 'used') return new DomainError('SECOND_FACTOR_WRONG');
      if (next === undefined) {
        isLast = await countWrong(manager, userId, purpose, count?.failures ?? 0);
        return new DomainError('SECOND_FACTOR_WRONG');
      }
      await dropFailures(manager, userId, purpose);
      await then(manager, next);
      return 'taken';
    });
    if (isLast) await exhausted?.();
    if (tried !== 'taken') throw tried;
  };

  const codeFits: SecondFactors['codeFits'] = async (userId, code, attempt) => {
    const row = await secondFactorOf(dataSource, userId);
    if (row?.enabledAt == null) return false;
    if (code === undefined || code === '') throw new DomainError('SECOND_FACTOR_REQUIRED', { code: true });
    await withCode(userId, code, attempt, saveSecondFactor);
    return true;
  };

  return {
    codeFits,
    view: async (userId) => {
      const row = await secondFactorOf(dataSource, userId);
      return {
        enabled: row?.enabledAt != null,
        since: row?.enabledAt ?? null,
        recoveryLeft: row?.recovery.length ?? 0,
      };
    },
    since: async (userId) => {
      const [row, keys] = [await secondFactorOf(dataSource, userId), await passkeys.of(userId)];
      const times = [row?.enabledAt, ...keys.map(({ createdAt }) => createdAt)].filter((at) => at != null);
      return times.length === 0 ? null : Math.min(...times);
    },
    begin: async ({ id: userId, email, passwordHash }, password) => {
      if (!(await passwordFits(passwordHash, password))) throw new DomainError('BAD_CREDENTIALS');
      const secret = randomBytes(20);
      await inTransaction(dataSource, async (manager) => {
        const row = await lockSecondFactor(manager, userId);
        if (row?.enabledAt != null) throw new DomainError('SECOND_FACTOR_STATE');
        await saveSecondFactor(manager, {
          userId,
          secret: vault.sealText(subject(userId), secret.toString('hex')),
          enabledAt: null,
          lastStep: 0,
          recovery: [],
        });
      });
      return { secret: base32(secret), uri: authenticatorUri(secret, email) };
    },
    confirm: async (userId, code, attempt) => {
      const recoveryCodes = Array.from({ length: RECOVERY_CODES }, recoveryCode);
      let generation = 0;
      await withCode(userId, code, attempt, async (manager, row) => {
        if (row.enabledAt !== null) throw new DomainError('SECOND_FACTOR_STATE');
        await saveSecondFactor(manager, { ...row, enabledAt: clock.now(), recovery: recoveryCodes.map(hashOf) });
        generation = await changeAccess(manager, userId, {});
      });
      return { recoveryCodes, generation };
    },
    remove: async (userId, code, attempt) => {
      let generation = 0;
      await withCode(userId, code, attempt, async (manager, row) => {
        if (row.enabledAt === null) throw new DomainError('SECOND_FACTOR_STATE');
        await dropSecondFactor(manager, userId);
        generation = await changeAccess(manager, userId, { withdrawalsFrom: clock.now() + WITHDRAWAL_LOCK_MS });
      });
      return generation;
    },
    prove: async (userId, { code, passkey }, attempt) => {
      const offer = await passkeys.offer(userId);
      if (!offer) return codeFits(userId, code, attempt);
      if (passkey) {
        await passkeys.prove(userId, passkey);
        return true;
      }
      const hasCode = (await secondFactorOf(dataSource, userId))?.enabledAt != null;
      if (hasCode && code !== undefined && code !== '') return codeFits(userId, code, attempt);
      throw new DomainError('SECOND_FACTOR_REQUIRED', { code: hasCode, passkey: offer });
    },
  };
}
