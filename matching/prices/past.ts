import type { MarketHistory } from '../../db/stores/market-history';
import type { Clock } from '../../domain/clock-and-ids';
import type { CandleView, Interval, PublicTradeView } from '../../domain/contract/api/markets';
import { DomainError } from '../../domain/contract/errors';
import type { Market } from '../../domain/registry';
import type { Binance } from '../venues/binance';

/** An answer is fresh for so long, for everybody who asks the same. */
const CANDLES_FRESH_MS = 5000;
const TRADES_FRESH_MS = 15_000;
/** It is kept for longer, for when the venue may not be asked: what is a little old is better than nothing. */
const STALE_MS = 10 * 60_000;
const MOST_KEPT = 200;
/** What the venue counts for one question (its "request weight"). */
const CANDLES_WEIGHT = 2;
const TRADES_WEIGHT = 25;
/**
 * Of the weight that the venue allows in a minute, strangers' questions may use so many per cent; those that look
 * further back fewer.
 */
const SHARE = 20;
const OLDER_SHARE = 5;
/** Of such a share one caller may use a quarter, and the last quarter is for callers who used less than a fortieth. */
const CALLERS_PART = 4;
const LITTLE_PART = 40;
/** As many rows are asked for, so that questions are alike. */
const SIZES = [100, 500, 1000];

export interface PastDeps {
  readonly venue: Pick<Binance, 'trades' | 'candles' | 'weightLimit'>;
  readonly history: Pick<MarketHistory, 'trades' | 'candles'>;
  readonly clock: Clock;
}

/**
 * Trades and candles of before, of the venue or of our own tables. Newest trades first. `caller`: whose share of the
 * questions it is. Above what questions may cost the last answer is given again, and BUSY thrown where there is none.
 */
export interface Past {
  trades(market: Market, limit: number, caller: string): Promise<PublicTradeView[]>;
  candles(
    market: Market,
    interval: Interval,
    limit: number,
    before: number | undefined,
    caller: string,
  ): Promise<CandleView[]>;
}

interface Kept {
  readonly at: number;
  readonly rows: Promise<unknown[]>;
}

export function createPast({ venue, history, clock }: PastDeps): Past {
  const kept = new Map<string, Kept>();
  const [all, older] = [SHARE, OLDER_SHARE].map((share) => quoteBudget(() => (venue.weightLimit() * share) / 100)) as [
    Pay,
    Pay,
  ];

  /** Rows of `size`, or of a larger one that is known. */
  const known = (name: string, size: number, since: number): Kept | undefined =>
    SIZES.filter((one) => one >= size)
      .map((one) => kept.get(`${name} ${one}`))
      .find((found) => found !== undefined && found.at > since);

  const ask = async <T>(
    name: string,
    size: number,
    freshMs: number,
    pay: (now: number) => void,
    read: () => Promise<T[]>,
  ): Promise<T[]> => {
    const now = clock.now();
    const fresh = known(name, size, now - freshMs);
    if (fresh) return fresh.rows as Promise<T[]>;
    try {
      pay(now);
    } catch (busy) {
      const stale = known(name, size, now - STALE_MS);
      if (stale) return stale.rows as Promise<T[]>;
      throw busy;
    }
    const [key, before] = [`${name} ${size}`, kept.get(`${name} ${size}`)];
    const rows = read();
    kept.delete(key);
    kept.set(key, { at: now, rows });
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
    rows.catch(() => {
      if (kept.get(key)?.rows !== rows) return;
      if (before) kept.set(key, before);
      else kept.delete(key);
    });
    return rows;
  };

  return {
    trades: async ({ symbol, venue: at }, limit, caller) => {
      const size = sizeFor(limit);
      const read = async () =>
        at === null ? history.trades(symbol, size) : (await venue.trades(symbol, size)).toReversed();
      return (
        await ask(`trades ${symbol}`, size, TRADES_FRESH_MS, (now) => all(now, TRADES_WEIGHT, caller), read)
      ).slice(0, limit);
    },
    candles: async ({ symbol, venue: at }, interval, limit, before, caller) => {
      const size = sizeFor(limit);
      const pay = (now: number): void => {
        if (before !== undefined) older(now, CANDLES_WEIGHT, caller);
        all(now, CANDLES_WEIGHT, caller);
      };
      const read = () =>
        at === null ? history.candles(symbol, interval, size, before) : venue.candles(symbol, interval, size, before);
      return (await ask(`candles ${symbol} ${interval} ${before ?? ''}`, size, CANDLES_FRESH_MS, pay, read)).slice(
        -limit,
      );
    },
  };
}

const sizeFor = (limit: number): number => SIZES.find((size) => size >= limit) ?? limit;

type Pay = (now: number, weight: number, caller: string) => void;

/**
 * Throws BUSY when more than `most` would be used in one minute of the clock, or more than this caller's part of it.
 */
function quoteBudget(most: () => number): Pay {
  let [minute, used] = [0, 0];
  let callers = new Map<string, number>();
  return (now, weight, caller) => {
    const current = now - (now % 60_000);
    if (current !== minute) [minute, used, callers] = [current, 0, new Map()];
    const own = (callers.get(caller) ?? 0) + weight;
    const open = own * LITTLE_PART <= most() ? most() : (most() * (CALLERS_PART - 1)) / CALLERS_PART;
    if (own * CALLERS_PART > most() || used + weight > open) throw new DomainError('BUSY');
    callers.set(caller, own);
    used += weight;
  };
}
