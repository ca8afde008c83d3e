/** What the rest of the exchange tells and asks the engine about the venue. */
import type { VenueStateRow } from '../../../db/entities/venue';
import type { Units } from '../../../domain/money/amount';
import type { EngineHost } from '../../engine/module';
import { availableToHedge, venueOf } from './state';
import type { VenueState } from './state';

export const venueControl = ({ state }: EngineHost<VenueState>) => ({
  /** Free balances as the venue says them now. */
  venueBalances: (free: ReadonlyMap<string, Units>): void => {
    state().venueFree = new Map(free);
  },
  /** The venue cannot take orders now, or can again. */
  venueAway: (isAway: boolean): void => {
    state().venueAway = isAway;
  },
  /** How far the venue's clock is ahead of ours, in milliseconds. */
  venueClock: (aheadMs: number): void => {
    state().venueAhead = aheadMs;
  },
  /** The orders that the venue takes in ten seconds. */
  venueOrders: (most: number): void => state().pace.setLimit(most),
  /** Whether orders go to the venue, and in which epoch of its ids. */
  venue: (): VenueStateRow => venueOf(state()),
  /** Orders at the venue without a final outcome, and the markets they are in. */
  openIntents: (): number => state().intents.size,
  busyMarkets: (): ReadonlySet<string> => new Set([...state().intents.values()].map(({ symbol }) => symbol)),
  /** What could be sent to the venue of an asset now. */
  availableToHedge: (asset: string): Units => availableToHedge(state(), asset),
});
