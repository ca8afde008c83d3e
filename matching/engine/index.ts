/** The single writer of all balances: `writer.ts` is its loop, `apply.ts` its switch, commands/ what each command does. */
import { createEngineStore } from '../../db/stores/engine';
import type { VenueStateRow } from '../../db/entities/venue';
import type { EngineStore } from '../../db/stores/engine';
import type { Clock } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger, UserBalance } from '../../domain/contract/ports';
import { ONE, formatAmount, parseAmount, parseSigned } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import { available, held } from '../../ledger/accounts';
import type { DataSource } from 'typeorm';
import { needsLook } from '../modules/orders/market';
import { count } from '../modules/orders/scales';
import type { Outside, TradingMarket } from '../modules/orders/market';
import { Effects } from './effects';
import type { EffectHandler } from './effects';
import type { OwnLevels } from './published';
import type { OfferedQuote } from './state';
import { availableToHedge } from './state';
import { createWithdrawalWatch } from '../modules/withdrawals/watch';
import { recorded } from '../modules/withdrawals/records';
import { Writer } from './writer';

export interface EngineDeps {
  readonly dataSource: DataSource;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly logger: Logger;
  /** Another engine has taken over; end the process. */
  readonly onFenced: () => void;
  /** For tests that break commits; the real one otherwise. */
  readonly store?: EngineStore;
}

/** Venue prices kept for the next look; between two looks a market trades at few. */
const PRICES_KEPT = 500;
const VOLUME_DAYS_MS = 30 * 86_400_000;

/** The engine as matching sees it: the port, and the inputs that are not commands. */
export interface EngineControl extends Engine {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Keeps a quote until it expires, so that `swap.accept` can find it. */
  offer(quote: OfferedQuote): void;
  /** Free balances as the venue says them now. */
  venueBalances(free: ReadonlyMap<string, Units>): void;
  /** The venue cannot take orders now, or can again. */
  venueAway(isAway: boolean): void;
  /** How far the venue's clock is ahead of ours, in milliseconds. */
  venueClock(aheadMs: number): void;
  /** The orders that the venue takes in ten seconds. */
  venueOrders(most: number): void;
  /** Whether orders go to the venue, and in which epoch of its ids. */
  venue(): VenueStateRow;
  /** Orders at the venue without a final word, and the markets they are in. */
  openIntents(): number;
  busyMarkets(): ReadonlySet<string>;
  /** The venue's book of a market as it is now. */
  outside(symbol: string, outside: Outside): void;
  /** Looks at every market where something waits. */
  lookAtMarkets(): void;
  /** A price at which the venue traded. */
  lastPrice(symbol: string, price: Units): void;
  /** Reads the volumes that decide trading fees anew. */
  readVolumes(): Promise<void>;
  /** Our own book of a market as the last commit left it. */
  levels(symbol: string): OwnLevels;
  /** The markets in memory, not to be changed; what they hold may be ahead of what is durable. */
  markets(): ReadonlyMap<string, TradingMarket>;
  /** Orders of ours at the venue now: what they may cost in the quote asset, and since when. */
  flights(symbol: string): { amount: Units; at: number }[];
  volumeOf(userId: string, symbol: string): Units;
  /** Holds the rows of open withdrawals against what was recorded; a difference in two looks running is an alert. */
  lookAtWithdrawals(): Promise<void>;
  /** What could be sent to the venue of an asset now. */
  availableToHedge(asset: string): Units;
  onEffect(kind: string, handler: EffectHandler): void;
}

/** The single writer of balances. Start it before use; submit commands through the port. */
export function createEngine(deps: EngineDeps): EngineControl {
  const store = deps.store ?? createEngineStore(deps.dataSource);
  const effects = new Effects(store, deps.logger);
  const writer = new Writer({ ...deps, store, effects });
  const lookAtWithdrawals = createWithdrawalWatch({
    ...deps,
    store,
    open: () => [...writer.committedWithdrawals.values()],
  });
  const looking = new Set<string>();
  let looks = 0;

  /** Has the market looked after where there may be something to do; one look at a time, and none where nothing waits. */
  const look = (symbol: string, market: TradingMarket): void => {
    if (looking.has(symbol) || !needsLook(market)) return;
    looking.add(symbol);
    writer
      .submit({ kind: 'market.tick', symbol, reference: `tick:${symbol}:${deps.clock.now()}:${++looks}` })
      .catch((error: unknown) => deps.logger.debug({ symbol, error: String(error) }, 'a look at a market was lost'))
      .finally(() => looking.delete(symbol));
  };

  return {
    start: () => writer.start(),
    stop: async () => {
      effects.stop();
      await writer.stop();
      await store.close();
    },
    submit: (command) => writer.submit(command),
    balancesOf: async (userId) => userBalances(await store.balances([available(userId), held(userId)])),
    operatorPosition: async () => sums(await store.balancesLike(['equity/operator', 'revenue/', 'expense/'])),
    custody: async () => {
      const rows = await store.balancesLike(['custody/']);
      return rows.map((row) => ({
        place: row.account.slice('custody/'.length),
        asset: row.asset,
        amount: formatAmount(-parseSigned(row.amount)),
      }));
    },
    paused: () => store.pauses(),
    recordedWithdrawals: async (ids) => ids.flatMap((id) => writer.committedWithdrawals.get(id) ?? []).map(recorded),
    lookAtWithdrawals,
    offer: (quote) => {
      const now = deps.clock.now();
      for (const [id, old] of writer.state.quotes)
        if (old.quote.expiresAt + 60_000 < now) writer.state.quotes.delete(id);
      writer.state.quotes.set(quote.quote.id, { ...quote, used: false });
    },
    venueBalances: (free) => {
      writer.state.venueFree = new Map(free);
    },
    venueAway: (isAway) => {
      writer.state.venueAway = isAway;
    },
    venueClock: (aheadMs) => {
      writer.state.venueAhead = aheadMs;
    },
    venueOrders: (most) => writer.state.orderLimit(most),
    venue: () => writer.state.venue,
    openIntents: () => writer.state.intents.size,
    busyMarkets: () => new Set([...writer.state.intents.values()].map(({ symbol }) => symbol)),
    outside: (symbol, outside) => {
      const market = writer.state.markets.get(symbol);
      if (!market) return;
      market.outside = outside;
      look(symbol, market);
    },
    lookAtMarkets: () => {
      for (const [symbol, market] of writer.state.markets) look(symbol, market);
    },
    lastPrice: (symbol, price) => {
      const market = writer.state.markets.get(symbol);
      if (!market) return;
      const ticks = count(price / market.scales.tick);
      if (market.lastPrices.at(-1) !== ticks && market.lastPrices.length < PRICES_KEPT) market.lastPrices.push(ticks);
    },
    readVolumes: async () => {
      const rows = await store.volumesSince(deps.clock.now() - VOLUME_DAYS_MS);
      writer.state.volumes = new Map(
        rows.map(({ userId, symbol, volume }) => [`${userId}|${symbol}`, parseAmount(volume)]),
      );
    },
    levels: (symbol) => writer.levels(symbol),
    markets: () => writer.state.markets,
    flights: (symbol) =>
      [...writer.state.intents.values()]
        .filter((intent) => intent.symbol === symbol && intent.swapId === null)
        .map(({ side, spendsMost, quantity, at }) => ({
          amount:
            side === 'BUY'
              ? spendsMost
              : (quantity *
                  (writer.state.markets.get(symbol)?.scales.price(writer.state.markets.get(symbol)?.last ?? 0) ?? 0n)) /
                ONE,
          at,
        })),
    volumeOf: (userId, symbol) => writer.state.volumes.get(`${userId}|${symbol}`) ?? 0n,
    availableToHedge: (asset) => availableToHedge(writer.state, asset),
    onEffect: (kind, handler) => effects.on(kind, handler),
  };
}

function userBalances(rows: { account: string; asset: string; amount: string }[]): UserBalance[] {
  const byAsset = new Map<string, { available: Units; held: Units }>();
  for (const row of rows) {
    const entry = byAsset.get(row.asset) ?? { available: 0n, held: 0n };
    entry[row.account.endsWith('/held') ? 'held' : 'available'] = parseSigned(row.amount);
    byAsset.set(row.asset, entry);
  }
  return [...byAsset]
    .filter(([, entry]) => entry.available !== 0n || entry.held !== 0n)
    .map(([asset, entry]) => ({ asset, available: formatAmount(entry.available), held: formatAmount(entry.held) }))
    .sort((a, b) => (a.asset < b.asset ? -1 : 1));
}

function sums(rows: { asset: string; amount: string }[]): { asset: string; amount: string }[] {
  const total = new Map<string, Units>();
  for (const row of rows) total.set(row.asset, (total.get(row.asset) ?? 0n) + parseSigned(row.amount));
  return [...total].map(([asset, amount]) => ({ asset, amount: formatAmount(amount) }));
}
