import { EntitySchema } from 'typeorm';
import { int, big, money, nullable, primary, text } from './columns';

/**
 * One output of a transaction that one of our keys can spend, on a network of coins. Written by the scanner when its block is
 * read; never deleted, for a lost block may come back.
 */
export interface CoinRow {
  network: string;
  txid: string;
  index: number;
  /** Whose key it is: 0 deposits, 1 the house's own (hot address and change). */
  branch: number;
  child: number;
  amount: string;
  /** Null while the chain does not hold its block. */
  height: number | null;
  /** Our transaction that spends it; no other one ever takes it, unless that one was given up before it was signed. */
  spentBy: string | null;
}
export const CoinEntity = new EntitySchema<CoinRow>({
  name: 'coins',
  columns: {
    network: primary(text('network', 64)),
    txid: primary(text('txid', 100)),
    index: primary(int('output_index')),
    branch: int(),
    child: int('child_index'),
    amount: money(),
    height: nullable(big()),
    spentBy: nullable(text('spent_by', 64)),
  },
});
