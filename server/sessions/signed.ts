/** Short words that we sign and believe when they come back: links of letters, names of devices, challenges. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Signer {
  /** 22 characters of base64url: 128 bits. */
  sign(...parts: readonly string[]): string;
  fits(mac: string, ...parts: readonly string[]): boolean;
}

/** Each purpose has a key of its own, derived from the secret, so that a word of one is nothing to another. */
export function signerFor(secret: string, purpose: string): Signer {
  const key = createHmac('sha256', secret).update(`javizen ${purpose}`).digest();
  const sign: Signer['sign'] = (...parts) => createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
  return {
    sign,
    fits: (mac, ...parts) => {
      const [given, expected] = [Buffer.from(mac), Buffer.from(sign(...parts))];
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
