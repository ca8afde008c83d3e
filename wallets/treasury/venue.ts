import { DomainError } from '../../domain/contract/errors';
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
  const { store, network, events, logger } = deps;
  deps.transactions.onFinal('venue', settleToVenue(deps));
  deps.transactions.onFinal('cold', settleToCold(deps));
  const apart = async (what: Record<string, string>, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      tell(error);
      logger.warn({ ...what, error: error instanceof Error ? error.message : String(error) }, 'coins could not be taken further');
    }
  };
  const told = new Set<string>();
  /** A memo that the venue wants is a matter for a person; said once. */
  const tell = (error: unknown): void => {
    if (!(error instanceof DomainError) || error.code !== 'MEMO_NEEDED') return;
    const asset = String(error.details?.asset);
    if (told.has(asset)) return;
    told.add(asset);
    events.publish({ name: 'alert', code: 'VENUE_WANTS_MEMO', message: 'The venue tells coins of this network apart by a memo, which we cannot send: nothing of this asset goes there or comes back.', details: { network: network.id, asset } });
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
    pullBack: (withdrawalId, asset, shortfall) =>
      startPullBack(deps, withdrawalId, asset, shortfall).catch((error: unknown) => {
        tell(error);
        throw error;
      }),
    notNeeded: (withdrawalId) => cancelPullBack(deps, withdrawalId),
  };
}

/** What can leave now, less what is kept for gas. */
async function payable({ transactions, policyOf }: VenueMoneyDeps, asset: string): Promise<Units> {
  const rest = (await transactions.free(asset)) - policyOf(asset).band.reserve;
  return rest > 0n ? rest : 0n;
}
