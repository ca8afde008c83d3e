import type { RoutingSums } from '../../db/stores/market-history';
import type { Clock } from '../../domain/clock-and-ids';
import type { TradingFigures } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import type { EngineControl } from '../engine';
import { tierOf } from '../modules/orders/fees';
import { modeOf, routingRow } from '../modules/orders/market';

/** What a user pays in each market, and how the house routed its orders. */
export function createFigures(deps: {
  engine: EngineControl;
  registry: Registry;
  clock: Clock;
  sums: () => Promise<RoutingSums>;
}): TradingFigures {
  const { engine, registry, clock } = deps;
  return {
    feesOf: async (userId) =>
      registry.markets.map(({ symbol }) => {
        const volume = engine.volumeOf(userId, symbol);
        const { tier, next } = tierOf(registry, symbol, volume);
        return {
          symbol,
          maker: tier.maker,
          taker: tier.taker,
          volume30d: formatAmount(volume),
          nextAt: next?.minVolume ?? null,
        };
      }),
    routing: async () => {
      const sums = await deps.sums();
      return [...engine.markets().values()].map((market) => {
        const { symbol, userOrders, matchedInside, sentOn, venueOrders, exposureMost, slippage } = routingRow(market);
        const flights = engine.flights(symbol);
        return {
          symbol,
          state: market.listing.state,
          internalOnly: market.listing.internalOnly,
          mode: modeOf(market, clock.now()),
          userOrders,
          matchedInside,
          sentOn,
          venueOrders,
          exposureNow: formatAmount(flights.reduce((sum, { amount }) => sum + amount, 0n)),
          exposureMost,
          exposureAgeMs: flights.reduce((most, { at }) => (clock.now() - at > most ? clock.now() - at : most), 0),
          slippage,
          tradingFees: (sums.fees.get(symbol) ?? []).map(({ asset, amount }) => ({
            asset,
            amount: formatAmount(parseAmount(amount)),
          })),
          venueFees: (sums.venueFees.get(symbol) ?? []).map(({ asset, amount }) => ({
            asset,
            amount: formatAmount(parseAmount(amount)),
          })),
        };
      });
    },
  };
}
