/** What this browser chose last on the trading screen. */
import type { Interval } from '../../domain/contract/api/markets';
import { INTERVALS } from './candles';

const MARKET = 'javizen.market';
const INTERVAL = 'javizen.interval';

export const lastMarket = (): string => localStorage.getItem(MARKET) ?? '';
export const rememberMarket = (symbol: string): void => localStorage.setItem(MARKET, symbol);

export const lastInterval = (): Interval => INTERVALS.find((interval) => interval === localStorage.getItem(INTERVAL)) ?? '15m';
export const rememberInterval = (interval: Interval): void => localStorage.setItem(INTERVAL, interval);
