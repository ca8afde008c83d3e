import type { OrderRow } from '../../../db/entities/orders';
import type { OrderView } from '../../../domain/contract/api/orders';
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
  readonly worst: number;
  /** Asked for; amend and self-trade prevention lower it. 0 where `budget` is used. */
  lots: number;
  /** Of an order at market by quote: points; self-trade prevention lowers them. */
  budget: number;
  readonly stop: number;
  readonly trailing: number;
  readonly peak: number;
  readonly stp: NonNullable<OrderTerms['selfTradePreventionMode']>;
  readonly siblingId: string | null;
  readonly listId: string | null;
  executed: number;
  /** Exact price x quantity of what was executed, in Units of quote. */
  quote: Units;
  held: Units;
  state: OrderState;
  standing: OrderRow['standing'];
  priority: number;
  shown: number;
  extreme: number;
  rounds: number;
  reason: string | null;
  readonly createdAt: number;
  updatedAt: number;
}

/** The open orders of one market, by the book's number and by the id that people know. The number counts all orders of the house and is shown to nobody. */
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

/** Lots that are not executed yet; points of quote where a budget is used. */
export const lotsLeft = (order: OpenOrder): number => order.lots - order.executed;
/** A sale by quote may get a little more than it asked for, where the venue's price is better than the one seen: then nothing is left. */
export function pointsLeft(order: OpenOrder, scales: Scales): number {
  const left = order.budget - scales.points(order.quote);
  return left < 0 ? 0 : left;
}

/**
 * What must be set aside for the rest of an order, so that no later rounding lacks a unit: what a buyer pays is rounded up
 * over the whole order, hence ceil(executed + worst x left) - ceil(executed). A seller's hold is exact.
 */
export function holdOf(order: OpenOrder, scales: Scales): Units {
  if (order.standing === null) return 0n;
  if (order.side === 'BUY') {
    const most =
      order.budget > 0 ? scales.quote0(order.budget) : order.quote + scales.notional(order.worst, lotsLeft(order));
    return ceilToStep(most, scales.quoteStep) - ceilToStep(order.quote, scales.quoteStep);
  }
  if (order.budget === 0) return scales.quantity(lotsLeft(order));
  const left = pointsLeft(order, scales);
  return scales.quantity((left - (left % order.worst)) / order.worst + (left % order.worst === 0 ? 0 : 1));
}

export function orderRow(order: OpenOrder, scales: Scales): OrderRow {
  const { siblingId, listId, state, standing, priority, shown, extreme, rounds, reason, createdAt, updatedAt } = order;
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
    worst: order.worst === order.price ? price : formatAmount(scales.price(order.worst)),
    quantity: formatAmount(scales.quantity(order.lots)),
    quoteOrderQty: order.budget === 0 ? '0' : formatAmount(scales.quote0(order.budget)),
    stopPrice: order.stop === 0 ? '0' : formatAmount(scales.price(order.stop)),
    trailingDelta: order.trailing,
    icebergQty: order.peak === 0 ? '0' : formatAmount(scales.quantity(order.peak)),
    selfTradePrevention: order.stp,
    siblingId,
    listId,
    executedQty: order.executed === 0 ? '0' : formatAmount(scales.quantity(order.executed)),
    executedQuote: formatAmount(order.quote),
    heldAsset: heldAssetOf(order.side, scales),
    held: formatAmount(order.held),
    state,
    standing,
    priority,
    shown,
    extreme,
    rounds,
    reason,
    createdAt,
    updatedAt,
  };
}

/** As the API shows it. */
export function orderView(order: OpenOrder, scales: Scales, row: OrderRow = orderRow(order, scales)): OrderView {
  const {
    id,
    clientOrderId,
    symbol,
    side,
    type,
    timeInForce,
    price,
    quantity,
    quoteOrderQty,
    stopPrice,
    trailingDelta,
    icebergQty,
    executedQty,
    executedQuote,
  } = row;
  return {
    id,
    clientOrderId,
    symbol,
    side,
    type: type as OrderView['type'],
    timeInForce,
    price,
    quantity,
    quoteOrderQty,
    stopPrice,
    trailingDelta,
    icebergQty,
    executedQty,
    executedQuote,
    status: row.state,
    working: row.standing !== null && row.standing !== 'waiting',
    inFlight: row.standing === 'flying' || row.standing === 'frozen',
    listId: row.listId,
    selfTradePreventionMode: order.stp,
    reason: row.reason,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
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
    worst: scales.ticksOf(row.worst),
    lots: scales.lotsOf(row.quantity),
    budget: scales.pointsOf(row.quoteOrderQty),
    stop: scales.ticksOf(row.stopPrice),
    trailing: row.trailingDelta,
    peak: scales.lotsOf(row.icebergQty),
    stp: row.selfTradePrevention as OpenOrder['stp'],
    siblingId: row.siblingId,
    listId: row.listId,
    executed: scales.lotsOf(row.executedQty),
    quote: scales.exact(row.executedQuote),
    held: scales.exact(row.held),
    state: row.state,
    standing: row.standing,
    priority: row.priority,
    shown: row.shown,
    extreme: row.extreme,
    rounds: row.rounds,
    reason: row.reason,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
