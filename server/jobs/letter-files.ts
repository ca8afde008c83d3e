/**
 * Reads letters where they are written as files: as their receiver would, for tests and for the local world's people.
 */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface ReadLetter {
  readonly subject: string;
  readonly text: string;
  readonly at: number;
}

/** Letters to this address, oldest first. */
export async function lettersTo(mailDir: string, email: string): Promise<ReadLetter[]> {
  const names = (await readdir(mailDir).catch(() => [])).filter((name) => name.endsWith('.eml'));
  const found = await Promise.all(
    names
      .map((name) => join(mailDir, name))
      .map(async (file) => ({ whole: await readFile(file, 'utf8'), at: (await stat(file)).mtimeMs })),
  );
  return found
    .filter(({ whole }) => new RegExp(`^To: ${email.replaceAll(/[.+]/g, '\\$&')}\\r?$`, 'im').test(whole))
    .map(({ whole, at }) => ({ ...parse(whole), at }))
    .toSorted((a, b) => a.at - b.at);
}

/** The token of the newest link of this kind in letters to the address; undefined where there is none. */
export async function tokenIn(mailDir: string, email: string, kind: 'confirm' | 'freeze'): Promise<string | undefined> {
  const tokens = (await lettersTo(mailDir, email)).flatMap(
    ({ text }) => new RegExp(`/${kind}/([A-Za-z0-9_.-]+)`).exec(text)?.[1] ?? [],
  );
  return tokens.at(-1);
}

function parse(whole: string): { subject: string; text: string } {
  const split = /\r?\n\r?\n/.exec(whole);
  const head = whole.slice(0, split?.index ?? 0).replaceAll(/\r?\n[ \t]+/g, ' ');
  const body = whole.slice((split?.index ?? 0) + (split?.[0].length ?? 0));
  const header = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  return { subject: header('Subject'), text: decoded(header('Content-Transfer-Encoding').toLowerCase(), body) };
}

function decoded(encoding: string, body: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
