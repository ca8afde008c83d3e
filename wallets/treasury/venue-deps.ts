import type { ChainStore } from '../../db/stores/chain';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import type { Engine, Logger, VenueCapital } from '../../domain/contract/ports';
import type { Units } from '../../domain/money/amount';
import type { Network, Rail } from '../../domain/registry';
import type { Sender, TreasuryChain } from './sender';

export interface VenueMoneyDeps {
  readonly chain: TreasuryChain;
  readonly chainStore: ChainStore;
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly hotAddress: string;
  readonly store: TreasuryStore;
  readonly transactions: Sender;
  readonly venueCapital: VenueCapital;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  /** Kept in the hot wallet per asset. */
  readonly floor: (asset: string) => Units;
}
