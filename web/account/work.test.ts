import { createHash } from 'node:crypto';
import { leadingZeroBits, solve } from './work';

test.each([
  [[0x80], 0],
  [[0x01], 7],
  [[0x00, 0x40], 9],
  [[0, 0, 0xff], 16],
  [[0, 0], 16],
])('%j begins with %i zero bits', (bytes, bits) => {
  expect(leadingZeroBits(Uint8Array.from(bytes))).toBe(bits);
});

test.each([0, 1, 8, 12])('a proof of %i bits holds before another SHA-256', (difficulty) => {
  const { challenge, nonce } = solve({ challenge: `c.1.${difficulty}`, difficulty });
  expect(leadingZeroBits(createHash('sha256').update(`${challenge}:${nonce}`).digest())).toBeGreaterThanOrEqual(
    difficulty,
  );
});
