import { ONE, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { stepOf } from '../../../domain/money/rounding';
import { assetOf } from '../../../domain/registry';
import type { Market, Registry } from '../../../domain/registry';

/**
 * Between the decimals of a market and the whole ticks, lots and quote ticks (tick x lot) of its book; every way is
 * exact.
 */
export interface Scales {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: Units;
  readonly lot: Units;
  /** Ledger steps of the two assets. */
  readonly baseStep: Units;
  readonly quoteStep: Units;
  price(ticks: number): Units;
  quantity(lots: number): Units;
  /** price x quantity in Units of quote. */
  notional(ticks: number, lots: number): Units;
  quote0(quoteTicks: number): Units;
  /** Whole quote ticks in an exact amount of quote. */
  quoteTicks(quote: Units): number;
  ticksOf(text: string): number;
  lotsOf(text: string): number;
  pointsOf(text: string): number;
  exact(text: string): Units;
}

/** A count that fits the book's safe integers, or an error: larger ones never get this far. */
export function count(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is more than a book can count`);
  return number;
}

/** Throws when the market's steps do not fit its assets: that is wrong configuration. */
export function scalesOf(market: Market, registry: Registry): Scales {
  const tick = parseAmount(market.tick);
  const lot = parseAmount(market.lot);
  const baseStep = stepOf(assetOf(registry, market.base).scale);
  const quoteStep = stepOf(assetOf(registry, market.quote).scale);
  if (lot % baseStep !== 0n || (tick * lot) % ONE !== 0n)
    throw new Error(`the steps of ${market.symbol} do not fit its assets`);
  const point = (tick * lot) / ONE;
  return {
    symbol: market.symbol,
    base: market.base,
    quote: market.quote,
    tick,
    lot,
    baseStep,
    quoteStep,
    price: (ticks) => BigInt(ticks) * tick,
    quantity: (lots) => BigInt(lots) * lot,
    notional: (ticks, lots) => BigInt(ticks) * BigInt(lots) * point,
    quote0: (quoteTicks) => BigInt(quoteTicks) * point,
    quoteTicks: (quote) => count(quote / point),
    ticksOf: (text) => count(parseAmount(text) / tick),
    lotsOf: (text) => count(parseAmount(text) / lot),
    pointsOf: (text) => count(parseAmount(text) / point),
    exact: parseAmount,
  };
}
