/**
 * Orders of the fast book that wait for a price, and how an order leaves. Triggers stand in two ladders of their own,
 * so that a price which sets off nothing costs two comparisons; trailing orders are looked at one by one at every
 * price.
 */
import { Ladders } from './ladders';
import type { Ladder } from './ladders';
import { reaches, trailDistance } from './rules';
import type { BookSink, ClosedReason, MarketState } from './types';

const FALLS = 2;
const RISES = 3;

export class Waiting extends Ladders {
  state: MarketState = 'TRADING';
  protected lastPrice = 0;
  /** Ids of triggered orders that are not placed yet. */
  protected readonly queue: number[] = [];
  /** Trailing orders, in no order. */
  private readonly trailers: number[] = [];
  private readonly hits: number[] = [];

  constructor(protected readonly sink: BookSink) {
    super();
  }

  protected wait(o: number): void {
    this.nowWaiting(o);
    this.index(o);
    if (this.isTrailing(o)) this.trailers.push(o);
    else this.link(o, this.trigger(o), this.keyOf(this.trigger(o), this.stop[o] as number));
  }

  /** A waiting order waits no more. */
  protected unwait(o: number): void {
    if (this.isTrailing(o)) {
      const last = this.trailers.pop() as number;
      if (last !== o) this.trailers[this.trailers.indexOf(o)] = last;
    } else if (!this.isDue(o) && !this.isQueued(o)) this.unlink(o, this.trigger(o));
  }

  protected leave(o: number, why: ClosedReason): void {
    if (this.isResting(o) || this.isLocked(o)) this.unrest(o);
    else if (this.isWaiting(o)) this.unwait(o);
    this.end(o, why);
  }

  /** The end of an order that is linked nowhere any more. */
  protected end(o: number, why: ClosedReason): void {
    const id = this.id[o] as number;
    const ocoLeg = this.siblingOf(o);
    if (!this.isTaking(o)) this.unindex(o);
    this.free(o);
    this.sink.closed(id, why, this.lots[o] as number);
    if (ocoLeg > 0) this.endSibling(ocoLeg);
  }

  protected dropSibling(o: number): void {
    const ocoLeg = this.siblingOf(o);
    if (ocoLeg === 0) return;
    this.setSibling(o, 0);
    this.endSibling(ocoLeg);
  }

  /** Where the other leg of an OCO lies, -1 for nowhere. */
  protected siblingAt(o: number): number {
    const ocoLeg = this.siblingOf(o);
    return ocoLeg === 0 ? -1 : this.indexed(ocoLeg);
  }

  /** The legs of an OCO stand for the same lots. */
  protected evenSibling(o: number): void {
    const ocoLeg = this.siblingAt(o);
    if (ocoLeg >= 0) this.lower(ocoLeg, this.lots[o] as number);
  }

  /** What a price sets off goes to the queue, by age. */
  protected observe(price: number): void {
    this.lastPrice = price;
    if (this.state !== 'TRADING') return;
    this.collect(FALLS, price);
    this.collect(RISES, -price);
    for (const o of this.trailers) if (this.trail(o, price) && !this.isDue(o) && !this.isQueued(o)) this.hits.push(o);
    if (this.hits.length > 0) this.enqueueHits();
  }

  /**
   * Moves a trailing order with the price; true when the price has turned far enough: SELL falls from the high, BUY
   * rises from the low.
   */
  protected trail(o: number, price: number): boolean {
    const trailingExtreme = this.trailingExtreme[o] as number;
    if (trailingExtreme === 0) {
      const stop = this.stop[o] as number;
      if (stop === 0 || reaches(this.isAbove(o), stop, price)) this.trailingExtreme[o] = price;
      return false;
    }
    const turned = this.isSell(o) ? trailingExtreme - price : price - trailingExtreme;
    if (turned < 0) this.trailingExtreme[o] = price;
    return turned > 0 && turned >= trailDistance(trailingExtreme, this.trailing[o] as number);
  }

  private endSibling(id: number): void {
    const o = this.indexed(id);
    if (o < 0) return;
    this.setSibling(o, 0);
    this.leave(o, 'OCO');
  }

  private trigger(o: number): Ladder {
    return this.isAbove(o) ? RISES : FALLS;
  }

  /** Takes the levels that are reached off a ladder of triggers. */
  private collect(ladder: Ladder, bound: number): void {
    const keys = this.keys[ladder] as Float64Array;
    for (let at = (this.depth[ladder] as number) - 1; at >= 0 && (keys[at] as number) >= bound; at--) {
      const level = this.rows[ladder][at] as number;
      for (let o = this.head[level] as number; o >= 0; o = this.next[o] as number) this.hits.push(o);
      this.drop(ladder, at);
    }
  }

  private enqueueHits(): void {
    this.hits.sort((one, other) => (this.age[one] as number) - (this.age[other] as number));
    for (const o of this.hits) {
      const ocoLeg = this.siblingAt(o);
      if (ocoLeg >= 0 && this.isLocked(ocoLeg)) this.setDue(o);
      else this.enqueue(o);
    }
    this.hits.length = 0;
  }

  protected enqueue(o: number): void {
    this.setQueued(o);
    this.queue.push(this.id[o] as number);
  }
}
