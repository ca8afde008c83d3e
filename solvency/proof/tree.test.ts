import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { buildTree, writtenSums } from './tree';
import type { Leaf } from './tree';

const seed = Number(process.env.SEED ?? 20261121);
const amounts = fc.dictionary(fc.constantFrom('BTC', 'ETH', 'USDT'), fc.bigInt({ min: 0n, max: 10n ** 30n }));
const leaves = fc
  .array(amounts, { minLength: 1, maxLength: 40 })
  .map((all) => all.map((sums, at): Leaf => ({ salt: `salt ${at}`, userId: `user ${at}`, sums })));

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'proof-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test(`the root's sums are those of all leaves, and every path leads to it (seed ${seed})`, () => {
  fc.assert(
    fc.property(leaves, (all) => {
      const tree = buildTree(all);
      for (const asset of ['BTC', 'ETH', 'USDT'])
        expect(tree.sums[asset] ?? 0n).toBe(all.reduce((sum, leaf) => sum + (leaf.sums[asset] ?? 0n), 0n));
      for (const [at] of all.entries()) expect(tree.path(at)).toHaveLength(Math.ceil(Math.log2(all.length)));
      // Another amount, another owner or another order is another root.
      const [first] = all;
      if (first)
        expect(
          buildTree([{ ...first, sums: { ...first.sums, BTC: (first.sums.BTC ?? 0n) + 1n } }, ...all.slice(1)]).root,
        ).not.toBe(tree.root);
    }),
    { seed, numRuns: 100 },
  );
});

test('a leaf below zero cannot be written down', () => {
  expect(() => writtenSums({ ETH: -1n })).toThrow(RangeError);
  expect(() => buildTree([{ salt: 's', userId: 'u', sums: { ETH: -1n } }])).toThrow(RangeError);
});

describe('the stand-alone script', () => {
  const keys = generateKeyPairSync('ed25519');
  const all: Leaf[] = ['ann', 'bob', 'cid'].map((userId, at) => ({
    salt: `${at}`.repeat(32),
    userId,
    sums: { ETH: BigInt(at + 1) * 10n ** 18n, USDT: 5n },
  }));
  const tree = buildTree(all);
  const statement = {
    id: 'p1',
    at: 1_763_700_000_000,
    root: tree.root,
    liabilities: writtenSums(tree.sums),
    assets: [
      { place: 'hot', asset: 'ETH', amount: '6000000000000000000' },
      { place: 'binance', asset: 'USDT', amount: '15' },
    ],
  };
  const leafOf = (at: number) => ({
    proof: 'p1',
    salt: all[at]?.salt,
    userId: all[at]?.userId,
    sums: writtenSums(all[at]?.sums ?? {}),
    path: tree.path(at),
  });

  function run(changes: { statement?: object; leaf?: object; signed?: object } = {}): {
    status: number | null;
    said: string;
  } {
    const text = JSON.stringify({ ...statement, ...changes.statement });
    const signature = sign(
      null,
      Buffer.from(changes.signed ? JSON.stringify({ ...statement, ...changes.signed }) : text),
      keys.privateKey,
    ).toString('base64');
    const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' });
    writeFileSync(join(dir, 'proof.json'), JSON.stringify({ statement: text, signature, publicKey }));
    writeFileSync(join(dir, 'leaf.json'), JSON.stringify({ ...leafOf(1), ...changes.leaf }));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(__dirname, 'verify.mjs'), join(dir, 'proof.json'), join(dir, 'leaf.json')],
      { encoding: 'utf8' },
    );
    return { status, said: stdout + stderr };
  }

  test('says yes to what is so', () => {
    expect(run()).toMatchObject({ status: 0, said: expect.stringContaining('your leaf: 2 ETH') as string });
  });

  test.each([
    ['another amount in the leaf', { leaf: { sums: 'ETH:3000000000000000000,USDT:5' } }, 'published root'],
    [
      'a negative neighbour',
      { leaf: { path: [{ side: 'left', hash: 'a'.repeat(64), sums: 'ETH:-1' }] } },
      'not an amount',
    ],
    ['a neighbour left out', { leaf: { path: tree.path(1).slice(1) } }, 'published root'],
    ['a smaller total', { statement: { liabilities: 'ETH:1,USDT:15' } }, 'not the sum of the tree'],
    ['too little there', { statement: { assets: [{ place: 'hot', asset: 'ETH', amount: '1' }] } }, 'are there for'],
    ['another statement than was signed', { signed: { at: 1 } }, 'signature'],
    ["another proof's leaf", { leaf: { proof: 'p2' } }, 'another proof'],
  ])('says no to %s', (_what, changes, words) => {
    const { status, said } = run(changes);
    expect([status, said]).toEqual([1, expect.stringContaining(words)]);
  });
});
