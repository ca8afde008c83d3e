/** The last price of each asset in the quote asset, for when the markets say none. */
import type { DataSource } from 'typeorm';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';

export interface LastPrice {
  readonly price: Units;
  /** When the market said so, in milliseconds. */
  readonly at: number;
}

/** Keeps each that is newer than what is kept. Prices are decimal strings. */
export async function keepPrices(
  dataSource: DataSource,
  prices: readonly { asset: string; price: string; at: number }[],
): Promise<void> {
  if (prices.length === 0) return;
  await dataSource.query(
    `INSERT INTO last_prices (asset, price, at) VALUES ${prices.map(() => '(?, ?, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE price = IF(VALUES(at) > at, VALUES(price), price), at = IF(VALUES(at) > at, VALUES(at), at)`,
    prices.flatMap(({ asset, price, at }) => [asset, price, at]),
  );
}

export async function lastPrice(dataSource: DataSource, asset: string): Promise<LastPrice | undefined> {
  // A time fits a plain number; the driver gives BIGINT as text.
  const [row] = (await dataSource.query('SELECT price, at FROM last_prices WHERE asset = ?', [asset])) as {
    price: string;
    at: string;
  }[];
  return row && { price: parseAmount(row.price), at: Number(row.at) };
}
