import { randomBytes } from 'node:crypto';
import type { UserRow } from '../../db/entities/accounts';
import type { PasskeyRow } from '../../db/entities/passkeys';
import { dropPasskey, insertPasskey, openWithdrawalsOf, passkeyEnrolled, passkeysOf } from '../../db/stores/passkeys';
import { changeAccess, lockUser, lockWithdrawals } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import type { AddPasskey, BeginPasskey, Confirmation, PasskeyOptions } from '../../domain/contract/api/passkeys';
import { DomainError } from '../../domain/contract/errors';
import type { SignedPasskeyChange } from '../../domain/contract/ports';
import { CONFIRM_WITHIN_MS } from '../../domain/lifecycle/confirmation';
import { passwordFits } from '../accounts/passwords';
import type { ServerConfig, ServerDeps } from '../deps';
import type { Attempt, SecondFactors } from '../second-factor/service';
import { WITHDRAWAL_LOCK_MS } from '../second-factor/service';
import { signerFor } from '../sessions/signed';
import type { Signer } from '../sessions/signed';
import type { Challenges } from './challenges';
import type { Passkeys } from './service';
import { ALGORITHMS, USER_VERIFICATION, challengeIn, passkeyIdOf, registered, spkiOf } from './webauthn';
import type { Site } from './webauthn';

/** Passkeys that come and go, in the table and at the signer. */
export interface PasskeyChanges {
  /**
   * Refuses BAD_CREDENTIALS, SECOND_FACTOR_REQUIRED, SECOND_FACTOR_WRONG before the first passkey; PASSKEY_STATE where
   * there are too many.
   */
  begin(user: UserRow, proof: BeginPasskey, attempt: Attempt): Promise<PasskeyOptions>;
  /** Answers the passkey and the generation of the sessions that count from now on. The signer is still to be told. */
  add(user: UserRow, body: AddPasskey): Promise<{ row: PasskeyRow; generation: number }>;
  /**
   * Tells the signer. Refuses CONFIRMATION_REFUSED, and the passkey is gone again; BUSY where the signer is away: it
   * is told later.
   */
  enrol(row: PasskeyRow): Promise<void>;
  /**
   * Tells the signer what it has not been told yet, if it is there, and forgets what its operator has taken out:
   * nothing is withdrawn for a day then. Answers what was forgotten.
   */
  catchUp(userId: string): Promise<readonly PasskeyRow[]>;
  /**
   * Answers the generation of the sessions that count from now on. Refuses NOT_FOUND, CONFIRMATION_REQUIRED,
   * CONFIRMATION_REFUSED, BUSY.
   */
  remove(user: UserRow, id: string, confirmation: Confirmation | undefined): Promise<number>;
}

interface Parts {
  readonly passkeys: Passkeys;
  readonly challenges: Challenges;
  readonly secondFactors: Pick<SecondFactors, 'codeFits'>;
  readonly site: Site;
}

interface Context extends Pick<ServerDeps, 'dataSource' | 'clock' | 'userKeys'>, Parts {
  /**
   * Our own word for what the signer is to be told: it believes the first passkey of a user, not one that somebody
   * wrote into the table.
   */
  readonly ours: Signer;
}

const MOST = 20;
const ASK_MS = 120_000;
/** Characters of a word of ours. */
const MAC = 22;

export function createPasskeyChanges(
  deps: Pick<ServerDeps, 'dataSource' | 'clock' | 'userKeys'>,
  parts: Parts,
  { sessionSecret }: Pick<ServerConfig, 'sessionSecret'>,
): PasskeyChanges {
  const { dataSource, clock, userKeys } = deps;
  const context: Context = {
    dataSource,
    clock,
    userKeys,
    ...parts,
    ours: signerFor(sessionSecret, 'passkey to be told'),
  };
  return {
    begin: (user, proof, attempt) => begin(context, user, proof, attempt),
    add: (user, body) => add(context, user, body),
    enrol: (row) => enrol(context, row),
    catchUp: (userId) => catchUp(context, userId),
    remove: (user, id, confirmation) => remove(context, user, id, confirmation),
  };
}

async function begin(context: Context, user: UserRow, proof: BeginPasskey, attempt: Attempt): Promise<PasskeyOptions> {
  const { passkeys, challenges, secondFactors, site } = context;
  await catchUp(context, user.id);
  const rows = await passkeys.of(user.id);
  // The signer must know one before it is asked to believe that one's word for another.
  if (rows.some(({ enrolled }) => !enrolled)) throw new DomainError('BUSY', { signer: 'the signer does not answer' });
  if (rows.length >= MOST) throw new DomainError('PASSKEY_STATE', { most: MOST });
  // A further one is confirmed by one of them, which says more than a code.
  if (rows.length === 0) await prove(secondFactors, user, proof, attempt);
  return optionsFor(user, rows, challenges.make('add', user.id), site);
}

/**
 * The code where there is an authenticator, else the password: a session alone, which may be stolen, adds no passkey.
 */
async function prove(
  factors: Parts['secondFactors'],
  user: UserRow,
  { code, password }: BeginPasskey,
  attempt: Attempt,
): Promise<void> {
  if (await factors.codeFits(user.id, code, attempt)) return;
  if (password === undefined || !(await passwordFits(user.passwordHash, password)))
    throw new DomainError('BAD_CREDENTIALS');
}

async function add(
  { dataSource, clock, passkeys, challenges, site, ours }: Context,
  user: UserRow,
  body: AddPasskey,
): Promise<{ row: PasskeyRow; generation: number }> {
  const challenge = challengeIn(body);
  const made = challenges.fits(challenge, 'add', user.id) ? await registered(body, challenge, site) : undefined;
  if (!made) throw new DomainError('PASSKEY_STATE', { why: 'it was not made for this account, or too late' });
  const { credentialId, label, transports } = body;
  const change = { userId: user.id, change: 'add' as const, credentialId, publicKey: spkiOf(made.publicKey) };
  const confirmed = await passkeys.confirmChange(change, body.confirmation);
  if (!(await challenges.take(challenge))) throw new DomainError('PASSKEY_STATE', { why: 'it was added before' });
  const { expiresAt = clock.now() + CONFIRM_WITHIN_MS, ...assertion } = confirmed ?? {};
  const told = JSON.stringify({ ...change, expiresAt, ...(confirmed && { assertion }) });
  const kept = {
    label,
    transports,
    createdAt: clock.now(),
    lastUsedAt: null,
    untold: `${ours.sign(told)}${told}`,
    enrolled: false,
  };
  const row: PasskeyRow = { id: passkeyIdOf(credentialId), userId: user.id, credentialId, ...made, ...kept };
  const generation = await inTransaction(dataSource, async (manager) => {
    // Withdrawals of this user are asked for behind the same lock: each of them is from before the first passkey, or
    // confirmed.
    await lockUser(manager, user.id);
    const before = await passkeysOf(manager, user.id);
    if (before.length >= MOST || (before.length > 0 && !confirmed))
      throw new DomainError('PASSKEY_STATE', { most: MOST });
    if (before.length === 0 && (await openWithdrawalsOf(manager, user.id)) > 0)
      throw new DomainError('WITHDRAWALS_OPEN');
    if (!(await insertPasskey(manager, row))) throw new DomainError('PASSKEY_STATE', { why: 'it is one already' });
    return changeAccess(manager, user.id, {});
  });
  return { row, generation };
}

async function enrol({ dataSource, clock, userKeys, ours }: Context, row: PasskeyRow): Promise<void> {
  if (row.enrolled || row.untold === null) return;
  const [mac, text] = [row.untold.slice(0, MAC), row.untold.slice(MAC)];
  if (!ours.fits(mac, text)) return;
  const change = JSON.parse(text) as SignedPasskeyChange;
  // Nobody has confirmed the first one, so its time is ours to say.
  const told = change.assertion ? change : { ...change, expiresAt: clock.now() + CONFIRM_WITHIN_MS };
  try {
    await orBusy(userKeys.changePasskey(told));
  } catch (error) {
    if (error instanceof DomainError && error.code === 'CONFIRMATION_REFUSED') await dropPasskey(dataSource, row.id);
    throw error;
  }
  await passkeyEnrolled(dataSource, row.id);
}

async function catchUp(context: Context, userId: string): Promise<readonly PasskeyRow[]> {
  const { dataSource, clock, userKeys, passkeys } = context;
  const rows = await passkeys.of(userId);
  if (rows.length === 0) return [];
  for (const row of rows.filter(({ enrolled }) => !enrolled)) await enrol(context, row).catch(() => undefined);
  // A signer that is away has dropped nobody.
  const dropped = await userKeys.droppedPasskeys(userId).catch((): string[] => []);
  const gone = rows.filter(({ credentialId }) => dropped.includes(credentialId));
  if (gone.length === 0) return [];
  await inTransaction(dataSource, async (manager) => {
    await lockUser(manager, userId);
    for (const { id } of gone) await dropPasskey(manager, id);
    await lockWithdrawals(manager, userId, clock.now() + WITHDRAWAL_LOCK_MS);
  });
  return gone;
}

async function remove(
  { dataSource, clock, userKeys, passkeys }: Context,
  user: UserRow,
  id: string,
  given: Confirmation | undefined,
): Promise<number> {
  const row = (await passkeys.of(user.id)).find((one) => one.id === id);
  if (!row) throw new DomainError('NOT_FOUND');
  const change = { userId: user.id, change: 'remove' as const, credentialId: row.credentialId, publicKey: null };
  const confirmed = await passkeys.confirmChange(change, given);
  if (!confirmed) throw new DomainError('NOT_FOUND');
  const { expiresAt, ...assertion } = confirmed;
  await orBusy(userKeys.changePasskey({ ...change, expiresAt, assertion }));
  return inTransaction(dataSource, async (manager) => {
    await lockUser(manager, user.id);
    await dropPasskey(manager, id);
    return changeAccess(manager, user.id, { withdrawalsFrom: clock.now() + WITHDRAWAL_LOCK_MS });
  });
}

const optionsFor = (user: UserRow, rows: readonly PasskeyRow[], challenge: string, { rpId }: Site): PasskeyOptions => ({
  challenge,
  rp: { id: rpId, name: 'Javizen' },
  // A handle that says nothing of the user: passkeys are found by their credential ids.
  user: { id: randomBytes(32).toString('base64url'), name: user.email, displayName: user.email },
  pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
  excludeCredentials: rows.map(({ credentialId: id }) => ({ type: 'public-key', id })),
  authenticatorSelection: { residentKey: 'discouraged', userVerification: USER_VERIFICATION },
  attestation: 'none',
  timeout: ASK_MS,
});

/** A signer that is away has refused nothing. */
async function orBusy(asked: Promise<void>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError('BUSY', { signer: 'the signer does not answer' });
  }
}
