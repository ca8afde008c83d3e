import { hash, verify } from '@node-rs/argon2';
import { inLanes } from '../http/queue';

/** Each takes a core for some 50 ms, and the same threads read files and names: two side by side, and few wait. */
const MOST_WAITING = 40;
/** Whose device has logged in to the account before waits behind no stranger. */
export type PasswordLane = 'known' | 'strangers';
const queue = inLanes<PasswordLane>(['known', 'strangers'], 2, MOST_WAITING);

/** Is the strangers' lane half full? Then a log-in from there costs its sender work. */
export const isCrowded = (): boolean => queue.waiting('strangers') >= MOST_WAITING / 2;

/** One form of what may be typed in several: keyboards differ in how they compose a letter. */
const typed = (password: string): string => password.normalize('NFKC');

/**
 * argon2id with the library's parameters (19 MiB, 2 passes): the name of all of them is stored in the hash. Throws
 * BUSY.
 */
export const hashPassword = (password: string, lane: PasswordLane = 'strangers'): Promise<string> =>
  queue.run(lane, () => hash(typed(password)));

let nobody: Promise<string> | undefined;

/**
 * True when the password fits. Takes the same time for an account that does not exist (null). Throws BUSY when too
 * many ask.
 */
export async function passwordFits(
  stored: string | null,
  password: string,
  lane: PasswordLane = 'strangers',
): Promise<boolean> {
  nobody ??= hash('no account has this password');
  const known = stored ?? (await nobody);
  const fits = (form: string): Promise<boolean> => queue.run(lane, () => verify(known, form));
  // Accounts of older versions have the password as it was typed then.
  const isRight = (await fits(typed(password))) || (typed(password) !== password && (await fits(password)));
  return isRight && stored !== null;
}
