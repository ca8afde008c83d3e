/** What both books agree on without looking into a book: which orders make sense, and when a price sets one off. */
import { BUY, SELL } from './types';
import type { NewOrder, OrderType, Restored, Side } from './types';

/** Basis quote ticks in one. */
const WHOLE = 10_000;
const TRAILING_LEAST = 10;
const TRAILING_MOST = 2_000;
/** An iceberg of more parts could keep a book busy for long with one taker. Binance allows a hundred. */
const MOST_PARTS = 10_000;
/** All lots of a book together stay exact: at most this many. */
export const MOST_LOTS = Number.MAX_SAFE_INTEGER;

export const opposite = (side: Side): Side => (side === BUY ? SELL : BUY);

/** Waits for a price before it is placed. */
export const isConditional = (type: OrderType): boolean =>
  type === 'STOP_LOSS' || type === 'STOP_LOSS_LIMIT' || type === 'TAKE_PROFIT' || type === 'TAKE_PROFIT_LIMIT';

/** Takes what there is and never rests. */
export const isAtMarket = (type: OrderType): boolean =>
  type === 'MARKET' || type === 'STOP_LOSS' || type === 'TAKE_PROFIT';

/** Its rest stays in the book. */
export const canRest = (order: NewOrder): boolean =>
  order.type === 'LIMIT_MAKER' || (order.tif === 'GTC' && !isAtMarket(order.type));

/** Filled whole at once or not at all. */
export const isFillOrKill = (order: NewOrder): boolean =>
  order.tif === 'FOK' &&
  (order.type === 'LIMIT' || order.type === 'STOP_LOSS_LIMIT' || order.type === 'TAKE_PROFIT_LIMIT');

/** STOP_LOSS BUY and TAKE_PROFIT SELL wait above the market and are set off by a rise; the other two by a fall. */
export const waitsAbove = (side: Side, type: OrderType): boolean =>
  (side === BUY) === (type === 'STOP_LOSS' || type === 'STOP_LOSS_LIMIT');

export const reaches = (above: boolean, stop: number, last: number): boolean => (above ? last >= stop : last <= stop);

/** A price a side may trade at: BUY at `limit` or below, SELL at `limit` or above; 0 is no limit. */
export const within = (side: Side, price: number, limit: number): boolean =>
  limit === 0 || (side === BUY ? price <= limit : price >= limit);

/** The harder of two limits for a side; 0 is no limit. */
export function tighter(side: Side, one: number, other: number): number {
  if (one === 0 || other === 0) return one + other;
  return (side === BUY) === one < other ? one : other;
}

/** Lots that `quoteTicks` pay at `price`, exact for all safe integers. */
export const affordableLots = (quoteTicks: number, price: number): number =>
  (quoteTicks - (quoteTicks % price)) / price;

/**
 * `trailing` basis quote ticks of `price` in ticks, rounded up: a smaller move is less than that part. No product
 * leaves the safe integers.
 */
export function trailDistance(price: number, trailing: number): number {
  const rest = price % WHOLE;
  const part = rest * trailing;
  const over = part % WHOLE;
  return ((price - rest) / WHOLE) * trailing + (part - over) / WHOLE + (over > 0 ? 1 : 0);
}

const fail = (what: string, value: unknown): never => {
  throw new RangeError(`${what}: ${String(value)}`);
};

export function positive(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value <= 0) fail(`${what} is no positive safe integer`, value);
}

export function natural(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) fail(`${what} is no safe integer from 0`, value);
}

/** Throws RangeError on an order that no book may take. Called first, so that nothing has changed then. */
export function checkOrder(order: NewOrder): void {
  const { side, tif, stp, via } = order;
  positive('id', order.id);
  positive('owner', order.owner);
  if (side !== 0 && side !== 1) fail('side', side);
  if (tif !== 'GTC' && tif !== 'IOC' && tif !== 'FOK') fail('tif', tif);
  if (stp !== 'EXPIRE_MAKER' && stp !== 'EXPIRE_TAKER' && stp !== 'EXPIRE_BOTH' && stp !== 'DECREMENT')
    fail('stp', stp);
  if (via !== 'merge' && via !== 'inside' && via !== 'outside') fail('via', via);
  natural('price', order.price);
  natural('lots', order.lots);
  natural('quoteBudget', order.quoteBudget);
  natural('stop', order.stop);
  natural('displayLots', order.displayLots);
  natural('trailing', order.trailing);
  checkType(order);
}

function checkType(order: NewOrder): void {
  const { type, lots, quoteBudget, displayLots, stop, trailing } = order;
  if (type === 'LIMIT' || type === 'LIMIT_MAKER' || type === 'STOP_LOSS_LIMIT' || type === 'TAKE_PROFIT_LIMIT') {
    positive('price', order.price);
    positive('lots', lots);
    if (quoteBudget !== 0) fail('quoteBudget of an order with a limit', quoteBudget);
  } else if (type === 'MARKET' || type === 'STOP_LOSS' || type === 'TAKE_PROFIT') {
    if (lots > 0 === quoteBudget > 0) fail('an order at market has lots or a quoteBudget', `${lots}, ${quoteBudget}`);
  } else fail('type', type);
  if (isConditional(type)) {
    if (stop === 0 && trailing === 0) fail('neither stop nor trailing', type);
    if (trailing !== 0 && (trailing < TRAILING_LEAST || trailing > TRAILING_MOST)) fail('trailing', trailing);
  } else if (stop !== 0 || trailing !== 0) fail('stop or trailing of an order that does not wait', type);
  if (displayLots !== 0 && (!canRest(order) || displayLots > lots || lots / displayLots > MOST_PARTS))
    fail('displayLots', displayLots);
}

/** Throws RangeError on two orders that are no OCO. */
export function checkOco(limit: NewOrder, stop: NewOrder): void {
  checkOrder(limit);
  checkOrder(stop);
  if (limit.type !== 'LIMIT_MAKER' && limit.type !== 'TAKE_PROFIT' && limit.type !== 'TAKE_PROFIT_LIMIT')
    fail('limit leg of an OCO', limit.type);
  if (stop.type !== 'STOP_LOSS' && stop.type !== 'STOP_LOSS_LIMIT') fail('stop leg of an OCO', stop.type);
  if (limit.id === stop.id) fail('both legs have the id', limit.id);
  if (limit.side !== stop.side || limit.owner !== stop.owner || limit.lots !== stop.lots || limit.lots === 0)
    fail('legs differ in side, owner or lots', limit.id);
}

/**
 * SELL: limit > last > stop; BUY: limit < last < stop. A leg without a price (trailing), or a last price not known, is
 * left out.
 */
export function ocoPricesFit(limit: NewOrder, stop: NewOrder, last: number): boolean {
  const upper = limit.side === SELL ? ocoPrice(limit) : stop.stop;
  const lower = limit.side === SELL ? stop.stop : ocoPrice(limit);
  const apart = (low: number, high: number): boolean => low === 0 || high === 0 || low < high;
  return apart(lower, last) && apart(last, upper) && apart(lower, upper);
}

const ocoPrice = (limit: NewOrder): number => (limit.type === 'LIMIT_MAKER' ? limit.price : limit.stop);

/** Throws RangeError on what cannot have been in a book. */
export function checkRestored(order: Restored): void {
  // What is left of an iceberg may be less than its display quantity.
  checkOrder(order.displayLots > order.lots ? { ...order, displayLots: order.lots } : order);
  natural('visibleLots', order.visibleLots);
  natural('trailingExtreme', order.trailingExtreme);
  natural('ocoLeg', order.ocoLeg);
  const { as } = order;
  if (as === 'resting' || as === 'locked') {
    if (!canRest(order)) fail('cannot rest', order.type);
  } else if (as === 'waiting') {
    if (!isConditional(order.type)) fail('does not wait', order.type);
  } else if (as === 'inFlight') {
    if (order.type === 'LIMIT_MAKER') fail('never goes outside', order.type);
  } else fail('as', as);
  if (order.visibleLots > order.lots) fail('visibleLots', order.visibleLots);
}
