import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { publishProof } from '../../db/stores/proofs';
import type { ProofStatement, ProofView } from '../../domain/contract/api/proof';
import type { CustodyReader } from '../../domain/contract/custody';
import type { Units } from '../../domain/money/amount';
import { DUST, userOf } from '../../ledger/accounts';
import { compare, stillMoving } from '../audit';
import { buildTree, writtenSums } from './tree';
import type { Leaf } from './tree';

export interface PublishedProof {
  readonly statement: ProofStatement;
  readonly proof: ProofView;
  /** Every address of ours whose coins are counted. */
  readonly addresses: { network: string; address: string }[];
  readonly leaves: number;
  /**
   * Number of the last entry of the journal that is counted. The operator's alone: it counts all that the house has
   * booked.
   */
  readonly entry: number;
}

/** The operator's signing key: read, or made and kept where it will be looked for. Ed25519, PKCS#8. */
function openKey(file: string): { privateKey: ReturnType<typeof createPrivateKey>; publicKey: string } {
  if (!existsSync(file))
    writeFileSync(file, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
      flag: 'wx',
    });
  const privateKey = createPrivateKey(readFileSync(file, 'utf8'));
  return { privateKey, publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
}

/** What each user is owed, available and held together, in an order that tells nothing; and what waits in dust. */
function leavesOf(balances: readonly { account: string; asset: string; amount: Units }[]): Leaf[] {
  const byUser = new Map<string, Record<string, Units>>();
  for (const { account, asset, amount } of balances) {
    const owner =
      account.endsWith('/available') || account.endsWith('/held')
        ? userOf(account)
        : account === DUST
          ? 'house'
          : undefined;
    if (owner === undefined || amount === 0n) continue;
    const sums = byUser.get(owner) ?? {};
    sums[asset] = (sums[asset] ?? 0n) + amount;
    byUser.set(owner, sums);
  }
  return [...byUser]
    .map(([userId, sums]) => ({ salt: randomBytes(16).toString('hex'), userId, sums }))
    .sort((a, b) => (a.salt < b.salt ? -1 : 1));
}

/**
 * Publishes a proof: the tree of what users are owed by one snapshot of the books, what really lies in each place, and
 * a signature over both. Throws when a place cannot be read: what is not known is not there.
 */
export async function publish(
  dataSource: DataSource,
  readers: readonly CustodyReader[],
  keyFile: string,
  now: number,
): Promise<PublishedProof> {
  const { facts, places, movements } = await compare(dataSource, readers);
  const unread = places.filter(({ actual }) => actual === undefined);
  if (unread.length > 0)
    throw new Error(`cannot be read now: ${unread.map(({ place, asset }) => `${place} ${asset}`).join(', ')}`);
  const leaves = leavesOf(facts.balances);
  const tree = buildTree(leaves);
  const own = (await Promise.all(readers.map((reader) => reader.ownAddresses()))).flat();
  const addresses = [...own, ...movements.addresses].map(({ network, address }) => ({ network, address }));
  const statement: ProofStatement = {
    id: `p${now.toString(36)}${randomBytes(4).toString('hex')}`,
    at: now,
    root: tree.root,
    liabilities: writtenSums(tree.sums),
    assets: places
      .map(({ place, asset, actual = 0n }) => ({
        place,
        asset,
        amount: place === 'transit' ? stillMoving(movements, places, asset) : actual,
      }))
      .filter(({ amount }) => amount > 0n)
      .map(({ place, asset, amount }) => ({ place, asset, amount: String(amount) })),
    addressesSha256: createHash('sha256').update(JSON.stringify(addresses)).digest('hex'),
  };
  const { privateKey, publicKey } = openKey(keyFile);
  const text = JSON.stringify(statement);
  const proof: ProofView = {
    statement: text,
    signature: sign(null, Buffer.from(text), privateKey).toString('base64'),
    publicKey,
  };
  const leafRows = leaves.map((leaf, at) => ({
    proofId: statement.id,
    userId: leaf.userId,
    leaf: JSON.stringify({
      proof: statement.id,
      salt: leaf.salt,
      userId: leaf.userId,
      sums: writtenSums(leaf.sums),
      path: tree.path(at),
    }),
  }));
  await publishProof(dataSource, { id: statement.id, ...proof, at: now }, leafRows);
  return { statement, proof, addresses, leaves: leaves.length, entry: facts.entry };
}
