/** What arrived in a block, read from its bytes: no floating point, no spelling of addresses, the same on every node. Pure. */
import { Block } from 'bitcoinjs-lib';
import { fromChainUnits } from '../../../domain/money/amount';
import type { ChainTransfer } from '../chain';
import { hexOf, sameBytes } from './addresses';

export const SATOSHI_DECIMALS = 8;

export interface BitcoinBlock {
  readonly hash: string;
  readonly parentHash: string;
  readonly block: Block;
}

/** Reads a block from its hex. Throws when the bytes are not the block of this hash, whole and with these transactions. */
export function readBlock(hex: string, hash: string): BitcoinBlock {
  const block = Block.fromHex(hex);
  if (block.getId() !== hash) throw new Error(`the bytes are of block ${block.getId()}, not ${hash}`);
  if (!block.transactions?.length || !block.checkTxRoots()) throw new Error(`the transactions are not those of block ${hash}`);
  return { hash, parentHash: hexOf(block.prevHash?.toReversed() ?? new Uint8Array()), block };
}

/**
 * Coins for watched scripts (answered with the address it stands for). Each output by itself: one transaction may pay
 * one address twice. What a block itself creates is left out: it cannot be spent for a hundred blocks.
 */
export function transfersIn({ block }: BitcoinBlock, asset: string, watched: (script: Uint8Array) => string | undefined): ChainTransfer[] {
  return (block.transactions ?? []).flatMap((transaction) => {
    if (transaction.isCoinbase()) return [];
    return transaction.outs.flatMap(({ script, value }, index) => {
      const to = watched(script);
      if (to === undefined || value === 0n) return [];
      // Coins have no sender on this chain.
      return [{ txid: transaction.getId(), position: `out:${index}`, asset, from: '', to, amount: fromChainUnits(value, SATOSHI_DECIMALS) }];
    });
  });
}

/** The coins that a block spends of ours: their `txid:index`, and by which transaction. */
export function spentIn({ block }: BitcoinBlock, ours: (outpoint: string) => boolean): { outpoint: string; by: string }[] {
  return (block.transactions ?? []).flatMap((transaction) =>
    transaction.ins.flatMap(({ hash, index }) => {
      if (sameBytes(hash, NOTHING)) return [];
      const outpoint = `${hexOf(hash.toReversed())}:${index}`;
      return ours(outpoint) ? [{ outpoint, by: transaction.getId() }] : [];
    }),
  );
}

const NOTHING = new Uint8Array(32);
