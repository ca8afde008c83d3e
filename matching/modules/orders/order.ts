import type { OrderRow } from '../../../db/entities/orders';
import type { OrderTerms } from '../../../domain/contract/commands';
import { ORDER } from '../../../domain/lifecycle/order';
import type { OrderEvent, OrderState } from '../../../domain/lifecycle/order';
import { advance } from '../../../domain/lifecycle/transitions';
import { formatAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { ceilToStep } from '../../../domain/money/rounding';
import type { Scales } from './scales';

/** An order that has not ended, as the engine keeps it: prices in ticks, quantities in lots, money in Units. */
export interface OpenOrder {
  readonly id: string;
  /** The book's number for it. */
  readonly seq: number;
  readonly userId: string;
  readonly clientOrderId: string;
  readonly side: 'BUY' | 'SELL';
  readonly type: OrderTerms['type'];
  readonly tif: 'GTC' | 'IOC' | 'FOK';
  readonly price: number;
  /** Worst price it may get, 0 for none: its limit, or the band of an order at market. */
  readonly protectionPrice: number;
  /** Asked for; amend and self-trade prevention lower it. 0 where `quoteBudget` is used. */
  lots: number;
  /** Of an order at market by quote: quote ticks; self-trade prevention lowers them. */
  quoteBudget: number;
  readonly stop: number;
  readonly trailing: number;
  readonly displayLots: number;
  readonly stp: NonNullable<OrderTerms['selfTradePreventionMode']>;
  readonly ocoLegId: string | null;
  readonly listId: string | null;
  executed: number;
  /** Exact price x quantity of what was executed, in Units of quote. */
  quote: Units;
  held: Units;
  state: OrderState;
  bookStatus: OrderRow['bookStatus'];
  priority: number;
  visibleLots: number;
  trailingExtreme: number;
  routingAttempts: number;
  reason: string | null;
  readonly createdAt: number;
  updatedAt: number;
}

/**
 * The open orders of one market, by the book's number and by the id that people know. The number counts all orders of
 * the house and is shown to nobody.
 */
export class OpenOrders extends Map<number, OpenOrder> {
  private readonly numbers = new Map<string, number>();

  override set(seq: number, order: OpenOrder): this {
    this.numbers.set(order.id, seq);
    return super.set(seq, order);
  }

  override delete(seq: number): boolean {
    const order = this.get(seq);
    if (order) this.numbers.delete(order.id);
    return super.delete(seq);
  }

  /** Undefined where no open order has this id, and for none. */
  byId(id: string | null): OpenOrder | undefined {
    const seq = id === null ? undefined : this.numbers.get(id);
    return seq === undefined ? undefined : this.get(seq);
  }
}

/** Moves an order by its table; an event that is not allowed is a bug of ours. */
export function move(order: OpenOrder, event: OrderEvent): void {
  const next = advance(ORDER, order.state, event);
  if (!next) throw new Error(`order ${order.id}: ${event} in ${order.state}`);
  order.state = next;
}

export const heldAssetOf = (side: 'BUY' | 'SELL', { base, quote }: Scales): string => (side === 'BUY' ? quote : base);

/** Lots that are not executed yet; quote ticks of quote where a quote budget is used. */
export const leavesLots = (order: OpenOrder): number => order.lots - order.executed;
/**
 * A sale by quote may get a little more than it asked for, where the venue's price is better than the one seen: then
 * nothing is left.
 */
export function quoteTicksLeft(order: OpenOrder, scales: Scales): number {
  const left = order.quoteBudget - scales.quoteTicks(order.quote);
  return left < 0 ? 0 : left;
}

/**
 * What must be set aside for the rest of an order, so that no later rounding lacks a unit: what a buyer pays is
 * rounded up over the whole order, hence ceil(executed + protection price x leaves) - ceil(executed). A seller's hold is exact.
 */
export function holdOf(order: OpenOrder, scales: Scales): Units {
  if (order.bookStatus === null) return 0n;
  if (order.side === 'BUY') {
    const most =
      order.quoteBudget > 0
        ? scales.quote0(order.quoteBudget)
        : order.quote + scales.notional(order.protectionPrice, leavesLots(order));
    return ceilToStep(most, scales.quoteStep) - ceilToStep(order.quote, scales.quoteStep);
  }
  if (order.quoteBudget === 0) return scales.quantity(leavesLots(order));
  const left = quoteTicksLeft(order, scales);
  return scales.quantity(
    (left - (left % order.protectionPrice)) / order.protectionPrice + (left % order.protectionPrice === 0 ? 0 : 1),
  );
}

export function orderRow(order: OpenOrder, scales: Scales): OrderRow {
  const {
    ocoLegId,
    listId,
    state,
    bookStatus,
    priority,
    visibleLots,
    trailingExtreme,
    routingAttempts,
    reason,
    createdAt,
    updatedAt,
  } = order;
  const price = formatAmount(scales.price(order.price));
  return {
    id: order.id,
    seq: order.seq,
    userId: order.userId,
    clientOrderId: order.clientOrderId,
    symbol: scales.symbol,
    side: order.side,
    type: order.type,
    timeInForce: order.tif,
    price,
    protectionPrice: order.protectionPrice === order.price ? price : formatAmount(scales.price(order.protectionPrice)),
    quantity: formatAmount(scales.quantity(order.lots)),
    quoteOrderQty: order.quoteBudget === 0 ? '0' : formatAmount(scales.quote0(order.quoteBudget)),
    stopPrice: order.stop === 0 ? '0' : formatAmount(scales.price(order.stop)),
    trailingDelta: order.trailing,
    icebergQty: order.displayLots === 0 ? '0' : formatAmount(scales.quantity(order.displayLots)),
    selfTradePrevention: order.stp,
    ocoLegId,
    listId,
    executedQty: order.executed === 0 ? '0' : formatAmount(scales.quantity(order.executed)),
    executedQuote: formatAmount(order.quote),
    heldAsset: heldAssetOf(order.side, scales),
    held: formatAmount(order.held),
    state,
    bookStatus,
    priority,
    visibleLots,
    trailingExtreme,
    routingAttempts,
    reason,
    createdAt,
    updatedAt,
  };
}

/** An open order out of its row. */
export function openOrder(row: OrderRow, scales: Scales): OpenOrder {
  return {
    id: row.id,
    seq: row.seq,
    userId: row.userId,
    clientOrderId: row.clientOrderId,
    side: row.side,
    type: row.type as OpenOrder['type'],
    tif: row.timeInForce,
    price: scales.ticksOf(row.price),
    protectionPrice: scales.ticksOf(row.protectionPrice),
    lots: scales.lotsOf(row.quantity),
    quoteBudget: scales.pointsOf(row.quoteOrderQty),
    stop: scales.ticksOf(row.stopPrice),
    trailing: row.trailingDelta,
    displayLots: scales.lotsOf(row.icebergQty),
    stp: row.selfTradePrevention as OpenOrder['stp'],
    ocoLegId: row.ocoLegId,
    listId: row.listId,
    executed: scales.lotsOf(row.executedQty),
    quote: scales.exact(row.executedQuote),
    held: scales.exact(row.held),
    state: row.state,
    bookStatus: row.bookStatus,
    priority: row.priority,
    visibleLots: row.visibleLots,
    trailingExtreme: row.trailingExtreme,
    routingAttempts: row.routingAttempts,
    reason: row.reason,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
