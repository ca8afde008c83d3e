/** What a passkey signed (WebAuthn level 3, section 7.2), checked with node:crypto alone. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { assertion } from '../../domain/contract/api/passkeys';
import type { Assertion } from '../../domain/contract/api/passkeys';

/** Where passkeys are used: the page's origin, whose host is the relying party's id. */
export interface Site {
  readonly origin: string;
  readonly rpId: string;
}

export const siteOf = (origin: string): Site => ({ origin: new URL(origin).origin, rpId: new URL(origin).hostname });

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();

/** RP id hash, flags, counter. */
const LEAST_AUTHENTICATOR_DATA = 37;
const [PRESENT, VERIFIED, EXTENDED] = [0x01, 0x04, 0xc0];

/** A user's public key (SPKI, base64): ES256 on P-256, RS256 from 2,048 bits, or Ed25519. Throws on any other. */
export function readUserKey(spki: string): KeyObject {
  const bytes = Buffer.from(spki, 'base64');
  const key = createPublicKey({ key: bytes, format: 'der', type: 'spki' });
  const details = key.asymmetricKeyDetails;
  const fits =
    (key.asymmetricKeyType === 'ec' && details?.namedCurve === 'prime256v1') ||
    (key.asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= 2048) ||
    key.asymmetricKeyType === 'ed25519';
  if (!fits || !key.export({ format: 'der', type: 'spki' }).equals(bytes))
    throw new Error('this is no key of a passkey');
  return key;
}

/**
 * Why this is no assertion over the text by this key, or undefined where it is one. What was signed once is one for
 * ever: the counter says nothing here.
 */
export function faultOf(raw: Assertion, text: string, key: KeyObject, { origin, rpId }: Site): string | undefined {
  const read = assertion.safeParse(raw);
  if (!read.success) return 'this is no assertion';
  const [client, data, signature] = [
    bytesOf(read.data.clientDataJSON),
    bytesOf(read.data.authenticatorData),
    bytesOf(read.data.signature),
  ];
  const said = client && objectIn(client);
  if (!client || !data || !signature || !said) return 'this is no assertion';
  if (said.type !== 'webauthn.get') return 'it was made for something else';
  if (said.challenge !== sha256(text).toString('base64url')) return 'it is of something else';
  if (said.origin !== origin || said.crossOrigin === true || said.topOrigin !== undefined)
    return 'it was made at another page';
  if (data.length < LEAST_AUTHENTICATOR_DATA || !data.subarray(0, 32).equals(sha256(rpId)))
    return 'it was made for another site';
  const flags = data[32] ?? 0;
  if ((flags & EXTENDED) === 0 && data.length !== LEAST_AUTHENTICATOR_DATA) return 'this is no assertion';
  if ((flags & PRESENT) === 0) return 'nobody was present';
  if ((flags & VERIFIED) === 0) return 'the authenticator has not verified its user';
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(algorithm, Buffer.concat([data, sha256(client)]), key, signature)
    ? undefined
    : 'the signature is of another key, or of something else';
}

/** Undefined where it is not the one spelling of its bytes. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function objectIn(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
