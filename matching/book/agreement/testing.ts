/**
 * Random commands of all kinds, from a seed, to two books at once: every event and every level must be equal, and each
 * step is checked against what no book may do. Now and then one of the books is replaced by a restored one, which must
 * not be noticed.
 */
import { canRest, within } from '../rules';
import { BUY, SELL } from '../types';
import type { Book, BookSink, Found, ClosedReason, NewOrder, OrderType, Restored, Side } from '../types';
import type { MakeBook } from '../testing';

/** xorshift32: the same numbers from the same seed everywhere. */
export class Dice {
  private x: number;

  constructor(seed: number) {
    this.x = seed >>> 0 || 1;
  }

  next(): number {
    this.x ^= this.x << 13;
    this.x >>>= 0;
    this.x ^= this.x >>> 17;
    this.x ^= this.x << 5;
    this.x >>>= 0;
    return this.x;
  }

  /** 0 to `sides` - 1. */
  roll(sides: number): number {
    return Math.floor((this.next() / 4294967296) * sides);
  }

  between(low: number, high: number): number {
    return low + this.roll(high - low + 1);
  }

  percent(chance: number): boolean {
    return this.roll(100) < chance;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)] as T;
  }
}

type Event = readonly (number | string)[];

/** What one order should have left, by its own account. */
interface Account {
  readonly order: NewOrder;
  lots: number;
  quoteTicks: number;
  ocoLeg: number;
  /** When it got its place: the order of priority. */
  since: number;
}

/** Keeps account of every order by what the book tells, and throws at what no book may do. */
class Watch {
  readonly accounts = new Map<number, Account>();
  readonly inFlight: number[] = [];
  readonly locked = new Set<number>();
  trades = 0;
  private places = 0;

  open(order: NewOrder, ocoLeg = 0): void {
    this.accounts.set(order.id, {
      order: { ...order },
      lots: order.lots,
      quoteTicks: order.quoteBudget,
      ocoLeg,
      since: ++this.places,
    });
  }

  account(id: number): Account {
    const account = this.accounts.get(id);
    if (account === undefined) throw new Error(`an order that is not here: ${id}`);
    return account;
  }

  /** Lots executed outside or amended away. */
  reduce(id: number, lots: number, quoteTicks = 0): void {
    const account = this.account(id);
    if (account.order.quoteBudget > 0) account.quoteTicks -= quoteTicks;
    else account.lots -= lots;
  }

  /** Tells the accounts what a command did, once it is done. */
  read(events: readonly Event[]): void {
    events.forEach((event, at) => {
      const [what, id, other, lots] = event as [string, number, number, number];
      if (what === 'trade') this.trade(id, other, lots, event[4] as number);
      else if (what === 'prevented')
        this.prevented(id, other, lots, events[at - 1]?.[0] === 'prevented' && events[at - 1]?.[1] === other);
      else if (what === 'rested' || what === 'refreshed' || what === 'waiting') this.account(id).since = ++this.places;
      else if (what === 'outside') this.left(id, event as [string, number, number, number]);
      else if (what === 'closed') this.closed(id, other as unknown as ClosedReason, lots);
    });
  }

  private trade(taker: number, maker: number, price: number, lots: number): void {
    this.trades++;
    const [one, other] = [this.account(taker), this.account(maker)];
    if (lots <= 0 || !Number.isSafeInteger(lots)) throw new Error(`a trade of ${lots} lots`);
    if (one.order.owner === other.order.owner) throw new Error(`a self trade: ${taker} ${maker}`);
    if (one.order.side === other.order.side) throw new Error(`a trade of one side: ${taker} ${maker}`);
    if (other.order.price !== price || !within(one.order.side, price, one.order.price))
      throw new Error(`worse than its limit: ${taker} ${maker} at ${price}`);
    this.reduce(taker, lots, lots * price);
    this.reduce(maker, lots);
  }

  /** A taker with a quote budget is told of first, and pays what it would have paid. */
  private prevented(id: number, other: number, lots: number, second: boolean): void {
    if (lots <= 0) throw new Error(`${lots} lots prevented`);
    const price = this.account(second ? id : other).order.price;
    this.reduce(id, lots, lots * price);
    const account = this.account(id);
    const ocoLeg = this.accounts.get(account.ocoLeg);
    if (ocoLeg !== undefined) ocoLeg.lots = account.lots;
  }

  private left(id: number, [, , lots, quoteTicks]: [string, number, number, number]): void {
    const account = this.account(id);
    if (account.lots !== lots || account.quoteTicks !== quoteTicks)
      throw new Error(`outside with ${lots} and ${quoteTicks} of ${id}, not ${account.lots} and ${account.quoteTicks}`);
    this.inFlight.push(id);
  }

  private closed(id: number, why: ClosedReason, lots: number): void {
    const account = this.account(id);
    if (account.lots !== lots || account.quoteTicks < 0)
      throw new Error(`closed with ${lots} lots of ${id}, not ${account.lots}`);
    if (why === 'FILLED' && lots > 0) throw new Error(`filled with ${lots} lots left: ${id}`);
    this.accounts.delete(id);
    this.locked.delete(id);
  }
}

/** A book is replaced by a restored one after so many commands. */
const RESTORE_EACH = 499;
const TYPES: readonly OrderType[] = ['STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'];

export class Agreement {
  private readonly dice: Dice;
  private readonly watch = new Watch();
  private readonly events: [Event[], Event[]] = [[], []];
  private readonly books: [Book, Book];
  private nextId = 0;
  private mid = 1000;
  private lastPrice = 0;
  private outside: [number, number] = [0, 0];
  /** What is to be written down when both books answered true. */
  private after: () => void = () => undefined;
  commands = 0;
  readonly counts: Record<string, number> = {};

  constructor(
    seed: number,
    private readonly makes: readonly [MakeBook, MakeBook],
    private readonly followOwnTrades: boolean,
  ) {
    this.dice = new Dice(seed);
    this.books = [this.make(0), this.make(1)];
  }

  get trades(): number {
    return this.watch.trades;
  }

  /** One random command; throws when the books differ or one does what none may. */
  step(): void {
    this.commands++;
    if (this.dice.percent(5)) this.mid = Math.max(200, this.mid + this.dice.between(-2, 2));
    const [name, run] = this.command();
    this.count(name);
    const answers = this.books.map((book) => answerOf(() => run(book)));
    const at = `command ${this.commands}, ${name}`;
    same(`${at}: answers`, answers[0], answers[1]);
    same(`${at}: events`, this.events[0], this.events[1]);
    try {
      this.watch.read(this.events[0]);
      for (const [event] of this.events[0]) this.count(String(event));
      if (answers[0] === true) this.after();
      this.after = () => undefined;
      this.check(at);
    } catch (error) {
      throw new Error(`${at}: ${(error as Error).message}\n${JSON.stringify(this.events[0])}`, { cause: error });
    }
    this.events[0].length = 0;
    this.events[1].length = 0;
    if (this.commands % RESTORE_EACH === 0) this.replace((this.commands / RESTORE_EACH) % 2 === 0 ? 0 : 1);
  }

  private count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  private make(at: 0 | 1): Book {
    return this.makes[at]({ sink: new Quiet(this.events[at]), followOwnTrades: this.followOwnTrades });
  }

  private command(): [string, (book: Book) => unknown] {
    const { dice, watch } = this;
    if (this.commands % RESTORE_EACH === 0 && this.lastPrice > 0) return ['last', (book) => book.last(this.lastPrice)];
    if (watch.inFlight.length > 12 || (watch.inFlight.length > 0 && dice.percent(6))) return this.returned();
    if (watch.accounts.size > 300) return this.cancel();
    const roll = dice.roll(1000);
    if (roll < 560) return this.place();
    if (roll < 610) return this.oco();
    if (roll < 740) return this.cancel();
    if (roll < 790) return this.amend();
    if (roll < 850) return this.last();
    if (roll < 880) return this.setOutside();
    if (roll < 910) return this.lock();
    if (roll < 950) return this.unlock();
    if (roll < 970) return this.setState();
    if (roll < 985) return this.ask();
    return this.nonsense();
  }

  private order(): NewOrder {
    const { dice } = this;
    const side = dice.pick([BUY, SELL] as const);
    const plain: NewOrder = {
      id: ++this.nextId,
      owner: dice.between(1, 6),
      side,
      type: 'LIMIT',
      tif: dice.pick(['GTC', 'GTC', 'GTC', 'GTC', 'IOC', 'FOK'] as const),
      price: this.price(side),
      lots: dice.between(1, 60),
      quoteBudget: 0,
      stop: 0,
      trailing: 0,
      displayLots: 0,
      stp: dice.pick(['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'] as const),
      via: dice.pick(['merge', 'merge', 'merge', 'merge', 'inside', 'inside', 'outside'] as const),
    };
    const kind = dice.roll(100);
    if (kind < 12) plain.type = 'LIMIT_MAKER';
    else if (kind < 27) this.atMarket(plain, 'MARKET');
    else if (kind < 45) this.conditional(plain);
    if (canRest(plain) && dice.percent(25)) plain.displayLots = dice.between(1, plain.lots);
    return plain;
  }

  private atMarket(order: NewOrder, type: OrderType): void {
    order.type = type;
    if (this.dice.percent(60)) order.price = 0;
    if (this.dice.percent(40)) [order.lots, order.quoteBudget] = [0, this.dice.between(1, 60_000)];
  }

  private conditional(order: NewOrder): void {
    const type = this.dice.pick(TYPES);
    if (type === 'STOP_LOSS' || type === 'TAKE_PROFIT') this.atMarket(order, type);
    else order.type = type;
    this.trigger(order, this.dice.between(-12, 12));
  }

  private trigger(order: NewOrder, off: number): void {
    order.stop = this.mid + off;
    if (!this.dice.percent(40)) return;
    order.trailing = this.dice.between(10, 80);
    if (this.dice.percent(50)) order.stop = 0;
  }

  /** Mostly near the middle, on the passive side more often than not. */
  private price(side: Side): number {
    const off = this.dice.between(-6, 14);
    return side === BUY ? this.mid - off : this.mid + off;
  }

  private place(): [string, (book: Book) => unknown] {
    const order = this.order();
    this.watch.open(order);
    this.count(order.type);
    return ['place', (book) => this.forget(book.place(order), order.id)];
  }

  /** A refused order has no account. */
  private forget<T>(answer: T, ...ids: number[]): T {
    if (answer !== undefined) for (const id of ids) this.watch.accounts.delete(id);
    return answer;
  }

  private oco(): [string, (book: Book) => unknown] {
    const { dice } = this;
    const limit = this.order();
    const up = limit.side === SELL ? 1 : -1;
    Object.assign(limit, {
      type: dice.pick(['LIMIT_MAKER', 'LIMIT_MAKER', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'] as const),
      lots: dice.between(1, 60),
      displayLots: 0,
      quoteBudget: 0,
      stop: 0,
      trailing: 0,
      price: this.mid + up * dice.between(1, 6),
      via: 'merge',
    });
    if (limit.type !== 'LIMIT_MAKER') limit.stop = this.mid + up * dice.between(0, 6);
    else if (dice.percent(25)) limit.displayLots = dice.between(1, limit.lots);
    const stop: NewOrder = {
      ...limit,
      id: ++this.nextId,
      displayLots: 0,
      type: dice.pick(['STOP_LOSS', 'STOP_LOSS_LIMIT'] as const),
      price: this.mid - up * dice.between(0, 8),
    };
    this.trigger(stop, -up * dice.between(0, 8));
    this.watch.open(limit, stop.id);
    this.watch.open(stop, limit.id);
    return ['placeOco', (book) => this.forget(book.placeOco(limit, stop), limit.id, stop.id)];
  }

  /** A living order, most times. */
  private someId(): number {
    if (this.dice.percent(8)) return this.dice.between(1, this.nextId + 3);
    const ids = [...this.watch.accounts.keys()];
    return ids.length === 0 ? 1 : this.dice.pick(ids);
  }

  private cancel(): [string, (book: Book) => unknown] {
    const id = this.someId();
    return ['cancel', (book) => book.cancel(id)];
  }

  private amend(): [string, (book: Book) => unknown] {
    const id = this.someId();
    const account = this.watch.accounts.get(id);
    const lots = Math.max(1, (account?.lots ?? 5) - this.dice.between(-2, 12));
    this.after = () => {
      for (const one of [id, account?.ocoLeg ?? 0]) {
        const changed = this.watch.accounts.get(one);
        if (changed !== undefined) changed.lots = lots;
      }
    };
    return ['amend', (book) => book.amend(id, lots)];
  }

  private last(): [string, (book: Book) => unknown] {
    const price = this.mid + this.dice.between(-10, 10);
    this.lastPrice = price;
    return ['last', (book) => book.last(price)];
  }

  private setOutside(): [string, (book: Book) => unknown] {
    const bid = this.dice.percent(25) ? 0 : this.mid - this.dice.between(-4, 8);
    const ask = this.dice.percent(25) ? 0 : Math.max(bid + 1, this.mid + this.dice.between(-4, 8));
    this.outside = [bid, ask];
    return ['setOutside', (book) => book.setOutside(bid, ask)];
  }

  private returned(): [string, (book: Book) => unknown] {
    const { dice, watch } = this;
    const at = dice.roll(watch.inFlight.length);
    const id = watch.inFlight[at] as number;
    watch.inFlight.splice(at, 1);
    const account = watch.account(id);
    const lots = dice.percent(30) ? account.lots : dice.between(0, account.lots);
    const quoteTicks = dice.percent(30) ? account.quoteTicks : dice.between(0, account.quoteTicks);
    watch.reduce(id, lots, quoteTicks);
    const again = dice.percent(40);
    return ['returned', (book) => book.returned(id, lots, quoteTicks, again)];
  }

  private lock(): [string, (book: Book) => unknown] {
    const id = this.someId();
    this.after = () => void this.watch.locked.add(id);
    return ['lock', (book) => book.lock(id)];
  }

  private unlock(): [string, (book: Book) => unknown] {
    const ids = [...this.watch.locked];
    if (ids.length === 0) return this.lock();
    return this.thawOne(this.dice.pick(ids));
  }

  private thawOne(id: number): [string, (book: Book) => unknown] {
    const { lots } = this.watch.account(id);
    const executed = this.dice.percent(40) ? 0 : this.dice.between(0, lots);
    this.watch.locked.delete(id);
    this.watch.reduce(id, executed);
    return ['unlock', (book) => book.unlock(id, executed)];
  }

  private setState(): [string, (book: Book) => unknown] {
    const state = this.dice.pick([
      'TRADING',
      'TRADING',
      'TRADING',
      'TRADING',
      'POST_ONLY',
      'CANCEL_ONLY',
      'HALT',
    ] as const);
    return ['state', (book) => void (book.state = state)];
  }

  /** Questions, which change nothing; and a hedge order, whose visitor freezes. */
  private ask(): [string, (book: Book) => unknown] {
    const { dice } = this;
    const [side, limit, owner, id, most] = [
      dice.pick([BUY, SELL] as const),
      this.mid + dice.between(-5, 5),
      dice.between(1, 6),
      this.someId(),
      dice.between(1, 4),
    ];
    return [
      'ask',
      (book) => {
        const answer = [
          book.lotsWithin(side, limit, owner),
          book.lotsWithin(side, 0, owner),
          book.best(side),
          book.find(id),
          book.levels(side, 3),
        ];
        const visited: number[] = [];
        book.reached(side, limit, (one, price, lots) => {
          answer.push([one, price, lots, String(book.lock(one)) as unknown as number]);
          visited.push(one);
          return visited.length < most;
        });
        visited.forEach((one) => this.watch.locked.add(one));
        return answer;
      },
    ];
  }

  /** What must be refused with nothing changed. */
  private nonsense(): [string, (book: Book) => unknown] {
    const { dice } = this;
    const order = {
      ...this.order(),
      ...dice.pick<Partial<NewOrder>>([
        { lots: -1 },
        { lots: 1.5 },
        { price: -5 },
        { id: 0 },
        { owner: 0 },
        { stop: -1 },
        { trailing: 5 },
        { displayLots: 100 },
        { lots: 2 ** 53 },
        { id: this.someId(), owner: -1 },
      ]),
    };
    const id = this.someId();
    const unknown = this.nextId + 9;
    const what = dice.pick<(book: Book) => unknown>([
      (book) => book.place(order),
      (book) => book.place(order),
      (book) => book.placeOco(order, order),
      (book) => book.amend(id, 0),
      (book) => book.last(0),
      (book) => book.setOutside(-1, 0),
      (book) => book.returned(id, -1, 0, true),
      (book) => book.returned(unknown, 1, 0, true),
      (book) => book.unlock(unknown, 0),
      (book) => book.unlock(id, 0.5),
    ]);
    return [
      'nonsense',
      (book) => {
        let answer: unknown = 'taken';
        try {
          what(book);
        } catch (error) {
          answer = error instanceof RangeError ? error.message : error;
        }
        if (answer === 'taken') throw new Error(`nonsense was taken: ${what.toString()} ${JSON.stringify(order)}`);
        return answer;
      },
    ];
  }

  private check(at: string): void {
    const [one, other] = this.books;
    same(`${at}: size`, one.size, other.size);
    if (one.size !== this.watch.accounts.size) throw new Error(`${one.size} orders, not ${this.watch.accounts.size}`);
    for (const side of [BUY, SELL] as const) same(`${at}: levels`, one.levels(side, 1000), other.levels(side, 1000));
    let best = 0;
    one.reached(BUY, 1, (_, price) => {
      best = price;
      return false;
    });
    if (best > 0 && one.lotsWithin(BUY, best, 0) > 0) throw new Error(`crossed at ${best}`);
    if (this.commands % 50 !== 0) return;
    for (const [id, { lots }] of this.watch.accounts) {
      const found = one.find(id);
      same(`${at}: order ${id}`, found, other.find(id));
      if (found?.lots !== lots) throw new Error(`${found?.lots} lots of ${id}, not ${lots}`);
    }
  }

  /** Puts a restored book in the place of one of the two. */
  private replace(at: 0 | 1): void {
    // A trigger that waits for a locked leg is not kept; nor is the last price.
    for (const id of this.watch.locked) if (this.watch.account(id).ocoLeg > 0) return;
    if (this.books[0].state !== 'TRADING' || this.followOwnTrades) return;
    this.count('restored');
    const old = this.books[at];
    const book = this.make(at);
    for (const order of this.snapshot(old)) book.restore(order);
    book.setOutside(...this.outside);
    if (this.lastPrice > 0) book.last(this.lastPrice);
    this.books[at] = book;
    same('a restored book is quiet', this.events[at], []);
  }

  private snapshot(book: Book): Restored[] {
    const accounts = [...this.watch.accounts.values()].sort((one, other) => one.since - other.since);
    return accounts.map(({ order, lots, quoteTicks, ocoLeg }) => {
      const { bookStatus, visibleLots, trailingExtreme } = book.find(order.id) as Found;
      return {
        ...order,
        lots,
        quoteBudget: quoteTicks,
        as: bookStatus,
        visibleLots: order.displayLots > 0 ? visibleLots : 0,
        trailingExtreme,
        ocoLeg: this.watch.accounts.has(ocoLeg) ? ocoLeg : 0,
      };
    });
  }
}

/** Writes events down and thinks nothing of them. */
class Quiet implements BookSink {
  constructor(private readonly events: Event[]) {}

  trade(taker: number, maker: number, price: number, lots: number): void {
    this.events.push(['trade', taker, maker, price, lots]);
  }

  prevented(id: number, other: number, lots: number): void {
    this.events.push(['prevented', id, other, lots]);
  }

  rested(id: number, lots: number): void {
    this.events.push(['rested', id, lots]);
  }

  refreshed(id: number, visibleLots: number): void {
    this.events.push(['refreshed', id, visibleLots]);
  }

  waiting(id: number): void {
    this.events.push(['waiting', id]);
  }

  triggered(id: number): void {
    this.events.push(['triggered', id]);
  }

  outside(id: number, lots: number, quoteTicks: number, limit: number): void {
    this.events.push(['outside', id, lots, quoteTicks, limit]);
  }

  closed(id: number, why: ClosedReason, lots: number): void {
    this.events.push(['closed', id, why, lots]);
  }
}

function answerOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) return `RangeError: ${error.message}`;
    throw error;
  }
}

function same(what: string, one: unknown, other: unknown): void {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  if (a !== b) throw new Error(`${what}: ${a} and ${b}`);
}

/**
 * `commands` random commands from `seed`, half of them to books that follow their own trades. Throws at the first
 * difference.
 */
export function agree(
  seed: number,
  commands: number,
  makes: readonly [MakeBook, MakeBook],
  onStep?: (done: number) => void,
): { trades: number; counts: Record<string, number> } {
  let trades = 0;
  const counts: Record<string, number> = {};
  for (const followOwnTrades of [false, true]) {
    const agreement = new Agreement(seed + (followOwnTrades ? 1 : 0), makes, followOwnTrades);
    for (let at = 0; at < commands / 2; at++) {
      agreement.step();
      onStep?.(agreement.commands);
    }
    trades += agreement.trades;
    for (const [name, count] of Object.entries(agreement.counts)) counts[name] = (counts[name] ?? 0) + count;
  }
  return { trades, counts };
}
