import type { Auth } from './auth';
import { gathered } from './candles';
import type { Candle } from './candles';
import type { Capital } from './capital';
import { show, times } from './decimal';
import { ApiError, BAD_SYMBOL, missing } from './errors';
import type { Exchange } from './exchange';
import { closeOf, isInterval, openOf, zoneOf } from './intervals';
import type { Limits } from './limits';
import type { Market, PublicTrade } from './market';
import { invalid } from './parameters';
import type { Params } from './parameters';
import type { Sockets } from './sockets';
import { bookTicker, dayTicker, shaped, tradingDayTicker, windowTicker } from './tickers';
import type { ApiKey } from './types';

const HOUR_MS = 3_600_000;

export interface Deps {
  readonly exchange: Exchange;
  readonly auth: Auth;
  readonly limits: Limits;
  readonly sockets: Sockets;
  readonly capitals: readonly Capital[];
}

export type { Params } from './parameters';

export interface Route {
  readonly weight: number | ((params: Params) => number);
  readonly signed?: 'TRADE' | 'WITHDRAW' | 'READ';
  run(deps: Deps, call: { readonly params: Params; readonly key: ApiKey | undefined }): unknown;
}

export function marketOf({ exchange }: Deps, params: Params): Market {
  if (!params.symbol) throw missing('symbol');
  const market = exchange.markets.get(params.symbol);
  if (!market) throw BAD_SYMBOL();
  const { symbolStatus } = params;
  if (symbolStatus !== undefined && exchange.symbols.get(params.symbol)?.status !== symbolStatus)
    throw new ApiError(400, -1220, 'The symbol does not have the status that was asked for.');
  return market;
}

export function limitOf(params: Params, usual: number, most: number): number {
  if (params.limit === undefined) return usual;
  if (!/^\d{1,9}$/.test(params.limit))
    throw new ApiError(400, -1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.");
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
  if (!Array.isArray(wanted))
    throw new ApiError(
      400,
      -1100,
      'Illegal characters found in parameter \'symbols\'; legal range is \'^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$\'.',
    );
  if (wanted.some((symbol) => !exchange.symbols.has(String(symbol)))) throw BAD_SYMBOL();
  if (new Set(wanted).size < wanted.length)
    throw new ApiError(400, -1151, 'Symbol is present multiple times in the list.');
  return wanted.map(String);
}

/** One row for `symbol`, else a list. */
function each<T>(deps: Deps, params: Params, row: (market: Market) => T): T | T[] {
  if (params.symbol) return row(marketOf(deps, params));
  const wanted = symbolsOf(deps, params);
  const isAsked = (symbol: string): boolean => (!wanted || wanted.includes(symbol)) && hasStatus(deps, symbol, params);
  return [...deps.exchange.markets.values()].filter(({ symbol }) => isAsked(symbol)).map(row);
}

const hasStatus = ({ exchange }: Deps, symbol: string, { symbolStatus }: Params): boolean =>
  symbolStatus === undefined || exchange.symbols.get(symbol)?.status === symbolStatus;

const klineRow = ({ t, o, h, l, c, v, q, n, bought, boughtQuote }: Candle, closes: number): unknown[] => [
  t,
  show(o),
  show(h),
  show(l),
  show(c),
  show(v),
  closes,
  show(q),
  n,
  show(bought),
  show(boughtQuote),
  '0',
];

function klines(deps: Deps, params: Params): unknown[] {
  const market = marketOf(deps, params);
  const { interval = '', timeZone = '0' } = params;
  if (!isInterval(interval)) throw new ApiError(400, -1120, 'Invalid interval.');
  const ahead = zoneOf(timeZone);
  if (ahead === undefined) throw invalid('timeZone');
  return within(candlesOf(market, interval, ahead), params, ({ t }) => t, limitOf(params, 500, 1000)).map((candle) =>
    klineRow(candle, closeOf(interval, candle.t, ahead)),
  );
}

/**
 * By another clock than UTC they are gathered from hours, or from quarters of them where that clock is not whole hours
 * ahead.
 */
function candlesOf(market: Market, interval: string, ahead: number): readonly Candle[] {
  if (openOf(interval, 0) === openOf(interval, 0, ahead)) return market.klines(interval);
  return gathered(market.klines(ahead % HOUR_MS === 0 ? '1h' : '15m'), interval, ahead);
}

const tradeRow = ({ id, price, quantity, time, buyerIsMaker }: PublicTrade): Record<string, unknown> => ({
  id,
  price: show(price),
  qty: show(quantity),
  quoteQty: show(times(price, quantity)),
  time,
  isBuyerMaker: buyerIsMaker,
  isBestMatch: true,
});

/** From an id on; without one the newest. */
function tradesFrom({ trades }: Market, params: Params): PublicTrade[] {
  const limit = limitOf(params, 500, 1000);
  return params.fromId === undefined
    ? trades.slice(-limit)
    : trades.filter(({ id }) => id >= Number(params.fromId)).slice(0, limit);
}

const ticked = (
  deps: Deps,
  params: Params,
  row: (market: Market, params: Params) => Record<string, unknown>,
): unknown => each(deps, params, (market) => shaped(row(market, params), params));

/** What a ticker of several markets weighs: so much for each, at most `most`. */
const eachWeighs =
  (one: number, most: number) =>
  (params: Params): number =>
    Math.min(most, one * countOf(params));
const countOf = ({ symbol, symbols }: Params): number => (symbol || !symbols ? 1 : symbols.split(',').length);
/** The day's tickers are counted in steps; all of them is the last one. */
const dayWeight = (params: Params): number =>
  !params.symbol && !params.symbols ? 80 : countOf(params) <= 20 ? 2 : countOf(params) <= 100 ? 40 : 80;
const oneOrMore = ({ symbol }: Params): number => (symbol ? 2 : 4);

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
      const rows = info.symbols.filter(
        ({ symbol }) => (!wanted || wanted.includes(symbol)) && hasStatus(deps, symbol, params),
      );
      const symbols =
        params.showPermissionSets === 'false' ? rows.map((row) => ({ ...row, permissionSets: [] })) : rows;
      return { ...info, serverTime: deps.auth.now(), symbols };
    },
  },
  'GET /api/v3/executionRules': {
    weight: ({ symbol, symbols }) =>
      symbol || symbols ? Math.min(40, 2 * countOf({ ...(symbol && { symbol }), ...(symbols && { symbols }) })) : 40,
    run: (deps, { params }) => {
      if (params.symbol) marketOf(deps, params);
      const wanted = params.symbol ? [params.symbol] : symbolsOf(deps, params);
      const asked = [...deps.exchange.executionRules].filter(
        ([symbol]) => (!wanted || wanted.includes(symbol)) && hasStatus(deps, symbol, params),
      );
      return { symbolRules: asked.map(([symbol, rules]) => ({ symbol, rules })) };
    },
  },
  'GET /api/v3/referencePrice': {
    weight: 2,
    run: (deps, { params }) => {
      const market = marketOf(deps, params);
      return { symbol: market.symbol, referencePrice: show(market.average()), timestamp: Date.now() };
    },
  },
  'GET /api/v3/depth': {
    weight: ({ limit = '100' }) =>
      Number(limit) <= 100 ? 5 : Number(limit) <= 500 ? 25 : Number(limit) <= 1000 ? 50 : 250,
    run: (deps, { params }) => marketOf(deps, params).snapshot(limitOf(params, 100, 5000)),
  },
  'GET /api/v3/trades': {
    weight: 25,
    run: (deps, { params }) =>
      marketOf(deps, params)
        .trades.slice(-limitOf(params, 500, 1000))
        .map(tradeRow),
  },
  'GET /api/v3/historicalTrades': {
    weight: 25,
    run: (deps, { params }) => tradesFrom(marketOf(deps, params), params).map(tradeRow),
  },
  'GET /api/v3/aggTrades': {
    weight: 4,
    run: (deps, { params }) => {
      const market = marketOf(deps, params);
      const rows =
        params.fromId === undefined
          ? within(market.trades, params, ({ time }) => time, limitOf(params, 500, 1000))
          : tradesFrom(market, params);
      return rows.map(({ id, price, quantity, time, buyerIsMaker }) => ({
        a: id,
        p: show(price),
        q: show(quantity),
        f: id,
        l: id,
        T: time,
        m: buyerIsMaker,
        M: true,
      }));
    },
  },
  'GET /api/v3/klines': { weight: 2, run: (deps, { params }) => klines(deps, params) },
  'GET /api/v3/uiKlines': { weight: 2, run: (deps, { params }) => klines(deps, params) },
  'GET /api/v3/avgPrice': {
    weight: 2,
    run: (deps, { params }) => ({ mins: 5, price: show(marketOf(deps, params).average()), closeTime: Date.now() }),
  },
  'GET /api/v3/ticker/24hr': { weight: dayWeight, run: (deps, { params }) => ticked(deps, params, dayTicker) },
  'GET /api/v3/ticker/tradingDay': {
    weight: eachWeighs(4, 200),
    run: (deps, { params }) => ticked(deps, params, tradingDayTicker),
  },
  'GET /api/v3/ticker': { weight: eachWeighs(4, 200), run: (deps, { params }) => ticked(deps, params, windowTicker) },
  'GET /sapi/v1/system/status': { weight: 1, run: () => ({ status: 0, msg: 'normal' }) },
  'GET /api/v3/ticker/price': {
    weight: oneOrMore,
    run: (deps, { params }) =>
      each(deps, params, (market) => ({ symbol: market.symbol, price: show(market.lastPrice) })),
  },
  'GET /api/v3/ticker/bookTicker': { weight: oneOrMore, run: (deps, { params }) => each(deps, params, bookTicker) },
  'POST /api/v3/userDataStream': { weight: 2, run: gone },
  'PUT /api/v3/userDataStream': { weight: 2, run: gone },
  'DELETE /api/v3/userDataStream': { weight: 2, run: gone },
};
