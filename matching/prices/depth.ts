import type { DepthDiff } from '../../domain/contract/api/live';
import { formatAmount } from '../../domain/money/amount';
import { BUY, SELL } from '../book/types';
import type { Side } from '../book/types';
import { LEVELS_SHOWN } from '../modules/orders/published';
import type { OwnLevels } from '../modules/orders/published';
import { modeOf } from '../modules/orders/market';
import type { TradingMarket } from '../modules/orders/market';

export type Levels = ReadonlyMap<number, number>;

/** Our book and, where the venue stands behind it, the venue's, added up by price; best first. */
function merged(market: TradingMarket, own: OwnLevels, side: Side, now: number): Map<number, number> {
  const sum = new Map<number, number>();
  const ours = own[side];
  for (let at = 0; at < ours.length; at += 2) sum.set(ours[at] ?? 0, ours[at + 1] ?? 0);
  const outside = modeOf(market, now) === 'mirrored' ? market.outside : undefined;
  const theirs = (side === BUY ? outside?.bids : outside?.asks) ?? [];
  for (const [price, lots] of theirs.slice(0, LEVELS_SHOWN)) sum.set(price, (sum.get(price) ?? 0) + lots);
  return new Map([...sum].sort(([a], [b]) => (side === BUY ? b - a : a - b)).slice(0, LEVELS_SHOWN));
}

/** What was shown of a market last, and its number. */
export class Shown {
  sequence = 0;
  sides: [Levels, Levels] = [new Map(), new Map()];

  /** Takes the market as it is now, with our own book as it is durable; answers what changed, or undefined. */
  update(market: TradingMarket, own: OwnLevels, now: number): DepthDiff | undefined {
    const next: [Levels, Levels] = [merged(market, own, BUY, now), merged(market, own, SELL, now)];
    const [bids, asks] = ([BUY, SELL] as const).map((side) => changes(market, this.sides[side], next[side]));
    this.sides = next;
    if (!bids || !asks || bids.length + asks.length === 0) return undefined;
    this.sequence++;
    return { symbol: market.listing.symbol, first: this.sequence, last: this.sequence, bids, asks };
  }

  levels({ scales }: TradingMarket, side: Side, limit: number): [string, string][] {
    return [...this.sides[side]]
      .slice(0, limit)
      .map(([price, lots]) => [formatAmount(scales.price(price)), formatAmount(scales.quantity(lots))]);
  }
}

function changes({ scales }: TradingMarket, before: Levels, after: Levels): [string, string][] {
  const changed: [string, string][] = [];
  for (const [price, lots] of after)
    if (before.get(price) !== lots)
      changed.push([formatAmount(scales.price(price)), formatAmount(scales.quantity(lots))]);
  for (const price of before.keys()) if (!after.has(price)) changed.push([formatAmount(scales.price(price)), '0']);
  return changed;
}
