/** Blocks and transactions in the shapes of Bitcoin Core's answers. */
import type { Block, MempoolEntry, Node, Place, Script, Tx } from './bcoin';

/** A refusal with Core's number. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Core tells amounts as JSON numbers with eight decimals, 0.00000001 and not 1e-8; `jsonOf` writes them so. */
export const coins = (satoshi: number): string => `btc:${decimals(satoshi)}`;

export function decimals(satoshi: number): string {
  const digits = String(Math.abs(satoshi)).padStart(9, '0');
  return `${satoshi < 0 ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

export const jsonOf = (value: unknown): string => JSON.stringify(value).replace(/"btc:(-?\d+\.\d{8})"/g, '$1');

/** Between the order of the bytes and the order people read. */
export const turned = (hex: string): string => Buffer.from(hex, 'hex').reverse().toString('hex');

export const scriptView = (script: Script): object => ({
  asm: script.toASM(),
  hex: script.toRaw().toString('hex'),
  type: typeOf(script.toRaw()),
});

function typeOf(raw: Buffer): string {
  const [first = 0, second = 0] = raw;
  if (raw.length === 22 && first === 0 && second === 20) return 'witness_v0_keyhash';
  if (raw.length === 34 && first === 0 && second === 32) return 'witness_v0_scripthash';
  if (raw.length === 34 && first === 0x51 && second === 32) return 'witness_v1_taproot';
  if (first === 0x6a) return 'nulldata';
  if (raw.length === 25 && first === 0x76) return 'pubkeyhash';
  if (raw.length === 23 && first === 0xa9) return 'scripthash';
  if (first >= 0x51 && first <= 0x60 && raw.length >= 4 && raw.length <= 42 && second === raw.length - 2)
    return 'witness_unknown';
  return 'nonstandard';
}

export const transactionView = (tx: Tx): object => ({
  txid: tx.txid(),
  hash: tx.wtxid(),
  version: tx.version,
  size: tx.getSize(),
  vsize: tx.getVirtualSize(),
  weight: tx.getWeight(),
  locktime: tx.locktime,
  vin: tx.inputs.map((input) => ({
    ...(tx.isCoinbase()
      ? { coinbase: input.script.toRaw().toString('hex') }
      : {
          txid: input.prevout.txid(),
          vout: input.prevout.index,
          scriptSig: { asm: input.script.toASM(), hex: input.script.toRaw().toString('hex') },
        }),
    ...(input.witness.items.length > 0 && { txinwitness: input.witness.items.map((item) => item.toString('hex')) }),
    sequence: input.sequence,
  })),
  vout: tx.outputs.map(({ value, script }, n) => ({ value: coins(value), n, scriptPubKey: scriptView(script) })),
  hex: tx.toRaw().toString('hex'),
});

export const isOnChain = async ({ chain }: Node, place: Place): Promise<boolean> =>
  (await chain.getHash(place.height)) === place.hash;

export async function headerView(node: Node, place: Place): Promise<Record<string, unknown>> {
  const onChain = await isOnChain(node, place);
  const next = onChain ? await node.chain.getNextHash(place.hash) : null;
  return {
    hash: place.rhash(),
    confirmations: onChain ? node.chain.height - place.height + 1 : -1,
    height: place.height,
    version: place.version,
    versionHex: place.version.toString(16).padStart(8, '0'),
    merkleroot: turned(place.merkleRoot),
    time: place.time,
    mediantime: await node.chain.getMedianTime(place),
    nonce: place.nonce,
    bits: place.bits.toString(16),
    chainwork: place.chainwork.toString('hex', 64),
    ...(place.height > 0 && { previousblockhash: turned(place.prevBlock) }),
    ...(next !== null && { nextblockhash: turned(next) }),
  };
}

/** Verbosity 1 names the transactions, 2 shows them. */
export const blockView = async (node: Node, place: Place, block: Block, verbosity: 1 | 2): Promise<object> => ({
  ...(await headerView(node, place)),
  size: block.getSize(),
  weight: block.getWeight(),
  nTx: block.txs.length,
  tx: block.txs.map((tx) => (verbosity === 1 ? tx.txid() : transactionView(tx))),
});

export const entryView = (node: Node, { tx, fee, time, height }: MempoolEntry): object => ({
  vsize: tx.getVirtualSize(),
  weight: tx.getWeight(),
  time,
  height,
  fees: { base: coins(fee), modified: coins(fee) },
  depends: [
    ...new Set(
      tx.inputs.filter(({ prevout }) => node.mempool.getEntry(prevout.hash)).map(({ prevout }) => prevout.txid()),
    ),
  ],
  // By BIP 125; it is replaced anyway (full replacement by fee, as Core does since 28).
  'bip125-replaceable': tx.inputs.some(({ sequence }) => sequence < 0xfffffffe),
});
