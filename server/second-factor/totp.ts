import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Time-based one-time codes (RFC 6238: HMAC-SHA-1, six digits, thirty seconds), as authenticator programs make them.
 */
const STEP_MS = 30_000;
const DIGITS = 1_000_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Clocks may differ by one step. */
const NEIGHBOURS = [0, -1, 1];

export const stepAt = (now: number): number => Math.floor(now / STEP_MS);

/** The code of one step: six digits. */
export function codeOf(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % DIGITS).padStart(6, '0');
}

/** The step whose code this is, around now and after `last`; undefined when it is none: each code is good once. */
export function stepOf(secret: Buffer, code: string, now: number, last: number): number | undefined {
  const given = Buffer.from(code);
  return NEIGHBOURS.map((n) => stepAt(now) + n).find((step) => {
    const wanted = Buffer.from(codeOf(secret, step));
    return step > last && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

/** Base32 without padding (RFC 4648), as a person types it. */
export function base32(bytes: Buffer): string {
  let [text, bits, value] = ['', 0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

/** What the picture for an authenticator says. */
export const authenticatorUri = (secret: Buffer, email: string): string =>
  `otpauth://totp/Javizen:${encodeURIComponent(email)}?secret=${base32(secret)}&issuer=Javizen&algorithm=SHA1&digits=6&period=30`;
