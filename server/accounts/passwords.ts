import { hash, verify } from '@node-rs/argon2';
import { DomainError } from '../../domain/contract/errors';

/** Passwords looked at side by side; each takes a core for some 50 ms, and the same threads read files and names. */
const SIDE_BY_SIDE = 2;
/** More than these do not wait: they are told to try again. */
const MOST_WAITING = 40;

let running = 0;
const waiting: (() => void)[] = [];

/** One after the other, a few side by side. Throws BUSY when too many wait. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= SIDE_BY_SIDE) {
    if (waiting.length >= MOST_WAITING) throw new DomainError('BUSY');
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

/** argon2id with the library's parameters (19 MiB, 2 passes): the name of all of them is stored in the hash. Throws BUSY. */
export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(password));

let nobody: Promise<string> | undefined;

/** True when the password fits. Takes the same time for an account that does not exist (null). Throws BUSY when too many ask. */
export async function passwordFits(stored: string | null, password: string): Promise<boolean> {
  nobody ??= hash('no account has this password');
  const known = stored ?? (await nobody);
  const fits = await inTurn(() => verify(known, password));
  return fits && stored !== null;
}
