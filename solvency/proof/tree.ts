/**
 * A Merkle-sum tree of what users are owed: every node carries the sums of all that lies below it, and its hash covers
 * them, so that whoever finds the own leaf in it knows that the published total counts it. Amounts are whole numbers of
 * 10^-18, written without a sign: a negative leaf cannot be written down.
 */
import { createHash } from 'node:crypto';
import type { Units } from '../../domain/money/amount';

export type Sums = Readonly<Record<string, Units>>;

export interface Leaf {
  /** Says whose leaf it is to nobody but its owner: a random number of this proof's alone. */
  readonly salt: string;
  readonly userId: string;
  readonly sums: Sums;
}

interface Node {
  readonly hash: string;
  readonly sums: Sums;
}

/** A neighbour on the way up; `side` is where it stands. */
export interface Step {
  readonly side: 'left' | 'right';
  readonly hash: string;
  readonly sums: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const NOTHING: Node = { hash: sha256('nothing'), sums: {} };

/** `BTC:1,ETH:20`: assets in order, those without an amount left out. Throws on an amount below zero. */
export function writtenSums(sums: Sums): string {
  return Object.keys(sums)
    .toSorted()
    .filter((asset) => sums[asset] !== 0n)
    .map((asset) => {
      const amount = sums[asset] ?? 0n;
      if (amount < 0n || !/^[A-Z0-9]{1,20}$/.test(asset)) throw new RangeError(`no leaf can owe ${amount} ${asset}`);
      return `${asset}:${amount}`;
    })
    .join(',');
}

const leafNode = ({ salt, userId, sums }: Leaf): Node => ({
  hash: sha256(`leaf\n${salt}\n${userId}\n${writtenSums(sums)}`),
  sums,
});

function parent(left: Node, right: Node): Node {
  const sums: Record<string, Units> = { ...left.sums };
  for (const [asset, amount] of Object.entries(right.sums)) sums[asset] = (sums[asset] ?? 0n) + amount;
  return {
    hash: sha256(`node\n${left.hash}\n${writtenSums(left.sums)}\n${right.hash}\n${writtenSums(right.sums)}`),
    sums,
  };
}

export interface Tree {
  readonly root: string;
  readonly sums: Sums;
  /** From the leaf with this number up to the root. */
  path(index: number): Step[];
}

/** The tree over the leaves in the order they are given. */
export function buildTree(leaves: readonly Leaf[]): Tree {
  const levels: Node[][] = [leaves.length === 0 ? [NOTHING] : leaves.map(leafNode)];
  for (let level = levels[0] ?? []; level.length > 1; level = levels.at(-1) ?? []) {
    levels.push(
      Array.from({ length: Math.ceil(level.length / 2) }, (_, at) =>
        parent(level[at * 2] ?? NOTHING, level[at * 2 + 1] ?? NOTHING),
      ),
    );
  }
  const top = levels.at(-1)?.[0] ?? NOTHING;
  return {
    root: top.hash,
    sums: top.sums,
    path: (index) =>
      levels.slice(0, -1).map((level, height): Step => {
        const at = index >> height;
        const neighbour = level[at ^ 1] ?? NOTHING;
        return { side: at % 2 === 0 ? 'right' : 'left', hash: neighbour.hash, sums: writtenSums(neighbour.sums) };
      }),
  };
}
