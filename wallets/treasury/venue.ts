import type { AlertCode } from '../../domain/alerts';
import { DomainError } from '../../domain/contract/errors';
import type { Units } from '../../domain/money/amount';
import { createApart } from '../apart';
import type { VenueMoneyDeps } from './venue-deps';
import { advanceForward, forward, settleToCold, settleToVenue } from './forward';
import { PullBackRefused, advancePullBack, cancelPullBack, refill, startPullBack } from './pull-back';

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
  const { store, network, events } = deps;
  deps.transactions.onFinal('venue', settleToVenue(deps));
  deps.transactions.onFinal('cold', settleToCold(deps));
  const apart = createApart(deps, 'transfer');
  const told = new Set<string>();
  /** What only a person can put right, said once. */
  const tell = (error: unknown): never => {
    const trouble = troubleOf(error);
    const name = `${trouble?.code} ${trouble?.asset}`;
    if (trouble && !told.has(name))
      events.publish({
        name: 'alert',
        code: trouble.code,
        message: trouble.message,
        details: { network: network.id, asset: trouble.asset },
      });
    told.add(name);
    throw error;
  };
  return {
    round: async () => {
      for (const rail of deps.rails) {
        await apart(`refill ${rail.asset}`, () => refill(deps, rail.asset).catch(tell));
        await apart(`forward ${rail.asset}`, () => forward(deps, rail).catch(tell));
      }
      for (const transfer of await store.openTransfers(network.id)) {
        const advance = () =>
          transfer.direction === 'pull-back'
            ? advancePullBack(deps, transfer)
            : advanceForward(deps, transfer, () => payable(deps, transfer.asset));
        await apart(transfer.id, () => advance().catch(tell));
      }
    },
    payable: (asset) => payable(deps, asset),
    pullBack: (withdrawalId, asset, shortfall) => startPullBack(deps, withdrawalId, asset, shortfall).catch(tell),
    notNeeded: (withdrawalId) => cancelPullBack(deps, withdrawalId),
  };
}

/** What can leave now, less what is kept for gas. */
async function payable({ transactions, policyOf }: VenueMoneyDeps, asset: string): Promise<Units> {
  const rest = (await transactions.free(asset)) - policyOf(asset).band.reserve;
  return rest > 0n ? rest : 0n;
}

function troubleOf(
  error: unknown,
): { readonly code: AlertCode; readonly asset: string; readonly message: string } | undefined {
  if (error instanceof PullBackRefused)
    return {
      code: 'PULL_BACK_REFUSED',
      asset: error.asset,
      message: `The venue does not pay out coins for us: ${error.message}. Withdrawals that need them wait.`,
    };
  if (!(error instanceof DomainError) || error.code !== 'MEMO_REQUIRED') return undefined;
  return {
    code: 'VENUE_WANTS_MEMO',
    asset: String(error.details?.asset),
    message:
      'The venue tells coins of this network apart by a memo, which we cannot send: nothing of this asset goes there or comes back.',
  };
}
