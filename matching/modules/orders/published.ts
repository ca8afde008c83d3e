import { BUY, SELL } from '../../book/types';
import type { TradingMarket } from './market';

/** Levels of a side of our own book: [price, lots, price, lots, ...] in ticks and lots, best first. */
export type OwnLevels = readonly [bids: readonly number[], asks: readonly number[]];

/** Levels of a side that are shown. */
export const LEVELS_SHOWN = 200;
/** A busy book is looked at so often; what is shown is conflated anyway. */
const LOOK_EVERY_MS = 100;

const NOTHING: OwnLevels = [[], []];

/**
 * Our own books as the last commit left them. The books in memory are ahead of the tables by the batch that is being
 * committed, and nothing of that may be seen: levels are taken as a batch leaves them, and shown when it is durable.
 */
export class PublishedBooks {
  private readonly committed = new Map<string, OwnLevels>();
  private readonly takenAt = new Map<string, number>();
  /** Batches that are applied and not committed. */
  private ahead = 0;

  /** A batch is about to be applied. */
  begin(): void {
    this.ahead++;
  }

  /** The batch is applied: what it leaves behind, of the books that have moved since they were last looked at. */
  take(markets: ReadonlyMap<string, TradingMarket>, now: number): Map<string, OwnLevels> {
    const taken = new Map<string, OwnLevels>();
    for (const [symbol, market] of markets) {
      if (!market.moved || now - (this.takenAt.get(symbol) ?? 0) < LOOK_EVERY_MS) continue;
      taken.set(symbol, this.look(symbol, market, now));
    }
    return taken;
  }

  /** The batch is durable. */
  show(taken: ReadonlyMap<string, OwnLevels>): void {
    this.ahead--;
    for (const [symbol, levels] of taken) this.committed.set(symbol, levels);
  }

  levels(symbol: string, market: TradingMarket, now: number): OwnLevels {
    if (this.ahead === 0 && (market.moved || !this.committed.has(symbol)))
      this.committed.set(symbol, this.look(symbol, market, now));
    return this.committed.get(symbol) ?? NOTHING;
  }

  private look(symbol: string, market: TradingMarket, now: number): OwnLevels {
    market.moved = false;
    this.takenAt.set(symbol, now);
    return [market.book.levels(BUY, LEVELS_SHOWN), market.book.levels(SELL, LEVELS_SHOWN)];
  }
}
