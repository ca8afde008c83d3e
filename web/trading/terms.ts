/**
 * From the form to an order: which fields a kind of order has, what it would cost, and what is not right yet. All
 * exact.
 */
import type { MarketView, TickerView } from '../../domain/contract/api/markets';
import type { FeeView, PlaceOco, PlaceOrder } from '../../domain/contract/api/orders';
import { isAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import {
  ceilToStep,
  feeUp,
  floorToStep,
  mulDivDown,
  notionalDown,
  notionalUp,
  stepOf,
} from '../../domain/money/rounding';
import { typedAmount } from '../amounts';
import type { Book, Level } from './book';

export const KINDS = [
  'LIMIT',
  'MARKET',
  'LIMIT_MAKER',
  'STOP_LOSS_LIMIT',
  'STOP_LOSS',
  'TAKE_PROFIT_LIMIT',
  'TAKE_PROFIT',
  'OCO',
] as const;
export type Kind = (typeof KINDS)[number];
export type Side = 'BUY' | 'SELL';

/** What is typed for one type of order. */
export interface Draft {
  side: Side;
  readonly kind: Kind;
  price: string;
  stopPrice: string;
  stopLimitPrice: string;
  /** Percent, as typed: 1.5 is 150 basis points. */
  trailing: string;
  quantity: string;
  total: string;
  /**
   * MARKET: is the total meant, or the quantity? Null while nobody chose: a purchase goes by total, a sale by
   * quantity.
   */
  byTotal: boolean | null;
  /** Somebody wrote a price, or one was offered: nothing but the person writes it from now on. */
  isPriced: boolean;
  iceberg: string;
  timeInForce: 'GTC' | 'IOC' | 'FOK';
  prevention: NonNullable<PlaceOrder['selfTradePreventionMode']>;
}

export const emptyDraft = (kind: Kind): Draft => ({
  side: 'BUY',
  kind,
  price: '',
  stopPrice: '',
  stopLimitPrice: '',
  trailing: '',
  quantity: '',
  total: '',
  byTotal: null,
  isPriced: false,
  iceberg: '',
  timeInForce: 'GTC',
  prevention: 'EXPIRE_TAKER',
});

export const isStop = (kind: Kind): boolean => kind.startsWith('STOP_LOSS') || kind.startsWith('TAKE_PROFIT');
export const hasPrice = (kind: Kind): boolean => !['MARKET', 'STOP_LOSS', 'TAKE_PROFIT'].includes(kind);
export const hasStopPrice = (kind: Kind): boolean => isStop(kind) || kind === 'OCO';
export const hasIceberg = (kind: Kind): boolean => kind === 'LIMIT' || kind === 'LIMIT_MAKER';
export const hasTimeInForce = (kind: Kind): boolean =>
  kind === 'LIMIT' || kind === 'STOP_LOSS_LIMIT' || kind === 'TAKE_PROFIT_LIMIT';
export const byTotal = ({ kind, side, byTotal: chosen }: Pick<Draft, 'kind' | 'side' | 'byTotal'>): boolean =>
  kind === 'MARKET' && (chosen ?? side === 'BUY');

export type Field = 'price' | 'stopPrice' | 'stopLimitPrice' | 'trailing' | 'quantity' | 'total' | 'iceberg';
export interface Problem {
  readonly field: Field;
  /** A word of `trade.problems`. */
  readonly what: 'needed' | 'amount' | 'step' | 'small' | 'large' | 'percent';
  readonly limit?: string;
}

/** The first thing that is not right. The exchange checks it all again; this only says it sooner. */
export function problemIn(draft: Draft, market: MarketView, minMarket: MarketMinimum = null): Problem | null {
  const { kind } = draft;
  const least = minimumOf(draft, market, minMarket);
  const trailing = isStop(kind) && draft.trailing.trim() !== '';
  if (trailing && trailingPoints(draft.trailing) === null) return { field: 'trailing', what: 'percent' };
  const prices: [Field, boolean, boolean][] = [
    ['stopPrice', hasStopPrice(kind), !trailing],
    ['stopLimitPrice', kind === 'OCO', false],
    ['price', hasPrice(kind), true],
  ];
  for (const [field, has, needed] of prices) {
    const found = has ? stepProblem(field, draft[field as 'price'], market.tick, needed) : null;
    if (found) return found;
  }
  if (byTotal(draft))
    return amountProblem('total', draft.total, true) ?? smallTotal(parsed(draft.total), least.total, market, 'total');
  return (
    stepProblem('quantity', draft.quantity, market.lot, true) ??
    limits(draft, market, least) ??
    (hasIceberg(kind) ? stepProblem('iceberg', draft.iceberg, market.lot, false) : null)
  );
}

function limits(draft: Draft, market: MarketView, least: Least): Problem | null {
  const quantity = parsed(draft.quantity);
  if (quantity < parseAmount(least.quantity))
    return { field: 'quantity', what: 'small', limit: `${least.quantity} ${market.base}` };
  if (quantity > parseAmount(market.maxQuantity))
    return { field: 'quantity', what: 'large', limit: market.maxQuantity };
  return hasPrice(draft.kind)
    ? smallTotal(notionalDown(quantity, parsed(draft.price)), least.total, market, 'quantity')
    : null;
}

/**
 * What Binance takes of an order at market now, by side, as the ticker says; null where it does not stand behind the
 * book.
 */
export type MarketMinimum = TickerView['minMarket'];

/** `quantity` in the base asset, `total` in the quote asset. */
interface Least {
  readonly quantity: string;
  readonly total: string;
}

/** The least that an order may be. */
export function minimumOf(
  { kind, side }: Pick<Draft, 'kind' | 'side'>,
  market: MarketView,
  minMarket: MarketMinimum,
): Least {
  const listed = { quantity: market.minQuantity, total: market.minNotional };
  return kind === 'MARKET' ? (minMarket?.[side] ?? listed) : listed;
}

const smallTotal = (total: Units, least: string, market: MarketView, field: Field): Problem | null =>
  total < parseAmount(least) ? { field, what: 'small', limit: `${least} ${market.quote}` } : null;

function amountProblem(field: Field, typed: string, needed: boolean): Problem | null {
  if (typed.trim() === '') return needed ? { field, what: 'needed' } : null;
  return isAmount(typedAmount(typed)) ? null : { field, what: 'amount' };
}

function stepProblem(field: Field, typed: string, step: string, needed: boolean): Problem | null {
  const problem = amountProblem(field, typed, needed);
  if (problem || typed.trim() === '') return problem;
  if (parsed(typed) === 0n) return { field, what: 'needed' };
  return parsed(typed) % parseAmount(step) === 0n ? null : { field, what: 'step', limit: step };
}

/** What was typed as an amount; 0 while it is none. */
export function parsed(typed: string): Units {
  const plain = typedAmount(typed);
  return isAmount(plain) ? parseAmount(plain) : 0n;
}

/** Percent as whole basis points, or null. */
export function trailingPoints(typed: string): number | null {
  const plain = typedAmount(typed);
  if (!isAmount(plain)) return null;
  const points = parseAmount(plain) * 100n;
  const one = stepOf(0);
  return points % one === 0n && points / one >= 10n && points / one <= 2000n ? Number(points / one) : null;
}

/** The body for POST /orders or POST /orders/oco. Only when there is no problem. */
export function orderOf(
  draft: Draft,
  market: MarketView,
): { path: '/orders'; body: PlaceOrder } | { path: '/orders/oco'; body: PlaceOco } {
  const { side, kind } = draft;
  const base = { symbol: market.symbol, side, selfTradePreventionMode: draft.prevention };
  const amount = typedAmount;
  if (kind === 'OCO') {
    const { price, stopPrice, stopLimitPrice, quantity } = draft;
    const limit = stopLimitPrice.trim() === '' ? {} : { stopLimitPrice: amount(stopLimitPrice) };
    return {
      path: '/orders/oco',
      body: { ...base, quantity: amount(quantity), price: amount(price), stopPrice: amount(stopPrice), ...limit },
    };
  }
  const trailingDelta = isStop(kind) && draft.trailing.trim() !== '' ? trailingPoints(draft.trailing) : null;
  const iceberg = hasIceberg(kind) && draft.iceberg.trim() !== '';
  return {
    path: '/orders',
    body: {
      ...base,
      type: kind,
      ...(byTotal(draft) ? { quoteOrderQty: amount(draft.total) } : { quantity: amount(draft.quantity) }),
      ...(hasPrice(kind) && { price: amount(draft.price) }),
      ...(isStop(kind) && draft.stopPrice.trim() !== '' && { stopPrice: amount(draft.stopPrice) }),
      ...(trailingDelta !== null && { trailingDelta }),
      ...(iceberg && { icebergQty: amount(draft.iceberg) }),
      ...(hasTimeInForce(kind) && { timeInForce: iceberg ? 'GTC' : draft.timeInForce }),
    },
  };
}

/** What an order would take from the book now: `quantity` of the base, `quote` of the quote asset. */
export function taken(
  levels: readonly Level[],
  wish: { quantity: Units } | { quote: Units },
): { quantity: Units; quote: Units; whole: boolean } {
  let [quantity, quote] = [0n, 0n];
  for (const level of levels) {
    const open = 'quantity' in wish ? wish.quantity - quantity : mulDivDown(wish.quote - quote, stepOf(0), level.price);
    const part = open < level.quantity ? open : level.quantity;
    quantity += part;
    quote += notionalUp(part, level.price);
    if (part === open) return { quantity, quote, whole: true };
  }
  return { quantity, quote, whole: false };
}

export interface Preview {
  /** In the quote asset. */
  readonly total: Units;
  readonly fee: Units;
  readonly receives: Units;
  /** Of fee and receives. */
  readonly asset: string;
  /** By the book as it is now, not by a price that is promised. */
  readonly estimated: boolean;
  /** The book does not hold this much. */
  readonly tooMuch: boolean;
}

/** What it comes to, the fee at the caller's own rate; null while the form is not filled in. */
export function previewOf(
  draft: Draft,
  market: MarketView,
  book: Book,
  fees: Pick<FeeView, 'maker' | 'taker'>,
  scaleOf: (asset: string) => number,
): Preview | null {
  const asset = draft.side === 'BUY' ? market.base : market.quote;
  const atMarket = draft.kind === 'MARKET';
  const limit = hasPrice(draft.kind) ? parsed(draft.price) : parsed(draft.stopPrice);
  const levels = draft.side === 'BUY' ? book.asks : book.bids;
  const amount = byTotal(draft) ? parsed(draft.total) : parsed(draft.quantity);
  if (amount === 0n || (!atMarket && limit === 0n)) return null;
  const found = atMarket ? taken(levels, byTotal(draft) ? { quote: amount } : { quantity: amount }) : null;
  const quantity = found?.quantity ?? amount;
  const total = found?.quote ?? notionalUp(quantity, limit);
  const gross = draft.side === 'BUY' ? quantity : total;
  const fee = feeUp(gross, parseAmount(draft.kind === 'LIMIT_MAKER' ? fees.maker : fees.taker), stepOf(scaleOf(asset)));
  // In steps of the ledger: what a buyer pays is rounded up, what a seller gets down.
  const step = stepOf(scaleOf(market.quote));
  const receives = gross > fee ? gross - fee : 0n;
  return {
    total: draft.side === 'BUY' ? ceilToStep(total, step) : floorToStep(total, step),
    fee,
    receives: floorToStep(receives, stepOf(scaleOf(asset))),
    asset,
    estimated: !hasPrice(draft.kind),
    tooMuch: found?.whole === false,
  };
}
