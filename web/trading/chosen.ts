/** What this browser chose last on the trading screen. */
import type { Interval } from '../../domain/contract/api/markets';
import { INTERVALS } from './candles';

const MARKET = 'javizen.market';
const INTERVAL = 'javizen.interval';

export const lastMarket = (): string => localStorage.getItem(MARKET) ?? '';
export const rememberMarket = (symbol: string): void => localStorage.setItem(MARKET, symbol);

/** Where nobody chose: bitcoin against the dollar, as everywhere, or whatever is listed first. */
export const firstMarket = <Market extends { readonly symbol: string }>(
  markets: readonly Market[],
): Market | undefined => markets.find(({ symbol }) => symbol === 'BTCUSDT') ?? markets[0];

export const lastInterval = (): Interval =>
  INTERVALS.find((interval) => interval === localStorage.getItem(INTERVAL)) ?? '15m';
export const rememberInterval = (interval: Interval): void => localStorage.setItem(INTERVAL, interval);
