import type { ChainStore } from '../../db/stores/chain';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger, VenueCapital } from '../../domain/contract/ports';
import type { Network, Rail } from '../../domain/registry';
import type { PolicyOf } from './bands';
import type { Sender, TreasuryChain } from './sender';

/** Can coins be sent to the venue and asked back from there? */
export const hasTreasury = ({ hasTreasury: has }: Pick<VenueCapital, 'hasTreasury'>): boolean => has?.() ?? true;

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
  readonly events: EventBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly policyOf: PolicyOf;
  /** Where what lies above the ceiling goes, if the operator has such a place. */
  readonly cold?: { receiving(): Promise<string> } | undefined;
}
