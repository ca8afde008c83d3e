import { Candle } from './candle';
import { natureOf, pastOf } from './history';
import type { Nature } from './history';
import { INTERVALS, lengthOf, openOf } from './intervals';

export { Candle } from './candle';

/** The clock that candles of streams can be told by besides UTC, and the mark of such a stream's interval. */
export const EAST_MS = 8 * 3_600_000;
export const EAST = '@+08:00';
/** Each interval that is kept: by UTC, and by the other clock where its candles open at other times there. */
const KINDS = Object.keys(INTERVALS).flatMap((interval) =>
  openOf(interval, 0) === openOf(interval, 0, EAST_MS) ? [{ key: interval, interval, ahead: 0 }] : [{ key: interval, interval, ahead: 0 }, { key: interval + EAST, interval, ahead: EAST_MS }],
);
const KEPT = 1000;

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

/** Candles of one market: what was traded since the start, before it a past of the same nature. */
export class Candles {
  private readonly live = new Map<string, Candle[]>();
  private readonly history = new Map<string, Candle[]>();
  private began = { time: Date.now(), price: 0n };
  private readonly nature: Nature | undefined;

  constructor(
    private readonly symbol: string,
    seconds: readonly (Candle | undefined)[],
  ) {
    this.nature = natureOf(seconds);
  }

  /** From here on trades are added; `price` is where the past ends. */
  begin(time: number, price: bigint): void {
    this.began = { time, price };
    this.history.clear();
  }

  /** Adds a trade; `changed` hears of each candle it is in, and of those it has closed. */
  add(trade: { price: bigint; quantity: bigint; time: number; buyerIsMaker: boolean }, changed: (interval: string, candle: Candle, closed: boolean) => void): void {
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
    const past = this.history.get(interval) ?? this.tell(interval);
    this.history.set(interval, past);
    const live = this.live.get(interval) ?? [];
    const [seam, first] = [past.at(-1), live[0]];
    if (!seam || !first || seam.t !== first.t) return [...past, ...live];
    const joined = Object.assign(new Candle(first.t, first.o), first);
    joined.prepend(seam);
    return [...past.slice(0, -1), joined, ...live.slice(1)];
  }

  private tell(interval: string): Candle[] {
    const { time, price } = this.began;
    if (!this.nature || price === 0n) return [];
    const most = lengthOf(interval) ?? 0;
    const steps = pastOf(this.symbol, this.nature, time, price).filter(({ length }) => length <= most);
    // What is cut off at its beginning would be less than was traded.
    return gathered(steps.map(({ candle }) => candle), interval, 0).slice(1).slice(-KEPT);
  }
}
