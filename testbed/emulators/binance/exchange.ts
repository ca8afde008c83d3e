import { randomBytes } from 'node:crypto';
import { ChangeSet, isOpen, leftOf } from './account';
import { must, show } from './decimal';
import { ApiError, CANCEL_REJECTED, DUPLICATE, NO_ORDER, missing } from './errors';
import { endOrder, enter, half, isStop } from './execution';
import { checkFilters, readOrder } from './filters';
import type { OrderRequest } from './filters';
import { Floor } from './floor';
import type { Market } from './market';
import { nextExecution } from './present';
import { pairOf, progress, tellList } from './progress';
import { fillResting, isAbove, watch } from './resting';
import { ruleOf } from './symbols';
import type { Fill, JournalRecord, Order, OrderList, Settings } from './types';

const MARK_EVERY_MS = 5000;
const TICK_MS = 50;
/** A journal of more lines is written anew, shorter, at the start. */
const LINES_KEPT = 2000;

type Params = Record<string, string>;

/** What makes a new account. */
export interface FirstState {
  readonly balances?: Readonly<Record<string, string>> | undefined;
  readonly bnbBurn?: boolean | undefined;
}

/** Markets, the account, and the orders between them. Everything is durable before it is answered. */
export class Exchange extends Floor {
  private readonly lagging = new Map<number, number>();
  private readonly marked = new Map<string, number>();
  private isFrozen = false;
  private timers: NodeJS.Timeout[] = [];
  private first: FirstState = {};

  async open(onRecord: (record: JournalRecord) => void, first: FirstState = {}): Promise<void> {
    this.first = first;
    const marks = new Map<string, Extract<JournalRecord, { k: 'mark' }>>();
    const scans = new Map<string, JournalRecord>();
    const lines = this.journal.open((record) => {
      this.account.apply(record);
      if (record.k === 'mark') marks.set(record.symbol, record);
      if (record.k === 'scan') scans.set(record.network, record);
      onRecord(record);
    });
    if (lines > LINES_KEPT) this.journal.replace([...this.account.records(), ...marks.values(), ...scans.values()]);
    for (const mark of marks.values()) this.running.get(mark.symbol)?.resume(mark);
    for (const fill of this.account.fills) this.running.get(fill.symbol)?.sawTrade(fill.id);
    for (const market of this.running.values()) market.begin();
    if (lines === 0) await this.endow();
    let last = Date.now();
    const tick = (): void => {
      const now = Date.now();
      if (!this.isFrozen) this.step(now - last);
      last = now;
    };
    for (const market of this.markets.values()) watch(this, market);
    this.timers = [setInterval(tick, TICK_MS), setInterval(() => this.mark(), MARK_EVERY_MS)];
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.endLate();
    this.mark();
    await this.journal.close();
  }

  /** What the account begins with. */
  private async endow(): Promise<void> {
    const { balances = {}, bnbBurn = false } = this.first;
    if (bnbBurn) await this.set({ bnbBurn });
    if (Object.keys(balances).length > 0)
      await this.record({
        k: 'balance',
        changes: Object.fromEntries(Object.entries(balances).map(([asset, free]) => [asset, { free }])),
      });
  }

  /** Market time stands still; orders still trade against the book. */
  freeze(isFrozen: boolean): void {
    this.isFrozen = isFrozen;
  }

  /** Lets so many milliseconds of market time pass, where trading is open. */
  step(ms: number): void {
    for (const market of this.running.values())
      if ((this.symbols.get(market.symbol)?.status ?? 'TRADING') === 'TRADING') market.advance(ms);
  }

  private mark(): void {
    for (const { symbol, position } of this.running.values()) {
      if (this.marked.get(symbol) === position.updateId) continue;
      this.marked.set(symbol, position.updateId);
      this.journal.note({ k: 'mark', symbol, ...position });
    }
  }

  set(settings: Partial<Settings>): Promise<void> {
    return this.record({ k: 'settings', settings: { ...this.account.settings, ...settings } });
  }

  /** The test network's monthly reset: no orders, no trades, the first balances again, ids from one. */
  async reset(): Promise<void> {
    const assets = [...this.account.balances.keys()];
    const reset = this.record({ k: 'reset' });
    for (const market of this.running.values()) market.restartIds();
    await Promise.all([reset, this.endow()]);
    this.emit('position', assets);
  }

  /** Reads a new order and holds it against the symbol's filters; throws what the venue says of one that is wrong. */
  check(params: Params): { request: OrderRequest; market: Market } {
    const request = readOrder(params, this.symbols, () => randomBytes(11).toString('hex'));
    const { market } = this.of(request.info.symbol);
    checkFilters(request, market, this.account.openOrders(request.info.symbol));
    if (
      request.stopPrice > 0n &&
      (isAbove(request) ? market.lastPrice >= request.stopPrice : market.lastPrice <= request.stopPrice)
    ) {
      throw new ApiError(400, -2010, 'Order would trigger immediately.');
    }
    if (this.account.openOrders(request.info.symbol).some((order) => order.clientOrderId === request.clientOrderId))
      throw DUPLICATE();
    return { request, market };
  }

  async place(params: Params): Promise<{ order: Order; fills: readonly Fill[] }> {
    const { order, fills, durable } = enter(this, draftOf(this.check(params).request));
    if (this.faults.fires('order-lag', `order ${order.symbol}`))
      this.lagging.set(order.orderId, Date.now() + this.faults.lasts('order-lag'));
    await Promise.all([durable, progress(this, order)]);
    return { order, fills };
  }

  /** The order that a query or a cancel means. */
  asked(params: Params): Order | undefined {
    if (!params.symbol) throw missing('symbol');
    this.of(params.symbol);
    const { symbol, orderId, origClientOrderId } = params;
    if (!orderId && !origClientOrderId)
      throw new ApiError(400, -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
    return this.account.find(symbol, {
      ...(orderId && { orderId }),
      ...(origClientOrderId && { clientOrderId: origClientOrderId }),
    });
  }

  async cancel(params: Params): Promise<{ order: Order; cancelId: string }> {
    let order = this.asked(params);
    if (!order || !isOpen(order)) throw CANCEL_REJECTED();
    const { cancelRestrictions: only } = params;
    if (
      (only === 'ONLY_NEW' && order.status !== 'NEW') ||
      (only === 'ONLY_PARTIALLY_FILLED' && order.status !== 'PARTIALLY_FILLED')
    ) {
      throw new ApiError(400, -2011, 'Order was not canceled due to cancel restrictions.');
    }
    if (order.isWorking !== false && order.status !== 'PENDING_NEW') order = await this.race(order);
    const cancelId = params.newClientOrderId ?? randomBytes(11).toString('hex');
    const ended = endOrder(this, order, 'CANCELED', { cancelId });
    const after = this.account.orders.get(order.orderId) ?? order;
    await Promise.all([ended, progress(this, after)]);
    return { order: after, cancelId };
  }

  /** The faults by which the market is faster than a cancel. */
  private async race(order: Order): Promise<Order> {
    const call = `cancel ${order.symbol}`;
    if (this.faults.fires('cancel-filled', call)) {
      await fillResting(this, order, leftOf(order));
      throw CANCEL_REJECTED();
    }
    const part = half(
      { price: 0n, quantity: leftOf(order) },
      ruleOf(this.of(order.symbol).info, 'LOT_SIZE', 'stepSize'),
    ).quantity;
    return part < leftOf(order) && this.faults.fires('cancel-partly-filled', call)
      ? fillResting(this, order, part)
      : order;
  }

  /**
   * A smaller quantity; the order keeps its place. The two legs of a pair have one quantity, so that either changes
   * both.
   */
  async amend(
    order: Order,
    quantity: bigint,
    clientOrderId: string,
    executionId: number,
  ): Promise<{ order: Order; list: OrderList | undefined }> {
    const time = Date.now();
    const amended = (leg: Order, newClientOrderId: string, id: number): Promise<void> => {
      const { symbol, orderId, origQty, clientOrderId: origClientOrderId, icebergQty = show(0n) } = leg;
      const amendment = {
        symbol,
        orderId,
        executionId: id,
        origClientOrderId,
        newClientOrderId,
        origQty,
        newQty: show(quantity),
        time,
      };
      // What is visible of an iceberg cannot be more than there is.
      const visible = must(icebergQty) > quantity ? show(quantity) : icebergQty;
      const after: Order = {
        ...leg,
        origQty: show(quantity),
        icebergQty: visible,
        clientOrderId: newClientOrderId,
        updateTime: time,
        amendments: [...(leg.amendments ?? []), amendment],
      };
      return this.settle(leg, after, [], new ChangeSet(), { kind: 'amended' });
    };
    const others = order.isPaired ? pairOf(this, order) : [];
    const steps = [
      amended(order, clientOrderId, executionId),
      ...others.map((leg) => amended(leg, leg.clientOrderId, nextExecution())),
    ];
    const known = this.account.lists.get(order.orderListId ?? -1);
    const list = known && {
      ...known,
      orders: known.orders.map((leg) => (leg.orderId === order.orderId ? { ...leg, clientOrderId } : leg)),
    };
    if (list && clientOrderId !== order.clientOrderId) {
      const updated: OrderList = { ...list, listStatusType: 'UPDATED', transactionTime: time };
      steps.push(this.record({ k: 'list', list: updated }).then(() => tellList(this, updated)));
    }
    await Promise.all(steps);
    return { order: this.account.orders.get(order.orderId) as Order, list };
  }

  query(params: Params): Order {
    const order = this.asked(params);
    if (!order || (this.lagging.get(order.orderId) ?? 0) > Date.now()) throw NO_ORDER();
    return order;
  }
}

/** An order as it is before it has met anything. */
export function draftOf(request: OrderRequest): Order {
  const now = Date.now();
  const {
    side,
    type,
    timeInForce,
    price,
    quantity,
    quoteOrderQty,
    clientOrderId,
    stopPrice,
    icebergQty,
    mode,
    strategyId,
    strategyType,
  } = request;
  return {
    symbol: request.info.symbol,
    orderId: 0,
    clientOrderId,
    side,
    type,
    // The venue shows its market orders so.
    timeInForce: type === 'MARKET' ? 'GTC' : timeInForce,
    price: show(price),
    origQty: show(quantity),
    quoteOrderQty: show(quoteOrderQty),
    executedQty: show(0n),
    cummulativeQuoteQty: show(0n),
    status: 'NEW',
    time: now,
    updateTime: now,
    stopPrice: show(stopPrice),
    icebergQty: show(icebergQty),
    isWorking: !isStop({ type }),
    workingTime: now,
    selfTradePreventionMode: mode,
    ...(strategyId !== undefined && { strategyId }),
    ...(strategyType !== undefined && { strategyType }),
  };
}
