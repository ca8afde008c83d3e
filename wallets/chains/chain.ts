import type { Units } from '../../domain/money/amount';

/** A block as the scanner needs it: who it is, what it stands on. */
export interface BlockHeader {
  readonly height: number;
  readonly hash: string;
  readonly parentHash: string;
}

/** Coins that arrived somewhere in a block. `position` tells apart several of one transaction, and never changes. */
export interface ChainTransfer {
  readonly txid: string;
  readonly position: string;
  readonly asset: string;
  readonly from: string;
  readonly to: string;
  readonly amount: Units;
  /** Why it is not believed: it is written down and never credited. */
  readonly doubt?: string;
}

export interface ChainReceipt {
  readonly height: number;
  readonly succeeded: boolean;
  /** What the transaction cost, in the gas asset. */
  readonly fee: Units;
  /** Who sent it and paid for it, where the chain says so, in the one spelling of the address. */
  readonly sender?: string;
  /** On TRON: of our unstaked coins, what became free by it; and its block's time, in milliseconds since 1970. */
  readonly released?: Units;
  readonly at?: number | undefined;
}

export interface GasQuote {
  readonly gasLimit: bigint;
  /** Wei. */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  /** gasLimit x maxFeePerGas, in Units of the gas asset: the most it can cost. */
  readonly maxCost: Units;
}

/** The node says that this transfer cannot succeed now: the receiver does not take it, or the sender has too little. */
export class TransferRefused extends Error {
  override readonly name = 'TransferRefused';
}

/** The node is not on the network of the settings: nothing it says counts. */
export class WrongChain extends Error {
  override readonly name = 'WrongChain';
}

/** What became of signed bytes that were sent. Not taken is no failure: the chain decides, they are sent again. */
export type Broadcast = { readonly taken: true } | { readonly taken: false; readonly reason: string };

/**
 * One network behind one interface. Every method throws when the node cannot answer: unknown is never taken for zero.
 */
export interface Chain {
  /** Throws WrongChain when the node is on another chain than configured. */
  check(): Promise<void>;
  head(): Promise<number>;
  header(height: number): Promise<BlockHeader>;
  /** Transfers to watched addresses in exactly this block. */
  transfers(block: BlockHeader, watched: (address: string) => boolean): Promise<ChainTransfer[]>;
  /** Undefined when the transaction is not in the chain. */
  receipt(txid: string): Promise<ChainReceipt | undefined>;
  /** Sends signed bytes; a node that has them already is fine. */
  broadcast(rawTransaction: string): Promise<Broadcast>;
  /** What a transfer would need. Throws TransferRefused when it could not succeed. */
  gas(transfer: { from: string; to: string; asset: string; amount: Units }): Promise<GasQuote>;
  /** Next unused nonce by the chain's confirmed state. */
  nonce(address: string): Promise<number>;
  balance(address: string, asset: string, height?: number): Promise<Units>;
  /** Of the network's own coin: what is staked, and what was and waits. Where a network has such a thing. */
  staked?(address: string): Promise<Units>;
  /** Of the network's own coin, of each address after exactly this block. Where such a network has accounts. */
  nativeBalances?(addresses: readonly string[], blockHash: string): Promise<Units[]>;
  /** Canonical spelling, or undefined when the text is no address of this network. */
  address(text: string): string | undefined;
  /** Lets the node go. */
  close(): void;
}
