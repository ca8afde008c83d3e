import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { plain } from '../present';

/** What is listed, and its prices. */
export function marketRoutes({ registry, quotes }: Pick<ServerDeps, 'registry' | 'quotes'>): Route[] {
  const rails = registry.rails.map((rail) => ({
    ...rail,
    minDeposit: plain(rail.minDeposit),
    depositFee: plain(rail.depositFee),
    minWithdrawal: plain(rail.minWithdrawal),
    withdrawalFee: plain(rail.withdrawalFee),
  }));
  return [
    route(ENDPOINTS.assets, async () => ({
      assets: [...registry.assets],
      networks: [...registry.networks],
      markets: [...registry.markets],
      fees: { version: registry.fees.version, swapCommission: plain(registry.fees.swapCommission) },
      rails,
    })),
    route(ENDPOINTS.tickers, async () => ({ items: await quotes.tickers() })),
  ];
}
