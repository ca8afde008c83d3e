/** Is what a node told of a block all of it? Pure. */
import { getBytes, keccak256 } from 'ethers';
import type { RpcReceipt } from './transfers';

/**
 * Throws unless every log that the block's own filter knows of is among the receipts', and none is told twice.
 * Receipts can be whole in number and empty inside; the filter is part of the header, and so of the block's hash.
 */
export function mustHaveEveryLog(logsBloom: string | undefined, receipts: readonly RpcReceipt[]): void {
  const logs = receipts.flatMap((receipt) => receipt.logs);
  const places = logs.flatMap(({ logIndex }) => (logIndex === undefined ? [] : [BigInt(logIndex)]));
  if (new Set(places).size !== places.length) throw new Error('the node tells of a log twice');
  const expected = logsBloom === undefined ? 0n : BigInt(logsBloom);
  if (expected === 0n) return;
  let there = 0n;
  for (const word of new Set(logs.flatMap(({ address, topics }) => [address.toLowerCase(), ...topics])))
    there |= bitsOf(word);
  if ((expected & ~there) !== 0n) throw new Error('logs are missing from the receipts');
}

/** The three bits that a word sets in a filter of 2048. */
function bitsOf(word: string): bigint {
  const hash = getBytes(keccak256(word));
  let bits = 0n;
  for (const at of [0, 2, 4]) bits |= 1n << BigInt((((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047);
  return bits;
}
