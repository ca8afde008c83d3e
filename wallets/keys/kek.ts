import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { hashRaw } from '@node-rs/argon2';

/**
 * Where the key comes from that encrypts the key of a sealed seed: a passphrase, or a device that never gives it away.
 */
export interface KeyEncryption {
  readonly kind: 'passphrase' | 'pkcs11';
  /** Encrypts 32 bytes. What it answers holds no secret. */
  wrap(key: Buffer): Promise<Wrapped>;
  /** Throws when the wrapping is another's, or was changed. */
  unwrap(wrapped: Wrapped): Promise<Buffer>;
}

/** Hexadecimal fields, which differ by kind. */
export type Wrapped = Readonly<Record<string, string>>;

const PURPOSE = Buffer.from('javizen:kek:2');
/** Nothing shorter is taken: each byte less would make a forged seal 256 times as likely to pass. */
export const TAG_BYTES = 16;
const MEMORY_KIB = 65_536;
const SHORTEST = 12;

/** 32 bytes of a passphrase by argon2id: 64 MiB, three passes. */
export function keyOfPassphrase(passphrase: string, salt: Buffer): Promise<Buffer> {
  // argon2id is the library's own choice of algorithm.
  return hashRaw(passphrase, { salt, memoryCost: MEMORY_KIB, timeCost: 3, parallelism: 1, outputLen: 32 });
}

export interface Boxed {
  readonly nonce: string;
  readonly text: string;
  readonly tag: string;
}

/** AES-256-GCM; `purpose` is bound in, so that what was sealed for one thing is not taken for another. */
export function box(key: Buffer, purpose: Buffer, text: Buffer): Boxed {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(purpose);
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return { nonce: nonce.toString('hex'), text: sealed.toString('hex'), tag: cipher.getAuthTag().toString('hex') };
}

/** Throws when the key is another, or anything was changed. */
export function unbox(key: Buffer, purpose: Buffer, { nonce, text, tag }: Boxed): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'hex'), { authTagLength: TAG_BYTES })
    .setAAD(purpose)
    .setAuthTag(Buffer.from(tag, 'hex'));
  return Buffer.concat([decipher.update(Buffer.from(text, 'hex')), decipher.final()]);
}

export interface PassphraseKek extends KeyEncryption {
  readonly kind: 'passphrase';
  readonly passphrase: string;
}

/** Throws on a passphrase of fewer than twelve characters. */
export function passphraseKek(passphrase: string): PassphraseKek {
  if (passphrase.length < SHORTEST) throw new Error(`the signer passphrase must have at least ${SHORTEST} characters`);
  return {
    kind: 'passphrase',
    passphrase,
    wrap: async (key) => {
      const salt = randomBytes(16);
      return { salt: salt.toString('hex'), ...box(await keyOfPassphrase(passphrase, salt), PURPOSE, key) };
    },
    unwrap: async ({ salt = '', nonce = '', text = '', tag = '' }) =>
      unbox(await keyOfPassphrase(passphrase, Buffer.from(salt, 'hex')), PURPOSE, { nonce, text, tag }),
  };
}
