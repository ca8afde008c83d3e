/**
 * What arrived in a block, read from its bytes: no floating point, no spelling of addresses, the same on every node.
 * Pure. Nothing is made of a transaction but its id and where its outputs lie: a day of Bitcoin has half a million of
 * them.
 */
import { createHash } from 'node:crypto';
import { fromChainUnits } from '../../../domain/money/amount';
import type { ChainTransfer } from '../chain';

export const SATOSHI_DECIMALS = 8;

interface RawTransaction {
  /** In the order of the bytes; shown backwards. */
  readonly id: Buffer;
  readonly isCoinbase: boolean;
  readonly inputsAt: number;
  readonly outputsAt: number;
}

export interface BitcoinBlock {
  readonly hash: string;
  readonly parentHash: string;
  readonly bytes: Buffer;
  readonly transactions: readonly RawTransaction[];
}

const HEADER_BYTES = 80;
const ID_BYTES = 32;
const NO_INDEX = 0xffffffff;

/**
 * Reads a block from its hex. Throws when the bytes are not the block of this hash, whole and with these transactions.
 */
export function readBlock(hex: string, hash: string): BitcoinBlock {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length * 2 !== hex.length || bytes.length < HEADER_BYTES)
    throw new Error(`the bytes of block ${hash} are cut off`);
  const found = shown(doubleHash(bytes.subarray(0, HEADER_BYTES)));
  if (found !== hash) throw new Error(`the bytes are of block ${found}, not ${hash}`);
  const reader = new Reader(bytes, HEADER_BYTES);
  const transactions = bytes.length === HEADER_BYTES ? [] : readTransactions(reader, hash);
  const wrong =
    transactions.length === 0 ||
    reader.at !== bytes.length ||
    !rootOf(transactions.map(({ id }) => id))?.equals(bytes.subarray(36, 68));
  if (wrong) throw new Error(`the transactions are not those of block ${hash}`);
  return { hash, parentHash: shown(bytes.subarray(4, 36)), bytes, transactions };
}

function readTransactions(reader: Reader, hash: string): RawTransaction[] {
  try {
    const made: RawTransaction[] = [];
    for (let left = reader.count(); left > 0; left--) made.push(readTransaction(reader));
    return made;
  } catch (error) {
    if (error instanceof RangeError) throw new Error(`the transactions are not those of block ${hash}: cut off`);
    throw error;
  }
}

function readTransaction(reader: Reader): RawTransaction {
  const { bytes, at: start } = reader;
  reader.skip(4);
  // A marker of zero inputs and a flag: witnesses follow the outputs, and the id is made without them.
  const hasWitness = reader.peek() === 0;
  if (hasWitness) reader.skip(2);
  const inputsAt = reader.at;
  const inputs = reader.count();
  const isCoinbase =
    inputs === 1 && bytes.readUInt32LE(reader.at + ID_BYTES) === NO_INDEX && isNothing(bytes, reader.at);
  for (let left = inputs; left > 0; left--) {
    reader.skip(ID_BYTES + 4);
    reader.skip(reader.count() + 4);
  }
  const outputsAt = reader.at;
  for (let left = reader.count(); left > 0; left--) {
    reader.skip(8);
    reader.skip(reader.count());
  }
  const outputsEnd = reader.at;
  if (hasWitness)
    for (let left = inputs; left > 0; left--)
      for (let items = reader.count(); items > 0; items--) reader.skip(reader.count());
  const lockAt = reader.at;
  reader.skip(4);
  const id = hasWitness
    ? doubleHash(
        bytes.subarray(start, start + 4),
        bytes.subarray(inputsAt, outputsEnd),
        bytes.subarray(lockAt, lockAt + 4),
      )
    : doubleHash(bytes.subarray(start, reader.at));
  return { id, isCoinbase, inputsAt, outputsAt };
}

/**
 * Coins for watched scripts (answered with the address it stands for). Each output by itself: one transaction may pay
 * one address twice. What a block itself creates is left out: it cannot be spent for a hundred blocks.
 */
export function transfersIn(
  { bytes, transactions }: BitcoinBlock,
  asset: string,
  watched: (script: Uint8Array) => string | undefined,
): ChainTransfer[] {
  const found: ChainTransfer[] = [];
  for (const { id, isCoinbase, outputsAt } of transactions) {
    if (isCoinbase) continue;
    const reader = new Reader(bytes, outputsAt);
    const outputs = reader.count();
    let txid: string | undefined;
    for (let index = 0; index < outputs; index++) {
      const valueAt = reader.at;
      reader.skip(8);
      const length = reader.count();
      const scriptAt = reader.at;
      reader.skip(length);
      const to = watched(bytes.subarray(scriptAt, scriptAt + length));
      if (to === undefined) continue;
      const value = bytes.readBigUInt64LE(valueAt);
      if (value === 0n) continue;
      // Once a transaction: one that pays us ten thousand times is as long as a block.
      txid ??= shown(id);
      // Coins have no sender on this chain.
      found.push({
        txid,
        position: `out:${index}`,
        asset,
        from: '',
        to,
        amount: fromChainUnits(value, SATOSHI_DECIMALS),
      });
    }
  }
  return found;
}

/** The coins that a block spends of ours: their `txid:index`, and by which transaction. */
export function spentIn(
  { bytes, transactions }: BitcoinBlock,
  ours: (outpoint: string) => boolean,
): { outpoint: string; by: string }[] {
  return transactions.flatMap(({ id, isCoinbase, inputsAt }) => {
    if (isCoinbase) return [];
    const reader = new Reader(bytes, inputsAt);
    return Array.from({ length: reader.count() }, () => {
      const outpoint = `${shown(bytes.subarray(reader.at, reader.at + ID_BYTES))}:${bytes.readUInt32LE(reader.at + ID_BYTES)}`;
      reader.skip(ID_BYTES + 4);
      reader.skip(reader.count() + 4);
      return outpoint;
    }).flatMap((outpoint) => (ours(outpoint) ? [{ outpoint, by: shown(id) }] : []));
  });
}

/** Walks over bytes. Throws RangeError beyond their end. */
class Reader {
  constructor(
    readonly bytes: Buffer,
    public at: number,
  ) {}

  peek(): number {
    return this.bytes.readUInt8(this.at);
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.bytes.length) throw new RangeError('beyond the end');
  }

  /** Bitcoin's short number: one byte, or three, five or nine. */
  count(): number {
    const first = this.bytes.readUInt8(this.at);
    const [value, length] =
      first < 0xfd
        ? [first, 1]
        : first === 0xfd
          ? [this.bytes.readUInt16LE(this.at + 1), 3]
          : first === 0xfe
            ? [this.bytes.readUInt32LE(this.at + 1), 5]
            : [this.long(), 9];
    this.skip(length);
    return value;
  }

  /** Nothing in a block is so long. */
  private long(): never {
    throw new RangeError(`a count of 64 bits at ${this.at}`);
  }
}

const shown = (bytes: Uint8Array): string => Buffer.from(bytes).reverse().toString('hex');

function doubleHash(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return createHash('sha256').update(hash.digest()).digest();
}

/**
 * The root of the tree over the ids. Undefined where a pair is twice the same: a tail written twice has the same root
 * (CVE-2012-2459).
 */
function rootOf(ids: readonly Buffer[]): Buffer | undefined {
  let level = ids;
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right = level[at]] = [level[at], level[at + 1]];
      if (!left || !right) return undefined;
      if (at + 1 < level.length && left.equals(right)) return undefined;
      next.push(doubleHash(left, right));
    }
    level = next;
  }
  return level[0];
}

function isNothing(bytes: Buffer, at: number): boolean {
  for (let offset = at; offset < at + ID_BYTES; offset++) if (bytes[offset] !== 0) return false;
  return true;
}
