import { In } from 'typeorm';
import { VENUE_DIFFERENCES } from '../../../ledger/accounts';
import { SwapEntity, VenueIntentEntity, VenueReserveEntity } from '../../entities/swaps';
import { VenueStateEntity } from '../../entities/venue';
import type { ModuleFacts, Snapshot } from './table-reader';

/** The venue's state, our orders there without a final outcome, and coins there that are reserved for pull-backs. */
export async function readVenue(snapshot: Snapshot) {
  const intents = await snapshot.findBy(VenueIntentEntity, { state: In(['PENDING', 'UNKNOWN']) });
  const swapIds = intents.flatMap(({ swapId }) => swapId ?? []);
  const swaps = swapIds.length === 0 ? [] : await snapshot.findBy(SwapEntity, { id: In(swapIds), state: 'EXECUTING' });
  const executing = new Set(swaps.map(({ id }) => id));
  return {
    venues: await snapshot.find(VenueStateEntity),
    intents: intents.filter(({ swapId }) => swapId === null || executing.has(swapId)),
    reserves: await snapshot.find(VenueReserveEntity),
  };
}

export const VENUE_FACTS: ModuleFacts = {
  suspended: [
    `SELECT '${VENUE_DIFFERENCES}' AS account, asset, SUM(difference) AS amount FROM venue_differences GROUP BY asset`,
  ],
};
