import type { DataSource } from 'typeorm';
import { VenueIntentEntity } from '../entities/swaps';
import type { VenueIntentRow } from '../entities/swaps';
import { INTENTS, advance } from '../lifecycle';

export interface SwapIntents {
  find(id: string): Promise<VenueIntentRow | null>;
  /** No money moves by this: it only shows that the venue is being asked. */
  markUnknown(id: string, at: number): Promise<void>;
}

export function createSwapIntents(dataSource: DataSource): SwapIntents {
  const intents = dataSource.getRepository(VenueIntentEntity);
  return {
    find: (id) => intents.findOneBy({ id }),
    markUnknown: async (id, at) => {
      await advance(dataSource.manager, INTENTS, { id }, 'lose', { updatedAt: at });
    },
  };
}
