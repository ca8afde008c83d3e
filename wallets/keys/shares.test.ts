import fc from 'fast-check';
import { freshSeed } from './seed';
import { joinShares, readShare, splitSeed } from './shares';

test('any two of three bring the seed back; one does not', async () => {
  const seed = freshSeed();
  const shares = (await splitSeed(seed, 3, 2)).map((share) => readShare(JSON.stringify(share)));
  for (const out of [0, 1, 2])
    expect((await joinShares(shares.filter((_, at) => at !== out))).phrase).toBe(seed.phrase);
  expect((await joinShares(shares.toReversed())).phrase).toBe(seed.phrase);
  for (const share of shares) {
    await expect(joinShares([share])).rejects.toThrow('2 different shares');
    await expect(joinShares([share, share])).rejects.toThrow('2 different shares');
    expect(share.part).not.toContain(seed.entropy.slice(2, 18));
  }
  await expect(joinShares([])).rejects.toThrow('no shares');
});

test('any m of n, of seeds of any length', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 5 }),
      async (needed, more, turn) => {
        const seed = freshSeed();
        const shares = await splitSeed(seed, needed + more, needed);
        const turned = [...shares.slice(turn), ...shares.slice(0, turn)];
        expect((await joinShares(turned.slice(0, needed))).phrase).toBe(seed.phrase);
        await expect(joinShares(turned.slice(0, needed - 1))).rejects.toThrow();
      },
    ),
    { numRuns: 25 },
  );
});

test('a mistyped share, one of another backup, and something else are told apart', async () => {
  const seed = freshSeed();
  const [one, two] = await splitSeed(seed, 3, 2);
  const [, foreign] = await splitSeed(seed, 3, 2);
  if (!one || !two || !foreign) throw new Error('no shares');
  await expect(
    joinShares([one, { ...two, part: two.part.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }]),
  ).rejects.toThrow('share 2 was changed');
  await expect(joinShares([one, { ...two, needed: 1 }])).rejects.toThrow('share 2 was changed');
  await expect(joinShares([one, foreign])).rejects.toThrow('another backup');
  expect(() => readShare('{"a":1}')).toThrow('not a share');
});
