import type { Units } from '../../domain/money/amount';
import type { VenueMoneyDeps } from './venue-deps';
import { advanceForward, forward, settleToCold, settleToVenue } from './forward';
import { advancePullBack, cancelPullBack, refill, startPullBack } from './pull-back';

/** Coins between the hot wallet and the venue, both ways, and on to cold storage. */
export interface VenueMoney {
  round(): Promise<void>;
  /** What the hot wallet can pay out of an asset now. */
  payable(asset: string): Promise<Units>;
  /** Brings coins back for a withdrawal, once; does nothing while one is on its way. */
  pullBack(withdrawalId: string, asset: string, shortfall: Units): Promise<void>;
  /** The withdrawal can be paid without a pull-back: one that has not been asked for is given up. */
  notNeeded(withdrawalId: string): Promise<void>;
}

export function createVenueMoney(deps: VenueMoneyDeps): VenueMoney {
  const { store, network, logger } = deps;
  deps.transactions.onFinal('venue', settleToVenue(deps));
  deps.transactions.onFinal('cold', settleToCold(deps));
  const apart = async (what: Record<string, string>, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logger.warn({ ...what, error: error instanceof Error ? error.message : String(error) }, 'coins could not be taken further');
    }
  };
  return {
    round: async () => {
      for (const rail of deps.rails) {
        await apart({ asset: rail.asset }, () => refill(deps, rail.asset));
        await apart({ asset: rail.asset }, () => forward(deps, rail));
      }
      for (const transfer of await store.openTransfers(network.id)) {
        await apart({ transfer: transfer.id }, () => (transfer.direction === 'pull-back' ? advancePullBack(deps, transfer) : advanceForward(deps, transfer, () => payable(deps, transfer.asset))));
      }
    },
    payable: (asset) => payable(deps, asset),
    pullBack: (withdrawalId, asset, shortfall) => startPullBack(deps, withdrawalId, asset, shortfall),
    notNeeded: (withdrawalId) => cancelPullBack(deps, withdrawalId),
  };
}

/** What can leave now, less what is kept for gas. */
async function payable({ transactions, policyOf }: VenueMoneyDeps, asset: string): Promise<Units> {
  const rest = (await transactions.free(asset)) - policyOf(asset).band.reserve;
  return rest > 0n ? rest : 0n;
}
