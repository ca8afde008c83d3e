/** A market as the other house would show it: a book with a sequence, trades, candles. For tests only. */
import type { DepthDiff } from '../../domain/contract/api/live';
import type { CandleView, Interval, PublicTradeView } from '../../domain/contract/api/markets';
import { DomainError } from '../../domain/contract/errors';
import type { MarketData } from '../../domain/contract/ports';

const INTERVAL_MS: Record<Interval, number> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': 86_400_000,
};
const NOW = 1_763_700_000_000;
const LEVELS = 200;

/** Something that looks like a price, the same for the same number. */
const priceAt = (n: number): number => 3000 + 60 * Math.sin(n / 17) + 25 * Math.sin(n / 5.3) + 8 * Math.sin(n * 1.7);
const sizeAt = (n: number): string => (0.2 + 4 * Math.abs(Math.sin(n * 12.9898))).toFixed(4);

function candle(step: number, openedAt: number): CandleView {
  const n = Math.floor(openedAt / step);
  const [open, close] = [priceAt(n), priceAt(n + 1)];
  const [high, low] = [
    Math.max(open, close) + 4 * Math.abs(Math.sin(n * 3.1)),
    Math.min(open, close) - 4 * Math.abs(Math.cos(n * 2.3)),
  ];
  return [
    openedAt,
    open.toFixed(2),
    high.toFixed(2),
    low.toFixed(2),
    close.toFixed(2),
    (40 + 35 * Math.sin(n * 7.7)).toFixed(4),
  ];
}

export interface StandInMarket extends MarketData {
  /** Changes levels and tells it. */
  move(bids: [string, string][], asks: [string, string][]): void;
  /** What happens in here is told to nobody, as if it was lost on the way. */
  quietly(work: () => void): void;
  /** Tells a diff as it is. */
  tellDepth(diff: DepthDiff): void;
  trade(...trades: PublicTradeView[]): void;
}

export function standInMarket(symbol = 'ETHUSDT'): StandInMarket {
  const depthListeners = new Set<(diff: DepthDiff) => void>();
  const tradeListeners = new Set<(symbol: string, trades: PublicTradeView[]) => void>();
  const level = (side: number) => (_: unknown, n: number) =>
    [(3000 + side * (0.05 + n * 0.07)).toFixed(2), sizeAt(n * side)] as [string, string];
  const book = {
    bids: new Map(Array.from({ length: LEVELS }, level(-1))),
    asks: new Map(Array.from({ length: LEVELS }, level(1))),
    sequence: 100,
  };
  let trades = Array.from({ length: 60 }, (_, n): PublicTradeView => {
    const side = Math.sin(n * 4.1) > 0 ? 'BUY' : 'SELL';
    return {
      id: `past${n}`,
      price: (3000 + Math.sin(n) / 4).toFixed(2),
      quantity: sizeAt(n + 3),
      side,
      at: NOW - n * 1700,
    };
  });
  const known = (asked: string): void => {
    if (asked !== symbol) throw new DomainError('UNKNOWN_MARKET');
  };
  const sorted = (side: Map<string, string>, sign: number, limit: number) =>
    [...side].sort(([a], [b]) => sign * (Number(a) - Number(b))).slice(0, limit);
  let quiet = false;
  const tellDepth = (diff: DepthDiff): void => {
    if (!quiet) depthListeners.forEach((listener) => listener(diff));
  };
  const listen = <T>(listeners: Set<T>, listener: T): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    tickers: async () => [
      {
        symbol,
        bid: '2999.95',
        ask: '3000.05',
        ageMs: 5,
        mode: 'mirrored',
        state: 'TRADING',
        last: trades[0]?.price ?? '0',
        ...DAY,
      },
    ],
    depth: async (asked, limit) => {
      known(asked);
      return {
        symbol,
        sequence: book.sequence,
        mode: 'mirrored',
        bids: sorted(book.bids, -1, limit),
        asks: sorted(book.asks, 1, limit),
      };
    },
    trades: async (asked, limit) => {
      known(asked);
      return trades.slice(0, limit);
    },
    candles: async (asked, interval, limit, before) => {
      known(asked);
      const step = INTERVAL_MS[interval];
      const end = Math.floor(((before ?? NOW + 1) - 1) / step);
      return Array.from({ length: limit }, (_, n) => candle(step, (end - limit + 1 + n) * step));
    },
    onDepth: (listener) => listen(depthListeners, listener),
    onTrades: (listener) => listen(tradeListeners, listener),
    tellDepth,
    quietly: (work) => {
      quiet = true;
      work();
      quiet = false;
    },
    move: (bids, asks) => {
      for (const [side, changes] of [
        [book.bids, bids],
        [book.asks, asks],
      ] as const) {
        for (const [price, quantity] of changes) {
          if (quantity === '0') side.delete(price);
          else side.set(price, quantity);
        }
      }
      book.sequence++;
      tellDepth({ symbol, first: book.sequence, last: book.sequence, bids, asks });
    },
    trade: (...made) => {
      trades = [...made].reverse().concat(trades).slice(0, 200);
      tradeListeners.forEach((listener) => listener(symbol, made));
    },
  };
}

const DAY = {
  open24h: '2950',
  high24h: '3061.25',
  low24h: '2931.4',
  volume24h: '18250.5',
  quoteVolume24h: '54520100.75',
  minMarket: null,
};
