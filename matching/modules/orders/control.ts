/** What the rest of the exchange tells and asks the engine about markets, besides commands. */
import { ONE, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { EngineHost } from '../../engine/module';
import { needsLook } from './market';
import type { Outside, TradingMarket } from './market';
import type { OwnLevels } from './published';
import { count } from './scales';
import type { OrdersExpect, OrdersState } from './state';

/** Venue prices remembered until the next tick; between two ticks a market trades at few. */
const MOST_PRICES = 500;
const VOLUME_DAYS_MS = 30 * 86_400_000;

export function ordersControl(host: EngineHost<OrdersState & OrdersExpect>) {
  const { state, store, clock } = host;
  const tick = ticker(host);
  return {
    /** The venue's book of a market as it is now. */
    outside: (symbol: string, outside: Outside): void => {
      const market = state().markets.get(symbol);
      if (!market) return;
      market.outside = outside;
      tick(symbol, market);
    },
    /** Ticks every market where something waits. */
    lookAtMarkets: (): void => {
      for (const [symbol, market] of state().markets) tick(symbol, market);
    },
    /** A price at which the venue traded. */
    lastPrice: (symbol: string, price: Units): void => {
      const market = state().markets.get(symbol);
      if (!market) return;
      const ticks = count(price / market.scales.tick);
      if (market.lastPrices.at(-1) !== ticks && market.lastPrices.length < MOST_PRICES) market.lastPrices.push(ticks);
    },
    /** Reads the volumes that decide trading fees anew. */
    readVolumes: async (): Promise<void> => {
      const rows = await store.volumesSince(clock.now() - VOLUME_DAYS_MS);
      state().volumes = new Map(rows.map(({ userId, symbol, volume }) => [`${userId}|${symbol}`, parseAmount(volume)]));
    },
    /** Our own book of a market as the last commit left it. */
    levels: (symbol: string): OwnLevels => {
      const market = state().markets.get(symbol);
      return market ? state().publishedBooks.levels(symbol, market, clock.now()) : [[], []];
    },
    /** The markets in memory, not to be changed; what they hold may be ahead of what is durable. */
    markets: (): ReadonlyMap<string, TradingMarket> => state().markets,
    /**
     * Hedge orders of a market that are at the venue now: what they may cost in the quote asset, and since when (ms).
     */
    flights: (symbol: string): { amount: Units; at: number }[] => {
      const market = state().markets.get(symbol);
      const last = market?.scales.price(market.last) ?? 0n;
      return [...state().intents.values()]
        .filter((intent) => intent.symbol === symbol && intent.swapId === null)
        .map(({ side, spendsMost, quantity, at }) => ({
          amount: side === 'BUY' ? spendsMost : (quantity * last) / ONE,
          at,
        }));
    },
    volumeOf: (userId: string, symbol: string): Units => state().volumes.get(`${userId}|${symbol}`) ?? 0n,
  };
}

/** Ticks a market where there may be something to do: one tick at a time, and none where nothing waits. */
function ticker({ submit, clock, logger }: EngineHost<OrdersState>): (symbol: string, market: TradingMarket) => void {
  const ticking = new Set<string>();
  let ticks = 0;
  return (symbol, market) => {
    if (ticking.has(symbol) || !needsLook(market)) return;
    ticking.add(symbol);
    submit({ kind: 'market.tick', symbol, reference: `tick:${symbol}:${clock.now()}:${++ticks}` })
      .catch((error: unknown) => logger.debug({ symbol, error: String(error) }, 'a tick of a market was lost'))
      .finally(() => ticking.delete(symbol));
  };
}
