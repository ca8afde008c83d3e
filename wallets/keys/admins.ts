import { createHash, createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { KeyObject } from 'node:crypto';
import { openLog } from './append-log';

/** Somebody whose approvals the signer believes. One admin may have keys in several browsers, and counts once. */
export interface Approver {
  readonly name: string;
  /** See `approvalKeyId`. */
  readonly key: string;
  readonly publicKey: KeyObject;
}

type Line =
  | { readonly name: string; readonly key: string; readonly spki: string; readonly at: number }
  | { readonly revoked: string; readonly at: number };

/** Reads SPKI bytes as base64, or a PEM; throws on anything but a P-256 key. */
export function readPublicKey(text: string): { key: string; spki: string; publicKey: KeyObject } {
  const publicKey = text.includes('-----')
    ? createPublicKey(text)
    : createPublicKey({ key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'spki' });
  if (publicKey.asymmetricKeyType !== 'ec' || publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new Error('this is not a public key of the curve P-256');
  const bytes = publicKey.export({ format: 'der', type: 'spki' });
  return {
    key: createHash('sha256').update(bytes).digest('hex').slice(0, 32),
    spki: bytes.toString('base64'),
    publicKey,
  };
}

/**
 * The admins of the signer's own file, which only its operator writes; read anew at each use, so that a revoked key
 * ends at once.
 */
export function readAdmins(file: string): Approver[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const known = new Map<string, Approver>();
  for (const part of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (part === '') continue;
    const line = JSON.parse(part) as Line;
    if ('revoked' in line) known.delete(line.revoked);
    else known.set(line.key, { name: line.name, ...readPublicKey(line.spki) });
  }
  return [...known.values()];
}

/**
 * Enrols an admin's public key (SPKI as base64, or PEM). Answers its name. The same key again, for the same admin,
 * changes nothing.
 */
export function enrolAdmin(file: string, admin: string, publicKey: string, now: number): string {
  const name = admin.trim().toLowerCase();
  if (name === '' || name.length > 190) throw new Error('an admin needs a name: the e-mail address they log in with');
  const { key, spki } = readPublicKey(publicKey);
  const before = readAdmins(file).find((one) => one.key === key);
  if (before && before.name !== name) throw new Error(`this key is ${before.name}'s`);
  if (!before) append(file, { name, key, spki, at: now });
  return key;
}

/** Takes a key back: what was signed with it counts no more. Throws when no such key is enrolled. */
export function revokeAdmin(file: string, key: string, now: number): void {
  if (!readAdmins(file).some((one) => one.key === key)) throw new Error(`no key ${key} is enrolled`);
  append(file, { revoked: key, at: now });
}

function append(file: string, line: Line): void {
  const log = openLog(file);
  log.append(JSON.stringify(line));
  log.close();
}
