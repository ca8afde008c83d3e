/** What anybody may see of the markets: books, trades, candles and prices, ours and the venue's together. */
import type { MarketHistory } from '../../db/stores/market-history';
import type { Clock } from '../../domain/clock-and-ids';
import type { DepthDiff } from '../../domain/contract/api/live';
import type { PublicTradeView, TickerView } from '../../domain/contract/api/markets';
import { DomainError } from '../../domain/contract/errors';
import type { EventBus, Logger, MarketData } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { BUY, SELL } from '../book/types';
import type { EngineControl } from '../engine';
import type { OwnLevels } from '../modules/orders/published';
import { modeOf } from '../modules/orders/market';
import { minimumNow } from '../modules/orders/minimum';
import type { MarketMinimum } from '../modules/orders/minimum';
import type { TradingMarket } from '../modules/orders/market';
import type { Binance, DayFigures } from '../venues/binance';
import { Shown } from './depth';
import { createPast } from './past';

const SHOW_EVERY_MS = 100;
const DAY_FIGURES_EVERY_MS = 10_000;
const TRADES_KEPT = 500;

export interface PricesDeps {
  readonly engine: EngineControl;
  readonly venue: Binance;
  readonly history: MarketHistory;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Prices extends MarketData {
  start(): void;
  stop(): void;
}

export function createPrices({ engine, venue, history, events, clock, logger }: PricesDeps): Prices {
  const visibleLots = new Map<string, Shown>();
  const dayFigures = new Map<string, DayFigures>();
  const trades = new Map<string, PublicTradeView[]>();
  const past = createPast({ venue, history, clock });
  const onDepth = new Set<(diff: DepthDiff) => void>();
  const onTrades = new Set<(symbol: string, trades: PublicTradeView[]) => void>();
  const timers: NodeJS.Timeout[] = [];

  const marketOf = (symbol: string): TradingMarket => {
    const market = engine.markets().get(symbol);
    if (!market) throw new DomainError('UNKNOWN_MARKET', { symbol });
    return market;
  };
  const visibleLotsOf = (symbol: string): Shown => {
    const known = visibleLots.get(symbol) ?? new Shown();
    visibleLots.set(symbol, known);
    return known;
  };
  const show = (): void => {
    for (const [symbol, market] of engine.markets()) {
      const diff = visibleLotsOf(symbol).update(market, engine.levels(symbol), clock.now());
      if (diff) for (const listener of onDepth) listener(diff);
    }
  };
  const heard = (symbol: string, trade: PublicTradeView): void => {
    trades.set(symbol, [trade, ...(trades.get(symbol) ?? [])].slice(0, TRADES_KEPT));
    for (const listener of onTrades) listener(symbol, [trade]);
  };
  const readDay = async (): Promise<void> => {
    try {
      const figures = await venue.dayFigures().catch((error: unknown) => {
        logger.debug(
          { error: error instanceof Error ? error.message : 'refused' },
          "no figures of the venue's day yet",
        );
        return [];
      });
      for (const row of figures) dayFigures.set(row.symbol, row);
      for (const [symbol, { listing }] of engine.markets()) {
        if (listing.venue !== null) continue;
        const day = await history.day(symbol, clock.now() - 86_400_000);
        if (day) dayFigures.set(symbol, { symbol, ...day });
      }
    } catch (error) {
      logger.debug({ error: error instanceof Error ? error.message : 'refused' }, 'no figures of the day yet');
    }
  };

  venue.onTrade((symbol, { id, price, quantity, takerSide, at }) => {
    engine.lastPrice(symbol, price);
    heard(symbol, { id: `v${id}`, price: formatAmount(price), quantity: formatAmount(quantity), side: takerSide, at });
  });
  const off = events.on('market.traded', ({ symbol, trade }) => heard(symbol, trade));

  return {
    start: () => {
      timers.push(
        setInterval(show, SHOW_EVERY_MS),
        setInterval(() => void readDay(), DAY_FIGURES_EVERY_MS),
      );
      void readDay();
    },
    stop: () => {
      off();
      for (const timer of timers) clearInterval(timer);
    },
    tickers: async () =>
      [...engine.markets()].map(([symbol, market]) =>
        ticker(
          market,
          engine.levels(symbol),
          trades.get(symbol)?.[0]?.price ?? dayFigures.get(symbol)?.lastPrice,
          dayFigures.get(symbol),
          clock.now(),
        ),
      ),
    depth: async (symbol, limit) => {
      const market = marketOf(symbol);
      const known = visibleLotsOf(symbol);
      return {
        symbol,
        sequence: known.sequence,
        mode: modeOf(market, clock.now()),
        bids: known.levels(market, BUY, limit),
        asks: known.levels(market, SELL, limit),
      };
    },
    trades: async (symbol, limit, caller) => {
      const { listing } = marketOf(symbol);
      const known = trades.get(symbol) ?? [];
      if (known.length >= limit) return known.slice(0, limit);
      const older = await past.trades(listing, limit, caller).catch(() => []);
      const ids = new Set(known.map(({ id }) => id));
      return [...known, ...older.filter(({ id }) => !ids.has(id))].slice(0, limit);
    },
    candles: async (symbol, interval, limit, before, caller) => {
      const { listing } = marketOf(symbol);
      const asked = past.candles(listing, interval, limit, before, caller);
      return listing.venue === null ? asked : asked.catch(orClosed(symbol));
    },
    onDepth: (listener) => {
      onDepth.add(listener);
      return () => void onDepth.delete(listener);
    },
    onTrades: (listener) => {
      onTrades.add(listener);
      return () => void onTrades.delete(listener);
    },
  };
}

const orClosed =
  (symbol: string) =>
  (error: unknown): never => {
    throw error instanceof DomainError ? error : new DomainError('MARKET_CLOSED', { market: symbol });
  };

/** Null where one side has nothing. */
function minimaOf(market: TradingMarket): TickerView['minMarket'] {
  const [buy, sell] = [minimumNow(market, 'BUY'), minimumNow(market, 'SELL')];
  const plain = ({ quantity, total }: MarketMinimum): { quantity: string; total: string } => ({
    quantity: formatAmount(quantity),
    total: formatAmount(total),
  });
  return buy && sell ? { BUY: plain(buy), SELL: plain(sell) } : null;
}

function ticker(
  market: TradingMarket,
  own: OwnLevels,
  last: string | undefined,
  day: DayFigures | undefined,
  now: number,
): TickerView {
  const { listing, scales, outside } = market;
  const mode = modeOf(market, now);
  const venue = mode === 'inside only' ? undefined : outside;
  const better = (ours: number, theirs: number, more: boolean): number =>
    ours === 0 || theirs === 0 ? ours || theirs : more === ours > theirs ? ours : theirs;
  const plain = (text: string | undefined): string => (text === undefined ? '0' : formatAmount(parseAmount(text)));
  return {
    symbol: listing.symbol,
    bid: formatAmount(scales.price(better(own[BUY][0] ?? 0, venue?.bids[0]?.[0] ?? 0, true))),
    ask: formatAmount(scales.price(better(own[SELL][0] ?? 0, venue?.asks[0]?.[0] ?? 0, false))),
    ageMs: venue ? now - venue.at : 0,
    mode,
    state: listing.state,
    last: plain(last),
    open24h: plain(day?.openPrice),
    high24h: plain(day?.highPrice),
    low24h: plain(day?.lowPrice),
    volume24h: plain(day?.volume),
    quoteVolume24h: plain(day?.quoteVolume),
    minMarket: mode === 'mirrored' ? minimaOf(market) : null,
  };
}
