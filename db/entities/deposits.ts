import { EntitySchema } from 'typeorm';
import type { DepositState } from '../../domain/lifecycle/deposit';
import { big, id, int, money, nullable, primary, text } from './columns';

/**
 * A user's own address on a network; index is the child number under the deposit branch, of one user on all networks
 * of one key.
 */
export interface DepositAddressRow {
  network: string;
  index: number;
  address: string;
  userId: string;
  /** In the order of issue on its network, without gaps. */
  place: number;
  createdAt: number;
  /** Since then nothing is credited to it: somebody else can sign for it. */
  frozenAt: number | null;
}
export const DepositAddressEntity = new EntitySchema<DepositAddressRow>({
  name: 'deposit_addresses',
  columns: {
    network: primary(text('network', 64)),
    index: primary(int('child_index')),
    address: text('address', 100),
    userId: text('user_id', 64),
    place: int(),
    createdAt: big('created_at'),
    frozenAt: nullable(big('frozen_at')),
  },
});

/** One output paid to one of our addresses. `position`: log ordinal inside the receipt, `native`, or a trace path. */
export interface DepositRow {
  id: string;
  network: string;
  txid: string;
  position: string;
  userId: string;
  address: string;
  asset: string;
  amount: string;
  blockHeight: number;
  blockHash: string;
  confirmations: number;
  /** What the sum that its transaction brought to its user needs. */
  confirmationsNeeded: number;
  state: DepositState;
  createdAt: number;
  creditedAt: number | null;
  /** What the user got of it and what was taken; null while it is in no book. */
  credited: string | null;
  fee: string | null;
  /** The sweep that takes its coins to the hot wallet. */
  sweepId: string | null;
  /** When a person said that it may be credited after all; see HELD. */
  releasedAt?: number | null;
}
export const DepositEntity = new EntitySchema<DepositRow>({
  name: 'deposits',
  columns: {
    id: id(),
    network: text('network', 64),
    txid: text('txid', 100),
    position: text('position', 60),
    userId: text('user_id', 64),
    address: text('address', 100),
    asset: text('asset', 20),
    amount: money(),
    blockHeight: big('block_height'),
    blockHash: text('block_hash', 100),
    confirmations: int(),
    confirmationsNeeded: int('confirmations_needed'),
    state: text('state', 20),
    createdAt: big('created_at'),
    creditedAt: nullable(big('credited_at')),
    credited: nullable(money()),
    fee: nullable(money()),
    sweepId: nullable(text('sweep_id', 64)),
    releasedAt: nullable(big('released_at')),
  },
});

/** Ring of the newest scanned blocks of a network, to notice when the chain has changed under us. */
export interface ChainBlockRow {
  network: string;
  height: number;
  hash: string;
  parentHash: string;
}
export const ChainBlockEntity = new EntitySchema<ChainBlockRow>({
  name: 'chain_blocks',
  columns: {
    network: primary(text('network', 64)),
    height: primary(big()),
    hash: text('hash', 100),
    parentHash: text('parent_hash', 100),
  },
});
