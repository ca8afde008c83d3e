import type { BatchStore } from '../../db/stores/batches';
import type { ChainStore } from '../../db/stores/chain';
import type { UtxoStore } from '../../db/stores/utxos';
import type { Clock } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger, Signer } from '../../domain/contract/ports';
import type { Network } from '../../domain/registry';
import type { Account, BitcoinNetwork } from '../chains/bitcoin/addresses';
import type { BitcoinNode } from '../chains/bitcoin/node';

export interface UtxoDeps {
  readonly node: BitcoinNode;
  readonly network: Network;
  readonly parameters: BitcoinNetwork;
  readonly account: Account;
  /** Names the seed in a PSBT: four bytes. */
  readonly fingerprint: Uint8Array;
  readonly hotAddress: string;
  readonly chainStore: ChainStore;
  readonly utxoStore: UtxoStore;
  readonly batchStore: BatchStore;
  readonly signer: Signer;
  /** The newest block that was scanned. */
  readonly scanned: () => number;
  /** Blocks that a transaction may wait for its turn before it is replaced by one with a higher fee. */
  readonly replaceAfter: number;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}
