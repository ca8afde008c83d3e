import type { Clock } from '../../../domain/clock-and-ids';
import type { Logger } from '../../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Depth, MarketRules, VenuePublicTrade } from '../venue';
import { DepthBook } from './book';
import type { DepthDiff, DepthSnapshot } from './book';
import type { VenueLimit } from './budget';
import { createMarketStreams } from './market-streams';
import { createPriceRange } from './price-range';
import type { ReferencePrice } from './price-range';
import type { BinanceConfig, Rest } from './rest';
import type { SymbolQuestions } from './symbol-questions';

/** A book without a word from the venue for so long is not used. */
const STALE_MS = 10_000;
const SNAPSHOT_LEVELS = 1000;
const LEVELS_READ = 500;
const RULES_EVERY_MS = 5000;
const RANGES_EVERY_MS = 300_000;
/** Two connections are apart by fewer trades than this. */
const TRADES_APART = 10_000;

interface Followed {
  readonly book: DepthBook;
  lastWord: number;
  loading: boolean;
  /** The last trade that was told. */
  tradeId: number;
}

export interface MarketData {
  start(): Promise<void>;
  stop(): void;
  depth(symbol: string): Depth | undefined;
  rules(symbol: string): MarketRules | undefined;
  /** Reads the rules now: one of them was broken. */
  reloadRules(): Promise<void>;
  /** Called whenever the rules and limits were read. */
  onRules(listener: () => void): void;
  onDepth(listener: (symbol: string) => void): void;
  onTrade(listener: (symbol: string, trade: VenuePublicTrade) => void): void;
}

/** Follows the books and the rules of the given symbols. */
export function createMarketData(
  config: BinanceConfig,
  symbols: readonly string[],
  rest: Rest,
  questions: SymbolQuestions,
  deps: { clock: Clock; logger: Logger },
): MarketData {
  const followed = new Map<string, Followed>(
    symbols.map((symbol) => [symbol, { book: new DepthBook(), lastWord: 0, loading: false, tradeId: 0 }]),
  );
  const rules = new Map<string, MarketRules>();
  const onDepth: ((symbol: string) => void)[] = [];
  const onTrade: ((symbol: string, trade: VenuePublicTrade) => void)[] = [];
  let stopped = false;
  const onRules: (() => void)[] = [];
  const range = createPriceRange(symbols, rest, deps);
  let timer: NodeJS.Timeout | undefined;
  let ranges: NodeJS.Timeout | undefined;

  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  /** Fetches snapshots until one fits the diffs that were buffered. */
  const load = async (symbol: string, market: Followed): Promise<void> => {
    if (market.loading) return;
    market.loading = true;
    try {
      while (!stopped && !market.book.ready) {
        try {
          const snapshot = await rest.call(false, () => rest.trading.getOrderBook({ symbol, limit: SNAPSHOT_LEVELS }));
          if (!market.book.load(snapshot as unknown as DepthSnapshot)) await pause(200);
          else deps.logger.debug({ symbol }, "the venue's book was read anew");
        } catch (error) {
          deps.logger.warn(
            { event: 'venue.snapshot_unread', symbol, error: error instanceof Error ? error.message : 'refused' },
            'no snapshot of the book yet',
          );
          await pause(1000);
        }
      }
    } finally {
      market.loading = false;
    }
  };

  const heard = (raw: unknown): void => {
    const event = raw as { e?: string; s?: string } & DepthDiff;
    if (event.e === 'referencePrice') return range.reference(event as unknown as ReferencePrice);
    const market = followed.get(event.s ?? '');
    if (!market || !event.s) return;
    try {
      if (event.e === 'trade') return tellTrade(onTrade, event.s, raw as TradeEvent, market);
      if (event.e !== 'depthUpdate') return;
      market.book.apply(event);
    } catch (error) {
      // Not a book or a price as documented: nothing of it is believed.
      deps.logger.warn(
        { event: 'venue.market_message_odd', symbol: event.s, error: String(error) },
        'the venue said something odd about a market',
      );
      market.book.reset();
      return;
    }
    market.lastWord = deps.clock.now();
    if (!market.book.ready) void load(event.s, market);
    else for (const listener of onDepth) listener(event.s);
  };
  const forget = (): void => {
    for (const market of followed.values()) market.book.reset();
  };
  const topics = symbols.flatMap((symbol) =>
    ['depth@100ms', 'trade', 'referencePrice'].map((stream) => `${symbol.toLowerCase()}@${stream}`),
  );
  const streams = createMarketStreams(config.streamUrl, topics, { heard, lost: forget }, deps.logger);

  const loadRules = async (): Promise<void> => {
    const listed = await questions.ask(async (asked) => {
      const info = (await rest.call(false, () => rest.trading.getExchangeInfo({ symbols: asked }))) as unknown as {
        symbols: ExchangeSymbol[];
        rateLimits?: VenueLimit[];
      };
      rest.budget.limits(info.rateLimits ?? []);
      return info.symbols;
    });
    for (const listener of onRules) listener();
    for (const symbol of listed) {
      const [before, now] = [rules.get(symbol.symbol), rulesOf(symbol)];
      rules.set(symbol.symbol, now);
      if (before === undefined || sameRules(before, now)) continue;
      deps.logger.warn(
        {
          event: 'venue.rules_changed',
          symbol: now.symbol,
          trading: now.trading,
          tick: formatAmount(now.tick),
          lot: formatAmount(now.lot),
        },
        'the venue has changed the rules of a market',
      );
      for (const listener of onDepth) listener(symbol.symbol);
    }
  };

  const reloadRules = (): Promise<void> => loadRules().catch(() => undefined);

  return {
    reloadRules,
    start: async () => {
      for (;;) {
        try {
          await loadRules();
          break;
        } catch (error) {
          if (stopped) return;
          deps.logger.warn(
            { event: 'venue.rules_unread', error: error instanceof Error ? error.message : 'refused' },
            'the venue does not tell its rules yet',
          );
          await pause(1000);
        }
      }
      timer = setInterval(() => void reloadRules(), RULES_EVERY_MS);
      ranges = setInterval(() => void range.read(), RANGES_EVERY_MS);
      void range.read();
      await streams.start();
    },
    stop: () => {
      stopped = true;
      clearInterval(timer);
      clearInterval(ranges);
      streams.stop();
    },
    depth: (symbol) => {
      const market = followed.get(symbol);
      if (!market?.book.ready) return undefined;
      const ageMs = deps.clock.now() - market.lastWord;
      if (ageMs > STALE_MS) return undefined;
      return {
        bids: range.within(symbol, 'bids', market.book.levels('bids', LEVELS_READ)),
        asks: range.within(symbol, 'asks', market.book.levels('asks', LEVELS_READ)),
        ageMs,
      };
    },
    rules: (symbol) => rules.get(symbol),
    onRules: (listener) => void onRules.push(listener),
    onDepth: (listener) => void onDepth.push(listener),
    onTrade: (listener) => void onTrade.push(listener),
  };
}

interface TradeEvent {
  readonly t: number;
  readonly p: string;
  readonly q: string;
  readonly T: number;
  /** Was the buyer the maker? */
  readonly m: boolean;
}

/**
 * Tells a trade once: while two connections are heard it comes twice. Ids that are far below begin anew, as on the
 * test network.
 */
function tellTrade(
  listeners: readonly ((symbol: string, trade: VenuePublicTrade) => void)[],
  symbol: string,
  { t, p, q, T, m }: TradeEvent,
  market: Followed,
): void {
  if (t <= market.tradeId && market.tradeId - t < TRADES_APART) return;
  market.tradeId = t;
  const trade = {
    id: String(t),
    price: parseAmount(p),
    quantity: parseAmount(q),
    takerSide: m ? ('SELL' as const) : ('BUY' as const),
    at: T,
  };
  for (const listener of listeners) listener(symbol, trade);
}

interface ExchangeSymbol {
  readonly symbol: string;
  readonly status: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly filters: readonly { filterType: string; [field: string]: unknown }[];
}

/** Reads the filters that decide what can be ordered. A missing one disables its rule, as the venue documents. */
export function rulesOf(symbol: ExchangeSymbol): MarketRules {
  const filter = (type: string): Record<string, unknown> =>
    symbol.filters.find((candidate) => candidate.filterType === type) ?? {};
  const units = (value: unknown): bigint => parseAmount(typeof value === 'string' ? value : '0');
  const lot = filter('LOT_SIZE');
  const notional = symbol.filters.some((candidate) => candidate.filterType === 'NOTIONAL')
    ? filter('NOTIONAL')
    : filter('MIN_NOTIONAL');
  return {
    symbol: symbol.symbol,
    base: symbol.baseAsset,
    quote: symbol.quoteAsset,
    trading: symbol.status === 'TRADING',
    tick: units(filter('PRICE_FILTER').tickSize),
    lot: units(lot.stepSize),
    minQuantity: units(lot.minQty),
    maxQuantity: units(lot.maxQty),
    minNotional: units(notional.minNotional),
    maxNotional: units(notional.maxNotional),
  };
}

const RULES: readonly (keyof MarketRules)[] = [
  'trading',
  'tick',
  'lot',
  'minQuantity',
  'maxQuantity',
  'minNotional',
  'maxNotional',
];
const sameRules = (one: MarketRules, other: MarketRules): boolean => RULES.every((rule) => one[rule] === other[rule]);
