import { UNIT, show } from './decimal';
import { ApiError } from './errors';
import { closeOf, openOf, windowOf, zoneOf } from './intervals';
import type { Market } from './market';
import { invalid } from './parameters';
import type { Params } from './parameters';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of which candles a span is added up: short ones for a short span, since only so many are kept. */
const sourceFor = (span: number): string => (span <= 12 * HOUR ? '1m' : span <= 3 * DAY ? '5m' : '15m');

export const bookTicker = (market: Market): Record<string, string> => {
  const [bidPrice, bidQty] = (market.best('b') ?? [0n, 0n]).map((value) => show(value)) as [string, string];
  const [askPrice, askQty] = (market.best('a') ?? [0n, 0n]).map((value) => show(value)) as [string, string];
  return { symbol: market.symbol, bidPrice, bidQty, askPrice, askQty };
};

/** What was traded between two times. */
function figures(market: Market, openTime: number, closeTime: number): Record<string, unknown> {
  const candles = market.klines(sourceFor(Date.now() - openTime)).filter(({ t }) => t >= openOf('1m', openTime));
  const last = market.lastPrice;
  const open = candles[0]?.o ?? last;
  const total = (name: 'v' | 'q'): bigint => candles.reduce((sum, candle) => sum + candle[name], 0n);
  const count = candles.reduce((sum, candle) => sum + candle.n, 0);
  const [volume, quote, change] = [total('v'), total('q'), last - open];
  const lastId = market.position.tradeId - 1;
  return {
    symbol: market.symbol,
    priceChange: show(change),
    priceChangePercent: show(open === 0n ? 0n : (change * 100n * UNIT) / open, 3),
    weightedAvgPrice: show(volume === 0n ? last : (quote * UNIT) / volume),
    openPrice: show(open),
    highPrice: show(candles.reduce((high, { h }) => (h > high ? h : high), last)),
    lowPrice: show(candles.reduce((low, { l }) => (l < low ? l : low), last)),
    lastPrice: show(last),
    volume: show(volume),
    quoteVolume: show(quote),
    openTime,
    closeTime,
    firstId: Math.max(0, lastId - count + 1),
    lastId,
    count,
  };
}

/** 24 hours, with what the book says besides. */
export function dayTicker(market: Market): Record<string, unknown> {
  const now = Date.now();
  const day = figures(market, now - DAY, now);
  const lastQty = show(market.trades.at(-1)?.quantity ?? 0n);
  return { ...day, ...bookTicker(market), prevClosePrice: day.openPrice, lastQty };
}

/** A rolling window, from the beginning of a minute on. */
export function windowTicker(market: Market, { windowSize = '1d' }: Params): Record<string, unknown> {
  const span = windowOf(windowSize);
  if (span === undefined) throw invalid('windowSize');
  const now = Date.now();
  return figures(market, openOf('1m', now - span), now);
}

/** Today, by the clock that is asked for. */
export function tradingDayTicker(market: Market, { timeZone = '0' }: Params): Record<string, unknown> {
  const ahead = zoneOf(timeZone);
  if (ahead === undefined) throw invalid('timeZone');
  const open = openOf('1d', Date.now(), ahead);
  return figures(market, open, closeOf('1d', open, ahead));
}

const SHORT = [
  ...['symbol', 'openPrice', 'highPrice', 'lowPrice', 'lastPrice', 'volume', 'quoteVolume'],
  ...['openTime', 'closeTime', 'firstId', 'lastId', 'count'],
];

/** In full, or the short form where it is asked for. */
export function shaped(row: Record<string, unknown>, { type = 'FULL' }: Params): Record<string, unknown> {
  if (type !== 'FULL' && type !== 'MINI') throw new ApiError(400, -1139, 'Invalid ticker type.');
  return type === 'MINI' ? Object.fromEntries(SHORT.map((name) => [name, row[name]])) : row;
}
