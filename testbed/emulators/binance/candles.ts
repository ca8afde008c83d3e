import { times } from './decimal';
import { INTERVALS, openOf } from './intervals';

/** The clock that candles of streams can be told by besides UTC, and the mark of such a stream's interval. */
export const EAST_MS = 8 * 3_600_000;
export const EAST = '@+08:00';
/** Each interval that is kept: by UTC, and by the other clock where its candles open at other times there. */
const KINDS = Object.keys(INTERVALS).flatMap((interval) =>
  openOf(interval, 0) === openOf(interval, 0, EAST_MS)
    ? [{ key: interval, interval, ahead: 0 }]
    : [
        { key: interval, interval, ahead: 0 },
        { key: interval + EAST, interval, ahead: EAST_MS },
      ],
);
const KEPT = 1000;
/** So many seconds of trade are told as history from before the start. */
const HISTORY_SECONDS = 400_000;

/** What was traded from `t` on: prices, volumes in base and quote, and how much of it buyers took. */
export class Candle {
  h: bigint;
  l: bigint;
  c: bigint;
  v = 0n;
  q = 0n;
  n = 0;
  bought = 0n;
  boughtQuote = 0n;

  constructor(
    readonly t: number,
    public o: bigint,
  ) {
    this.h = this.l = this.c = o;
  }

  add(price: bigint, quantity: bigint, buyerTook: boolean): void {
    const quote = times(price, quantity);
    if (price > this.h) this.h = price;
    if (price < this.l) this.l = price;
    this.c = price;
    this.v += quantity;
    this.q += quote;
    this.n++;
    if (buyerTook) this.bought += quantity;
    if (buyerTook) this.boughtQuote += quote;
  }

  /** Puts another candle before this one; `backward`: that one was played from its end to its beginning. */
  prepend(other: Candle, backward: boolean): void {
    this.o = backward ? other.c : other.o;
    this.absorb(other);
  }

  /** Puts another candle behind this one. */
  append(other: Candle): void {
    this.c = other.c;
    this.absorb(other);
  }

  private absorb(other: Candle): void {
    if (other.h > this.h) this.h = other.h;
    if (other.l < this.l) this.l = other.l;
    this.v += other.v;
    this.q += other.q;
    this.n += other.n;
    this.bought += other.bought;
    this.boughtQuote += other.boughtQuote;
  }
}

/** Longer candles of shorter ones, by a clock that is `ahead` of UTC (ms). */
export function gathered(shorter: readonly Candle[], interval: string, ahead: number): Candle[] {
  const list: Candle[] = [];
  for (const candle of shorter) {
    const t = openOf(interval, candle.t, ahead);
    const last = list.at(-1);
    if (last?.t === t) last.append(candle);
    else list.push(Object.assign(new Candle(t, candle.o), { ...candle, t }));
  }
  return list;
}

/** Tells candles of before the start. */
export interface Past {
  candles(interval: string, end: number, price: bigint, count: number): Candle[];
}

/**
 * Candles of one market: what was traded since the start, and before it its past; seconds are those that the recording
 * would have shown.
 */
export class Candles {
  private readonly live = new Map<string, Candle[]>();
  private readonly history = new Map<string, Candle[]>();
  private began = { time: Date.now(), second: 0, backward: false, price: 0n };

  constructor(
    private readonly seconds: readonly (Candle | undefined)[],
    private readonly past?: Past,
  ) {}

  /**
   * From here on trades are added; `second` is where in the recording, `backward` in which direction, `price` where it
   * stands.
   */
  begin(time: number, second: number, backward: boolean, price = 0n): void {
    this.began = { time, second, backward, price };
    this.history.clear();
  }

  /** Adds a trade; `changed` hears of each candle it is in, and of those it has closed. */
  add(
    trade: { price: bigint; quantity: bigint; time: number; buyerIsMaker: boolean },
    changed: (interval: string, candle: Candle, closed: boolean) => void,
  ): void {
    for (const { key, interval, ahead } of KINDS) {
      const list = this.live.get(key) ?? [];
      this.live.set(key, list);
      const t = openOf(interval, trade.time, ahead);
      let last = list.at(-1);
      if (last?.t !== t) {
        if (last) changed(key, last, true);
        list.push((last = new Candle(t, trade.price)));
        if (list.length > KEPT) list.shift();
      }
      last.add(trade.price, trade.quantity, !trade.buyerIsMaker);
      changed(key, last, false);
    }
  }

  /** Oldest first. */
  list(interval: string): readonly Candle[] {
    const past = this.history.get(interval) ?? this.before(interval);
    this.history.set(interval, past);
    const live = this.live.get(interval) ?? [];
    const [seam, first] = [past.at(-1), live[0]];
    if (!seam || !first || seam.t !== first.t) return [...past, ...live];
    const joined = Object.assign(new Candle(first.t, first.o), first);
    joined.prepend(seam, false);
    return [...past.slice(0, -1), joined, ...live.slice(1)];
  }

  private before(interval: string): Candle[] {
    const { time, price } = this.began;
    return this.past && interval !== '1s' && price > 0n
      ? this.past.candles(interval, time, price, KEPT)
      : this.tell(interval);
  }

  /** Goes back in time from the beginning, through the recording the other way than it is played. */
  private tell(interval: string): Candle[] {
    const list: Candle[] = [];
    let { second, backward } = this.began;
    let time = this.began.time - (this.began.time % 1000);
    for (let n = 0; n < HISTORY_SECONDS && this.seconds.length > 0; n++) {
      time -= 1000;
      second += backward ? 1 : -1;
      if (second < 0 || second >= this.seconds.length) {
        backward = !backward;
        second = Math.min(Math.max(second, 0), this.seconds.length - 1);
      }
      const traded = this.seconds[second];
      if (!traded) continue;
      const t = openOf(interval, time);
      const last = list.at(-1);
      if (last?.t === t) {
        last.prepend(traded, backward);
        continue;
      }
      if (list.length === KEPT) break;
      const candle = new Candle(t, backward ? traded.c : traded.o);
      candle.append(traded);
      candle.c = backward ? traded.o : traded.c;
      list.push(candle);
    }
    // Prices may stand above or below the recording's by now.
    const shift = this.began.price === 0n || !list[0] ? 0n : this.began.price - list[0].c;
    for (const candle of list) for (const name of ['o', 'h', 'l', 'c'] as const) candle[name] += shift;
    return list.reverse();
  }
}
