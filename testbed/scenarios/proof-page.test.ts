import { buildTree, writtenSums } from '../../solvency/proof/tree';
import { climb, readSums, writeSums } from '../../web/proof/check';

const all = ['ann', 'bob', 'cid', 'dan', 'eve'].map((userId, at) => ({
  salt: `${at}`,
  userId,
  sums: { ETH: BigInt(at + 1) * 10n ** 18n, USDT: BigInt(at) },
}));

test('what the house builds, the browser climbs, from every leaf', async () => {
  const tree = buildTree(all);
  for (const [at, { salt, userId, sums }] of all.entries()) {
    const top = await climb({ proof: 'p', salt, userId, sums: writtenSums(sums), path: tree.path(at) });
    expect([top.root, writeSums(top.sums)]).toEqual([tree.root, writtenSums(tree.sums)]);
  }
});

test.each(['ETH:-1', 'ETH:1.5', 'ETH:01', 'USDT:1,ETH:1', 'ETH:1,ETH:1', 'ETH', 'eth:1', 'ETH:1,'])(
  '%s is no sum',
  (text) => {
    expect(() => readSums(text)).toThrow();
  },
);
