import type { Clock } from '../../domain/clock-and-ids';
import type { Registry } from '../../domain/registry';
import type { EngineControl } from '../engine';
import type { MarketRules, PriceLevel, Venue } from '../venues/venue';
import type { Outside } from '../modules/orders/market';
import type { Scales } from '../modules/orders/scales';
import { count, scalesOf } from '../modules/orders/scales';

const LEVELS = 200;

/**
 * Tells the engine of every change of the venue's books, in our ticks and lots: prices on the worse side, quantities
 * down.
 */
export function followVenue({
  engine,
  venue,
  registry,
  clock,
}: {
  engine: EngineControl;
  venue: Venue;
  registry: Registry;
  clock: Clock;
}): void {
  const scales = new Map(
    registry.markets
      .filter((market) => market.venue !== null)
      .map((market) => [market.symbol, scalesOf(market, registry)]),
  );
  venue.onDepth((symbol) => {
    const own = scales.get(symbol);
    const depth = own && venue.depth(symbol);
    if (!own) return;
    const rules = venue.rules(symbol);
    // A market that does not trade there has no price there: ours takes no orders that follow it.
    if (rules?.trading === false) return engine.outside(symbol, { bids: [], asks: [], at: 0, steps: undefined });
    if (depth)
      engine.outside(symbol, {
        bids: levels(depth.bids, own, false),
        asks: levels(depth.asks, own, true),
        at: clock.now() - depth.ageMs,
        steps: stepsOf(rules, own),
      });
  });
}

/**
 * The venue's steps in ours; null where they are finer or do not fit, so that its trades could not be counted in ours.
 */
function stepsOf(rules: MarketRules | undefined, { tick, lot }: Scales): Outside['steps'] {
  if (!rules) return undefined;
  const [ticks, lots] = [rules.tick === 0n ? tick : rules.tick, rules.lot === 0n ? lot : rules.lot];
  if (ticks % tick !== 0n || lots % lot !== 0n) return null;
  const most = rules.maxQuantity / lot;
  return {
    ticks: count(ticks / tick),
    lots: count(lots / lot),
    most: most > MOST_LOTS || most === 0n ? count(MOST_LOTS) : count(most),
    least: count((rules.minQuantity + lot - 1n) / lot),
    notional: rules.minNotional,
    mostNotional: rules.maxNotional,
  };
}
const MOST_LOTS = 2n ** 52n;

function levels(side: readonly PriceLevel[], { tick, lot }: Scales, up: boolean): [number, number][] {
  return side
    .slice(0, LEVELS)
    .map(({ price, quantity }) => [count(up ? (price + tick - 1n) / tick : price / tick), count(quantity / lot)]);
}
