import type { CandleView, Interval, PublicTradeView } from '../../../domain/contract/api/markets';
import type { Clock } from '../../../domain/clock-and-ids';
import type { Logger, VenueCapital } from '../../../domain/contract/ports';
import type { Venue } from '../venue';
import { createCapital } from './capital';
import { createMarketData } from './market-data';
import { createOrders } from './orders';
import { createRest } from './rest';
import type { BinanceConfig } from './rest';

export type { BinanceConfig } from './rest';

/** Further than this from the venue's clock, orders would be refused or live too long. */
const CLOCK_OFF_MS = 800;

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
  /** Called when the venue hints that balances changed. */
  onBalances(listener: () => void): void;
  /** Throws when the trading key can withdraw, or the clocks are too far apart. Resolves when the key was checked. */
  checkAccount(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Binance Spot as a venue: one account, one limiter, one ban state. */
export function createBinance(config: BinanceConfig, symbols: readonly string[], deps: { clock: Clock; logger: Logger }): Binance {
  const rest = createRest(config, deps);
  const data = createMarketData(config, symbols, rest, deps);
  const orders = createOrders(config, rest, deps);

  return {
    place: (order) => orders.place(order),
    find: (order) => orders.find(order),
    onHint: (listener) => orders.onHint(listener),
    onBalances: (listener) => orders.onBalances(listener),
    depth: (symbol) => data.depth(symbol),
    rules: (symbol) => data.rules(symbol),
    onDepth: data.onDepth,
    onTrade: data.onTrade,
    candles: async (symbol, interval, limit, before) => {
      const rows = (await rest.call(false, () => rest.trading.getKlines({ symbol, interval, limit, ...(before !== undefined && { endTime: before - 1 }) }))) as unknown as [number, string, string, string, string, string][];
      return rows.map(([at, open, high, low, close, volume]) => [at, open, high, low, close, volume]);
    },
    dayFigures: async () => (await rest.call(false, () => rest.trading.get24hrChangeStatistics({ symbols: [...symbols] }))) as unknown as DayFigures[],
    trades: async (symbol, limit) => {
      const rows = (await rest.call(false, () => rest.trading.getRecentTrades({ symbol, limit }))) as unknown as { id: number; price: string; qty: string; time: number; isBuyerMaker: boolean }[];
      return rows.map(({ id, price, qty, time, isBuyerMaker }) => ({ id: `v${id}`, price, quantity: qty, side: isBuyerMaker ? ('SELL' as const) : ('BUY' as const), at: time }));
    },
    capital: createCapital(rest, deps),
    checkAccount: async () => {
      const sent = deps.clock.now();
      // Not getServerTime(): the SDK sends that one to the real exchange, whatever the configured address.
      const { serverTime } = (await rest.call(true, () => rest.trading.get('api/v3/time'))) as unknown as { serverTime: number };
      const offset = serverTime - (sent + deps.clock.now()) / 2;
      if (Math.abs(offset) > CLOCK_OFF_MS) throw new Error(`this machine's clock is ${offset} ms off the venue's: set it right (NTP) and start again`);
      const rights = (await rest.call(true, () => rest.trading.getApiKeyPermissions())) as unknown as { enableWithdrawals: boolean };
      if (rights.enableWithdrawals) throw new Error('the trading key can withdraw: give the engine a key without that right');
    },
    start: async () => {
      await Promise.all([data.start(), orders.start()]);
    },
    stop: async () => {
      data.stop();
      await orders.stop();
    },
  };
}
