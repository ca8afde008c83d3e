/**
 * Binance's trading rules of a symbol, as formulae over exact amounts: prices are units of quote for one whole coin of
 * base, quantities units of base (10^-18 both). Nothing is rounded: a product is compared with the other side scaled
 * up.
 */
import { ONE, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { isAtMarket, isConditional, waitsAbove } from './rules';
import { BUY } from './types';
import type { OrderType, Side } from './types';

/** What the filters look at in an order. Left out is the same as 0n. */
export interface FilteredOrder {
  readonly side: Side;
  readonly type: OrderType;
  /** Limit price. */
  readonly price?: Units;
  readonly stopPrice?: Units;
  readonly quantity?: Units;
  /** Units of quote, of a MARKET order that has no quantity (quoteOrderQty). */
  readonly quoteQuantity?: Units;
  readonly icebergQuantity?: Units;
  /** Basis quote ticks. */
  readonly trailingDelta?: number;
}

/** What is known beside the order when it comes in. The order itself is not among the open ones. */
export interface Seen {
  /**
   * Average price over so many minutes; of 0 minutes the last price; 0n where there is none yet: what needs it passes
   * then.
   */
  averagePrice(minutes: number): Units;
  readonly openOrders: number;
  /** Stop and take-profit orders among them. */
  readonly openAlgoOrders: number;
  readonly openIcebergOrders: number;
  /** Of the base asset, free and locked, and what open BUY orders would add. */
  readonly position: Units;
}

interface Range {
  readonly min: Units;
  /** 0n: no upper bound. */
  readonly max: Units;
  /** 0n: no steps. */
  readonly step: Units;
}

/** The filters of one symbol; one that is not set is not checked. */
export interface Filters {
  readonly price?: Range;
  readonly lots?: Range;
  readonly marketLots?: Range;
  /** Multipliers of the average price, 10^-18. PERCENT_PRICE has the same for both sides. */
  readonly percent?: {
    readonly filter: 'PERCENT_PRICE' | 'PERCENT_PRICE_BY_SIDE';
    readonly bidUp: Units;
    readonly bidDown: Units;
    readonly askUp: Units;
    readonly askDown: Units;
    readonly minutes: number;
  };
  /** Units of quote; `max` 0n is none. */
  readonly notional?: {
    readonly filter: 'MIN_NOTIONAL' | 'NOTIONAL';
    readonly min: Units;
    readonly max: Units;
    readonly minToMarket: boolean;
    readonly maxToMarket: boolean;
    readonly minutes: number;
  };
  readonly icebergParts?: number;
  /** Basis quote ticks. */
  readonly trailing?: {
    readonly minAbove: number;
    readonly maxAbove: number;
    readonly minBelow: number;
    readonly maxBelow: number;
  };
  readonly maxOrders?: number;
  readonly maxAlgoOrders?: number;
  readonly maxIcebergOrders?: number;
  readonly maxPosition?: Units;
}

export interface FilterFailure {
  readonly filter: string;
  readonly code: -1013;
  readonly words: string;
}

/** The first filter that an order fails, in Binance's order of them; undefined if it passes all. */
export function checkFilters(order: FilteredOrder, filters: Filters, seen: Seen): FilterFailure | undefined {
  for (const check of CHECKS) {
    const filter = check(order, filters, seen);
    if (filter !== undefined) return { filter, code: -1013, words: `Filter failure: ${filter}` };
  }
  return undefined;
}

type Check = (order: FilteredOrder, filters: Filters, seen: Seen) => string | undefined;

const CHECKS: readonly Check[] = [
  ({ price = 0n, stopPrice = 0n }, filters) =>
    [price, stopPrice].every((one) => one === 0n || isIn(filters.price, one)) ? undefined : 'PRICE_FILTER',
  percentPrice,
  ({ quantity = 0n, icebergQuantity = 0n }, { lots }) =>
    [quantity, icebergQuantity].every((one) => one === 0n || isIn(lots, one)) ? undefined : 'LOT_SIZE',
  ({ type, quantity = 0n }, { marketLots }) =>
    type !== 'MARKET' || quantity === 0n || isIn(marketLots, quantity) ? undefined : 'MARKET_LOT_SIZE',
  notional,
  ({ quantity = 0n, icebergQuantity = 0n }, { icebergParts }) =>
    icebergParts === undefined || icebergQuantity === 0n || quantity <= icebergQuantity * BigInt(icebergParts)
      ? undefined
      : 'ICEBERG_PARTS',
  trailingDelta,
  ({ type }, { maxOrders }, { openOrders }) =>
    type === 'MARKET' || isRoom(openOrders, maxOrders) ? undefined : 'MAX_NUM_ORDERS',
  ({ type }, { maxAlgoOrders }, { openAlgoOrders }) =>
    !isConditional(type) || isRoom(openAlgoOrders, maxAlgoOrders) ? undefined : 'MAX_NUM_ALGO_ORDERS',
  ({ icebergQuantity = 0n }, { maxIcebergOrders }, { openIcebergOrders }) =>
    icebergQuantity === 0n || isRoom(openIcebergOrders, maxIcebergOrders) ? undefined : 'MAX_NUM_ICEBERG_ORDERS',
  position,
];

const isIn = (range: Range | undefined, amount: Units): boolean =>
  range === undefined ||
  (amount >= range.min &&
    (range.max === 0n || amount <= range.max) &&
    (range.step === 0n || amount % range.step === 0n));

const isRoom = (open: number, most: number | undefined): boolean => most === undefined || open < most;

function percentPrice({ side, price = 0n, type }: FilteredOrder, { percent }: Filters, seen: Seen): string | undefined {
  if (percent === undefined || price === 0n || isAtMarket(type)) return undefined;
  const average = seen.averagePrice(percent.minutes);
  const [up, down] = side === BUY ? [percent.bidUp, percent.bidDown] : [percent.askUp, percent.askDown];
  return average === 0n || (price * ONE <= average * up && price * ONE >= average * down) ? undefined : percent.filter;
}

function notional(order: FilteredOrder, { notional: rule }: Filters, seen: Seen): string | undefined {
  if (rule === undefined) return undefined;
  const atMarket = isAtMarket(order.type);
  const price = atMarket ? seen.averagePrice(rule.minutes) : (order.price ?? 0n);
  const { quantity = 0n, quoteQuantity = 0n } = order;
  // Times 10^18, so that nothing is divided.
  const value = quoteQuantity > 0n ? quoteQuantity * ONE : price * quantity;
  if (value === 0n) return undefined;
  if ((!atMarket || rule.minToMarket) && value < rule.min * ONE) return rule.filter;
  return (!atMarket || rule.maxToMarket) && rule.max > 0n && value > rule.max * ONE ? rule.filter : undefined;
}

function trailingDelta(
  { side, type, trailingDelta: delta = 0 }: FilteredOrder,
  { trailing }: Filters,
): string | undefined {
  if (trailing === undefined || delta === 0) return undefined;
  const [min, max] = waitsAbove(side, type)
    ? [trailing.minAbove, trailing.maxAbove]
    : [trailing.minBelow, trailing.maxBelow];
  return delta >= min && delta <= max ? undefined : 'TRAILING_DELTA';
}

/** What a BUY would bring the position to. A quantity not said is what the money buys at the last price. */
function position(
  { side, quantity = 0n, quoteQuantity = 0n }: FilteredOrder,
  { maxPosition }: Filters,
  seen: Seen,
): string | undefined {
  if (maxPosition === undefined || side !== BUY) return undefined;
  const last = quantity > 0n ? 0n : seen.averagePrice(0);
  const bought = last === 0n ? quantity : (quoteQuantity * ONE) / last;
  return seen.position + bought <= maxPosition ? undefined : 'MAX_POSITION';
}

/** One element of the `filters` of a symbol in Binance's exchangeInfo. */
type Given = Readonly<Record<string, unknown>>;

const READERS: Readonly<Record<string, (given: Given) => Filters>> = {
  PRICE_FILTER: (given) => ({ price: range(given, 'minPrice', 'maxPrice', 'tickSize') }),
  LOT_SIZE: (given) => ({ lots: range(given, 'minQty', 'maxQty', 'stepSize') }),
  MARKET_LOT_SIZE: (given) => ({ marketLots: range(given, 'minQty', 'maxQty', 'stepSize') }),
  PERCENT_PRICE: (given) => {
    const [up, down] = [amount(given, 'multiplierUp'), amount(given, 'multiplierDown')];
    return {
      percent: {
        filter: 'PERCENT_PRICE',
        bidUp: up,
        bidDown: down,
        askUp: up,
        askDown: down,
        minutes: count(given, 'avgPriceMins'),
      },
    };
  },
  PERCENT_PRICE_BY_SIDE: (given) => ({
    percent: {
      filter: 'PERCENT_PRICE_BY_SIDE',
      bidUp: amount(given, 'bidMultiplierUp'),
      bidDown: amount(given, 'bidMultiplierDown'),
      askUp: amount(given, 'askMultiplierUp'),
      askDown: amount(given, 'askMultiplierDown'),
      minutes: count(given, 'avgPriceMins'),
    },
  }),
  MIN_NOTIONAL: (given) => ({
    notional: {
      filter: 'MIN_NOTIONAL',
      min: amount(given, 'minNotional'),
      max: 0n,
      minToMarket: yes(given, 'applyToMarket'),
      maxToMarket: false,
      minutes: count(given, 'avgPriceMins'),
    },
  }),
  NOTIONAL: (given) => ({
    notional: {
      filter: 'NOTIONAL',
      min: amount(given, 'minNotional'),
      max: amount(given, 'maxNotional'),
      minToMarket: yes(given, 'applyMinToMarket'),
      maxToMarket: yes(given, 'applyMaxToMarket'),
      minutes: count(given, 'avgPriceMins'),
    },
  }),
  ICEBERG_PARTS: (given) => ({ icebergParts: count(given, 'limit') }),
  TRAILING_DELTA: (given) => ({
    trailing: {
      minAbove: count(given, 'minTrailingAboveDelta'),
      maxAbove: count(given, 'maxTrailingAboveDelta'),
      minBelow: count(given, 'minTrailingBelowDelta'),
      maxBelow: count(given, 'maxTrailingBelowDelta'),
    },
  }),
  MAX_NUM_ORDERS: (given) => ({ maxOrders: count(given, 'maxNumOrders') }),
  MAX_NUM_ALGO_ORDERS: (given) => ({ maxAlgoOrders: count(given, 'maxNumAlgoOrders') }),
  MAX_NUM_ICEBERG_ORDERS: (given) => ({ maxIcebergOrders: count(given, 'maxNumIcebergOrders') }),
  MAX_POSITION: (given) => ({ maxPosition: amount(given, 'maxPosition') }),
};

/**
 * The filters of a symbol as exchangeInfo lists it; kinds that are not known are left out. Throws where a known one
 * lacks something.
 */
export function filtersOf(exchangeInfoSymbol: { readonly filters: readonly Given[] }): Filters {
  return exchangeInfoSymbol.filters.reduce<Filters>(
    (filters, given) => ({
      ...filters,
      ...(Object.hasOwn(READERS, String(given.filterType)) ? READERS[String(given.filterType)]?.(given) : {}),
    }),
    {},
  );
}

const amount = (given: Given, name: string): Units => parseAmount(given[name] as string);

const range = (given: Given, min: string, max: string, step: string): Range => ({
  min: amount(given, min),
  max: amount(given, max),
  step: amount(given, step),
});

function count(given: Given, name: string): number {
  const value = given[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${String(given.filterType)}: ${name} is no count: ${String(value)}`);
  return value;
}

function yes(given: Given, name: string): boolean {
  const value = given[name];
  if (typeof value !== 'boolean')
    throw new RangeError(`${String(given.filterType)}: ${name} is neither true nor false: ${String(value)}`);
  return value;
}
