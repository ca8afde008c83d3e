import { EntitySchema } from 'typeorm';
import type { StakePurpose } from '../../domain/contract/ports';
import type { ChainTransactionState } from '../../domain/lifecycle/chain-transaction';
import type { SweepState, VenueTransferState } from '../../domain/lifecycle/transfers';
import { big, id, int, longText, money, nullable, primary, text } from './columns';

/**
 * A transaction of our own on a chain. The row with the signed bytes is committed before the first broadcast, and only
 * these bytes, or a replacement with the same nonce, are ever broadcast.
 */
export interface ChainTransactionRow {
  /** The signer's intent id. */
  id: string;
  network: string;
  purpose: 'withdrawal' | 'sweep' | 'topup' | 'venue' | 'cold' | 'consolidation' | 'cpfp' | StakePurpose;
  /**
   * Id of the withdrawal, batch, sweep, venue transfer or stake it serves; of a child (`cpfp`) that of its parent
   * transaction.
   */
  subject: string;
  fromAddress: string;
  /** Empty where it pays nobody, or several: see BatchPaymentRow. */
  toAddress: string;
  asset: string;
  /** What leaves us, without the fee. */
  amount: string;
  nonce: number;
  /**
   * Integers as decimal strings; with the nonce they make a retried signature the same bytes. On a network of coins
   * the nonce numbers the change address, gasLimit is virtual bytes, maxFeePerGas the whole fee and
   * maxPriorityFeePerGas the rate for a thousand virtual bytes, both in satoshi. On TRON the nonce only counts,
   * gasLimit is 1, maxFeePerGas the most it can cost (in 10^-18 TRX) and maxPriorityFeePerGas a token's fee limit in
   * sun, or what is staked, unstaked or lent (only what is staked is an amount too: it alone leaves the hot wallet);
   * the block it stands on and its end are in the signed bytes.
   */
  gasLimit: string;
  maxFeePerGas: string;
  maxPriorityFeePerGas: string;
  /** `planned:<id>` until it is signed. */
  txid: string;
  rawTransaction: string;
  /**
   * Reference of the cost reservation, or null when the entry pays for itself or each payment of a batch has its own.
   */
  reservation: string | null;
  state: ChainTransactionState;
  blockHeight: number | null;
  /** What it cost, in the gas asset, once mined. */
  feePaid: string | null;
  createdAt: number;
  updatedAt: number;
}
export const ChainTransactionEntity = new EntitySchema<ChainTransactionRow>({
  name: 'chain_transactions',
  columns: {
    id: id(),
    network: text('network', 64),
    purpose: text('purpose', 20),
    subject: text('subject', 64),
    fromAddress: text('from_address', 100),
    toAddress: text('to_address', 100),
    asset: text('asset', 20),
    amount: money(),
    nonce: big(),
    gasLimit: text('gas_limit', 40),
    maxFeePerGas: text('max_fee_per_gas', 40),
    maxPriorityFeePerGas: text('max_priority_fee_per_gas', 40),
    txid: text('txid', 100),
    rawTransaction: longText('raw_transaction'),
    reservation: nullable(text('reservation', 190)),
    state: text('state', 20),
    blockHeight: nullable(big('block_height')),
    feePaid: nullable(money('fee_paid')),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});

/** Coins of one deposit address on their way to the hot wallet. */
export interface SweepRow {
  id: string;
  network: string;
  asset: string;
  addressIndex: number;
  address: string;
  amount: string;
  state: SweepState;
  createdAt: number;
  updatedAt: number;
}
export const SweepEntity = new EntitySchema<SweepRow>({
  name: 'sweeps',
  columns: {
    id: id(),
    network: text('network', 64),
    asset: text('asset', 20),
    addressIndex: int('address_index'),
    address: text('address', 100),
    amount: money(),
    state: text('state', 30),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});

/**
 * Coins between the hot wallet and the venue, or on to cold storage. The id is also the venue's withdrawOrderId for a
 * pull-back.
 */
export interface VenueTransferRow {
  id: string;
  direction: 'to-venue' | 'pull-back' | 'to-cold';
  network: string;
  asset: string;
  amount: string;
  fee: string;
  address: string;
  state: VenueTransferState;
  txid: string | null;
  /** The withdrawal that asked for a pull-back. */
  withdrawalId: string | null;
  createdAt: number;
  updatedAt: number;
}
export const VenueTransferEntity = new EntitySchema<VenueTransferRow>({
  name: 'venue_transfers',
  columns: {
    id: id(),
    direction: text('direction', 20),
    network: text('network', 64),
    asset: text('asset', 20),
    amount: money(),
    fee: money(),
    address: text('address', 100),
    state: text('state', 30),
    txid: nullable(text('txid', 100)),
    withdrawalId: nullable(text('withdrawal_id', 64)),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});

/** Next nonce of each of our sending accounts; moved in the same transaction that stores the signed bytes. */
export interface NonceRow {
  network: string;
  address: string;
  next: number;
}
export const NonceEntity = new EntitySchema<NonceRow>({
  name: 'nonces',
  columns: { network: primary(text('network', 64)), address: primary(text('address', 100)), next: big('next_nonce') },
});

/** An asset of which nothing is withdrawn for now, and why. */
export interface AssetPauseRow {
  asset: string;
  why: string;
  at: number;
}
export const AssetPauseEntity = new EntitySchema<AssetPauseRow>({
  name: 'asset_pauses',
  columns: { asset: primary(text('asset', 20)), why: text('why', 500), at: big() },
});
