/** xorshift32: the same seed, the same numbers, from 0 up to but without 1. */
export function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A seed of a word and a number (FNV-1a). */
export function seedOf(word: string, seed: number): number {
  let hash = 2_166_136_261 ^ seed;
  for (const letter of word) hash = Math.imul(hash ^ letter.charCodeAt(0), 16_777_619);
  return hash >>> 0 || 1;
}
