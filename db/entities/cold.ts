import { EntitySchema } from 'typeorm';
import type { ColdTransferState } from '../../domain/lifecycle/transfers';
import { big, id, int, longText, money, nullable, text } from './columns';

/** Coins on their way from cold storage to the hot wallet. Nobody here can sign for them: people with the keys do. */
export interface ColdTransferRow {
  id: string;
  network: string;
  asset: string;
  /** What arrives. */
  amount: string;
  /** On a network of coins what the miners get; elsewhere 0 until it is mined. */
  fee: string;
  state: ColdTransferState;
  why: string;
  adminId: string;
  /** On a network of coins: with every valid signature so far. */
  psbt: string | null;
  signatures: number;
  /** Stored before it is sent. */
  rawTransaction: string | null;
  txid: string | null;
  /** What it waits for, or why it failed. */
  reason: string | null;
  createdAt: number;
  updatedAt: number;
}
export const ColdTransferEntity = new EntitySchema<ColdTransferRow>({
  name: 'cold_transfers',
  columns: {
    id: id(),
    network: text('network', 64),
    asset: text('asset', 20),
    amount: money(),
    fee: money(),
    state: text('state', 30),
    why: text('why', 500),
    adminId: text('admin_id', 64),
    psbt: nullable(longText('psbt')),
    signatures: int(),
    rawTransaction: nullable(longText('raw_transaction')),
    txid: nullable(text('txid', 100)),
    reason: nullable(text('reason', 500)),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});
