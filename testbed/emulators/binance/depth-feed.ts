import type { DepthUpdate, Market } from './market';

type Listener = (update: DepthUpdate) => void;
type Rows = Map<string, string>;

/** The book's changes of so many milliseconds at a time, told together to all who follow it at that speed. */
class Feed {
  private readonly listeners = new Set<Listener>();
  private timer: NodeJS.Timeout | undefined;
  private waiting: { first: number; last: number; b: Rows; a: Rows } | undefined;

  constructor(
    private readonly market: Market,
    private readonly everyMs: number,
  ) {}

  follow(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.begin();
    return () => {
      if (!this.listeners.delete(listener) || this.listeners.size > 0) return;
      clearInterval(this.timer);
      this.market.off('depth', this.gather);
      this.waiting = undefined;
    };
  }

  private begin(): void {
    this.market.on('depth', this.gather);
    this.timer = setInterval(() => this.tell(), this.everyMs);
  }

  private readonly gather = ({ U, u, b, a }: DepthUpdate): void => {
    this.waiting ??= { first: U, last: u, b: new Map(), a: new Map() };
    this.waiting.last = u;
    for (const [price, quantity] of b) this.waiting.b.set(price, quantity);
    for (const [price, quantity] of a) this.waiting.a.set(price, quantity);
  };

  private tell(): void {
    if (!this.waiting) return;
    const { first, last, b, a } = this.waiting;
    this.waiting = undefined;
    const { symbol: s } = this.market;
    const update: DepthUpdate = { e: 'depthUpdate', E: Date.now(), s, U: first, u: last, b: [...b], a: [...a] };
    for (const listener of this.listeners) listener(update);
  }
}

const feeds = new WeakMap<Market, Map<number, Feed>>();

/** Follows a market's book at this speed (ms); answers how to stop. */
export function followDepth(market: Market, everyMs: number, listener: Listener): () => void {
  const own = feeds.get(market) ?? new Map<number, Feed>();
  feeds.set(market, own);
  const feed = own.get(everyMs) ?? new Feed(market, everyMs);
  own.set(everyMs, feed);
  return feed.follow(listener);
}
