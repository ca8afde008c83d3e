/** Codes as the authenticator of somebody who is attacked shows them. */
import { codeOf, stepAt } from '../../server/second-factor/totp';

/** The code of an authenticator with this secret (base32) at a time (ms). */
export function totp(secret: string, at: number): string {
  const bits = [...secret]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  return codeOf(Buffer.from(bytes), stepAt(at));
}
