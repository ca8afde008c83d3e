/** Books and trades to whoever subscribed to them. Who reads too slowly is left out; nobody else waits for them. */
import { z } from 'zod';
import { publicTradeView, tickerView } from '../../domain/contract/api/markets';
import type { ServerDeps } from '../deps';
import type { Answers } from '../http/answers';
import { slowOnes } from './backlog';
import { conflate } from './conflate';
import { refused } from './conduct';
import { TICKERS, marketRoom } from './gate';
import type { LiveServer, LiveSocket } from './gate';

const MOST_MARKETS = 20;
const PAUSE_MS = 100;
const TRADES = z.array(publicTradeView);
const PRICES = z.array(tickerView);

export interface MarketFeed {
  /** Lets a socket choose its markets. */
  serve(socket: LiveSocket): void;
  /** One round of the prices of all markets. */
  tellTickers(): Promise<void>;
  close(): void;
}

export function createMarketFeed(
  io: LiveServer,
  { marketData, registry }: Pick<ServerDeps, 'marketData' | 'registry'>,
  answers: Answers,
): MarketFeed {
  const listed = new Set(registry.markets.map(({ symbol }) => symbol));
  const heard = (room: string): boolean => io.of('/').adapter.rooms.has(room);
  const to = (room: string) => io.to(room).except(slowOnes(io, room));
  const feed = conflate(PAUSE_MS, {
    depth: (diff) => heard(marketRoom(diff.symbol)) && to(marketRoom(diff.symbol)).emit('depth', diff),
    trades: (symbol, trades) =>
      heard(marketRoom(symbol)) &&
      to(marketRoom(symbol)).emit('trades', symbol, answers.make(TRADES, trades, 'live trades')),
  });
  const off = [marketData.onDepth(feed.depth), marketData.onTrades(feed.trades)];
  return {
    serve: (socket) => {
      socket.on('subscribe', (symbols, done) => {
        const taken = known(symbols, listed).filter((symbol) => take(socket, symbol));
        if (taken.length === 0) refused(socket);
        if (typeof done === 'function') done(taken);
      });
      socket.on('unsubscribe', (symbols) =>
        known(symbols, listed).forEach((symbol) => void socket.leave(marketRoom(symbol))),
      );
    },
    tellTickers: async () => {
      if (heard(TICKERS)) to(TICKERS).emit('tickers', answers.make(PRICES, await marketData.tickers(), 'live tickers'));
    },
    close: () => {
      off.forEach((end) => end());
      feed.close();
    },
  };
}

/** Whatever a client sent, the listed symbols in it. */
const known = (symbols: unknown, listed: ReadonlySet<string>): string[] =>
  Array.isArray(symbols)
    ? [...new Set(symbols.filter((symbol): symbol is string => typeof symbol === 'string' && listed.has(symbol)))]
    : [];

function take(socket: LiveSocket, symbol: string): boolean {
  const room = marketRoom(symbol);
  if (socket.rooms.has(room)) return true;
  if ([...socket.rooms].filter((name) => name.startsWith(marketRoom(''))).length >= MOST_MARKETS) return false;
  void socket.join(room);
  return true;
}
