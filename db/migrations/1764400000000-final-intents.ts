import type { Migration } from '../migration';

/** The newest order at the venue with a final word is asked for every few seconds. */
export const FinalIntents1764400000000: Migration = {
  name: 'FinalIntents1764400000000',
  steps: ['ALTER TABLE venue_intents DROP KEY by_state, ADD KEY by_state (state, updated_at)'],
};
