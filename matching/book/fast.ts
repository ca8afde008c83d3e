/**
 * The book that is used: everything in typed arrays, nothing allocated for an order, a trade or a cancellation. What
 * it does is what `naive.ts` does, event by event; that one says it plainly.
 */
import { Matching } from './matching';
import {
  checkOco,
  checkOrder,
  checkRestored,
  isConditional,
  MOST_LOTS,
  natural,
  ocoPricesFit,
  opposite,
  positive,
  reaches,
  waitsAbove,
  within,
} from './rules';
import { BUY, SELL } from './types';
import type { Book, BookOptions, Found, NewOrder, OrderType, PlaceRefusal, Restored, Side } from './types';

/**
 * Held here: an imported name is looked up through a getter at every call, which is felt at millions of them a second.
 */
const check = checkOrder;

class FastBook extends Matching implements Book {
  /** At most so many lots are in the book: counted up only, and counted anew when that is too many. */
  private lotsAtMost = 0;

  setOutside(bid: number, ask: number): void {
    natural('bid', bid);
    natural('ask', ask);
    this.outsideBest[BUY] = bid;
    this.outsideBest[SELL] = ask;
  }

  place(order: NewOrder): PlaceRefusal | undefined {
    check(order);
    this.checkNew(order.id);
    this.checkRoom(order.lots);
    const refusal = this.refusal(order);
    if (refusal !== undefined) return refusal;
    this.lotsAtMost += order.lots;
    this.accept(this.write(order));
    if (this.queue.length > 0) this.settle();
    return undefined;
  }

  placeOco(limit: NewOrder, stop: NewOrder): PlaceRefusal | undefined {
    checkOco(limit, stop);
    this.checkNew(limit.id);
    this.checkNew(stop.id);
    this.checkRoom(limit.lots + stop.lots);
    if (this.isClosed()) return 'MARKET_CLOSED';
    if (!ocoPricesFit(limit, stop, this.lastPrice)) return 'OCO_PRICES';
    const refusal = this.refusal(limit) ?? this.refusal(stop);
    if (refusal !== undefined) return refusal;
    this.lotsAtMost += limit.lots + stop.lots;
    const one = this.write(limit);
    this.setSibling(one, stop.id);
    this.accept(one);
    const other = this.write(stop);
    this.setSibling(other, limit.id);
    this.accept(other);
    if (this.queue.length > 0) this.settle();
    return undefined;
  }

  cancel(id: number): boolean {
    const o = this.indexed(id);
    if (o < 0 || this.state === 'HALT' || this.isHeld(o)) return false;
    this.leave(o, 'CANCELED');
    return true;
  }

  amend(id: number, lots: number): boolean {
    positive('lots', lots);
    const o = this.indexed(id);
    if (o < 0 || this.state === 'HALT' || this.isHeld(o) || lots >= (this.lots[o] as number)) return false;
    this.lower(o, lots);
    this.evenSibling(o);
    return true;
  }

  last(price: number): void {
    positive('price', price);
    this.observe(price);
    if (this.queue.length > 0) this.settle();
  }

  returned(id: number, lots: number, quoteTicks: number, again: boolean): void {
    natural('lots', lots);
    natural('quoteTicks', quoteTicks);
    const o = this.indexed(id);
    if (o < 0 || !this.isInFlight(o)) throw new RangeError(`not in flight: ${id}`);
    const byBudget = this.byBudget(o);
    const left = byBudget ? (this.quoteBudget[o] as number) - quoteTicks : (this.lots[o] as number) - lots;
    if (left < 0) throw new RangeError(`more than was in flight: ${lots}, ${quoteTicks}`);
    if (byBudget) this.quoteBudget[o] = left;
    else this.lots[o] = left;
    this.unindex(o);
    this.nowTaking(o);
    this.setExecuted(o, lots > 0 || quoteTicks > 0);
    if (left === 0) this.end(o, 'FILLED');
    else this.enter(o, again);
    if (this.queue.length > 0) this.settle();
  }

  reached(side: Side, limit: number, visit: (id: number, price: number, lots: number) => boolean): void {
    positive('limit', limit);
    const bound = this.keyOf(side, limit);
    for (let at = (this.depth[side] as number) - 1; at >= 0 && (this.keys[side][at] as number) >= bound; at--) {
      for (let o = this.head[this.rows[side][at] as number] as number; o >= 0; o = this.next[o] as number) {
        if (this.isResting(o) && !visit(this.id[o] as number, this.price[o] as number, this.lots[o] as number)) return;
      }
    }
  }

  lock(id: number): boolean {
    const o = this.indexed(id);
    if (o < 0 || !this.isResting(o)) return false;
    this.nowLocked(o);
    return true;
  }

  unlock(id: number, lots: number): void {
    natural('lots', lots);
    const o = this.indexed(id);
    if (o < 0 || !this.isLocked(o)) throw new RangeError(`not locked: ${id}`);
    const before = this.lots[o] as number;
    if (lots > before) throw new RangeError(`more than was locked: ${lots}`);
    const visibleLots = this.visibleLotsOf(o);
    this.nowResting(o);
    this.addShown(o, -visibleLots);
    this.thawing = o;
    this.lots[o] = before - lots;
    if (lots > 0) this.dropSibling(o);
    if (lots === before || this.match(o, this.price[o] as number)) this.finishThaw(o, before, visibleLots);
    this.thawing = -1;
    if (this.queue.length > 0) this.settle();
  }

  restore(order: Restored): void {
    checkRestored(order);
    this.checkNew(order.id);
    this.checkRoom(order.lots);
    const ocoLeg = order.ocoLeg > 0 ? this.indexed(order.ocoLeg) : -1;
    if (ocoLeg >= 0 && order.as !== 'waiting' && !this.isWaiting(ocoLeg))
      throw new RangeError(`no leg of the OCO waits: ${order.id}`);
    this.lotsAtMost += order.lots;
    const o = this.write(order);
    if (order.ocoLeg > 0) this.setSibling(o, order.ocoLeg);
    if (order.trailing > 0) this.trailingExtreme[o] = order.trailingExtreme;
    if (order.as === 'waiting') return this.wait(o);
    this.index(o);
    if (order.as === 'inFlight') return this.nowInFlight(o);
    this.restAt(o);
    if (order.displayLots > 0 && order.visibleLots > 0) {
      this.addShown(o, order.visibleLots - this.visibleLotsOf(o));
      this.visibleLots[o] = order.visibleLots;
    }
    if (order.as === 'locked') this.nowLocked(o);
  }

  best(side: Side): number {
    const depth = this.depth[side] as number;
    return depth === 0 ? 0 : this.priceOf(this.keys[side][depth - 1] as number);
  }

  levels(side: Side, count: number): number[] {
    const levels: number[] = [];
    const depth = this.depth[side] as number;
    for (let at = depth - 1; at >= 0 && at >= depth - count; at--)
      levels.push(this.priceOf(this.keys[side][at] as number), this.levelLots[this.rows[side][at] as number] as number);
    return levels;
  }

  lotsWithin(side: Side, limit: number, owner: number): number {
    natural('limit', limit);
    const makers = opposite(side);
    const bound = limit === 0 ? -Infinity : this.keyOf(makers, limit);
    let found = 0;
    for (let at = (this.depth[makers] as number) - 1; at >= 0 && (this.keys[makers][at] as number) >= bound; at--) {
      for (let o = this.head[this.rows[makers][at] as number] as number; o >= 0; o = this.next[o] as number) {
        if (this.isResting(o) && this.owner[o] !== owner) found += this.lots[o] as number;
      }
    }
    return found;
  }

  find(id: number): Found | undefined {
    const o = this.indexed(id);
    if (o < 0) return undefined;
    const bookStatus = this.isResting(o)
      ? 'resting'
      : this.isLocked(o)
        ? 'locked'
        : this.isWaiting(o)
          ? 'waiting'
          : 'inFlight';
    return {
      lots: this.lots[o] as number,
      bookStatus,
      trailingExtreme: this.isTrailing(o) ? (this.trailingExtreme[o] as number) : 0,
      visibleLots: bookStatus === 'resting' || bookStatus === 'locked' ? this.visibleLotsOf(o) : 0,
    };
  }

  /**
   * Out of a hedge order: shows the right part of what is left, or leaves; a trigger that waited for it goes off if
   * nothing was executed.
   */
  private finishThaw(o: number, before: number, visibleLots: number): void {
    const left = this.lots[o] as number;
    if (left === 0) return this.leave(o, 'FILLED');
    const lots = before - left;
    // More than the part that was shown may have been executed outside.
    const usedUp = lots >= visibleLots && this.isIceberg(o);
    if (usedUp) this.showPeak(o);
    else if (this.isIceberg(o)) this.visibleLots[o] = visibleLots - lots;
    this.addShown(o, this.visibleLotsOf(o));
    if (usedUp) this.toBack(o);
    const ocoLeg = this.siblingAt(o);
    if (ocoLeg >= 0 && this.isDue(ocoLeg)) this.enqueue(ocoLeg);
  }

  private isClosed(): boolean {
    return this.state === 'CANCEL_ONLY' || this.state === 'HALT';
  }

  /** Out of reach of cancel and amend, or the other leg is. */
  private isHeld(o: number): boolean {
    if (this.isLocked(o) || this.isInFlight(o)) return true;
    const ocoLeg = this.siblingAt(o);
    return ocoLeg >= 0 && this.isLocked(ocoLeg);
  }

  private checkNew(id: number): void {
    if (this.indexed(id) >= 0) throw new RangeError(`duplicate id: ${id}`);
  }

  private checkRoom(lots: number): void {
    if (this.lotsAtMost + lots <= Number.MAX_SAFE_INTEGER) return;
    this.lotsAtMost = this.countLots();
    if (this.lotsAtMost + lots > MOST_LOTS) throw new RangeError('more lots than a book can count');
  }

  wouldTrigger(side: Side, type: OrderType, stop: number): boolean {
    return this.lastPrice > 0 && reaches(waitsAbove(side, type), stop, this.lastPrice);
  }

  private refusal(order: NewOrder): PlaceRefusal | undefined {
    const { type, side } = order;
    if (this.state === 'TRADING' && (type === 'LIMIT' || type === 'MARKET')) return undefined;
    if (this.isClosed()) return 'MARKET_CLOSED';
    if (isConditional(type))
      return order.trailing === 0 && this.wouldTrigger(side, type, order.stop) ? 'WOULD_TRIGGER' : undefined;
    return (type === 'LIMIT_MAKER' || this.state === 'POST_ONLY') && this.wouldMatch(order)
      ? 'POST_ONLY_REJECTED'
      : undefined;
  }

  private wouldMatch({ side, price, via, type }: NewOrder): boolean {
    if (via === 'outside' && type !== 'LIMIT_MAKER') return true;
    const outside = via === 'inside' ? 0 : (this.outsideBest[opposite(side)] as number);
    const inside = this.insideBest(side);
    return (outside > 0 && within(side, outside, price)) || (inside > 0 && within(side, inside, price));
  }

  private accept(o: number): void {
    if (!this.isConditional(o)) return this.enter(o, true);
    this.wait(o);
    if (this.isTrailing(o) && this.lastPrice > 0) this.trail(o, this.lastPrice);
    this.sink.waiting(this.id[o] as number);
  }
}

export function createBook(options: BookOptions): Book {
  return new FastBook(options);
}
