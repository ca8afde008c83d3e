import { times } from './decimal';

export const INTERVALS: Readonly<Record<string, number>> = {
  '1s': 1000, '1m': 60_000, '3m': 180_000, '5m': 300_000, '15m': 900_000, '30m': 1_800_000, '1h': 3_600_000, '2h': 7_200_000, '4h': 14_400_000, '6h': 21_600_000,
  '8h': 28_800_000, '12h': 43_200_000, '1d': 86_400_000,
};

export const lengthOf = (interval: string): number | undefined => (Object.hasOwn(INTERVALS, interval) ? INTERVALS[interval] : undefined);

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

/** Candles of one market: what was traded since the start, before it what the recording would have shown. */
export class Candles {
  private readonly live = new Map<string, Candle[]>();
  private readonly history = new Map<string, Candle[]>();
  private began = { time: Date.now(), second: 0, backward: false };

  constructor(private readonly seconds: readonly (Candle | undefined)[]) {}

  /** From here on trades are added; `second` is where in the recording, `backward` in which direction. */
  begin(time: number, second: number, backward: boolean): void {
    this.began = { time, second, backward };
    this.history.clear();
  }

  /** Adds a trade; `changed` hears of each candle it is in, and of those it has closed. */
  add(trade: { price: bigint; quantity: bigint; time: number; buyerIsMaker: boolean }, changed: (interval: string, candle: Candle, closed: boolean) => void): void {
    for (const [interval, length] of Object.entries(INTERVALS)) {
      const list = this.live.get(interval) ?? [];
      this.live.set(interval, list);
      const t = trade.time - (trade.time % length);
      let last = list.at(-1);
      if (last?.t !== t) {
        if (last) changed(interval, last, true);
        list.push((last = new Candle(t, trade.price)));
        if (list.length > KEPT) list.shift();
      }
      last.add(trade.price, trade.quantity, !trade.buyerIsMaker);
      changed(interval, last, false);
    }
  }

  /** Oldest first. */
  list(interval: string): readonly Candle[] {
    const past = this.history.get(interval) ?? this.tell(interval);
    this.history.set(interval, past);
    const live = this.live.get(interval) ?? [];
    const [seam, first] = [past.at(-1), live[0]];
    if (!seam || !first || seam.t !== first.t) return [...past, ...live];
    const joined = Object.assign(new Candle(first.t, first.o), first);
    joined.prepend(seam, false);
    return [...past.slice(0, -1), joined, ...live.slice(1)];
  }

  /** Goes back in time from the beginning, through the recording the other way than it is played. */
  private tell(interval: string): Candle[] {
    const length = INTERVALS[interval] ?? 60_000;
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
      const t = time - (time % length);
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
    return list.reverse();
  }
}
