import type { Clock } from '../../domain/clock-and-ids';
import type { Registry } from '../../domain/registry';
import type { EngineHouse } from '../engine';
import type { PriceLevel, Venue } from '../venues/venue';
import type { Scales } from './scales';
import { count, scalesOf } from './scales';

const LEVELS = 200;

/** Tells the engine of every change of the venue's books, in our ticks and lots: prices on the worse side, quantities down. */
export function followVenue({ engine, venue, registry, clock }: { engine: EngineHouse; venue: Venue; registry: Registry; clock: Clock }): void {
  const scales = new Map(registry.markets.filter((market) => market.venue !== null).map((market) => [market.symbol, scalesOf(market, registry)]));
  venue.onDepth((symbol) => {
    const own = scales.get(symbol);
    const depth = own && venue.depth(symbol);
    if (!own || !depth || venue.rules(symbol)?.trading === false) return;
    engine.outside(symbol, { bids: levels(depth.bids, own, false), asks: levels(depth.asks, own, true), at: clock.now() - depth.ageMs });
  });
}

function levels(side: readonly PriceLevel[], { tick, lot }: Scales, up: boolean): [number, number][] {
  return side.slice(0, LEVELS).map(({ price, quantity }) => [count(up ? (price + tick - 1n) / tick : price / tick), count(quantity / lot)]);
}
