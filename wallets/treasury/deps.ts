import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { ChainStore } from '../../db/stores/chain';
import type { Clock } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger, Signer } from '../../domain/contract/ports';
import type { Network } from '../../domain/registry';
import type { Chain } from '../chains/chain';

/** What becomes of a transaction that is not mined. */
export interface Substitutes {
  mined(row: ChainTransactionRow): void;
  /** Called in each round in which the transaction is not in the chain at height `head`. */
  consider(row: ChainTransactionRow, head: number): Promise<void>;
}

export interface TransactionsDeps {
  readonly chain: Chain;
  readonly network: Network;
  readonly chainStore: ChainStore;
  readonly signer: Pick<Signer, 'sign'>;
  readonly hotAddress: string;
  /** Child number of a deposit address of ours. */
  readonly indexOf: (address: string) => number | undefined;
  /** Blocks that a transaction may wait for its turn before it is replaced by one with higher fees. */
  readonly replaceAfter: number;
  /** Why a failure is not believed yet; undefined when it may be settled. */
  readonly failureObjection: (txid: string, height: number) => Promise<string | undefined>;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}
