/**
 * What bcoin's mempool lacks of Core's: replacement by fee, a trial without taking, and transactions that come back
 * after a reorganisation. Refusals carry Core's numbers and words.
 */
import type { MempoolEntry, Node, Tx } from './bcoin';
import { RpcError, decimals } from './present';

/** Satoshi a virtual byte, for the first relay and for each replacement. */
export const RELAY_RATE = 1;
const MOST_REPLACED = 100;

/** Takes a transaction or, with `keep` false, only says what taking it would say. Throws RpcError. */
export async function accept(node: Node, tx: Tx, keep: boolean): Promise<{ vsize: number; fee: number }> {
  const { mempool, chain } = node;
  const hash = tx.hash('hex');
  if (mempool.getEntry(hash)) throw new RpcError(-27, 'txn-already-in-mempool');
  if ((await chain.hasCoins(tx)) || (await node.getMeta(hash)))
    throw new RpcError(-27, 'Transaction outputs already in utxo set');
  const replaced = await replacedBy(node, tx);
  for (const entry of replaced) if (mempool.getEntry(entry.tx.hash('hex'))) mempool.evictEntry(entry);
  let taken = false;
  try {
    const fee = await add(node, tx);
    taken = keep;
    if (!keep) mempool.evictEntry(mempool.getEntry(hash) as MempoolEntry);
    return { vsize: tx.getVirtualSize(), fee };
  } finally {
    if (!taken)
      await addAgain(
        node,
        replaced.map((entry) => entry.tx),
      );
  }
}

async function add({ mempool }: Node, tx: Tx): Promise<number> {
  const hash = tx.hash('hex');
  let missing: unknown;
  try {
    missing = await mempool.addTX(tx);
  } catch (error) {
    const { reason, message } = error as { reason?: string; message: string };
    throw new RpcError(-26, reason ?? message);
  }
  const entry = mempool.getEntry(hash);
  if (missing || !entry) {
    mempool.removeOrphan(hash);
    throw new RpcError(-25, 'bad-txns-inputs-missingorspent');
  }
  const least = tx.getVirtualSize() * RELAY_RATE;
  if (entry.fee >= least) return entry.fee;
  mempool.evictEntry(entry);
  throw new RpcError(-26, `min relay fee not met, ${entry.fee} < ${least}`);
}

/**
 * The transactions that would leave for this one, parents first. Throws when it does not pay enough for them (BIP 125,
 * rules 3 to 5; whether they signal makes no difference).
 */
async function replacedBy(node: Node, tx: Tx): Promise<MempoolEntry[]> {
  const { mempool } = node;
  const direct = new Set(tx.inputs.flatMap(({ prevout }) => mempool.getSpent(prevout.hash, prevout.index) ?? []));
  if (direct.size === 0) return [];
  const all = new Map<string, MempoolEntry>();
  for (const entry of direct)
    for (const gone of [entry, ...mempool.getDescendants(entry)]) all.set(gone.tx.hash('hex'), gone);
  if (all.size > MOST_REPLACED) throw new RpcError(-26, 'too many potential replacements');
  const fee = (await valueOf(node, tx)) - tx.getOutputValue();
  const vsize = tx.getVirtualSize();
  const refuse = (why: string): never => {
    throw new RpcError(-26, `insufficient fee, rejecting replacement ${tx.txid()}${why}`);
  };
  for (const old of direct) {
    if (fee * old.tx.getVirtualSize() > old.fee * vsize) continue;
    refuse(
      `; new feerate ${perKilobyte(fee, vsize)} BTC/kvB <= old feerate ${perKilobyte(old.fee, old.tx.getVirtualSize())} BTC/kvB`,
    );
  }
  const before = [...all.values()].reduce((sum, entry) => sum + entry.fee, 0);
  if (fee < before) refuse(`, less fees than conflicting txs; ${decimals(fee)} < ${decimals(before)}`);
  if (fee - before < vsize * RELAY_RATE)
    refuse(`, not enough additional fees to relay; ${decimals(fee - before)} < ${decimals(vsize * RELAY_RATE)}`);
  return [...all.values()];
}

const perKilobyte = (fee: number, vsize: number): string => decimals(Math.floor((fee * 1000) / vsize));

/** The sum of a transaction's inputs, which may be spent by what it replaces. */
async function valueOf({ chain, mempool }: Node, tx: Tx): Promise<number> {
  let sum = 0;
  for (const { prevout } of tx.inputs) {
    const value =
      (await chain.getCoin(prevout.hash, prevout.index))?.value ??
      mempool.getEntry(prevout.hash)?.tx.outputs[prevout.index]?.value;
    if (value === undefined) throw new RpcError(-25, 'bad-txns-inputs-missingorspent');
    sum += value;
  }
  return sum;
}

/** Puts back what may stand again; what conflicts with the chain now is gone. */
export async function addAgain(node: Node, transactions: readonly Tx[]): Promise<void> {
  for (const tx of transactions) {
    if (node.mempool.getEntry(tx.hash('hex'))) continue;
    await node.mempool.addTX(tx).then(
      (missing) => missing && node.mempool.removeOrphan(tx.hash('hex')),
      () => undefined,
    );
  }
}
