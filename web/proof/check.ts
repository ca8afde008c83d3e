/**
 * Checks in the browser what the stand-alone script checks: that a leaf leads to the published root and is in its
 * total.
 */
import type { ProofLeafView } from '../../domain/contract/api/proof';

export type Sums = ReadonlyMap<string, bigint>;

/** `BTC:1,ETH:20` in whole numbers of 10^-18. Throws on anything with a sign, a point or out of order. */
export function readSums(text: string): Sums {
  const sums = new Map<string, bigint>();
  let before = '';
  for (const part of text === '' ? [] : text.split(',')) {
    const [, asset = '', amount = ''] = /^([A-Z0-9]{1,20}):([1-9][0-9]*)$/.exec(part) ?? [];
    if (asset === '' || asset <= before) throw new Error('not an amount that a proof may contain');
    before = asset;
    sums.set(asset, BigInt(amount));
  }
  return sums;
}

export const writeSums = (sums: Sums): string =>
  [...sums.keys()]
    .toSorted()
    .map((asset) => `${asset}:${sums.get(asset)}`)
    .join(',');

function add(left: Sums, right: Sums): Sums {
  const sums = new Map(left);
  for (const [asset, amount] of right) sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  return sums;
}

async function sha256(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The root and the total that follow from a leaf and its neighbours. Throws on what no proof contains. */
export async function climb(leaf: ProofLeafView): Promise<{ root: string; sums: Sums }> {
  let sums = readSums(leaf.sums);
  let root = await sha256(`leaf\n${leaf.salt}\n${leaf.userId}\n${writeSums(sums)}`);
  for (const step of leaf.path) {
    const other = readSums(step.sums);
    const [left, right] =
      step.side === 'left'
        ? ([
            [step.hash, other],
            [root, sums],
          ] as const)
        : ([
            [root, sums],
            [step.hash, other],
          ] as const);
    root = await sha256(`node\n${left[0]}\n${writeSums(left[1])}\n${right[0]}\n${writeSums(right[1])}`);
    sums = add(sums, other);
  }
  return { root, sums };
}
