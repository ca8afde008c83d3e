/** What a log-in costs after many that failed: a count whose hash begins with enough zero bits. */
import { sha256 } from '@noble/hashes/sha2.js';

export interface Challenge {
  readonly challenge: string;
  /** Zero bits. */
  readonly difficulty: number;
}

export interface Proof {
  readonly challenge: string;
  readonly nonce: string;
}

/** Zero bits at the beginning. */
export function leadingZeroBits(hash: Uint8Array): number {
  let bits = 0;
  for (const byte of hash) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

/** The first count that is good enough: 2^difficulty tries on average. Blocks; the page does it in a worker. */
export function solve({ challenge, difficulty }: Challenge): Proof {
  const before = sha256.create().update(new TextEncoder().encode(`${challenge}:`));
  const encoder = new TextEncoder();
  for (let count = 0; ; count++) {
    const nonce = String(count);
    if (leadingZeroBits(before.clone().update(encoder.encode(nonce)).digest()) >= difficulty)
      return { challenge, nonce };
  }
}
