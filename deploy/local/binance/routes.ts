import type { Auth } from './auth';
import type { Candle } from './candles';
import { lengthOf } from './candles';
import type { Capital } from './capital';
import { UNIT, show, times } from './decimal';
import { ApiError, BAD_SYMBOL, missing } from './errors';
import type { Exchange } from './exchange';
import type { Limits } from './limits';
import type { Market, PublicTrade } from './market';
import type { Sockets } from './sockets';
import type { ApiKey } from './types';

export interface Deps {
  readonly exchange: Exchange;
  readonly auth: Auth;
  readonly limits: Limits;
  readonly sockets: Sockets;
  readonly capitals: readonly Capital[];
}

export type Params = Record<string, string>;

export interface Route {
  readonly weight: number | ((params: Params) => number);
  readonly signed?: 'TRADE' | 'WITHDRAW' | 'READ';
  run(deps: Deps, call: { readonly params: Params; readonly key: ApiKey | undefined }): unknown;
}

const DAY_CANDLES = 288;

export function marketOf({ exchange }: Deps, params: Params): Market {
  if (!params.symbol) throw missing('symbol');
  const market = exchange.markets.get(params.symbol);
  if (!market) throw BAD_SYMBOL();
  return market;
}

export function limitOf(params: Params, usual: number, most: number): number {
  if (params.limit === undefined) return usual;
  if (!/^\d{1,9}$/.test(params.limit)) throw new ApiError(400, -1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.");
  return Math.min(Number(params.limit) || usual, most);
}

/** Rows of a time between `startTime` and `endTime`: with a start the first of them, else the last. */
export function within<T>(rows: readonly T[], params: Params, timeOf: (row: T) => number, limit: number): T[] {
  const [from, to] = [Number(params.startTime ?? 0), Number(params.endTime ?? Number.MAX_SAFE_INTEGER)];
  const found = rows.filter((row) => timeOf(row) >= from && timeOf(row) <= to);
  return params.startTime === undefined ? found.slice(-limit) : found.slice(0, limit);
}

function symbolsOf({ exchange }: Deps, params: Params): string[] | undefined {
  if (params.symbol) return [params.symbol];
  if (!params.symbols) return undefined;
  let wanted: unknown;
  try {
    wanted = JSON.parse(params.symbols);
  } catch {
    wanted = undefined;
  }
  if (!Array.isArray(wanted)) throw new ApiError(400, -1100, "Illegal characters found in parameter 'symbols'; legal range is '^\\[(\"[A-Z0-9-_.]{1,20}\"(,\"[A-Z0-9-_.]{1,20}\"){0,}){0,1}\\]$'.");
  if (wanted.some((symbol) => !exchange.symbols.has(String(symbol)))) throw BAD_SYMBOL();
  return wanted.map(String);
}

/** One row for `symbol`, else a list. */
function each<T>(deps: Deps, params: Params, row: (market: Market) => T): T | T[] {
  if (params.symbol) return row(marketOf(deps, params));
  const wanted = symbolsOf(deps, params);
  return [...deps.exchange.markets.values()].filter(({ symbol }) => !wanted || wanted.includes(symbol)).map(row);
}

const bookTicker = (market: Market): Record<string, string> => {
  const [bid, ask] = [market.best('b'), market.best('a')];
  return { symbol: market.symbol, bidPrice: show(bid?.[0] ?? 0n), bidQty: show(bid?.[1] ?? 0n), askPrice: show(ask?.[0] ?? 0n), askQty: show(ask?.[1] ?? 0n) };
};

export function dayTicker(market: Market): Record<string, unknown> {
  const candles = market.klines('5m').slice(-DAY_CANDLES);
  const [first, last] = [candles[0], market.lastPrice];
  const open = first?.o ?? last;
  const total = (name: 'v' | 'q'): bigint => candles.reduce((sum, candle) => sum + candle[name], 0n);
  const count = candles.reduce((sum, candle) => sum + candle.n, 0);
  const [volume, quote, change, now] = [total('v'), total('q'), last - open, Date.now()];
  const lastId = market.position.tradeId - 1;
  return {
    ...bookTicker(market),
    priceChange: show(change),
    priceChangePercent: show(open === 0n ? 0n : (change * 100n * UNIT) / open, 3),
    weightedAvgPrice: show(volume === 0n ? last : (quote * UNIT) / volume),
    prevClosePrice: show(open),
    lastPrice: show(last),
    lastQty: show(market.trades.at(-1)?.quantity ?? 0n),
    openPrice: show(open),
    highPrice: show(candles.reduce((high, { h }) => (h > high ? h : high), last)),
    lowPrice: show(candles.reduce((low, { l }) => (l < low ? l : low), last)),
    volume: show(volume),
    quoteVolume: show(quote),
    openTime: now - 86_400_000,
    closeTime: now,
    firstId: Math.max(0, lastId - count + 1),
    lastId,
    count,
  };
}

const klineRow = ({ t, o, h, l, c, v, q, n, bought, boughtQuote }: Candle, length: number): unknown[] => [
  t, show(o), show(h), show(l), show(c), show(v), t + length - 1, show(q), n, show(bought), show(boughtQuote), '0',
];

function klines(deps: Deps, params: Params): unknown[] {
  const market = marketOf(deps, params);
  if (!params.interval) throw missing('interval');
  const length = lengthOf(params.interval);
  if (!length) throw new ApiError(400, -1120, 'Invalid interval.');
  return within(market.klines(params.interval), params, ({ t }) => t, limitOf(params, 500, 1000)).map((candle) => klineRow(candle, length));
}

const tradeRow = ({ id, price, quantity, time, buyerIsMaker }: PublicTrade): Record<string, unknown> => ({
  id, price: show(price), qty: show(quantity), quoteQty: show(times(price, quantity)), time, isBuyerMaker: buyerIsMaker, isBestMatch: true,
});

/** From an id on; without one the newest. */
function tradesFrom({ trades }: Market, params: Params): PublicTrade[] {
  const limit = limitOf(params, 500, 1000);
  return params.fromId === undefined ? trades.slice(-limit) : trades.filter(({ id }) => id >= Number(params.fromId)).slice(0, limit);
}

/** Without the book, as the tickers of a window are. */
function windowTicker(market: Market): Record<string, unknown> {
  const { bidPrice: _bid, bidQty: _bidQty, askPrice: _ask, askQty: _askQty, prevClosePrice: _close, lastQty: _last, ...row } = dayTicker(market);
  return row;
}

/** The short form, where it is asked for. */
function ticked(deps: Deps, params: Params, row: (market: Market) => Record<string, unknown>): unknown {
  const short = ({ symbol, openPrice, highPrice, lowPrice, lastPrice, volume, quoteVolume, openTime, closeTime, firstId, lastId, count }: Record<string, unknown>): unknown => ({
    symbol, openPrice, highPrice, lowPrice, lastPrice, volume, quoteVolume, openTime, closeTime, firstId, lastId, count,
  });
  return each(deps, params, (market) => (params.type === 'MINI' ? short(row(market)) : row(market)));
}

const gone = (): never => {
  throw new ApiError(410, -1016, 'This service is no longer available.');
};

/** Market data, for everybody. */
export const PUBLIC: Record<string, Route> = {
  'GET /api/v3/ping': { weight: 1, run: () => ({}) },
  'GET /api/v3/time': { weight: 1, run: ({ auth }) => ({ serverTime: auth.now() }) },
  'GET /api/v3/exchangeInfo': {
    weight: 20,
    run: (deps, { params }) => {
      if (params.symbol && !deps.exchange.symbols.has(params.symbol)) throw BAD_SYMBOL();
      const wanted = symbolsOf(deps, params);
      const { info } = deps.exchange;
      return { ...info, serverTime: deps.auth.now(), symbols: info.symbols.filter(({ symbol }) => !wanted || wanted.includes(symbol)) };
    },
  },
  'GET /api/v3/depth': {
    weight: ({ limit = '100' }) => (Number(limit) <= 100 ? 5 : Number(limit) <= 500 ? 25 : Number(limit) <= 1000 ? 50 : 250),
    run: (deps, { params }) => marketOf(deps, params).snapshot(limitOf(params, 100, 5000)),
  },
  'GET /api/v3/trades': { weight: 25, run: (deps, { params }) => marketOf(deps, params).trades.slice(-limitOf(params, 500, 1000)).map(tradeRow) },
  'GET /api/v3/historicalTrades': { weight: 25, run: (deps, { params }) => tradesFrom(marketOf(deps, params), params).map(tradeRow) },
  'GET /api/v3/aggTrades': {
    weight: 4,
    run: (deps, { params }) => {
      const market = marketOf(deps, params);
      const rows = params.fromId === undefined ? within(market.trades, params, ({ time }) => time, limitOf(params, 500, 1000)) : tradesFrom(market, params);
      return rows.map(({ id, price, quantity, time, buyerIsMaker }) => ({ a: id, p: show(price), q: show(quantity), f: id, l: id, T: time, m: buyerIsMaker, M: true }));
    },
  },
  'GET /api/v3/klines': { weight: 2, run: (deps, { params }) => klines(deps, params) },
  'GET /api/v3/uiKlines': { weight: 2, run: (deps, { params }) => klines(deps, params) },
  'GET /api/v3/avgPrice': { weight: 2, run: (deps, { params }) => ({ mins: 5, price: show(marketOf(deps, params).average()), closeTime: Date.now() }) },
  'GET /api/v3/ticker/24hr': { weight: ({ symbol }) => (symbol ? 2 : 80), run: (deps, { params }) => ticked(deps, params, dayTicker) },
  'GET /api/v3/ticker/tradingDay': { weight: 4, run: (deps, { params }) => ticked(deps, params, windowTicker) },
  'GET /api/v3/ticker': { weight: 4, run: (deps, { params }) => ticked(deps, params, windowTicker) },
  'GET /sapi/v1/system/status': { weight: 1, run: () => ({ status: 0, msg: 'normal' }) },
  'GET /api/v3/ticker/price': { weight: ({ symbol }) => (symbol ? 2 : 4), run: (deps, { params }) => each(deps, params, (market) => ({ symbol: market.symbol, price: show(market.lastPrice) })) },
  'GET /api/v3/ticker/bookTicker': { weight: ({ symbol }) => (symbol ? 2 : 4), run: (deps, { params }) => each(deps, params, bookTicker) },
  'POST /api/v3/userDataStream': { weight: 2, run: gone },
  'PUT /api/v3/userDataStream': { weight: 2, run: gone },
  'DELETE /api/v3/userDataStream': { weight: 2, run: gone },
};
