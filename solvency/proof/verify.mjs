#!/usr/bin/env node
// Checks your own leaf in a published proof of what an exchange owes and has. Plain Node, nothing to install, no network:
//   node verify.mjs proof.json leaf.json [public-key.pem]
// proof.json is what the exchange published for everybody, leaf.json is yours. Give the public key that the exchange has
// shown elsewhere, so that you do not take it from the file you are checking. Exit 0: your balance is counted in the
// published total, the total is signed, and what is there covers it. 1: something is not so. 2: a file cannot be read.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const problems = [];
const check = (good, what) => {
  if (!good) problems.push(what);
};

/** "BTC:1,ETH:20" as a map of whole numbers of 10^-18; anything with a sign, a point or out of order is refused. */
function readSums(text) {
  const sums = new Map();
  let before = '';
  for (const part of text === '' ? [] : text.split(',')) {
    const match = /^([A-Z0-9]{1,20}):([1-9][0-9]*)$/.exec(part);
    if (!match || match[1] <= before)
      throw new Error(`"${part.slice(0, 60)}" is not an amount that a proof may contain`);
    before = match[1];
    sums.set(match[1], BigInt(match[2]));
  }
  return sums;
}

const writeSums = (sums) =>
  [...sums.keys()]
    .sort()
    .map((asset) => `${asset}:${sums.get(asset)}`)
    .join(',');

function add(left, right) {
  const sums = new Map(left);
  for (const [asset, amount] of right) sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  return sums;
}

/** The root that follows from a leaf and its neighbours. */
function climb({ salt, userId, sums: own, path }) {
  let sums = readSums(own);
  let hash = sha256(`leaf\n${salt}\n${userId}\n${writeSums(sums)}`);
  for (const { side, hash: neighbour, sums: text } of path) {
    if (!/^[0-9a-f]{64}$/.test(neighbour) || (side !== 'left' && side !== 'right'))
      throw new Error('a step of the path is not one');
    const other = readSums(text);
    const [left, right] =
      side === 'left'
        ? [
            [neighbour, other],
            [hash, sums],
          ]
        : [
            [hash, sums],
            [neighbour, other],
          ];
    hash = sha256(`node\n${left[0]}\n${writeSums(left[1])}\n${right[0]}\n${writeSums(right[1])}`);
    sums = add(sums, other);
  }
  return { hash, sums };
}

const shown = (amount) => {
  const text = String(amount).padStart(19, '0');
  return `${text.slice(0, -18)}.${text.slice(-18)}`.replace(/\.?0+$/, '');
};

function main() {
  const [proofFile, leafFile, keyFile] = process.argv.slice(2);
  if (!proofFile || !leafFile) {
    console.error('usage: node verify.mjs proof.json leaf.json [public-key.pem]');
    return 2;
  }
  let proof;
  let leaf;
  let key;
  try {
    proof = JSON.parse(readFileSync(proofFile, 'utf8'));
    leaf = JSON.parse(readFileSync(leafFile, 'utf8'));
    key = createPublicKey(keyFile ? readFileSync(keyFile, 'utf8') : proof.publicKey);
  } catch (error) {
    console.error(`cannot read: ${error.message}`);
    return 2;
  }
  // What is signed is the text itself, so that nobody has to agree on how to write JSON.
  check(
    verify(null, Buffer.from(proof.statement), key, Buffer.from(proof.signature, 'base64')),
    'the signature is not of this key',
  );
  const statement = JSON.parse(proof.statement);
  check(leaf.proof === statement.id, 'the leaf belongs to another proof');
  let counted;
  try {
    counted = climb(leaf);
    check(counted.hash === statement.root, 'your leaf does not lead to the published root');
    check(writeSums(counted.sums) === statement.liabilities, 'the published total is not the sum of the tree');
  } catch (error) {
    check(false, error.message);
  }
  const owed = readSums(statement.liabilities);
  const there = new Map();
  for (const { asset, amount } of statement.assets) there.set(asset, (there.get(asset) ?? 0n) + BigInt(amount));
  console.log(
    `proof ${statement.id} of ${new Date(statement.at).toISOString()}, ${keyFile ? 'checked with your key' : 'checked with the key in the file'}`,
  );
  for (const [asset, amount] of owed) {
    const has = there.get(asset) ?? 0n;
    check(has >= amount, `only ${shown(has)} ${asset} are there for ${shown(amount)} that are owed`);
    console.log(`  ${asset.padEnd(6)} owed ${shown(amount)}  there ${shown(has)}`);
  }
  console.log(
    `your leaf: ${leaf.sums === '' ? 'nothing' : [...readSums(leaf.sums)].map(([asset, amount]) => `${shown(amount)} ${asset}`).join(', ')}`,
  );
  for (const problem of problems) console.error(`NOT SO: ${problem}`);
  if (problems.length === 0) console.log('your balance is counted, and what is there covers what is owed');
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = main();
