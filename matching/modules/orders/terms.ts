import type { OrderTerms } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { checkFilters } from '../../book/filters';
import type { Seen } from '../../book/filters';
import { isAtMarket, isConditional } from '../../book/rules';
import { BUY } from '../../book/types';
import { MOST_POINTS } from './listing';
import { minimumAt } from './minimum';
import { bandOf, bestFacing, modeOf, sideOf } from './market';
import type { TradingMarket } from './market';
import type { OpenOrder } from './order';
import { count } from './scales';

/** What an order says, in ticks, lots and quote ticks. */
export type Checked = Pick<
  OpenOrder,
  | 'side'
  | 'type'
  | 'tif'
  | 'price'
  | 'protectionPrice'
  | 'lots'
  | 'quoteBudget'
  | 'stop'
  | 'trailing'
  | 'displayLots'
  | 'stp'
>;

/** Open orders of the sender in the market, and those among them that wait for a trigger. */
export interface OpenOnes {
  readonly orders: number;
  waiting(): number;
}

const failed = (filter: string): DomainError => new DomainError('FILTER_FAILURE', { filter });
const bad = (field: string): DomainError => new DomainError('BAD_ORDER', { field });

/**
 * Reads and checks an order against the rules of its market; refuses BAD_ORDER, FILTER_FAILURE (Binance's code and
 * words in the details) and MARKET_CLOSED, and changes nothing.
 */
export function checkTerms(terms: OrderTerms, market: TradingMarket, open: OpenOnes, now: number): Checked {
  checkFields(terms);
  const { scales } = market;
  const failure = brokenFilter(terms, market, open);
  if (failure !== undefined && failure !== 'NOTIONAL') throw failed(failure);
  const atMarket = isAtMarket(terms.type);
  const [price, stop] = [terms.price, terms.stopPrice].map((text) =>
    text === undefined ? 0 : scales.ticksOf(text),
  ) as [number, number];
  const from =
    stop ||
    (isConditional(terms.type) ? market.last || bestFacing(market, terms.side) : bestFacing(market, terms.side));
  const protectionPrice = atMarket ? bandOf(terms.side, from, market) : price;
  if (atMarket && modeOf(market, now) === 'mirrored') checkMinimum(terms, market, from, protectionPrice);
  if (failure !== undefined) throw failed(failure);
  const lots = terms.quantity === undefined ? 0 : scales.lotsOf(terms.quantity);
  const quoteBudget = terms.quoteOrderQty === undefined ? 0 : budgetOf(terms.quoteOrderQty, market);
  const displayLots = terms.icebergQty === undefined ? 0 : scales.lotsOf(terms.icebergQty);
  // At its worst price, too, an order must be countable.
  if (scales.notional(protectionPrice, lots) > scales.quote0(count(MOST_POINTS))) throw failed('NOTIONAL');
  return {
    side: terms.side,
    type: terms.type,
    tif: atMarket ? 'IOC' : (terms.timeInForce ?? 'GTC'),
    price,
    protectionPrice,
    lots,
    quoteBudget,
    stop,
    trailing: terms.trailingDelta ?? 0,
    displayLots: displayLots >= lots ? 0 : displayLots,
    stp: terms.selfTradePreventionMode ?? 'EXPIRE_MAKER',
  };
}

/** Refuses what the venue would not take of an order at market, before anything is held, and says how much it takes. */
function checkMinimum(terms: OrderTerms, market: TradingMarket, from: number, protectionPrice: number): void {
  const least = minimumAt(market, terms.side, from, protectionPrice);
  const [text, field, minimum, asset] =
    terms.quantity === undefined
      ? ([terms.quoteOrderQty, 'quoteOrderQty', least.total, market.scales.quote] as const)
      : ([terms.quantity, 'quantity', least.quantity, market.scales.base] as const);
  if (text !== undefined && parseAmount(text) < minimum) {
    throw new DomainError('FILTER_FAILURE', {
      filter: 'NOTIONAL',
      field,
      minimum: formatAmount(minimum),
      asset,
    });
  }
}

/** Each type has the fields that it needs and no others. */
function checkFields(terms: OrderTerms): void {
  const conditional = isConditional(terms.type);
  if (isAtMarket(terms.type) ? terms.price !== undefined : terms.price === undefined) throw bad('price');
  if (
    conditional
      ? terms.stopPrice === undefined && terms.trailingDelta === undefined
      : terms.stopPrice !== undefined || terms.trailingDelta !== undefined
  )
    throw bad('stopPrice');
  if ((terms.quantity === undefined) === (terms.quoteOrderQty === undefined)) throw bad('quantity');
  if (terms.quoteOrderQty !== undefined && terms.type !== 'MARKET') throw bad('quoteOrderQty');
  if (terms.icebergQty !== undefined && terms.type !== 'LIMIT' && terms.type !== 'LIMIT_MAKER') throw bad('icebergQty');
  if (terms.icebergQty !== undefined && terms.timeInForce !== undefined && terms.timeInForce !== 'GTC')
    throw bad('timeInForce');
  if (terms.type === 'LIMIT_MAKER' && terms.timeInForce !== undefined && terms.timeInForce !== 'GTC')
    throw bad('timeInForce');
}

/** The first filter of the market that the order breaks. */
function brokenFilter(terms: OrderTerms, market: TradingMarket, open: OpenOnes): string | undefined {
  const exact = (text: string | undefined): Units => (text === undefined ? 0n : parseAmount(text));
  const zero = [terms.price, terms.stopPrice, terms.quantity, terms.icebergQty].findIndex(
    (text) => text !== undefined && parseAmount(text) === 0n,
  );
  if (zero >= 0) return zero < 2 ? 'PRICE_FILTER' : 'LOT_SIZE';
  const order = {
    side: sideOf(terms.side),
    type: terms.type,
    price: exact(terms.price),
    stopPrice: exact(terms.stopPrice),
    quantity: exact(terms.quantity),
    quoteQuantity: exact(terms.quoteOrderQty),
    icebergQuantity: exact(terms.icebergQty),
    trailingDelta: terms.trailingDelta ?? 0,
  };
  const failure = checkFilters(order, market.filters, {
    averagePrice: () => market.scales.price(market.last || bestFacing(market, terms.side)),
    openOrders: open.orders,
    openAlgoOrders: isConditional(terms.type) ? open.waiting() : 0,
    openIcebergOrders: 0,
    position: 0n,
  });
  return failure?.filter ?? (terms.trailingDelta === 0 ? 'TRAILING_DELTA' : undefined);
}

/** A new quantity in whole lots. Refuses FILTER_FAILURE. */
export function wholeLots(text: string, { scales, filters }: TradingMarket): number {
  const quantity = parseAmount(text);
  if (
    quantity === 0n ||
    checkFilters({ side: BUY, type: 'LIMIT', quantity }, { ...(filters.lots && { lots: filters.lots }) }, NOTHING_SEEN)
  )
    throw failed('LOT_SIZE');
  return count(quantity / scales.lot);
}
const NOTHING_SEEN: Seen = {
  averagePrice: () => 0n,
  openOrders: 0,
  openAlgoOrders: 0,
  openIcebergOrders: 0,
  position: 0n,
};

function budgetOf(text: string, { scales }: TradingMarket): number {
  const amount = parseAmount(text);
  if (amount === 0n || amount % scales.quoteStep !== 0n)
    throw new DomainError('BAD_AMOUNT', { asset: scales.quote, amount: text });
  return scales.quoteTicks(amount);
}
