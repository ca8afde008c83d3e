import type { DataSource } from 'typeorm';
import type { CandleView, Interval, PublicTradeView } from '../../domain/contract/api/markets';
import { formatAmount, parseAmount } from '../../domain/money/amount';

/** What our own fills tell of a market that has no venue. */
export interface MarketHistory {
  /** Newest first. */
  trades(symbol: string, limit: number): Promise<PublicTradeView[]>;
  /** Oldest first; times without a trade are left out. */
  candles(symbol: string, interval: Interval, limit: number, before: number | undefined): Promise<CandleView[]>;
  day(
    symbol: string,
    since: number,
  ): Promise<
    | { lastPrice: string; openPrice: string; highPrice: string; lowPrice: string; volume: string; quoteVolume: string }
    | undefined
  >;
}

export interface RoutingSums {
  /** By market. */
  readonly fees: ReadonlyMap<string, { asset: string; amount: string }[]>;
  readonly venueFees: ReadonlyMap<string, { asset: string; amount: string }[]>;
}

const MINUTE = 60_000;
const LENGTHS: Record<Interval, number> = {
  '1m': MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
  '4h': 240 * MINUTE,
  '1d': 1440 * MINUTE,
};
const plain = (text: string): string => formatAmount(parseAmount(text));

export function createMarketHistory(dataSource: DataSource): MarketHistory {
  return {
    trades: async (symbol, limit) => {
      const rows = (await dataSource.query(
        'SELECT trade_id AS id, price, quantity, side, at FROM fills WHERE symbol = ? AND maker = 0 ORDER BY trade_id DESC LIMIT ?',
        [symbol, limit],
      )) as {
        id: string;
        price: string;
        quantity: string;
        side: 'BUY' | 'SELL';
        at: string;
      }[];
      return rows.map(({ id, price, quantity, side, at }) => ({
        id: String(id),
        price: plain(price),
        quantity: plain(quantity),
        side,
        at: Number(at),
      }));
    },
    candles: async (symbol, interval, limit, before) => {
      const length = LENGTHS[interval];
      const rows = (await dataSource.query(
        `SELECT (at DIV ?) * ? AS opens, MIN(trade_id) AS first, MAX(trade_id) AS last, MAX(price) AS high, MIN(price) AS low, SUM(quantity) AS volume
         FROM fills WHERE symbol = ? AND maker = 0 AND at < ? GROUP BY opens ORDER BY opens DESC LIMIT ?`,
        [length, length, symbol, before ?? Number.MAX_SAFE_INTEGER, limit],
      )) as { opens: string; first: string; last: string; high: string; low: string; volume: string }[];
      const prices = await pricesOf(
        dataSource,
        symbol,
        rows.flatMap(({ first, last }) => [first, last]),
      );
      return rows
        .map(({ opens, first, last, high, low, volume }): CandleView => [
          Number(opens),
          prices.get(first) ?? '0',
          plain(high),
          plain(low),
          prices.get(last) ?? '0',
          plain(volume),
        ])
        .toReversed();
    },
    day: async (symbol, since) => {
      const [row] = (await dataSource.query(
        `SELECT MIN(trade_id) AS first, MAX(trade_id) AS last, MAX(price) AS high, MIN(price) AS low, SUM(quantity) AS volume, SUM(quote_quantity) AS quoteVolume
         FROM fills WHERE symbol = ? AND maker = 0 AND at >= ?`,
        [symbol, since],
      )) as { first: string | null; last: string; high: string; low: string; volume: string; quoteVolume: string }[];
      if (!row || row.first === null) return undefined;
      const prices = await pricesOf(dataSource, symbol, [row.first, row.last]);
      return {
        lastPrice: prices.get(row.last) ?? '0',
        openPrice: prices.get(row.first) ?? '0',
        highPrice: row.high,
        lowPrice: row.low,
        volume: row.volume,
        quoteVolume: row.quoteVolume,
      };
    },
  };
}

async function pricesOf(dataSource: DataSource, symbol: string, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = (await dataSource.query(
    `SELECT trade_id AS id, price FROM fills WHERE symbol = ? AND maker = 0 AND trade_id IN (${ids.map(() => '?').join(',')})`,
    [symbol, ...ids],
  )) as {
    id: string;
    price: string;
  }[];
  return new Map(rows.map(({ id, price }) => [id, plain(price)]));
}

/** Fees taken of users and by the venue, by market. */
export async function readRoutingSums(dataSource: DataSource): Promise<RoutingSums> {
  const read = async (sql: string): Promise<Map<string, { asset: string; amount: string }[]>> => {
    const sums = new Map<string, { asset: string; amount: string }[]>();
    for (const { symbol, asset, amount } of (await dataSource.query(sql)) as {
      symbol: string;
      asset: string;
      amount: string;
    }[])
      sums.set(symbol, [...(sums.get(symbol) ?? []), { asset, amount }]);
    return sums;
  };
  return {
    fees: await read('SELECT symbol, fee_asset AS asset, SUM(fee) AS amount FROM fills GROUP BY symbol, fee_asset'),
    venueFees: await read(
      'SELECT symbol, commission_asset AS asset, SUM(commission) AS amount FROM venue_trades GROUP BY symbol, commission_asset',
    ),
  };
}
