/** Candles for the chart. Coordinates on a screen may be numbers; nothing here is ever paid. */
import type { CandleView, Interval, PublicTradeView } from '../../domain/contract/api/markets';

export const INTERVALS: readonly Interval[] = ['1m', '5m', '15m', '1h', '4h', '1d'];
const MINUTE = 60_000;
const LENGTH: Record<Interval, number> = {
  '1m': MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
  '4h': 240 * MINUTE,
  '1d': 1440 * MINUTE,
};

export interface Candle {
  /** Opened at, milliseconds. */
  readonly at: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export const candleOf = ([at, open, high, low, close, volume]: CandleView): Candle => ({
  at,
  open: Number(open),
  high: Number(high),
  low: Number(low),
  close: Number(close),
  volume: Number(volume),
});

/** The candle after a trade: the last one changed, a new one, or null for a trade of a candle that is past. */
export function withTrade(
  last: Candle | undefined,
  trade: Pick<PublicTradeView, 'price' | 'quantity' | 'at'>,
  interval: Interval,
): Candle | null {
  const at = trade.at - (trade.at % LENGTH[interval]);
  const price = Number(trade.price);
  const volume = Number(trade.quantity);
  if (!last || at > last.at)
    return {
      at,
      open: last?.close ?? price,
      high: Math.max(price, last?.close ?? price),
      low: Math.min(price, last?.close ?? price),
      close: price,
      volume,
    };
  if (at < last.at) return null;
  return {
    ...last,
    high: Math.max(last.high, price),
    low: Math.min(last.low, price),
    close: price,
    volume: last.volume + volume,
  };
}

/** Older candles before the ones at hand, without doubles. */
export const joined = (older: readonly Candle[], candles: readonly Candle[]): Candle[] => {
  const first = candles[0]?.at ?? Number.POSITIVE_INFINITY;
  return [...older.filter(({ at }) => at < first), ...candles];
};
