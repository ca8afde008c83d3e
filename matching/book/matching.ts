/**
 * How the fast book matches: a taker sweeps levels from the best on, meets its own orders, goes outside, rests or
 * leaves.
 */
import { opposite, tighter, within } from './rules';
import type { BookOptions, Side } from './types';
import { Waiting } from './waiting';

/** What a taker is after a level: there may be more for it, it can take no more, or it has left. */
const MORE = 0;
const SPENT = 1;
const LEFT = 2;

export class Matching extends Waiting {
  private readonly followOwnTrades: boolean;
  /** The outside's best prices, 0 for none. */
  protected readonly outsideBest = new Float64Array(2);

  constructor({ sink, followOwnTrades }: BookOptions) {
    super(sink);
    this.followOwnTrades = followOwnTrades;
  }

  /** An order becomes a taker: matches inside, goes outside with the rest, rests with what is left, or leaves. */
  protected enter(o: number, mayGoOutside: boolean): void {
    const via = this.via(o);
    if (via === 2 && (mayGoOutside || !this.canRest(o)))
      return mayGoOutside ? this.fly(o, this.price[o] as number) : this.end(o, 'EXPIRED');
    const side = this.side(o);
    const whole = this.isWhole(o);
    if (whole && !this.fillsWhole(o, side)) return this.end(o, 'EXPIRED');
    const outside = mayGoOutside && via === 0 && !whole ? (this.outsideBest[side ^ 1] as number) : 0;
    const limit = this.price[o] as number;
    if (!this.match(o, outside === 0 ? limit : tighter(side, limit, outside))) return;
    if (outside > 0 && within(side, outside, limit) && this.most(o, outside) > 0)
      this.fly(o, tighter(side, limit, this.insideBest(side)));
    else if (this.isSpent(o, side, outside)) this.end(o, this.isExecuted(o) ? 'FILLED' : 'EXPIRED');
    else if (this.canRest(o)) this.rest(o);
    else this.end(o, 'EXPIRED');
  }

  /** Takes what a taker may have up to `limit`; false when it has left the book by that. */
  protected match(taker: number, limit: number): boolean {
    const side = this.otherSide(taker);
    const keys = this.keys[side] as Float64Array;
    const bound = limit === 0 ? -Infinity : this.keyOf(side, limit);
    for (let at = (this.depth[side] as number) - 1; at >= 0; at--) {
      const key = keys[at] as number;
      if (key < bound) return true;
      const level = (this.rows[side] as Int32Array)[at] as number;
      const after = this.sweep(taker, level, this.priceOf(key));
      if ((this.head[level] as number) < 0) this.drop(side, at);
      if (after !== MORE) return after === SPENT;
    }
    return true;
  }

  /** The price of the first order inside that a taker of this side may meet, 0 for none. */
  protected insideBest(side: Side): number {
    const maker = this.firstMaker(opposite(side));
    return maker < 0 ? 0 : (this.price[maker] as number);
  }

  /**
   * Takes `lots` off what an order shows. An iceberg whose part is used up shows the next one, at the back of its
   * price.
   */
  protected hide(o: number, lots: number): void {
    this.addShown(o, -lots);
    if (!this.isIceberg(o)) return;
    const visibleLots = (this.visibleLots[o] as number) - lots;
    this.visibleLots[o] = visibleLots;
    if (visibleLots > 0) return;
    this.showPeak(o);
    this.addShown(o, (this.visibleLots[o] as number) - visibleLots);
    this.toBack(o);
  }

  /** An iceberg's next part stands behind all others of its price. */
  protected toBack(o: number): void {
    this.detach(o);
    this.append(o, this.level[o] as number);
    this.sink.refreshed(this.id[o] as number, this.visibleLots[o] as number);
  }

  private sweep(taker: number, level: number, price: number): number {
    const owner = this.owner[taker] as number;
    let left = this.most(taker, price);
    let traded = false;
    let after = MORE;
    for (let maker = this.head[level] as number; after === MORE && maker >= 0;) {
      if (!this.isResting(maker)) {
        maker = this.next[maker] as number;
        continue;
      }
      // A quote budget that pays no lot here; where all are locked it may pay one further down.
      if (left === 0) return SPENT;
      const open = this.visibleLotsOf(maker);
      const lots = open < left ? open : left;
      let next = this.next[maker] as number;
      if (this.owner[maker] === owner) {
        after = this.prevent(taker, maker, lots, left);
        left = after === LEFT ? 0 : this.most(taker, price);
      } else {
        this.trade(taker, maker, price, lots);
        left -= lots;
        if (!traded && this.followOwnTrades) this.observe(price);
        traded = true;
        if (left === 0) after = SPENT;
      }
      // An iceberg alone at its price comes again.
      if (next < 0) next = this.head[level] as number;
      maker = next;
    }
    return after;
  }

  private trade(taker: number, maker: number, price: number, lots: number): void {
    const left = (this.lots[maker] as number) - lots;
    this.take(taker, lots, price);
    this.setExecuted(taker, true);
    this.lots[maker] = left;
    this.sink.trade(this.id[taker] as number, this.id[maker] as number, price, lots);
    if (!this.isPlain(taker)) this.dropSibling(taker);
    if (!this.isPlain(maker)) this.dropSibling(maker);
    if (left > 0) this.hide(maker, lots);
    else {
      this.addShown(maker, -lots);
      this.detach(maker);
      this.end(maker, 'FILLED');
    }
  }

  /** Two orders of one owner meet: the taker's mode decides. `lots` is what they would have traded. */
  private prevent(taker: number, maker: number, lots: number, left: number): number {
    const mode = this.stp(taker);
    if (mode === 0) return this.decrement(taker, maker, lots, left);
    if ((mode & 1) !== 0) {
      this.addShown(maker, -this.visibleLotsOf(maker));
      this.detach(maker);
      this.end(maker, 'EXPIRED_IN_MATCH');
    }
    if ((mode & 2) === 0) return MORE;
    this.leave(taker, 'EXPIRED_IN_MATCH');
    return LEFT;
  }

  private decrement(taker: number, maker: number, lots: number, left: number): number {
    this.take(taker, lots, this.price[maker] as number);
    this.lots[maker] = (this.lots[maker] as number) - lots;
    this.evenSibling(taker);
    this.evenSibling(maker);
    this.sink.prevented(this.id[taker] as number, this.id[maker] as number, lots);
    this.sink.prevented(this.id[maker] as number, this.id[taker] as number, lots);
    if ((this.lots[maker] as number) > 0) this.hide(maker, lots);
    else {
      this.addShown(maker, -lots);
      this.detach(maker);
      this.end(maker, 'EXPIRED_IN_MATCH');
    }
    if (lots < left) return MORE;
    this.leave(taker, 'EXPIRED_IN_MATCH');
    return LEFT;
  }

  /** Nothing more can be had: no lots left, or a quote budget that pays no lot at the next price. */
  private isSpent(o: number, side: Side, outside: number): boolean {
    if (!this.byBudget(o)) return this.lots[o] === 0;
    if (this.quoteBudget[o] === 0) return true;
    const inside = this.insideBest(side);
    const next = outside > 0 && (inside === 0 || !within(side, inside, outside)) ? outside : inside;
    return next > 0 && within(side, next, this.price[o] as number) && this.most(o, next) === 0;
  }

  /** Could a FOK be filled to the last lot? Unless own makers just expire, it must not meet one before. */
  private fillsWhole(o: number, side: Side): boolean {
    const owner = this.owner[o] as number;
    const needed = this.lots[o] as number;
    const stopsAtOwn = this.stp(o) !== 1;
    const makers = opposite(side);
    const bound = this.keyOf(makers, this.price[o] as number);
    let found = 0;
    for (
      let at = (this.depth[makers] as number) - 1;
      at >= 0 && found < needed && (this.keys[makers][at] as number) >= bound;
      at--
    ) {
      let visibleLots = 0;
      let whole = 0;
      for (let m = this.head[this.rows[makers][at] as number] as number; m >= 0; m = this.next[m] as number) {
        if (!this.isResting(m)) continue;
        if (this.owner[m] !== owner) {
          visibleLots += this.visibleLotsOf(m);
          whole += this.lots[m] as number;
          // Hidden parts of the level on which the own one stands come after it.
        } else if (stopsAtOwn) return found + visibleLots >= needed;
      }
      found += whole;
    }
    return found >= needed;
  }

  private fly(o: number, limit: number): void {
    this.nowInFlight(o);
    this.index(o);
    this.sink.outside(
      this.id[o] as number,
      this.lots[o] as number,
      this.byBudget(o) ? (this.quoteBudget[o] as number) : 0,
      limit,
    );
  }

  private rest(o: number): void {
    this.restAt(o);
    this.index(o);
    this.sink.rested(this.id[o] as number, this.lots[o] as number);
  }

  /** Places what was triggered, and what that triggers. */
  protected settle(): void {
    for (let at = 0; at < this.queue.length; at++) {
      const o = this.indexed(this.queue[at] as number);
      if (o < 0) continue;
      this.unwait(o);
      this.unindex(o);
      this.nowTaking(o);
      this.sink.triggered(this.id[o] as number);
      this.dropSibling(o);
      this.enter(o, true);
    }
    this.queue.length = 0;
  }
}
