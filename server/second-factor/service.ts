import { createHash, randomBytes } from 'node:crypto';
import type { UserRow } from '../../db/entities/accounts';
import type { SecondFactorRow } from '../../db/entities/second-factors';
import { dropSecondFactor, lockSecondFactor, saveSecondFactor, secondFactorOf } from '../../db/stores/second-factors';
import { inTransaction } from '../../db/transaction';
import type { Transaction } from '../../db/transaction';
import type { EnrolView, SecondFactorView } from '../../domain/contract/api/second-factor';
import { DomainError } from '../../domain/contract/errors';
import { passwordFits } from '../accounts/passwords';
import type { ServerConfig, ServerDeps } from '../deps';
import type { Vault } from '../kyc/vault';
import { authenticatorUri, base32, stepOf } from './totp';

const RECOVERY_CODES = 10;
const MOST_FAILURES = 5;
const LOCKED_MS = 15 * 60_000;

export interface SecondFactors {
  view(userId: string): Promise<SecondFactorView>;
  /** A new secret, not in force until a code of it was shown. Refuses BAD_CREDENTIALS, and SECOND_FACTOR_STATE while one is in force. */
  begin(user: UserRow, password: string): Promise<EnrolView>;
  /** Puts it in force. Answers the recovery codes: shown this once, each good once. */
  confirm(userId: string, code: string): Promise<string[]>;
  remove(userId: string, code: string): Promise<void>;
  /**
   * Nothing for a user without one. Else refuses SECOND_FACTOR_REQUIRED without a code, SECOND_FACTOR_WRONG with one that is wrong or
   * was used, TOO_MANY_REQUESTS for a while after five wrong ones.
   */
  prove(userId: string, code: string | undefined): Promise<void>;
  /** Must this account set one up before it may do what it may? Admins where they are not let in without. */
  due(user: Pick<UserRow, 'id' | 'role'>): Promise<boolean>;
  /** Since when it is in force; null without one. */
  since(userId: string): Promise<number | null>;
}

const hashOf = (code: string): string => createHash('sha256').update(code.replaceAll('-', '').toLowerCase()).digest('hex');
const recoveryCode = (): string => randomBytes(8).toString('hex').replace(/(.{4})(?=.)/g, '$1-');

export function createSecondFactors({ dataSource, clock }: Pick<ServerDeps, 'dataSource' | 'clock'>, vault: Pick<Vault, 'sealText' | 'openText'>, { adminsNeedSecondFactor = false }: Pick<ServerConfig, 'adminsNeedSecondFactor'> = {}): SecondFactors {
  const subject = (userId: string): string => `second-factor:${userId}`;
  const secretOf = (row: SecondFactorRow): Buffer => Buffer.from(vault.openText(subject(row.userId), row.secret), 'hex');

  /** The row after this code, or undefined when the code is none. */
  const used = (row: SecondFactorRow, code: string): SecondFactorRow | undefined => {
    const step = stepOf(secretOf(row), code, clock.now(), row.lastStep);
    if (step !== undefined) return { ...row, lastStep: step, failures: 0 };
    const hash = hashOf(code);
    return row.enabledAt !== null && row.recovery.includes(hash) ? { ...row, recovery: row.recovery.filter((one) => one !== hash), failures: 0 } : undefined;
  };

  /** Runs `then` with the row after a good code; a wrong one is counted, and that count stays. */
  const withCode = async (userId: string, code: string, then: (manager: Transaction, row: SecondFactorRow) => Promise<void>): Promise<void> => {
    const refusal = await inTransaction(dataSource, async (manager) => {
      const row = await lockSecondFactor(manager, userId);
      if (!row) return new DomainError('SECOND_FACTOR_STATE');
      const now = clock.now();
      if (row.failures >= MOST_FAILURES && now - row.failedAt < LOCKED_MS) return new DomainError('TOO_MANY_REQUESTS');
      const next = used(row, code);
      if (next) {
        await then(manager, next);
        return undefined;
      }
      // After the pause five new tries begin.
      await saveSecondFactor(manager, { ...row, failures: row.failures >= MOST_FAILURES ? 1 : row.failures + 1, failedAt: now });
      return new DomainError('SECOND_FACTOR_WRONG');
    });
    if (refusal) throw refusal;
  };

  return {
    view: async (userId) => {
      const row = await secondFactorOf(dataSource, userId);
      return { enabled: row?.enabledAt != null, since: row?.enabledAt ?? null, recoveryLeft: row?.recovery.length ?? 0 };
    },
    due: async ({ id, role }) => adminsNeedSecondFactor && role === 'admin' && (await secondFactorOf(dataSource, id))?.enabledAt == null,
    since: async (userId) => (await secondFactorOf(dataSource, userId))?.enabledAt ?? null,
    begin: async ({ id: userId, email, passwordHash }, password) => {
      if (!(await passwordFits(passwordHash, password))) throw new DomainError('BAD_CREDENTIALS');
      const secret = randomBytes(20);
      await inTransaction(dataSource, async (manager) => {
        const row = await lockSecondFactor(manager, userId);
        if (row?.enabledAt != null) throw new DomainError('SECOND_FACTOR_STATE');
        // Wrong codes so far stay counted: a new secret is no way around the pause.
        const { failures = 0, failedAt = 0 } = row ?? {};
        await saveSecondFactor(manager, { userId, secret: vault.sealText(subject(userId), secret.toString('hex')), enabledAt: null, lastStep: 0, recovery: [], failures, failedAt });
      });
      return { secret: base32(secret), uri: authenticatorUri(secret, email) };
    },
    confirm: async (userId, code) => {
      const codes = Array.from({ length: RECOVERY_CODES }, recoveryCode);
      await withCode(userId, code, async (manager, row) => {
        if (row.enabledAt !== null) throw new DomainError('SECOND_FACTOR_STATE');
        await saveSecondFactor(manager, { ...row, enabledAt: clock.now(), recovery: codes.map(hashOf) });
      });
      return codes;
    },
    remove: (userId, code) =>
      withCode(userId, code, async (manager, row) => {
        if (row.enabledAt === null) throw new DomainError('SECOND_FACTOR_STATE');
        await dropSecondFactor(manager, userId);
      }),
    prove: async (userId, code) => {
      const row = await secondFactorOf(dataSource, userId);
      if (row?.enabledAt == null) return;
      if (code === undefined || code === '') throw new DomainError('SECOND_FACTOR_REQUIRED');
      await withCode(userId, code, saveSecondFactor);
    },
  };
}
