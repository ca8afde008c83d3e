/** Short words that we sign and believe when they come back: links of letters, names of devices, challenges. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { versionsOf } from '../../domain/secret-versions';

export interface Signer {
  /** 22 characters of base64url: 128 bits. */
  sign(...parts: readonly string[]): string;
  fits(mac: string, ...parts: readonly string[]): boolean;
}

/** Each purpose has a key of its own, derived from the secret, so that a word of one is nothing to another. */
export function signerFor(secret: string, purpose: string): Signer {
  const keys = versionsOf(secret).map((version) => createHmac('sha256', version).update(`javizen ${purpose}`).digest());
  const macs = (parts: readonly unknown[]): string[] =>
    keys.map((key) => createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url').slice(0, 22));
  return {
    sign: (...parts) => macs(parts)[0] ?? '',
    fits: (mac, ...parts) => {
      const given = Buffer.from(mac);
      return macs(parts).some((one) => given.length === one.length && timingSafeEqual(given, Buffer.from(one)));
    },
  };
}
