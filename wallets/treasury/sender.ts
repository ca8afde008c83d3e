import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { Units } from '../../domain/money/amount';
import type { Chain, ChainReceipt, GasQuote } from '../chains/chain';

export interface Outgoing {
  /** The intent's id, unique for ever. */
  readonly id: string;
  readonly purpose: ChainTransactionRow['purpose'];
  readonly subject: string;
  /** `hot`, or one of our deposit addresses. */
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly amount: Units;
  readonly gas: GasQuote;
  /** Cost reservation, or null when the entry that settles it pays for itself. */
  readonly reservation: string | null;
}

/** What a final transaction means to the one who sent it. Called at least once; must bear repeating. */
export type Settle = (row: ChainTransactionRow, receipt: ChainReceipt) => Promise<void>;

/** The row with the bytes that are in the chain now, and what became of them. */
export interface Mined {
  readonly row: ChainTransactionRow;
  readonly receipt: ChainReceipt;
}

/** Our own transactions of one network, whichever kind it is of: with nonces, or with coins. */
export interface Sender {
  onFinal(purpose: ChainTransactionRow['purpose'], settle: Settle): void;
  /** Was this given up, long enough ago to be tried again? */
  mayTryAgain(row: ChainTransactionRow): boolean;
  /** What of this is in the chain now: its own bytes, or former ones that were replaced too late. */
  mined(row: ChainTransactionRow): Promise<Mined | undefined>;
  /** Writes the transaction down and signs it; it is sent by the next rounds. The same id is the same transaction. */
  send(out: Outgoing): Promise<void>;
  /** Booked as ours to send, and not leaving by transactions that are not settled yet. */
  free(asset: string): Promise<Units>;
  /** Ours in the books and soon free without anybody's doing: change that waits for its confirmations. */
  coming(asset: string): Promise<Units>;
  /** The most that `free` coins can bring to this address when they pay for the transaction too; may be below zero. */
  most(to: string, asset: string, free: Units): Promise<Units>;
}

/** What the treasury asks a chain of any kind. */
export type TreasuryChain = Pick<Chain, 'head' | 'receipt' | 'gas' | 'balance'>;
