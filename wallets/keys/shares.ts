import { createHash, randomBytes } from 'node:crypto';
import { Mnemonic } from 'ethers';
import { combine, split } from 'shamir-secret-sharing';

/** One part of a backup: alone it says nothing of the seed. */
export interface Share {
  readonly version: 1;
  /** Which backup it is of. */
  readonly set: string;
  readonly number: number;
  readonly of: number;
  readonly needed: number;
  /** Hexadecimal. */
  readonly part: string;
  /** Of all of the above: a mistyped share is told before it is used. */
  readonly check: string;
}

const CHECK = 16;
const SUM_BYTES = 4;
const sumOf = (entropy: Uint8Array): Buffer =>
  createHash('sha256').update('javizen:backup:1').update(entropy).digest().subarray(0, SUM_BYTES);
const checkOf = ({ version, set, number, of, needed, part }: Omit<Share, 'check'>): string =>
  createHash('sha256').update([version, set, number, of, needed, part].join('|')).digest('hex').slice(0, CHECK);

/** Splits a seed by Shamir's scheme: any `needed` of the shares bring it back, fewer are worth nothing. */
export async function splitSeed(mnemonic: Mnemonic, of: number, needed: number): Promise<Share[]> {
  const entropy = Buffer.from(mnemonic.entropy.slice(2), 'hex');
  const set = randomBytes(4).toString('hex');
  const parts = await split(Uint8Array.from(Buffer.concat([entropy, sumOf(entropy)])), of, needed);
  return parts.map((bytes, at) => {
    const share = { version: 1 as const, set, number: at + 1, of, needed, part: Buffer.from(bytes).toString('hex') };
    return { ...share, check: checkOf(share) };
  });
}

/** The seed of enough shares of one backup. Throws, with what is wrong, on mistyped, mixed or too few ones. */
export async function joinShares(shares: readonly Share[]): Promise<Mnemonic> {
  const [first] = shares;
  if (!first) throw new Error('there are no shares');
  for (const share of shares) {
    if (share.version !== 1 || checkOf(share) !== share.check)
      throw new Error(`share ${share.number} was changed or mistyped`);
    if (share.set !== first.set)
      throw new Error(`share ${share.number} is of another backup (${share.set}, not ${first.set})`);
  }
  const distinct = [...new Map(shares.map((share) => [share.number, share])).values()];
  if (distinct.length < first.needed)
    throw new Error(`${first.needed} different shares are needed; these are ${distinct.length}`);
  const joined = Buffer.from(await combine(distinct.map(({ part }) => Uint8Array.from(Buffer.from(part, 'hex')))));
  const entropy = joined.subarray(0, -SUM_BYTES);
  if (!sumOf(entropy).equals(joined.subarray(-SUM_BYTES))) throw new Error('these shares do not make a seed');
  return Mnemonic.fromEntropy(entropy);
}

/** Reads a share as it was written into a file. */
export function readShare(text: string): Share {
  const share = JSON.parse(text) as Partial<Share>;
  const known =
    typeof share.set === 'string' &&
    typeof share.part === 'string' &&
    typeof share.check === 'string' &&
    [share.number, share.of, share.needed].every(Number.isSafeInteger);
  if (!known) throw new Error('this is not a share of a backup');
  return share as Share;
}
