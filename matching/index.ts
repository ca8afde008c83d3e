/** Orders become trades. Begin at `createMatching`; the single writer is in engine/, what orders mean in money in orders/. */
import type { DataSource } from 'typeorm';
import { createMarketHistory, readRoutingSums } from '../db/stores/market-history';
import { createSwapIntents } from '../db/stores/venue-intents';
import { createVenueMemory } from '../db/stores/venue';
import type { Clock, Ids } from '../domain/clock-and-ids';
import type { CustodyReader } from '../domain/contract/custody';
import type {
  Engine,
  EventBus,
  Logger,
  MarketData,
  Quotes,
  TradingFigures,
  VenueCapital,
} from '../domain/contract/ports';
import { parseAmount } from '../domain/money/amount';
import type { Registry } from '../domain/registry';
import { createEngine } from './engine';
import { followVenue } from './routing/feed';
import { createPrices } from './prices';
import { createFigures } from './prices/figures';
import { startMirror } from './routing/dispatcher';
import { createQuotes } from './modules/swaps/quotes';
import { startWatch } from './routing/monitor';
import { createBinance } from './venues/binance';
import type { BinanceConfig } from './venues/binance';
import { venueCustody } from './venues/binance/custody';

export interface MatchingDeps {
  readonly dataSource: DataSource;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly events: EventBus;
  readonly logger: Logger;
  readonly onFenced: () => void;
}

export interface MatchingConfig {
  readonly binance: BinanceConfig;
}

/** Orders become trades: the engine, the swap desk, and Binance behind them. */
export interface Matching {
  readonly engine: Engine;
  readonly quotes: Quotes;
  readonly marketData: MarketData;
  readonly figures: TradingFigures;
  readonly venueCapital: VenueCapital;
  /** What lies at the venue; for the comparison of the books with it. */
  readonly custody: CustodyReader;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Balances are read so often and no oftener, however many orders change them: each reading weighs twenty. */
const BALANCES_EVERY_MS = 2500;
/** How soon it is noticed that the venue is away or back. */
const READY_EVERY_MS = 100;
const VOLUMES_EVERY_MS = 300_000;
/** Markets are looked at at least so often, also when the venue is silent: what waits must not wait for ever. */
const LOOK_EVERY_MS = 500;
/** Whoever changes a row of a withdrawal is noticed within two looks. */
const WITHDRAWALS_EVERY_MS = 2000;

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** The venue for a command that reads it and starts nothing: what lies there, and its transfers. */
export function openVenueCustody(
  config: MatchingConfig,
  registry: Registry,
): { custody: CustodyReader; capital: VenueCapital } {
  const binance = createBinance(config.binance, [], { clock: { now: () => Date.now() }, logger: silent });
  const find = binance.find.bind(binance);
  return { custody: venueCustody({ registry, capital: binance.capital, find }), capital: binance.capital };
}

export function createMatching(deps: MatchingDeps, config: MatchingConfig): Matching {
  const { registry, logger } = deps;
  const engine = createEngine(deps);
  const symbols = registry.markets.filter((market) => market.venue === 'binance').map((market) => market.symbol);
  const binance = createBinance(config.binance, symbols, deps);
  const quotes = createQuotes({ engine, venue: binance, registry, clock: deps.clock, ids: deps.ids });
  const prices = createPrices({ ...deps, engine, venue: binance, history: createMarketHistory(deps.dataSource) });
  const figures = createFigures({ engine, registry, clock: deps.clock, sums: () => readRoutingSums(deps.dataSource) });
  const timers: NodeJS.Timeout[] = [];
  let mirror: { stop(): void } | undefined;
  let watch: ReturnType<typeof startWatch> | undefined;
  let reading = false;

  /** What is free at the venue; without an answer the last one stands, and our own books bound it anyway. */
  const readBalances = async (): Promise<void> => {
    if (reading) return;
    reading = true;
    try {
      const busy = engine.busyMarkets();
      const rows = await binance.capital.balances();
      engine.venueBalances(new Map(rows.map((row) => [row.asset, parseAmount(row.free)])));
      await watch?.compare(rows, new Set([...busy, ...engine.busyMarkets()]));
    } catch (error) {
      logger.warn(
        { event: 'venue.balances_unread', error: error instanceof Error ? error.message : 'refused' },
        'the venue does not tell our balances',
      );
    } finally {
      reading = false;
    }
  };

  /** A market that the venue does not know cannot be traded there: it is halted until an operator has looked. */
  const haltUnknown = async (symbol: string): Promise<void> => {
    deps.events.publish({
      name: 'alert',
      code: 'MARKET_UNKNOWN',
      message: 'The venue does not know this market. It is halted; the others go on.',
      details: { symbol },
    });
    const listing = engine.markets().get(symbol)?.listing;
    if (!listing || listing.state === 'HALT') return;
    await engine
      .submit({
        kind: 'market.set',
        symbol,
        state: 'HALT',
        internalOnly: listing.internalOnly,
        adminId: null,
        reference: `market-unknown:${symbol}:${deps.clock.now()}`,
      })
      .catch((error: unknown) =>
        logger.error(
          { event: 'venue.market_not_halted', symbol, error: String(error) },
          'a market that the venue does not know was not halted',
        ),
      );
  };

  return {
    engine,
    quotes,
    marketData: prices,
    figures,
    venueCapital: binance.capital,
    custody: venueCustody({ registry, capital: binance.capital, find: (order) => binance.find(order) }),
    start: async () => {
      await engine.start();
      binance.onClock((aheadMs) => engine.venueClock(aheadMs));
      binance.onOrderLimit((perTenSeconds) => engine.venueOrders(perTenSeconds));
      binance.onUnknownMarket((symbol) => void haltUnknown(symbol));
      await binance.checkAccount();
      binance.onSubscribed(() => watch?.drain());
      // Nobody waits for the venue's streams and rules: until they are here its markets are cancel only.
      binance
        .start()
        .catch((error: unknown) =>
          logger.error({ event: 'venue.not_followed', error: String(error) }, 'the venue cannot be followed'),
        );
      engine.venueAway(!binance.ready());
      await readBalances();
      await engine.readVolumes();
      followVenue({ engine, venue: binance, registry, clock: deps.clock });
      prices.start();
      timers.push(
        setInterval(() => void readBalances(), BALANCES_EVERY_MS),
        setInterval(() => engine.venueAway(!binance.ready()), READY_EVERY_MS),
        setInterval(
          () =>
            void engine
              .readVolumes()
              .catch((error: unknown) =>
                logger.warn({ event: 'orders.volumes_unread', error: String(error) }, 'the volumes were not read'),
              ),
          VOLUMES_EVERY_MS,
        ),
        setInterval(() => engine.lookAtMarkets(), LOOK_EVERY_MS),
        setInterval(
          () =>
            void engine
              .lookAtWithdrawals()
              .catch((error: unknown) =>
                logger.warn(
                  { event: 'withdrawals.not_compared', error: String(error) },
                  'the withdrawals were not compared',
                ),
              ),
          WITHDRAWALS_EVERY_MS,
        ),
      );
      // Last: recovered intents are asked for as soon as there is a venue to ask.
      const memory = createVenueMemory(deps.dataSource);
      mirror = startMirror({
        engine,
        venue: binance,
        intents: createSwapIntents(deps.dataSource),
        memory,
        clock: deps.clock,
        logger,
      });
      watch = startWatch({ ...deps, engine, venue: binance, memory });
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      prices.stop();
      watch?.stop();
      mirror?.stop();
      await engine.stop();
      await binance.stop();
    },
  };
}
