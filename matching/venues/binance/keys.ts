import { createHmac, createPrivateKey, sign } from 'node:crypto';

/** What the venue knows an API key by: a shared secret (HMAC), or our private half of a pair of keys. */
export type KeyKind = 'HMAC' | 'Ed25519' | 'RSA';

export interface ApiSecret {
  readonly kind: KeyKind;
  /** As the SDK takes it: the shared secret, or PKCS #8 as PEM. */
  readonly secret: string;
  /** Signs a request's text: hexadecimal for HMAC, base64 for the others. */
  sign(text: string): string;
}

const KINDS: Readonly<Record<string, KeyKind>> = { ed25519: 'Ed25519', rsa: 'RSA' };

/**
 * Reads what an operator has of a key: the secret of an HMAC key, or an Ed25519 or RSA private key as PEM, whose line
 * ends may be written as \n. Throws where a private key is of another kind, is not whole, or needs a passphrase.
 */
export function readSecret(text: string): ApiSecret {
  if (!text.includes('PRIVATE KEY')) {
    return { kind: 'HMAC', secret: text, sign: (message) => createHmac('sha256', text).update(message).digest('hex') };
  }
  let key;
  try {
    key = createPrivateKey(text.replaceAll('\\n', '\n'));
  } catch {
    throw new Error("the venue's private key cannot be read: it must be a whole PEM without a passphrase");
  }
  const kind = KINDS[key.asymmetricKeyType ?? ''];
  if (!kind) throw new Error(`the venue takes Ed25519 and RSA keys, not ${key.asymmetricKeyType}`);
  const secret = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  // RSA signs a SHA-256 digest (PKCS #1 v1.5); Ed25519 has a digest of its own.
  const digest = kind === 'RSA' ? 'sha256' : null;
  return { kind, secret, sign: (message) => sign(digest, Buffer.from(message), key).toString('base64') };
}
