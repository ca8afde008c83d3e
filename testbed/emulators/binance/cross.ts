import { Candle } from './candles';
import { UNIT, times } from './decimal';
import { Market } from './market';
import type { Position } from './market';
import { generator, seedOf } from './random';
import type { Side } from './recording';

const LEVELS = 40;
/** Of each leg, so many are walked at most. */
const LEG_LEVELS = 300;
const EVERY_MS = 100;
/** Between two trades of others, in the middle; and of the best level, how much. */
const TRADE_MS = 2500;
const PART = 20n;

interface Legs {
  /** Both against the same quote asset: the cross's base and the cross's quote. */
  readonly base: Market;
  readonly quote: Market;
  readonly tick: bigint;
  readonly lot: bigint;
}

/**
 * A market made of two others. Its bids are what selling the base and buying the quote there gives, its asks the other
 * way round, rounded away from the middle: no way around the three markets can gain.
 */
export class Cross extends Market {
  private readonly random: () => number;
  private readonly legs: Legs;
  private derived: Record<Side, Map<bigint, bigint>> = { b: new Map(), a: new Map() };
  private stale = true;
  private waited = 0;
  private tradeIn = TRADE_MS;
  /** Does anything of ours rest here? */
  private readonly isWatched: () => boolean;

  constructor(symbol: string, legs: Legs, isWatched: () => boolean, seed: number) {
    super(symbol, []);
    this.legs = legs;
    this.isWatched = isWatched;
    this.random = generator(seedOf(symbol, seed));
    for (const leg of [legs.base, legs.quote]) leg.on('book', () => (this.stale = true));
  }

  get position(): Position {
    return { at: 0, backward: false, updateId: this.updateId, tradeId: this.tradeId };
  }

  override begin(): void {
    super.begin();
    this.candles.begin(Date.now(), 0, false);
  }

  advance(ms: number): void {
    this.waited += ms;
    this.tradeIn -= ms;
    // Where nobody looks, the book is made when somebody does.
    const isFollowed =
      ['depth', 'trade', 'kline'].some((name) => this.listenerCount(name) > 0) ||
      this.listenerCount('book') > 1 ||
      this.isWatched();
    if (this.waited >= EVERY_MS && isFollowed) this.fresh();
    if (this.tradeIn > 0) return;
    this.tradeIn = TRADE_MS * (0.5 + this.random());
    const side = this.random() < 0.5 ? 'b' : 'a';
    const [price, quantity] = this.best(side) ?? [0n, 0n];
    const part = quantity / PART - ((quantity / PART) % this.legs.lot);
    if (price > 0n) this.trade(price, part > 0n ? part : this.legs.lot, side === 'b');
  }

  protected override fresh(): void {
    if (!this.stale) return;
    this.stale = false;
    this.waited = 0;
    const changed: Record<Side, bigint[]> = { b: [], a: [] };
    for (const side of ['b', 'a'] as const) {
      const next = this.derive(side);
      for (const price of this.derived[side].keys()) if (!next.has(price)) changed[side].push(price);
      for (const [price, quantity] of next) if (this.derived[side].get(price) !== quantity) changed[side].push(price);
      for (const price of changed[side]) this.book.set(side, price, next.get(price) ?? 0n);
      this.derived[side] = next;
    }
    if (changed.b.length + changed.a.length > 0) this.publish(changed.b, changed.a);
  }

  /** Walks both legs together: at each step as much as the thinner of the two has. */
  private derive(side: Side): Map<bigint, bigint> {
    const { base, quote, tick, lot } = this.legs;
    const [give, get] =
      side === 'b'
        ? [base.levels('b', LEG_LEVELS), quote.levels('a', LEG_LEVELS)]
        : [base.levels('a', LEG_LEVELS), quote.levels('b', LEG_LEVELS)];
    const rows = new Map<bigint, bigint>();
    let [n, m] = [0, 0];
    let [there, opposite] = [give[0]?.[1] ?? 0n, get[0]?.[1] ?? 0n];
    while (give[n] && get[m] && rows.size < LEVELS) {
      const [p, q] = [give[n]?.[0] ?? 0n, get[m]?.[0] ?? 1n];
      const reach = (opposite * q) / p;
      const quantity = there < reach ? there : reach;
      const exact = (p * UNIT) / q;
      const down = exact - (exact % tick);
      const price = side === 'b' ? down : down + tick;
      rows.set(price, (rows.get(price) ?? 0n) + quantity);
      there -= quantity;
      opposite -= (quantity * p) / q;
      if (there < lot) there = give[++n]?.[1] ?? 0n;
      else opposite = get[++m]?.[1] ?? 0n;
    }
    return new Map(
      [...rows]
        .map(([price, quantity]): [bigint, bigint] => [price, quantity - (quantity % lot)])
        .filter(([price, quantity]) => price > 0n && quantity > 0n),
    );
  }

  /** Before the first candle of its own: the legs' candles, one divided by the other. */
  override klines(interval: string): readonly Candle[] {
    const own = this.candles.list(interval);
    const since = own[0]?.t ?? Number.MAX_SAFE_INTEGER;
    const quotes = new Map(this.legs.quote.klines(interval).map((candle) => [candle.t, candle]));
    const past = this.legs.base.klines(interval).flatMap((base) => {
      const quote = quotes.get(base.t);
      return quote && base.t < since ? [divided(base, quote)] : [];
    });
    return [...past, ...own];
  }
}

function divided(base: Candle, quote: Candle): Candle {
  const over = (a: bigint, b: bigint): bigint => times((a * UNIT) / b, UNIT);
  const candle = new Candle(base.t, over(base.o, quote.o));
  candle.c = over(base.c, quote.c);
  candle.h = candle.o > candle.c ? candle.o : candle.c;
  candle.l = candle.o < candle.c ? candle.o : candle.c;
  [candle.v, candle.bought] = [base.v / PART, base.bought / PART];
  [candle.q, candle.boughtQuote] = [times(candle.v, candle.c), times(candle.bought, candle.c)];
  candle.n = base.n;
  return candle;
}
