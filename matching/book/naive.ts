/**
 * The book as one would explain it: objects in sorted arrays, every rule in its plainest form. It is what the fast one
 * is compared with, and good enough wherever speed is not the question.
 *
 * The state of the market is asked when something new comes in (an order, a cancellation, a trigger). What was taken
 * while it traded is finished in any state: `returned` and `unlock` match. A sink must not call the book.
 */
import {
  affordableLots,
  canRest,
  checkOco,
  checkOrder,
  checkRestored,
  isConditional,
  isFillOrKill,
  MOST_LOTS,
  natural,
  ocoPricesFit,
  opposite,
  positive,
  reaches,
  tighter,
  trailDistance,
  waitsAbove,
  within,
} from './rules';
import { BUY, SELL } from './types';
import type {
  Book,
  BookOptions,
  BookSink,
  Found,
  ClosedReason,
  MarketState,
  NewOrder,
  OrderType,
  PlaceRefusal,
  Restored,
  Side,
} from './types';

type BookStatus = 'resting' | 'locked' | 'waiting' | 'inFlight' | 'taking';

interface Order extends NewOrder {
  readonly byBudget: boolean;
  bookStatus: BookStatus;
  /** Lots of an iceberg (or of a plain order: all) that others see while it rests. */
  visibleLots: number;
  /** Of a trailing order: the best price since it began, 0 before. */
  trailingExtreme: number;
  /** Id of the other leg, 0 for none. */
  ocoLeg: number;
  /** Its trigger was reached while its OCO leg was locked. */
  due: boolean;
  /** Something was executed since it last became a taker. */
  executed: boolean;
}

interface Level {
  readonly price: number;
  /** Oldest first. */
  readonly orders: Order[];
}

const fresh = (order: NewOrder, bookStatus: BookStatus, ocoLeg = 0): Order => {
  const { id, owner, side, type, tif, price, lots, quoteBudget, stop, trailing, displayLots, stp, via } = order;
  return {
    id,
    owner,
    side,
    type,
    tif,
    price,
    lots,
    quoteBudget,
    stop,
    trailing,
    displayLots,
    stp,
    via,
    byBudget: quoteBudget > 0,
    bookStatus,
    visibleLots: 0,
    trailingExtreme: 0,
    ocoLeg,
    due: false,
    executed: false,
  };
};

const smaller = (a: number, b: number): number => (a < b ? a : b);

class NaiveBook implements Book {
  state: MarketState = 'TRADING';
  private readonly sink: BookSink;
  private readonly orders = new Map<number, Order>();
  /** Best price first. */
  private readonly sides: readonly [Level[], Level[]] = [[], []];
  /** Waiting orders by age. */
  private readonly waiting: Order[] = [];
  /** Triggered and not placed yet. */
  private readonly queue: Order[] = [];
  private readonly outsideBest: [number, number] = [0, 0];
  private lastPrice = 0;

  constructor(private readonly options: BookOptions) {
    this.sink = options.sink;
  }

  get size(): number {
    return this.orders.size;
  }

  setOutside(bid: number, ask: number): void {
    natural('bid', bid);
    natural('ask', ask);
    this.outsideBest[BUY] = bid;
    this.outsideBest[SELL] = ask;
  }

  place(order: NewOrder): PlaceRefusal | undefined {
    checkOrder(order);
    this.checkRoom(order.lots, order.id);
    const refusal = this.refusal(order);
    if (refusal !== undefined) return refusal;
    this.accept(fresh(order, 'taking'));
    this.settle();
    return undefined;
  }

  placeOco(limit: NewOrder, stop: NewOrder): PlaceRefusal | undefined {
    checkOco(limit, stop);
    this.checkRoom(limit.lots + stop.lots, limit.id, stop.id);
    if (this.closed) return 'MARKET_CLOSED';
    if (!ocoPricesFit(limit, stop, this.lastPrice)) return 'OCO_PRICES';
    const refusal = this.refusal(limit) ?? this.refusal(stop);
    if (refusal !== undefined) return refusal;
    this.accept(fresh(limit, 'taking', stop.id));
    this.accept(fresh(stop, 'taking', limit.id));
    this.settle();
    return undefined;
  }

  cancel(id: number): boolean {
    const order = this.orders.get(id);
    if (this.state === 'HALT' || order === undefined || this.isHeld(order)) return false;
    this.leave(order, 'CANCELED');
    return true;
  }

  amend(id: number, lots: number): boolean {
    positive('lots', lots);
    const order = this.orders.get(id);
    if (this.state === 'HALT' || order === undefined || this.isHeld(order) || lots >= order.lots) return false;
    order.lots = lots;
    order.visibleLots = smaller(order.visibleLots, lots);
    this.evenSibling(order);
    return true;
  }

  last(price: number): void {
    positive('price', price);
    this.observe(price);
    this.settle();
  }

  returned(id: number, lots: number, quoteTicks: number, again: boolean): void {
    natural('lots', lots);
    natural('quoteTicks', quoteTicks);
    const order = this.orders.get(id);
    if (order?.bookStatus !== 'inFlight') throw new RangeError(`not in flight: ${id}`);
    if (order.byBudget ? quoteTicks > order.quoteBudget : lots > order.lots)
      throw new RangeError(`more than was in flight: ${lots}, ${quoteTicks}`);
    order.executed = lots > 0 || quoteTicks > 0;
    if (order.byBudget) order.quoteBudget -= quoteTicks;
    else order.lots -= lots;
    if (order.lots === 0 && order.quoteBudget === 0) this.leave(order, 'FILLED');
    else this.enter(order, again);
    this.settle();
  }

  reached(side: Side, limit: number, visit: (id: number, price: number, lots: number) => boolean): void {
    positive('limit', limit);
    for (const { price, orders } of this.sides[side]) {
      if (!within(opposite(side), price, limit)) return;
      for (const order of orders) if (order.bookStatus === 'resting' && !visit(order.id, price, order.lots)) return;
    }
  }

  lock(id: number): boolean {
    const order = this.orders.get(id);
    if (order?.bookStatus !== 'resting') return false;
    order.bookStatus = 'locked';
    return true;
  }

  unlock(id: number, lots: number): void {
    natural('lots', lots);
    const order = this.orders.get(id);
    if (order?.bookStatus !== 'locked') throw new RangeError(`not locked: ${id}`);
    if (lots > order.lots) throw new RangeError(`more than was locked: ${lots}`);
    const before = order.lots;
    order.bookStatus = 'resting';
    order.lots -= lots;
    if (lots > 0) this.dropSibling(order);
    if (order.lots > 0) this.match(order, order.price);
    if (this.orders.has(id)) {
      if (order.lots === 0) this.leave(order, 'FILLED');
      else if (order.lots < before) this.hide(order, before - order.lots);
      const ocoLeg = this.orders.get(order.ocoLeg);
      if (ocoLeg?.due) this.queue.push(ocoLeg);
    }
    this.settle();
  }

  restore(order: Restored): void {
    checkRestored(order);
    this.checkRoom(order.lots, order.id);
    const ocoLeg = this.orders.get(order.ocoLeg);
    if (ocoLeg !== undefined && order.as !== 'waiting' && ocoLeg.bookStatus !== 'waiting')
      throw new RangeError(`no leg of the OCO waits: ${order.id}`);
    const restored = fresh(order, order.as, order.ocoLeg);
    if (order.trailing > 0) restored.trailingExtreme = order.trailingExtreme;
    this.orders.set(order.id, restored);
    if (order.as === 'waiting') this.waiting.push(restored);
    if (order.as !== 'resting' && order.as !== 'locked') return;
    restored.visibleLots =
      order.displayLots === 0
        ? order.lots
        : order.visibleLots === 0
          ? smaller(order.displayLots, order.lots)
          : order.visibleLots;
    this.level(restored).orders.push(restored);
  }

  best(side: Side): number {
    return this.sides[side][0]?.price ?? 0;
  }

  levels(side: Side, count: number): number[] {
    return this.sides[side]
      .slice(0, count)
      .flatMap(({ price, orders }) => [price, orders.reduce((sum, order) => sum + order.visibleLots, 0)]);
  }

  lotsWithin(side: Side, limit: number, owner: number): number {
    natural('limit', limit);
    return this.makers(side, limit).reduce((sum, maker) => sum + (maker.owner === owner ? 0 : maker.lots), 0);
  }

  find(id: number): Found | undefined {
    const order = this.orders.get(id);
    if (order === undefined || order.bookStatus === 'taking') return undefined;
    return {
      lots: order.lots,
      bookStatus: order.bookStatus,
      trailingExtreme: order.trailingExtreme,
      visibleLots: order.bookStatus === 'resting' || order.bookStatus === 'locked' ? order.visibleLots : 0,
    };
  }

  private get closed(): boolean {
    return this.state === 'CANCEL_ONLY' || this.state === 'HALT';
  }

  private checkRoom(lots: number, ...ids: number[]): void {
    for (const id of ids) if (this.orders.has(id)) throw new RangeError(`duplicate id: ${id}`);
    let sum = lots;
    for (const order of this.orders.values()) sum += order.lots;
    if (sum > MOST_LOTS) throw new RangeError('more lots than a book can count');
  }

  wouldTrigger(side: Side, type: OrderType, stop: number): boolean {
    return this.lastPrice > 0 && reaches(waitsAbove(side, type), stop, this.lastPrice);
  }

  private refusal(order: NewOrder): PlaceRefusal | undefined {
    if (this.closed) return 'MARKET_CLOSED';
    if (isConditional(order.type))
      return order.trailing === 0 && this.wouldTrigger(order.side, order.type, order.stop)
        ? 'WOULD_TRIGGER'
        : undefined;
    return (order.type === 'LIMIT_MAKER' || this.state === 'POST_ONLY') && this.wouldMatch(order)
      ? 'POST_ONLY_REJECTED'
      : undefined;
  }

  private wouldMatch(order: NewOrder): boolean {
    const { side, price, via, type } = order;
    if (via === 'outside' && type !== 'LIMIT_MAKER') return true;
    const outside = via === 'inside' ? 0 : this.outsideBest[opposite(side)];
    const inside = this.nextMaker(side)?.price ?? 0;
    return (outside > 0 && within(side, outside, price)) || (inside > 0 && within(side, inside, price));
  }

  private accept(order: Order): void {
    this.orders.set(order.id, order);
    if (!isConditional(order.type)) return this.enter(order, true);
    order.bookStatus = 'waiting';
    this.waiting.push(order);
    if (order.trailing > 0 && this.lastPrice > 0) this.trail(order, this.lastPrice);
    this.sink.waiting(order.id);
  }

  /** An order becomes a taker: matches inside, goes outside with the rest, rests with what is left, or leaves. */
  private enter(order: Order, mayGoOutside: boolean): void {
    order.bookStatus = 'taking';
    if (order.via === 'outside' && order.type !== 'LIMIT_MAKER') {
      if (mayGoOutside) return this.fly(order, order.price);
      if (!canRest(order)) return this.leave(order, 'EXPIRED');
    }
    const whole = isFillOrKill(order);
    if (whole && !this.fillsWhole(order)) return this.leave(order, 'EXPIRED');
    const outside = mayGoOutside && order.via === 'merge' && !whole ? this.outsideBest[opposite(order.side)] : 0;
    this.match(order, tighter(order.side, order.price, outside));
    if (!this.orders.has(order.id)) return;
    if (outside > 0 && within(order.side, outside, order.price) && this.most(order, outside) > 0) {
      this.fly(order, tighter(order.side, order.price, this.nextMaker(order.side)?.price ?? 0));
    } else if (this.isSpent(order, outside)) this.leave(order, order.executed ? 'FILLED' : 'EXPIRED');
    else if (canRest(order)) this.rest(order);
    else this.leave(order, 'EXPIRED');
  }

  /** Nothing more can be had: no lots left, or a quote budget that pays no lot at the next price. */
  private isSpent(order: Order, outside: number): boolean {
    if (!order.byBudget) return order.lots === 0;
    const inside = this.nextMaker(order.side)?.price ?? 0;
    const next = outside > 0 && (inside === 0 || !within(order.side, inside, outside)) ? outside : inside;
    return (
      order.quoteBudget === 0 || (next > 0 && within(order.side, next, order.price) && this.most(order, next) === 0)
    );
  }

  private match(taker: Order, limit: number): void {
    for (;;) {
      const maker = this.nextMaker(taker.side);
      if (maker === undefined || !within(taker.side, maker.price, limit)) return;
      const most = this.most(taker, maker.price);
      if (most === 0) return;
      if (maker.owner === taker.owner) this.prevent(taker, maker, most);
      else this.trade(taker, maker, smaller(most, maker.visibleLots));
      if (!this.orders.has(taker.id)) return;
    }
  }

  private trade(taker: Order, maker: Order, lots: number): void {
    this.take(taker, lots, maker.price);
    maker.lots -= lots;
    taker.executed = true;
    this.sink.trade(taker.id, maker.id, maker.price, lots);
    this.dropSibling(taker);
    this.dropSibling(maker);
    if (maker.lots === 0) this.leave(maker, 'FILLED');
    else this.hide(maker, lots);
    if (this.options.followOwnTrades) this.observe(maker.price);
  }

  /** Two orders of one owner meet: the taker's mode decides. */
  private prevent(taker: Order, maker: Order, most: number): void {
    if (taker.stp === 'DECREMENT') return this.decrement(taker, maker, most);
    if (taker.stp !== 'EXPIRE_TAKER') this.leave(maker, 'EXPIRED_IN_MATCH');
    if (taker.stp !== 'EXPIRE_MAKER') this.leave(taker, 'EXPIRED_IN_MATCH');
  }

  private decrement(taker: Order, maker: Order, most: number): void {
    const lots = smaller(most, maker.visibleLots);
    this.take(taker, lots, maker.price);
    maker.lots -= lots;
    this.evenSibling(taker);
    this.evenSibling(maker);
    this.sink.prevented(taker.id, maker.id, lots);
    this.sink.prevented(maker.id, taker.id, lots);
    if (maker.lots === 0) this.leave(maker, 'EXPIRED_IN_MATCH');
    else this.hide(maker, lots);
    if (lots === most) this.leave(taker, 'EXPIRED_IN_MATCH');
  }

  private take(taker: Order, lots: number, price: number): void {
    if (taker.byBudget) taker.quoteBudget -= lots * price;
    else taker.lots -= lots;
  }

  /** Lots a taker may still take at a price. */
  private most(taker: Order, price: number): number {
    return taker.byBudget ? affordableLots(taker.quoteBudget, price) : taker.lots;
  }

  /** Could a FOK be filled to the last lot? Unless own makers just expire, it must not meet one before. */
  private fillsWhole(order: Order): boolean {
    let found = 0;
    const makers = this.makers(order.side, order.price);
    const own = order.stp === 'EXPIRE_MAKER' ? undefined : makers.find((maker) => maker.owner === order.owner);
    for (const maker of makers) {
      if (maker === own) break;
      if (maker.owner === order.owner) continue;
      // Hidden parts of the level on which the own one stands come after it.
      found += maker.price === own?.price ? maker.visibleLots : maker.lots;
    }
    return found >= order.lots;
  }

  /** Orders that a taker of this side may meet, in the order it meets them. */
  private makers(side: Side, limit: number): Order[] {
    return this.sides[opposite(side)]
      .filter(({ price }) => within(side, price, limit))
      .flatMap(({ orders }) => orders.filter((order) => order.bookStatus === 'resting'));
  }

  private nextMaker(side: Side): Order | undefined {
    for (const { orders } of this.sides[opposite(side)]) {
      const maker = orders.find((order) => order.bookStatus === 'resting');
      if (maker !== undefined) return maker;
    }
    return undefined;
  }

  private fly(order: Order, limit: number): void {
    order.bookStatus = 'inFlight';
    this.sink.outside(order.id, order.lots, order.quoteBudget, limit);
  }

  private rest(order: Order): void {
    order.bookStatus = 'resting';
    order.visibleLots = order.displayLots === 0 ? order.lots : smaller(order.displayLots, order.lots);
    this.level(order).orders.push(order);
    this.sink.rested(order.id, order.lots);
  }

  /** The level of an order's price; made when there is none. */
  private level(order: Order): Level {
    const levels = this.sides[order.side];
    const at = levels.findIndex(({ price }) => (order.side === BUY ? price <= order.price : price >= order.price));
    const found = levels[at];
    if (found?.price === order.price) return found;
    const level = { price: order.price, orders: [] };
    levels.splice(at < 0 ? levels.length : at, 0, level);
    return level;
  }

  /** Takes `lots` off what is shown. An iceberg whose part is used up shows the next one, at the back of its price. */
  private hide(order: Order, lots: number): void {
    if (order.displayLots === 0) order.visibleLots = order.lots;
    else if (lots < order.visibleLots) order.visibleLots -= lots;
    else {
      order.visibleLots = smaller(order.displayLots, order.lots);
      const { orders } = this.level(order);
      orders.splice(orders.indexOf(order), 1);
      orders.push(order);
      this.sink.refreshed(order.id, order.visibleLots);
    }
  }

  private leave(order: Order, why: ClosedReason): void {
    this.remove(order);
    this.sink.closed(order.id, why, order.lots);
    this.dropSibling(order);
  }

  private dropSibling(order: Order): void {
    const ocoLeg = this.orders.get(order.ocoLeg);
    order.ocoLeg = 0;
    if (ocoLeg === undefined) return;
    ocoLeg.ocoLeg = 0;
    this.leave(ocoLeg, 'OCO');
  }

  /** The legs of an OCO stand for the same lots. */
  private evenSibling(order: Order): void {
    const ocoLeg = this.orders.get(order.ocoLeg);
    if (ocoLeg === undefined) return;
    ocoLeg.lots = order.lots;
    ocoLeg.visibleLots = smaller(ocoLeg.visibleLots, order.lots);
  }

  private remove(order: Order): void {
    this.orders.delete(order.id);
    if (order.bookStatus === 'waiting') this.waiting.splice(this.waiting.indexOf(order), 1);
    if (order.bookStatus !== 'resting' && order.bookStatus !== 'locked') return;
    const level = this.level(order);
    level.orders.splice(level.orders.indexOf(order), 1);
    if (level.orders.length === 0) this.sides[order.side].splice(this.sides[order.side].indexOf(level), 1);
  }

  /** Out of reach of cancel and amend, or the other leg is. */
  private isHeld(order: Order): boolean {
    return (
      order.bookStatus === 'locked' ||
      order.bookStatus === 'inFlight' ||
      this.orders.get(order.ocoLeg)?.bookStatus === 'locked'
    );
  }

  private observe(price: number): void {
    this.lastPrice = price;
    if (this.state !== 'TRADING') return;
    for (const order of this.waiting) {
      const hit =
        order.trailing > 0 ? this.trail(order, price) : reaches(waitsAbove(order.side, order.type), order.stop, price);
      if (!hit || order.due || this.queue.includes(order)) continue;
      if (this.orders.get(order.ocoLeg)?.bookStatus === 'locked') order.due = true;
      else this.queue.push(order);
    }
  }

  /**
   * Moves a trailing order with the price; true when the price has turned far enough: SELL falls from the high, BUY
   * rises from the low.
   */
  private trail(order: Order, price: number): boolean {
    const { side, type, stop, trailing } = order;
    if (order.trailingExtreme === 0) {
      if (stop === 0 || reaches(waitsAbove(side, type), stop, price)) order.trailingExtreme = price;
      return false;
    }
    if (side === SELL ? price > order.trailingExtreme : price < order.trailingExtreme) order.trailingExtreme = price;
    return (
      (side === SELL ? order.trailingExtreme - price : price - order.trailingExtreme) >=
      trailDistance(order.trailingExtreme, trailing)
    );
  }

  /** Places what was triggered, and what that triggers. */
  private settle(): void {
    for (let order = this.queue.shift(); order !== undefined; order = this.queue.shift()) {
      if (this.orders.get(order.id) !== order) continue;
      this.waiting.splice(this.waiting.indexOf(order), 1);
      order.bookStatus = 'taking';
      this.sink.triggered(order.id);
      this.dropSibling(order);
      this.enter(order, true);
    }
  }
}

export function createNaiveBook(options: BookOptions): Book {
  return new NaiveBook(options);
}
