import type { OrderTerms } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import { ONE, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { BUY, SELL } from '../book/types';
import { facing } from './market';
import type { TradingMarket } from './market';
import type { OpenOrder } from './order';
import { count } from './scales';

/** What an order says, in ticks, lots and points. */
export type Checked = Pick<OpenOrder, 'side' | 'type' | 'tif' | 'price' | 'worst' | 'lots' | 'budget' | 'stop' | 'trailing' | 'peak' | 'stp'>;

const filter = (name: string): DomainError => new DomainError('FILTER_FAILURE', { venueCode: -1013, words: `Filter failure: ${name}`, filter: name });
const bad = (field: string): DomainError => new DomainError('BAD_ORDER', { field, venueCode: -1102 });

const AT_MARKET: ReadonlySet<string> = new Set(['MARKET', 'STOP_LOSS', 'TAKE_PROFIT']);
const WITH_STOP: ReadonlySet<string> = new Set(['STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT']);

/**
 * Reads and checks an order against the rules of its market; refuses BAD_ORDER, FILTER_FAILURE (Binance's code and words in
 * the details) and MARKET_CLOSED, and changes nothing.
 */
export function checkTerms(terms: OrderTerms, market: TradingMarket): Checked {
  const atMarket = AT_MARKET.has(terms.type);
  const conditional = WITH_STOP.has(terms.type);
  if (atMarket ? terms.price !== undefined : terms.price === undefined) throw bad('price');
  if (conditional ? terms.stopPrice === undefined && terms.trailingDelta === undefined : terms.stopPrice !== undefined || terms.trailingDelta !== undefined) throw bad('stopPrice');
  if ((terms.quantity === undefined) === (terms.quoteOrderQty === undefined)) throw bad('quantity');
  if (terms.quoteOrderQty !== undefined && terms.type !== 'MARKET') throw bad('quoteOrderQty');
  if (terms.icebergQty !== undefined && terms.type !== 'LIMIT' && terms.type !== 'LIMIT_MAKER') throw bad('icebergQty');
  if (terms.icebergQty !== undefined && terms.timeInForce !== undefined && terms.timeInForce !== 'GTC') throw bad('timeInForce');
  if (terms.type === 'LIMIT_MAKER' && terms.timeInForce !== undefined && terms.timeInForce !== 'GTC') throw bad('timeInForce');
  if (terms.trailingDelta !== undefined && (terms.trailingDelta < 10 || terms.trailingDelta > 2000)) throw filter('TRAILING_DELTA');
  const price = terms.price === undefined ? 0 : ticks(terms.price, market);
  const stop = terms.stopPrice === undefined ? 0 : ticks(terms.stopPrice, market);
  const worst = atMarket ? bandOf(terms.side, stop || (conditional ? market.last || bestFacing(market, terms.side) : bestFacing(market, terms.side)), market) : price;
  const lots = terms.quantity === undefined ? 0 : wholeLots(terms.quantity, market);
  const budget = terms.quoteOrderQty === undefined ? 0 : budgetOf(terms.quoteOrderQty, market);
  const peak = terms.icebergQty === undefined ? 0 : wholeLots(terms.icebergQty, market);
  if (peak > 0 && lots > peak * 100) throw filter('ICEBERG_PARTS');
  notional(budget > 0 ? market.scales.quote0(budget) : market.scales.notional(atMarket ? worst : price, lots), market);
  return {
    side: terms.side,
    type: terms.type,
    tif: atMarket ? 'IOC' : (terms.timeInForce ?? 'GTC'),
    price,
    worst,
    lots,
    budget,
    stop,
    trailing: terms.trailingDelta ?? 0,
    peak: peak >= lots ? 0 : peak,
    stp: terms.selfTradePreventionMode ?? 'EXPIRE_MAKER',
  };
}

function ticks(text: string, { scales }: TradingMarket): number {
  const price = parseAmount(text);
  if (price === 0n || price % scales.tick !== 0n || price / scales.tick > MOST_TICKS) throw filter('PRICE_FILTER');
  return count(price / scales.tick);
}
const MOST_TICKS = 10n ** 9n;

export function wholeLots(text: string, { scales, listing }: TradingMarket): number {
  const quantity = parseAmount(text);
  if (quantity < parseAmount(listing.minQuantity) || quantity > parseAmount(listing.maxQuantity) || quantity % scales.lot !== 0n) throw filter('LOT_SIZE');
  return count(quantity / scales.lot);
}

function budgetOf(text: string, { scales }: TradingMarket): number {
  const amount = parseAmount(text);
  if (amount === 0n || amount % scales.quoteStep !== 0n) throw new DomainError('BAD_AMOUNT', { asset: scales.quote, amount: text });
  return scales.points(amount);
}

function notional(amount: Units, { listing, scales }: TradingMarket): void {
  if (amount < parseAmount(listing.minNotional)) throw filter('NOTIONAL');
  if (scales.points(amount) > MOST_POINTS) throw filter('NOTIONAL');
}
/** Half of what a book can count, so that sums of two fit as well. */
const MOST_POINTS = 2 ** 52;

/** The best price an order of this side could get now, here or outside; 0 for none. */
function bestFacing(market: TradingMarket, side: 'BUY' | 'SELL'): number {
  const [ours, theirs] = [market.book.best(side === 'BUY' ? SELL : BUY), facing(market, side)[0]?.[0] ?? 0];
  if (ours === 0 || theirs === 0) return ours || theirs;
  return (side === 'BUY') === ours < theirs ? ours : theirs;
}

/** The worst price an order at market may get: so far from the best one, in whole ticks on the safe side. */
function bandOf(side: 'BUY' | 'SELL', from: number, { listing }: TradingMarket): number {
  if (from === 0) throw new DomainError('MARKET_CLOSED', { market: listing.symbol });
  const band = parseAmount(listing.band);
  const worst = side === 'BUY' ? (BigInt(from) * (ONE + band)) / ONE : (BigInt(from) * (ONE - band) + ONE - 1n) / ONE;
  return count(worst < 1n ? 1n : worst);
}
