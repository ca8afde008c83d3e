import { EntitySchema } from 'typeorm';
import { big, flag, id, int, money, nullable, primary, text } from './columns';

/**
 * One output of a transaction that one of our keys can spend, on a network of coins. Written by the scanner when its
 * block is read; never deleted, for a lost block may come back.
 */
export interface UtxoRow {
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
export const UtxoEntity = new EntitySchema<UtxoRow>({
  name: 'utxos',
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

/**
 * One payment of a batch: a transaction on a network of coins that pays several withdrawals. Written with the
 * transaction's own plan, before it is signed.
 */
export interface BatchPaymentRow {
  transactionId: string;
  withdrawalId: string;
  /** The withdrawal's attempt that this pays. */
  attempt: number;
  /** Oldest first. */
  position: number;
  address: string;
  amount: string;
  /**
   * Reference of the reservation of its share of the fee; null when the withdrawal's own fee pays it, and once it was
   * given back.
   */
  reservation: string | null;
  /** 1, and null once the batch was given up: a withdrawal has one at most, by an index. */
  live: number | null;
  /** The batch was given up because of this one. */
  refused: boolean;
}
export const BatchPaymentEntity = new EntitySchema<BatchPaymentRow>({
  name: 'batch_payments',
  columns: {
    transactionId: id('transaction_id'),
    withdrawalId: id('withdrawal_id'),
    attempt: int(),
    position: int('place'),
    address: text('address', 100),
    amount: money(),
    reservation: nullable(text('reservation', 190)),
    live: nullable(int()),
    refused: flag(),
  },
});
