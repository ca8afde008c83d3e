import type { CandleView, Interval, PublicTradeView } from '../../../domain/contract/api/markets';
import type { Clock } from '../../../domain/clock-and-ids';
import type { Logger, VenueCapital } from '../../../domain/contract/ports';
import type { Venue } from '../venue';
import { ordersOf } from './budget';
import { createCapital } from './capital';
import { createVenueClock } from './clock';
import { failureOf, isNoSuchDoor } from './errors';
import { createMarketData } from './market-data';
import { createOrders } from './orders';
import { BINANCE } from './id';
import { createRest } from './rest';
import type { BinanceConfig, Rest } from './rest';
import { createSymbolQuestions } from './symbol-questions';
import { tellTravelRule } from './travel-rule';

export type { BinanceConfig } from './rest';

const CLOCK_EVERY_MS = 60_000;
const AGAIN_MS = 1500;
/** A definite refusal at the start is asked about so often: a key that was changed a moment ago is not good at once. */
const REFUSALS = 10;

/** 24 hours of a market, as the venue tells them. */
export interface DayFigures {
  readonly symbol: string;
  readonly lastPrice: string;
  readonly openPrice: string;
  readonly highPrice: string;
  readonly lowPrice: string;
  readonly volume: string;
  readonly quoteVolume: string;
}

export interface Binance extends Venue {
  /** Public history, decimals as the venue writes them. Rejects when it cannot be asked. */
  candles(symbol: string, interval: Interval, limit: number, before: number | undefined): Promise<CandleView[]>;
  dayFigures(): Promise<DayFigures[]>;
  trades(symbol: string, limit: number): Promise<PublicTradeView[]>;
  readonly capital: VenueCapital;
  /** Called when the user stream is open, or open again. */
  onSubscribed(listener: () => void): void;
  /** Called when the venue hints that balances changed. */
  onBalances(listener: () => void): void;
  /** Called with how far the venue's clock is ahead (ms), whenever it was read. */
  onClock(listener: (aheadMs: number) => void): void;
  /** Called with the orders that the venue takes in ten seconds, whenever its limits were read. */
  onOrderLimit(listener: (perTenSeconds: number) => void): void;
  /** Called with a market of ours that the venue does not know. */
  onUnknownMarket(listener: (symbol: string) => void): void;
  /** The weight that the venue allows in a minute. */
  weightLimit(): number;
  /**
   * Throws when the trading key can withdraw, is refused, or the clocks are too far apart. Waits while the venue
   * cannot be asked.
   */
  checkAccount(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Binance Spot as a venue: one account, one limiter, one ban state. */
export function createBinance(
  config: BinanceConfig,
  symbols: readonly string[],
  deps: { clock: Clock; logger: Logger },
): Binance {
  const rest = createRest(config, deps);
  const questions = createSymbolQuestions(symbols, deps);
  const data = createMarketData(config, symbols, rest, questions, deps);
  const clock = createVenueClock(rest, deps);
  const orders = createOrders(config, rest, clock, () => void data.reloadRules(), deps);
  const sync = (): void =>
    void clock
      .sync()
      .catch((error: unknown) =>
        deps.logger.warn({ event: 'venue.clock_unread', error: String(error) }, "the venue's clock cannot be read"),
      );
  rest.onBadClock(sync);
  let timer: NodeJS.Timeout | undefined;

  return {
    id: BINANCE,
    place: (order) => orders.place(order),
    ready: () => orders.ready(),
    clientIdOf: (symbol, orderId) => orders.clientIdOf(symbol, orderId),
    onSubscribed: (listener) => orders.onSubscribed(listener),
    now: () => clock.now(),
    find: (order) => orders.find(order),
    knows: (order) => orders.knows(order),
    tradesFrom: (symbol, id) => orders.tradesFrom(symbol, id),
    onClock: (listener) => clock.onChange(listener),
    onOrderLimit: (listener) => data.onRules(() => listener(ordersOf(rest.budget) ?? 1)),
    onUnknownMarket: (listener) => questions.onUnknown(listener),
    weightLimit: () => rest.budget.most('REQUEST_WEIGHT', 60_000) ?? 1,
    onHint: (listener) => orders.onHint(listener),
    onBalances: (listener) => orders.onBalances(listener),
    depth: (symbol) => data.depth(symbol),
    rules: (symbol) => data.rules(symbol),
    onDepth: data.onDepth,
    onTrade: data.onTrade,
    candles: async (symbol, interval, limit, before) => {
      // Before the beginning of time there is nothing, and the venue refuses to be asked.
      if (before !== undefined && before <= 0) return [];
      const rows = (await rest.call(false, () =>
        rest.trading.getKlines({ symbol, interval, limit, ...(before !== undefined && { endTime: before - 1 }) }),
      )) as unknown as [number, string, string, string, string, string][];
      return rows.map(([at, open, high, low, close, volume]) => [at, open, high, low, close, volume]);
    },
    dayFigures: () =>
      questions.ask(
        async (asked) =>
          (await rest.call(false, () =>
            rest.trading.get24hrChangeStatistics({ symbols: asked }),
          )) as unknown as DayFigures[],
      ),
    trades: async (symbol, limit) => {
      const rows = (await rest.call(false, () => rest.trading.getRecentTrades({ symbol, limit }))) as unknown as {
        id: number;
        price: string;
        qty: string;
        time: number;
        isBuyerMaker: boolean;
      }[];
      return rows.map(({ id, price, qty, time, isBuyerMaker }) => ({
        id: `v${id}`,
        price,
        quantity: qty,
        side: isBuyerMaker ? ('SELL' as const) : ('BUY' as const),
        at: time,
      }));
    },
    capital: createCapital(rest, deps),
    checkAccount: async () => {
      let canWithdraw = true;
      await patiently(async () => {
        await clock.sync();
        canWithdraw = await mayWithdraw(config, rest);
      }, deps);
      if (canWithdraw) throw new Error('the trading key can withdraw: give the engine a key without that right');
    },
    start: async () => {
      timer = setInterval(sync, CLOCK_EVERY_MS);
      if (rest.treasuryIsThere()) void tellTravelRule(rest, deps.logger);
      else
        deps.logger.warn(
          { event: 'venue.no_treasury', venue: new URL(config.restUrl).host },
          'the venue has no treasury interface (/sapi), as on the Spot testnet: trading works, coins are neither sent there nor brought back',
        );
      await Promise.all([data.start(), orders.start()]);
    },
    stop: async () => {
      clearInterval(timer);
      data.stop();
      await orders.stop();
    },
  };
}

/**
 * Whether the trading key can withdraw. The Spot testnet has no `/sapi` at all: there is nothing to withdraw with, and
 * the account itself must know the key. Binance proper always has it; a 404 of its hosts is a fault on the way, and
 * asked again.
 */
async function mayWithdraw(config: BinanceConfig, rest: Rest): Promise<boolean> {
  try {
    const rights = (await rest.call(true, () => rest.trading.getApiKeyPermissions())) as unknown as {
      enableWithdrawals?: unknown;
    };
    if (typeof rights.enableWithdrawals !== 'boolean') throw new Error('the venue did not tell what the key may do');
    return rights.enableWithdrawals;
  } catch (error) {
    if (!isNoSuchDoor(error) || /(^|\.)binance\.com$/.test(new URL(config.restUrl).hostname)) throw error;
    const account = (await rest.call(true, () => rest.trading.getAccountInformation())) as unknown as {
      canTrade?: unknown;
    };
    if (account.canTrade !== true) throw new Error('the account at the venue may not trade', { cause: error });
    rest.noTreasury();
    return false;
  }
}

/** Until it works: a venue that bans us or is not there is waited for, one that refuses is asked a few times more. */
async function patiently(
  work: () => Promise<void>,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<void> {
  for (let refusals = 0; ;) {
    try {
      return await work();
    } catch (error) {
      const { kind, code, message } = failureOf(error, clock.now());
      const wrongClock = error instanceof Error && error.message.startsWith("this machine's clock");
      if (kind === 'refused') refusals++;
      if (wrongClock || refusals >= REFUSALS) throw error;
      logger.warn(
        { event: 'venue.account_unread', code, error: message },
        'the venue cannot be asked about our account yet',
      );
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
