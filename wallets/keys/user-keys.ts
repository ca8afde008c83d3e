import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { assertion, confirmation, credentialId } from '../../domain/contract/api/passkeys';
import type { Assertion } from '../../domain/contract/api/passkeys';
import { DomainError } from '../../domain/contract/errors';
import type { SignedPasskeyChange } from '../../domain/contract/ports';
import { confirmationText, passkeyChangeText } from '../../domain/lifecycle/confirmation';
import type { ConfirmedPayment } from '../../domain/lifecycle/confirmation';
import { openLog } from './append-log';
import { faultOf, readUserKey } from './assertions';
import type { Site } from './assertions';

/** The register of passkeys: the signer alone writes it. */
export interface UserKeyRegister {
  /**
   * Refuses CONFIRMATION_REFUSED a payment of a user with passkeys without an assertion of one of them over exactly
   * this. Of others anything passes.
   */
  check(
    payment: Omit<ConfirmedPayment, 'expiresAt' | 'userId'> & { readonly userId?: string },
    confirmed: unknown,
  ): void;
  /** The same change again changes nothing. Refuses CONFIRMATION_REFUSED. */
  change(change: SignedPasskeyChange): void;
  /** Credential ids that were known until its operator dropped the user's. */
  dropped(userId: string): string[];
  /** How many passkeys of this user it knows. */
  count(userId: string): number;
  close(): void;
}

type Line =
  | { readonly user: string; readonly add: string; readonly spki: string; readonly at: number }
  | { readonly user: string; readonly remove: string; readonly at: number };
/** By credential id. */
type Keys = ReadonlyMap<string, KeyObject>;

const DAY_MS = 86_400_000;
/** A withdrawal may wait for admins and for coins; what was confirmed before is asked for anew. */
const GOOD_FOR_MS = 30 * DAY_MS;
/** Nobody needs longer between asking and signing; clocks differ. */
const AHEAD_MS = DAY_MS;
const MOST_KEYS = 50;

const changeSchema = z
  .strictObject({
    userId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    change: z.enum(['add', 'remove']),
    credentialId,
    publicKey: z.string().max(1000).nullable(),
    expiresAt: z.number().int(),
    assertion: assertion.optional(),
  })
  .refine(({ change, publicKey }) => (change === 'add') === (publicKey !== null));

export const userKeysFile = (dir: string): string => join(dir, 'user-keys.jsonl');
/** Users whose passkeys the signer's operator took out, by a command beside it. */
const droppedFile = (dir: string): string => join(dir, 'user-keys-dropped.jsonl');

function refuse(signer: string): never {
  throw new DomainError('CONFIRMATION_REFUSED', { signer });
}

/**
 * Opens or makes the register. `site`: whose passkeys count; without it none can be added, and users who have some are
 * paid nothing.
 */
export function openUserKeys(dir: string, site: Site | undefined, now: () => number): UserKeyRegister {
  const log = openLog(userKeysFile(dir));
  const lines = log.lines.map((text) => JSON.parse(text) as Line);
  const ever = new Set(lines.flatMap((line) => ('add' in line ? [line.add] : [])));
  const byUser = new Map<string, Line[]>();
  const remember = (line: Line): void => void byUser.set(line.user, [...(byUser.get(line.user) ?? []), line]);
  lines.forEach(remember);
  const append = (line: Line): void => {
    log.append(JSON.stringify(line));
    remember(line);
    if ('add' in line) ever.add(line.add);
  };
  const spkisOf = (userId: string): Map<string, string> => spkisIn(byUser.get(userId) ?? [], droppedAt(dir, userId));
  const keysOf = (userId: string): Keys => new Map([...spkisOf(userId)].map(([id, spki]) => [id, readUserKey(spki)]));

  const check = (userId: string, keys: Keys, text: string, given: Assertion): void => {
    if (!site) refuse('the signer knows no page at which passkeys are used (PUBLIC_ORIGIN)');
    const key = keys.get(given.credentialId) ?? refuse(`no passkey of user ${userId} that the signer knows`);
    const fault = faultOf(given, text, key, site);
    if (fault !== undefined) refuse(fault);
  };

  return {
    count: (userId) => spkisOf(userId).size,
    dropped: (userId) => {
      const at = droppedAt(dir, userId);
      return (byUser.get(userId) ?? []).flatMap((line) => ('add' in line && line.at <= at ? [line.add] : []));
    },
    check: ({ userId, ...payment }, confirmed) => {
      if (userId === undefined) return;
      const keys = keysOf(userId);
      if (keys.size === 0) return;
      const read = confirmation.safeParse(confirmed);
      if (!read.success)
        refuse(confirmed === undefined ? 'its owner has passkeys and has not confirmed it' : 'this is no confirmation');
      const { expiresAt, ...given } = read.data;
      if (expiresAt > now() + AHEAD_MS || expiresAt < now() - GOOD_FOR_MS)
        refuse('confirmed too long ago, or for too long');
      check(userId, keys, confirmationText({ ...payment, userId, expiresAt }), given);
    },
    change: (raw) => {
      const read = changeSchema.safeParse(raw);
      if (!read.success) refuse('this is no change of passkeys');
      const { assertion: given, ...wish } = read.data;
      const known = spkisOf(wish.userId);
      // Carried out before: a key that is known already, or one that nobody knows.
      if (known.get(wish.credentialId) === (wish.publicKey ?? undefined)) return;
      if (wish.change === 'add') checkNew(wish, known, ever);
      if (!site) refuse('the signer knows no page at which passkeys are used (PUBLIC_ORIGIN)');
      if (wish.expiresAt > now() + AHEAD_MS || wish.expiresAt < now())
        refuse('confirmed too long ago, or for too long');
      if (known.size > 0)
        check(
          wish.userId,
          keysOf(wish.userId),
          passkeyChangeText(wish),
          given ?? refuse('a passkey that is known must confirm this'),
        );
      append(
        wish.change === 'add'
          ? { user: wish.userId, add: wish.credentialId, spki: wish.publicKey ?? '', at: now() }
          : { user: wish.userId, remove: wish.credentialId, at: now() },
      );
    },
    close: log.close,
  };
}

/** A credential comes once: with one key, to one user, and not again by an old word after it was removed. */
function checkNew(
  { credentialId: id, publicKey }: z.infer<typeof changeSchema>,
  known: ReadonlyMap<string, string>,
  ever: ReadonlySet<string>,
): void {
  if (ever.has(id)) refuse('this passkey was known before');
  if (known.size >= MOST_KEYS) refuse(`more than ${MOST_KEYS} passkeys`);
  try {
    readUserKey(publicKey ?? '');
  } catch {
    refuse('this is no key of a passkey');
  }
}

/** By credential id, as the lines leave it; what came before the user was dropped counts no more. */
function spkisIn(lines: readonly Line[], dropped: number): Map<string, string> {
  const known = new Map<string, string>();
  for (const line of lines) {
    if (line.at <= dropped) continue;
    if ('add' in line) known.set(line.add, line.spki);
    else known.delete(line.remove);
  }
  return known;
}

/** When the operator last took this user's passkeys out; read anew at each use, so that it holds at once. */
function droppedAt(dir: string, userId: string): number {
  const file = droppedFile(dir);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { user: string; at: number });
  return lines.findLast(({ user }) => user === userId)?.at ?? -1;
}

/**
 * For the signer's operator, where somebody has lost all passkeys: the signer knows none of the user's from now on,
 * and believes the next one. Throws where it knows none.
 */
export function dropUserKeys(dir: string, userId: string, now: number): void {
  if (!userKeysIn(dir).has(userId)) throw new Error(`the signer knows no passkey of a user ${userId}`);
  const log = openLog(droppedFile(dir));
  log.append(JSON.stringify({ user: userId, at: now }));
  log.close();
}

/** The users whom the register knows passkeys of, and how many. */
export function userKeysIn(dir: string): Map<string, number> {
  const file = userKeysFile(dir);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
  const users = [...new Set(lines.map(({ user }) => user))];
  return new Map(
    users
      .map(
        (user) =>
          [
            user,
            spkisIn(
              lines.filter((line) => line.user === user),
              droppedAt(dir, user),
            ).size,
          ] as const,
      )
      .filter(([, count]) => count > 0),
  );
}
