/**
 * Orders become trades. Begin at `createMatching`; the single writer is in engine/, what orders mean in money in
 * orders/.
 */
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
import type { EngineControl } from './engine';
import { followVenue } from './routing/feed';
import { createPrices } from './prices';
import { createFigures } from './prices/figures';
import { startMirror } from './routing/dispatcher';
import { createQuotes } from './modules/swaps/quotes';
import { startWatch } from './routing/monitor';
import { createBinance } from './venues/binance';
import type { Binance, BinanceConfig } from './venues/binance';
import { BINANCE } from './venues/binance/id';
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

/** What the parts of matching share. */
interface Parts extends MatchingDeps {
  readonly engine: EngineControl;
  readonly binance: Binance;
}

export function createMatching(deps: MatchingDeps, config: MatchingConfig): Matching {
  const { registry } = deps;
  const engine = createEngine(deps);
  const symbols = registry.markets.filter((market) => market.venue === BINANCE).map((market) => market.symbol);
  const binance = createBinance(config.binance, symbols, deps);
  const prices = createPrices({ ...deps, engine, venue: binance, history: createMarketHistory(deps.dataSource) });
  const routing = new VenueConnection({ ...deps, engine, binance });
  return {
    engine,
    quotes: createQuotes({ engine, venue: binance, registry, clock: deps.clock, ids: deps.ids }),
    marketData: prices,
    figures: createFigures({ engine, registry, clock: deps.clock, sums: () => readRoutingSums(deps.dataSource) }),
    venueCapital: binance.capital,
    custody: venueCustody({ registry, capital: binance.capital, find: (order) => binance.find(order) }),
    start: async () => {
      await engine.start();
      await routing.connect();
      await engine.readVolumes();
      followVenue({ engine, venue: binance, registry, clock: deps.clock });
      prices.start();
      // Last: recovered intents are asked for as soon as there is a venue to ask.
      routing.start();
    },
    stop: async () => {
      prices.stop();
      routing.stop();
      await engine.stop();
      await binance.stop();
    },
  };
}

/** Keeps the engine and the venue together: balances, clock, limits, and orders on their way. */
class VenueConnection {
  private timers: NodeJS.Timeout[] = [];
  private mirror: { stop(): void } | undefined;
  private watch: ReturnType<typeof startWatch> | undefined;
  private reading = false;

  constructor(private readonly parts: Parts) {}

  /** Rejects where the account at the venue cannot be used. */
  async connect(): Promise<void> {
    const { engine, binance, logger } = this.parts;
    binance.onClock((aheadMs) => engine.venueClock(aheadMs));
    binance.onOrderLimit((perTenSeconds) => engine.venueOrders(perTenSeconds));
    binance.onUnknownMarket((symbol) => void haltUnknown(this.parts, symbol));
    await binance.checkAccount();
    binance.onSubscribed(() => this.watch?.drain());
    // Nobody waits for the venue's streams and rules: until they are here its markets are cancel only.
    binance
      .start()
      .catch((error: unknown) =>
        logger.error({ event: 'venue.not_followed', error: String(error) }, 'the venue cannot be followed'),
      );
    engine.venueAway(!binance.ready());
    await this.readBalances();
  }

  start(): void {
    const { engine, binance, dataSource, clock, logger } = this.parts;
    const every = (ms: number, work: () => void): void => void this.timers.push(setInterval(work, ms));
    const logged = (work: Promise<void>, message: string): void =>
      void work.catch((error: unknown) =>
        logger.warn({ event: 'venue.balances_unread', error: String(error) }, message),
      );
    every(BALANCES_EVERY_MS, () => void this.readBalances());
    every(READY_EVERY_MS, () => engine.venueAway(!binance.ready()));
    every(VOLUMES_EVERY_MS, () => logged(engine.readVolumes(), 'the volumes were not read'));
    every(LOOK_EVERY_MS, () => engine.lookAtMarkets());
    every(WITHDRAWALS_EVERY_MS, () => logged(engine.lookAtWithdrawals(), 'the withdrawals were not compared'));
    const memory = createVenueMemory(dataSource);
    this.mirror = startMirror({
      engine,
      venue: binance,
      intents: createSwapIntents(dataSource),
      memory,
      clock,
      logger,
    });
    this.watch = startWatch({ ...this.parts, venue: binance, memory });
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.watch?.stop();
    this.mirror?.stop();
  }

  /** What is free at the venue; without an answer the last one stands, and our own books bound it anyway. */
  private async readBalances(): Promise<void> {
    const { engine, binance, logger } = this.parts;
    if (this.reading) return;
    this.reading = true;
    try {
      const busy = engine.busyMarkets();
      const rows = await binance.capital.balances();
      engine.venueBalances(new Map(rows.map((row) => [row.asset, parseAmount(row.free)])));
      await this.watch?.compare(rows, new Set([...busy, ...engine.busyMarkets()]));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'refused';
      logger.warn({ event: 'venue.balances_unread', error: reason }, 'the venue does not tell our balances');
    } finally {
      this.reading = false;
    }
  }
}

/** A market that the venue does not know cannot be traded there: it is halted until an operator has looked. */
async function haltUnknown({ engine, events, clock, logger }: Parts, symbol: string): Promise<void> {
  events.publish({
    name: 'alert',
    code: 'MARKET_UNKNOWN',
    message: 'The venue does not know this market. It is halted; the others go on.',
    details: { symbol },
  });
  const listing = engine.markets().get(symbol)?.listing;
  if (!listing || listing.state === 'HALT') return;
  const { internalOnly } = listing;
  const reference = `market-unknown:${symbol}:${clock.now()}`;
  await engine
    .submit({ kind: 'market.set', symbol, state: 'HALT', internalOnly, adminId: null, reference })
    .catch((error: unknown) =>
      logger.error(
        { event: 'venue.market_not_halted', symbol, error: String(error) },
        'a market that the venue does not know was not halted',
      ),
    );
}
