import type { BatchStore } from '../../db/stores/batches';
import type { ChainStore } from '../../db/stores/chain';
import type { UtxoStore } from '../../db/stores/utxos';
import type { ColdStore } from '../../db/stores/cold';
import type { DepositStore } from '../../db/stores/deposits';
import type { StakeStore } from '../../db/stores/stakes';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger, NetworkState, Signer, VenueCapital } from '../../domain/contract/ports';
import type { Network, Rail, Registry } from '../../domain/registry';
import type { BitcoinNetwork } from '../chains/bitcoin/addresses';
import type { NodeHeaders } from '../chains/address';
import { WrongChain } from '../chains/chain';
import type { Chain } from '../chains/chain';
import type { TronNetwork } from '../chains/tron';
import type { ConsolidationPolicy } from '../utxo/consolidation';
import type { ColdPlace } from '../chains/cold-places';
import type { NetworkCold } from '../cold/storage';
import type { OwnAddresses } from '../deposits/addresses';
import { WrongKey } from '../deposits/addresses';
import { NetworkHalted } from '../deposits/scanner';

export interface NetworkDeps {
  readonly depositStore: DepositStore;
  readonly chainStore: ChainStore;
  readonly utxoStore: UtxoStore;
  readonly batchStore: BatchStore;
  readonly coldStore: ColdStore;
  readonly stakeStore: StakeStore;
  readonly treasuryStore: TreasuryStore;
  readonly engine: Engine;
  readonly signer: Signer;
  readonly venueCapital: VenueCapital;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly registry: Registry;
  readonly logger: Logger;
}

export interface NetworkConfig {
  /** JSON-RPC addresses, the preferred node first. */
  readonly rpcUrls: readonly string[];
  /** What is sent to each of them besides; secret. */
  readonly headers?: NodeHeaders;
  /** From these amounts on, decimal strings by asset, a deposit needs two nodes that see it. */
  readonly largeFrom?: Readonly<Record<string, string>>;
  /** A node so many blocks behind the best one is not asked; the network's confirmations otherwise. */
  readonly maxLag?: number;
  /** Do the nodes trace? Otherwise coins sent by contracts are found by the balances of our addresses. */
  readonly traces: boolean;
  /** Which Bitcoin it is, of a network of that kind. */
  readonly bitcoin?: BitcoinNetwork;
  /** Which TRON it is, and for how long a transaction of ours is good, of a network of that kind. */
  readonly tron?: TronNetwork;
  readonly goodForMs?: number;
  /**
   * On TRON: is the energy of the hot wallet's stake lent to deposit addresses for their sweeps? Unless told otherwise
   * it is.
   */
  readonly lendEnergy?: boolean;
  readonly pollMs: number;
  /** What the operator wants of each asset; without a word of it, all of it goes on to the venue at once. */
  readonly policies?: Readonly<Record<string, AssetPolicy>>;
  readonly cold?: ColdPlace | undefined;
  /** Of the gas asset, kept besides for our own transactions. */
  readonly gasReserve: string;
  /** First block to scan on a network that was never scanned; a little below its head otherwise. */
  readonly scanFrom?: number;
  /** The address with child number 0, written down by the operator: another key than that is refused at the start. */
  readonly firstAddress?: string;
  /**
   * Blocks after which a transaction that is not mined is replaced by one with higher fees; 20 otherwise, 6 of
   * Bitcoin.
   */
  readonly replaceAfter?: number;
  /**
   * On a network of coins: a batch of withdrawals goes out at most so often; 0 otherwise, whenever there is one to
   * pay.
   */
  readonly batchEveryMs?: number;
  /** On a network of coins; never otherwise. */
  readonly consolidation?: ConsolidationPolicy;
}

/** Amounts are decimal strings. */
export interface AssetPolicy {
  /** Coins of one deposit address are swept when so many lie there, */
  readonly sweepFrom: string;
  /** and then all addresses at once, so often; 0: whenever there are. */
  readonly sweepEveryMs: number;
  /**
   * The hot wallet, besides the reserve for gas: below the floor it is filled from the venue, above the ceiling it is
   * emptied,
   */
  readonly floor: string;
  readonly ceiling: string;
  /** to here. */
  readonly above: 'venue' | 'cold';
}

/** One network with its loop. */
export interface OpenNetwork {
  readonly network: Network;
  readonly chain: Pick<Chain, 'address'>;
  readonly own: OwnAddresses;
  isOwnAddress(address: string): boolean;
  readonly rails: readonly Rail[];
  readonly cold?: NetworkCold | undefined;
  begin(): void;
  end(): Promise<void>;
  status(): NetworkState;
}

/** The settings contradict each other. */
export class WrongSettings extends Error {
  override readonly name = 'WrongSettings';
}

/** Faults that no repetition cures: a person must look. */
export const isFatal = (error: unknown): boolean => error instanceof NetworkHalted || isWrongSetup(error);

/** The settings name a node or a key that is not ours: the exchange refuses to start with them. */
export const isWrongSetup = (error: unknown): boolean =>
  error instanceof WrongChain || error instanceof WrongKey || error instanceof WrongSettings;
