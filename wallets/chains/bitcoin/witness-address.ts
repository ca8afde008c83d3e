/**
 * The address of a version-0 witness program (BIP 173), made for each output of each block: a library takes fifty
 * times as long. Pure.
 */

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

const step = (sum: number, value: number): number => {
  const top = sum >>> 25;
  let next = ((sum & 0x1ffffff) << 5) ^ value;
  for (let bit = 0; bit < 5; bit++) if ((top >>> bit) & 1) next ^= GENERATOR[bit] ?? 0;
  return next;
};

/** `prefix`: `bc`, `tb` or `bcrt`. Answers a function of the program's bytes, from `at` on. */
export function witnessAddress(prefix: string): (bytes: Uint8Array, at: number, length: number) => string {
  let start = 1;
  for (const letter of prefix) start = step(start, letter.charCodeAt(0) >>> 5);
  start = step(start, 0);
  for (const letter of prefix) start = step(start, letter.charCodeAt(0) & 31);
  // The version.
  const begun = step(start, 0);
  return (bytes, at, length) => {
    let text = `${prefix}1q`;
    let sum = begun;
    let rest = 0;
    let bits = 0;
    for (let offset = at; offset < at + length; offset++) {
      rest = (rest << 8) | (bytes[offset] ?? 0);
      for (bits += 8; bits >= 5;) {
        bits -= 5;
        const value = (rest >>> bits) & 31;
        sum = step(sum, value);
        text += LETTERS[value];
      }
      rest &= (1 << bits) - 1;
    }
    if (bits > 0) {
      const value = (rest << (5 - bits)) & 31;
      sum = step(sum, value);
      text += LETTERS[value];
    }
    for (let left = 0; left < 6; left++) sum = step(sum, 0);
    sum ^= 1;
    for (let at5 = 25; at5 >= 0; at5 -= 5) text += LETTERS[(sum >>> at5) & 31];
    return text;
  };
}
