import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { assetView, marketView, networkView, railView } from '../../domain/contract/api/markets';
import type { ServerDeps } from '../deps';
import { addressOf } from '../http/limits';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { plain, view } from '../present';

/** What is listed, its prices, books, trades and candles. */
export function marketRoutes({ registry, marketData }: Pick<ServerDeps, 'registry' | 'marketData'>): Route[] {
  const rails = registry.rails.map((rail) =>
    view(railView, {
      ...rail,
      minDeposit: plain(rail.minDeposit),
      confirmationSteps: rail.confirmationSteps ? [...rail.confirmationSteps] : null,
      depositFee: plain(rail.depositFee),
      depositFeeRate: plain(rail.depositFeeRate ?? '0'),
      minWithdrawal: plain(rail.minWithdrawal),
      withdrawalFee: plain(rail.withdrawalFee),
    }),
  );
  const assets = registry.assets.map((asset) => view(assetView, asset));
  const networks = registry.networks.map((network) => view(networkView, network));
  const markets = registry.markets.map((market) => view(marketView, market));
  return [
    route(ENDPOINTS.assets, async () => ({
      assets,
      networks,
      markets,
      fees: { version: registry.fees.version, swapCommission: plain(registry.fees.swapCommission) },
      rails,
    })),
    route(ENDPOINTS.tickers, async () => ({ items: await marketData.tickers() })),
    route(ENDPOINTS.depth, ({ params, query }) => marketData.depth(params.symbol, query.limit)),
    route(ENDPOINTS.marketTrades, async ({ params, query, req }) => ({
      items: await marketData.trades(params.symbol, query.limit, addressOf(req)),
    })),
    route(ENDPOINTS.candles, async ({ params, query, req }) => ({
      items: await marketData.candles(params.symbol, query.interval, query.limit, query.before, addressOf(req)),
    })),
  ];
}
