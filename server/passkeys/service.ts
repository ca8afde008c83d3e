import type { PasskeyRow } from '../../db/entities/passkeys';
import { passkeyUsed, passkeysOf, renamePasskey } from '../../db/stores/passkeys';
import type {
  Assertion,
  Confirmation,
  ConfirmationWanted,
  PasskeyOffer,
  PasskeyView,
} from '../../domain/contract/api/passkeys';
import { passkeyView, transport } from '../../domain/contract/api/passkeys';
import { DomainError } from '../../domain/contract/errors';
import { CONFIRM_WITHIN_MS, confirmationText, passkeyChangeText } from '../../domain/lifecycle/confirmation';
import type { ConfirmedPayment, PasskeyChange } from '../../domain/lifecycle/confirmation';
import type { ServerDeps } from '../deps';
import { view } from '../present';
import type { Challenges } from './challenges';
import { asserted, challengeIn, digestOf } from './webauthn';
import type { Site } from './webauthn';

/** What passkeys prove and confirm. Whose they are is asked of the table; what the signer believes is its own. */
export interface Passkeys {
  /** Oldest first. */
  of(userId: string): Promise<PasskeyRow[]>;
  /** What to ask the user's authenticators for; undefined without one. */
  offer(userId: string): Promise<PasskeyOffer | undefined>;
  /** Refuses SECOND_FACTOR_WRONG what is not signed by a passkey of the user, or was shown before. */
  prove(userId: string, given: Assertion): Promise<void>;
  /**
   * Undefined for a user without passkeys. Else refuses CONFIRMATION_REQUIRED without a confirmation,
   * CONFIRMATION_REFUSED one that is not of this.
   */
  confirmPayment(
    payment: Omit<ConfirmedPayment, 'expiresAt'>,
    given: Confirmation | undefined,
  ): Promise<Confirmation | undefined>;
  /** The same of a change of passkeys. */
  confirmChange(
    change: Omit<PasskeyChange, 'expiresAt'>,
    given: Confirmation | undefined,
  ): Promise<Confirmation | undefined>;
  /** Refuses NOT_FOUND. */
  rename(userId: string, id: string, label: string): Promise<PasskeyView>;
}

type Deps = Pick<ServerDeps, 'dataSource' | 'clock'>;

export const presentPasskey = (row: PasskeyRow): PasskeyView => view(passkeyView, row);

const credentialsOf = (rows: readonly PasskeyRow[]): PasskeyOffer['credentials'] =>
  rows.map(({ credentialId: id, transports }) => ({ id, transports: transport.array().catch([]).parse(transports) }));

export function createPasskeys({ dataSource, clock }: Deps, challenges: Challenges, site: Site): Passkeys {
  const of = (userId: string): Promise<PasskeyRow[]> => passkeysOf(dataSource, userId);

  /** Is it by one of these, over this challenge? Keeps when it was used. */
  const fits = async (rows: readonly PasskeyRow[], given: Assertion, challenge: string): Promise<boolean> => {
    const row = rows.find(({ credentialId }) => credentialId === given.credentialId);
    const counter = row && (await asserted(row, given, challenge, site));
    if (!row || counter === undefined) return false;
    await passkeyUsed(dataSource, row.id, counter, clock.now());
    return true;
  };

  /** `text`: what is confirmed, with the time until which it may be. */
  const confirm = async (
    userId: string,
    given: Confirmation | undefined,
    what: Pick<ConfirmationWanted, 'payment' | 'change'>,
    text: (expiresAt: number) => string,
  ): Promise<Confirmation | undefined> => {
    const rows = await of(userId);
    if (rows.length === 0) return undefined;
    if (!given)
      throw new DomainError('CONFIRMATION_REQUIRED', { ...what, rpId: site.rpId, credentials: credentialsOf(rows) });
    const { expiresAt, ...assertion } = given;
    const inTime = expiresAt > clock.now() && expiresAt <= clock.now() + CONFIRM_WITHIN_MS;
    if (!inTime) throw new DomainError('CONFIRMATION_REFUSED', { why: 'the time for it is over' });
    if (!(await fits(rows, assertion, digestOf(text(expiresAt)))))
      throw new DomainError('CONFIRMATION_REFUSED', {
        why: 'it is of something else, or by no passkey of the account',
      });
    return given;
  };

  return {
    of,
    offer: async (userId) => {
      const rows = await of(userId);
      return rows.length === 0
        ? undefined
        : { challenge: challenges.make('prove', userId), rpId: site.rpId, credentials: credentialsOf(rows) };
    },
    prove: async (userId, given) => {
      const challenge = challengeIn(given);
      const good =
        challenges.fits(challenge, 'prove', userId) &&
        (await fits(await of(userId), given, challenge)) &&
        (await challenges.take(challenge));
      if (!good) throw new DomainError('SECOND_FACTOR_WRONG');
    },
    confirmPayment: (payment, given) => {
      const until = clock.now() + CONFIRM_WITHIN_MS;
      return confirm(payment.userId, given, { payment: { ...payment, expiresAt: until } }, (expiresAt) =>
        confirmationText({ ...payment, expiresAt }),
      );
    },
    confirmChange: (change, given) => {
      const until = clock.now() + CONFIRM_WITHIN_MS;
      return confirm(change.userId, given, { change: { ...change, expiresAt: until } }, (expiresAt) =>
        passkeyChangeText({ ...change, expiresAt }),
      );
    },
    rename: async (userId, id, label) => {
      if (!(await renamePasskey(dataSource, userId, id, label))) throw new DomainError('NOT_FOUND');
      const row = (await of(userId)).find((one) => one.id === id);
      if (!row) throw new DomainError('NOT_FOUND');
      return presentPasskey(row);
    },
  };
}
