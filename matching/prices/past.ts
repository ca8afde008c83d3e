import type { MarketHistory } from '../../db/stores/market-history';
import type { Clock } from '../../domain/clock-and-ids';
import type { CandleView, Interval, PublicTradeView } from '../../domain/contract/api/markets';
import { DomainError } from '../../domain/contract/errors';
import type { Market } from '../../domain/registry';
import type { Binance } from '../venues/binance';

/** An answer is kept so long, for everybody who asks the same. */
const CANDLES_KEPT_MS = 2000;
const TRADES_KEPT_MS = 15_000;
/** What the venue counts for one question (its "request weight"). */
const CANDLES_WEIGHT = 2;
const TRADES_WEIGHT = 25;
/** Of the weight that the venue allows in a minute, strangers' questions may use so many per cent; those that look further back fewer. */
const SHARE = 20;
const OLDER_SHARE = 5;
/** As many rows are asked for, so that questions are alike. */
const SIZES = [100, 500, 1000];

export interface PastDeps {
  readonly venue: Pick<Binance, 'trades' | 'candles' | 'weightLimit'>;
  readonly history: Pick<MarketHistory, 'trades' | 'candles'>;
  readonly clock: Clock;
}

/** Trades and candles of before, of the venue or of our own tables. Newest trades first. Throws BUSY above what questions may cost. */
export interface Past {
  trades(market: Market, limit: number): Promise<PublicTradeView[]>;
  candles(market: Market, interval: Interval, limit: number, before?: number): Promise<CandleView[]>;
}

export function createPast({ venue, history, clock }: PastDeps): Past {
  const kept = new Map<string, { until: number; rows: Promise<unknown[]> }>();
  const [all, older] = [SHARE, OLDER_SHARE].map((share) => budget(() => (venue.weightLimit() * share) / 100)) as [Pay, Pay];

  const ask = async <T>(key: string, keptMs: number, pay: (now: number) => void, read: () => Promise<T[]>): Promise<T[]> => {
    const now = clock.now();
    for (const [name, { until }] of kept) if (until <= now) kept.delete(name);
    const known = kept.get(key);
    if (known) return known.rows as Promise<T[]>;
    pay(now);
    const rows = read();
    kept.set(key, { until: now + keptMs, rows });
    rows.catch(() => kept.delete(key));
    return rows;
  };

  return {
    trades: async ({ symbol, venue: at }, limit) => {
      const size = sizeFor(limit);
      const read = async () => (at === null ? history.trades(symbol, size) : (await venue.trades(symbol, size)).toReversed());
      return (await ask(`trades ${symbol} ${size}`, TRADES_KEPT_MS, (now) => all(now, TRADES_WEIGHT), read)).slice(0, limit);
    },
    candles: async ({ symbol, venue: at }, interval, limit, before) => {
      const size = sizeFor(limit);
      const pay = (now: number): void => {
        if (before !== undefined) older(now, CANDLES_WEIGHT);
        all(now, CANDLES_WEIGHT);
      };
      const read = () => (at === null ? history.candles(symbol, interval, size, before) : venue.candles(symbol, interval, size, before));
      return (await ask(`candles ${symbol} ${interval} ${size} ${before ?? ''}`, CANDLES_KEPT_MS, pay, read)).slice(-limit);
    },
  };
}

const sizeFor = (limit: number): number => SIZES.find((size) => size >= limit) ?? limit;

type Pay = (now: number, weight: number) => void;

/** Throws BUSY when more than `most` would be used in one minute of the clock. */
function budget(most: () => number): Pay {
  let minute = 0;
  let used = 0;
  return (now, weight) => {
    const current = now - (now % 60_000);
    if (current !== minute) [minute, used] = [current, 0];
    if (used + weight > most()) throw new DomainError('BUSY');
    used += weight;
  };
}
