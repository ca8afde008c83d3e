/**
 * Orders of the fast book, in typed arrays. An order is a number: the place of its fields in every array. Four fields
 * that are used together lie side by side (views of one buffer, four apart), so that a random order costs two cache
 * lines.
 */
import { IdTable } from './ids';
import { affordableLots, isConditional, waitsAbove } from './rules';
import type { NewOrder, Side } from './types';

/** Places between one order and the next. */
const STEP = 4;
const FIRST_CAPACITY = 1024;

// What an order is, in one integer.
const SIDE = 1;
const RESTS = 1 << 1;
const WHOLE = 1 << 2;
const BUDGET = 1 << 3;
const ABOVE = 1 << 4;
const STP_SHIFT = 5;
const VIA_SHIFT = 7;
const STANDING_SHIFT = 9;
const STANDING = 7 << STANDING_SHIFT;
const ICEBERG = 1 << 12;
const DUE = 1 << 13;
const QUEUED = 1 << 14;
const EXECUTED = 1 << 15;
const TRAILING = 1 << 16;
const SIBLING = 1 << 17;
const CONDITIONAL = 1 << 18;
/** Has fields besides the eight of a plain order. */
const MORE = ICEBERG | CONDITIONAL | BUDGET;

/** Where an order stands. */
const TAKING = 0;
const RESTING = 1 << STANDING_SHIFT;
const FROZEN = 2 << STANDING_SHIFT;
const WAITING = 3 << STANDING_SHIFT;
const FLYING = 4 << STANDING_SHIFT;

export type Stp = 0 | 1 | 2 | 3;
/** Numbers of the self-trade modes: bit 0 expires the maker, bit 1 the taker; none of both decrements. */
const stpOf = ({ stp }: NewOrder): Stp =>
  stp === 'EXPIRE_MAKER' ? 1 : stp === 'EXPIRE_TAKER' ? 2 : stp === 'EXPIRE_BOTH' ? 3 : 0;

function flagsOf(order: NewOrder): number {
  const { type, tif, via } = order;
  let flags: number = order.side | (stpOf(order) << STP_SHIFT);
  // A maker rests here, whatever is said.
  if (via === 'inside' || (via === 'outside' && type !== 'LIMIT_MAKER'))
    flags |= (via === 'inside' ? 1 : 2) << VIA_SHIFT;
  if (order.displayLots > 0) flags |= ICEBERG;
  if (type === 'LIMIT') return flags | (tif === 'GTC' ? RESTS : tif === 'FOK' ? WHOLE : 0);
  if (type === 'LIMIT_MAKER') return flags | RESTS;
  if (order.quoteBudget > 0) flags |= BUDGET;
  if (!isConditional(type)) return flags;
  flags |= CONDITIONAL;
  if (waitsAbove(order.side, type)) flags |= ABOVE;
  if (order.trailing > 0) flags |= TRAILING;
  if (type === 'STOP_LOSS_LIMIT' || type === 'TAKE_PROFIT_LIMIT')
    flags |= tif === 'GTC' ? RESTS : tif === 'FOK' ? WHOLE : 0;
  return flags;
}

type Floats = Float64Array<ArrayBufferLike>;
type Integers = Int32Array<ArrayBufferLike>;

const wider = (old: Float64Array, places: number) => {
  const array = new Float64Array(places);
  array.set(old);
  return array;
};

export class Orders {
  protected readonly ids = new IdTable();
  private numbers = new Float64Array(FIRST_CAPACITY * STEP);
  private links = new Int32Array(FIRST_CAPACITY * STEP);
  private more = new Float64Array(FIRST_CAPACITY * STEP);
  private rare = new Float64Array(FIRST_CAPACITY * STEP);
  protected id!: Floats;
  protected owner!: Floats;
  /** Lots left, hidden ones included; 0 where a quote budget is spent. */
  protected lots!: Floats;
  /** Limit in ticks, 0 for none. */
  protected price!: Floats;
  /** Neighbours at the same price; -1 for none. */
  protected next!: Integers;
  protected prev!: Integers;
  /** The level it is linked into. */
  protected level!: Integers;
  private flags!: Integers;
  // Written only where the flags say that they are used.
  protected visibleLots!: Floats;
  protected displayLots!: Floats;
  /** Points left. */
  protected quoteBudget!: Floats;
  /** Id of the other leg. */
  protected ocoLeg!: Floats;
  protected stop!: Floats;
  protected trailing!: Floats;
  /** Best price of a trailing order since it began, 0 before. */
  protected trailingExtreme!: Floats;
  /** Waiting orders count up. */
  protected age!: Floats;
  private top = 0;
  private freed = -1;
  private ages = 0;

  constructor() {
    this.look();
  }

  get size(): number {
    return this.ids.count;
  }

  /** A new order, book status nowhere yet. */
  protected write(order: NewOrder): number {
    const o = this.reserve();
    const flags = flagsOf(order);
    this.id[o] = order.id;
    this.owner[o] = order.owner;
    this.lots[o] = order.lots;
    this.price[o] = order.price;
    this.flags[o] = flags;
    if ((flags & MORE) !== 0) this.writeMore(o, order);
    return o;
  }

  protected free(o: number): void {
    this.next[o] = this.freed;
    this.freed = o;
  }

  protected indexed(id: number): number {
    return this.ids.find(id, this.id);
  }

  protected index(o: number): void {
    this.ids.add(this.id[o] as number, o, this.id);
  }

  protected unindex(o: number): void {
    this.ids.remove(this.id[o] as number, this.id);
  }

  /** Lots of all orders, counted one by one. */
  protected countLots(): number {
    let sum = 0;
    for (let o = 0; o < this.top; o += STEP)
      if (this.ids.find(this.id[o] as number, this.id) === o) sum += this.lots[o] as number;
    return sum;
  }

  protected is(o: number, flags: number): boolean {
    return ((this.flags[o] as number) & flags) !== 0;
  }

  protected side(o: number): Side {
    return ((this.flags[o] as number) & SIDE) as Side;
  }

  protected isSell(o: number): boolean {
    return this.is(o, SIDE);
  }

  protected otherSide(o: number): Side {
    return (((this.flags[o] as number) & SIDE) ^ 1) as Side;
  }

  protected stp(o: number): Stp {
    return (((this.flags[o] as number) >> STP_SHIFT) & 3) as Stp;
  }

  /** 0 merge, 1 inside, 2 outside. */
  protected via(o: number): number {
    return ((this.flags[o] as number) >> VIA_SHIFT) & 3;
  }

  protected canRest(o: number): boolean {
    return this.is(o, RESTS);
  }

  protected isWhole(o: number): boolean {
    return this.is(o, WHOLE);
  }

  protected byBudget(o: number): boolean {
    return this.is(o, BUDGET);
  }

  protected isIceberg(o: number): boolean {
    return this.is(o, ICEBERG);
  }

  protected isTrailing(o: number): boolean {
    return this.is(o, TRAILING);
  }

  protected isConditional(o: number): boolean {
    return this.is(o, CONDITIONAL);
  }

  protected isAbove(o: number): boolean {
    return this.is(o, ABOVE);
  }

  /** A taker in the middle of its own command: not indexed. */
  protected isTaking(o: number): boolean {
    return ((this.flags[o] as number) & STANDING) === TAKING;
  }

  protected isResting(o: number): boolean {
    return ((this.flags[o] as number) & STANDING) === RESTING;
  }

  protected isLocked(o: number): boolean {
    return ((this.flags[o] as number) & STANDING) === FROZEN;
  }

  protected isWaiting(o: number): boolean {
    return ((this.flags[o] as number) & STANDING) === WAITING;
  }

  protected isInFlight(o: number): boolean {
    return ((this.flags[o] as number) & STANDING) === FLYING;
  }

  /** Neither iceberg nor leg of an OCO. */
  protected isPlain(o: number): boolean {
    return !this.is(o, ICEBERG | SIBLING);
  }

  protected nowTaking(o: number): void {
    this.stand(o, TAKING);
  }

  protected nowResting(o: number): void {
    this.stand(o, RESTING);
  }

  protected nowLocked(o: number): void {
    this.stand(o, FROZEN);
  }

  protected nowWaiting(o: number): void {
    this.stand(o, WAITING);
    this.age[o] = this.ages++;
  }

  protected nowInFlight(o: number): void {
    this.stand(o, FLYING);
  }

  /** Its trigger was reached, but the other leg is locked. */
  protected isDue(o: number): boolean {
    return this.is(o, DUE);
  }

  protected setDue(o: number): void {
    this.flags[o] = (this.flags[o] as number) | DUE;
  }

  /** Triggered and not placed yet. */
  protected isQueued(o: number): boolean {
    return this.is(o, QUEUED);
  }

  protected setQueued(o: number): void {
    this.flags[o] = (this.flags[o] as number) | QUEUED;
  }

  /** Something was executed since it last became a taker. */
  protected isExecuted(o: number): boolean {
    return this.is(o, EXECUTED);
  }

  protected setExecuted(o: number, yes: boolean): void {
    this.flags[o] = ((this.flags[o] as number) & ~EXECUTED) | (yes ? EXECUTED : 0);
  }

  /** Id of the other leg, 0 for none. */
  protected siblingOf(o: number): number {
    return this.is(o, SIBLING) ? (this.ocoLeg[o] as number) : 0;
  }

  protected setSibling(o: number, id: number): void {
    this.ocoLeg[o] = id;
    this.flags[o] = ((this.flags[o] as number) & ~SIBLING) | (id > 0 ? SIBLING : 0);
  }

  /** Lots that others see of a resting order. */
  protected visibleLotsOf(o: number): number {
    return (this.is(o, ICEBERG) ? this.visibleLots[o] : this.lots[o]) as number;
  }

  /** Lots a taker may still take at a price. */
  protected most(o: number, price: number): number {
    return this.is(o, BUDGET) ? affordableLots(this.quoteBudget[o] as number, price) : (this.lots[o] as number);
  }

  /** Takes off a taker what it got. */
  protected take(o: number, lots: number, price: number): void {
    if (this.is(o, BUDGET)) this.quoteBudget[o] = (this.quoteBudget[o] as number) - lots * price;
    else this.lots[o] = (this.lots[o] as number) - lots;
  }

  /** The first part an iceberg shows, or the next one. */
  protected showPeak(o: number): void {
    if (!this.is(o, ICEBERG)) return;
    const displayLots = this.displayLots[o] as number;
    const lots = this.lots[o] as number;
    this.visibleLots[o] = displayLots < lots ? displayLots : lots;
  }

  private stand(o: number, bookStatus: number): void {
    this.flags[o] = ((this.flags[o] as number) & ~(STANDING | QUEUED | DUE)) | bookStatus;
  }

  private writeMore(o: number, order: NewOrder): void {
    this.visibleLots[o] = 0;
    this.displayLots[o] = order.displayLots;
    this.quoteBudget[o] = order.quoteBudget;
    this.stop[o] = order.stop;
    this.trailing[o] = order.trailing;
    this.trailingExtreme[o] = 0;
  }

  private reserve(): number {
    const o = this.freed;
    if (o >= 0) {
      this.freed = this.next[o] as number;
      return o;
    }
    if (this.top === this.numbers.length) this.grow();
    this.top += STEP;
    return this.top - STEP;
  }

  private grow(): void {
    const places = this.numbers.length * 2;
    const links = new Int32Array(places);
    links.set(this.links);
    this.links = links;
    this.numbers = wider(this.numbers, places);
    this.more = wider(this.more, places);
    this.rare = wider(this.rare, places);
    this.look();
  }

  private look(): void {
    const floats = (buffer: ArrayBufferLike, field: number): Floats =>
      new Float64Array(buffer, field * Float64Array.BYTES_PER_ELEMENT);
    const integers = (field: number): Integers =>
      new Int32Array(this.links.buffer, field * Int32Array.BYTES_PER_ELEMENT);
    [this.id, this.owner, this.lots, this.price] = [0, 1, 2, 3].map((field) => floats(this.numbers.buffer, field)) as [
      Floats,
      Floats,
      Floats,
      Floats,
    ];
    [this.next, this.prev, this.level, this.flags] = [0, 1, 2, 3].map(integers) as [
      Integers,
      Integers,
      Integers,
      Integers,
    ];
    [this.visibleLots, this.displayLots, this.quoteBudget, this.ocoLeg] = [0, 1, 2, 3].map((field) =>
      floats(this.more.buffer, field),
    ) as [Floats, Floats, Floats, Floats];
    [this.stop, this.trailing, this.trailingExtreme, this.age] = [0, 1, 2, 3].map((field) =>
      floats(this.rare.buffer, field),
    ) as [Floats, Floats, Floats, Floats];
  }
}
