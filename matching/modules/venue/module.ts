/** Our account at the venue: orders there and their outcomes, reserved coins, and whether anything is sent at all. */
import { readVenue } from '../../../db/stores/modules/venue';
import { VENUE_COMMANDS } from '../../../domain/commands/venue';
import type { CommandOf } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import { parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { Context, Draft } from '../../engine/draft';
import { handlers } from '../../engine/module';
import type { EngineModule, MemorySetting } from '../../engine/module';
import { closeIntent, openVenue, reconcileVenue, stopVenue } from './commands';
import type { VenueExpect } from './commands';
import { OrderPace } from './pace';
import { releaseAtVenue, reserveAtVenue } from './reserves';
import { openIntent } from './state';
import type { OpenIntent, VenueState } from './state';

type Settle<State extends VenueState> = (
  draft: Draft<State>,
  report: CommandOf<'venue.report'>,
  reference: string,
  context: Context,
  intent: OpenIntent,
) => void;

/** Whose business an order at the venue was, and whom a pull-back serves. */
interface Expected<State extends VenueState> {
  readonly settleHedgeOrder: Settle<State>;
  readonly settleSwapOrder: Settle<State>;
  readonly addPullBackFee: (draft: Draft<State>, withdrawalId: string, fee: Units) => boolean;
}

export const venueModule = <State extends VenueState & VenueExpect>(
  expected: Expected<State>,
): EngineModule<State> => ({
  name: 'venue',
  commands: handlers<State, keyof typeof VENUE_COMMANDS>(VENUE_COMMANDS, {
    'venue.reserve': reserveAtVenue,
    'venue.release': (draft, command, reference) =>
      releaseAtVenue(draft, command, reference, (id, fee) => expected.addPullBackFee(draft, id, fee)),
    'venue.report': (draft, command, reference, context) => {
      const intent = draft.state.intents.get(command.intentId);
      if (!intent) throw new DomainError('NOT_FOUND', { intentId: command.intentId });
      const settle = intent.swapId === null ? expected.settleHedgeOrder : expected.settleSwapOrder;
      settle(draft, command, reference, context, intent);
      closeIntent(draft, command, intent, context);
    },
    'venue.stop': (draft, command, _reference, context) => stopVenue(draft, command, context),
    'venue.open': openVenue,
    'venue.reconciled': reconcileVenue,
  }),
  memory: emptyMemory,
  load: async (snapshot) => {
    const { venues, intents, reserves } = await readVenue(snapshot);
    return (state, registry) => {
      state.venues.clear();
      for (const venue of venues) state.venues.set(venue.venue, venue);
      for (const row of intents) {
        const market = registry.markets.find(({ symbol }) => symbol === row.symbol);
        if (market) state.intents.set(row.id, openIntent(row, row.side === 'BUY' ? market.quote : market.base));
      }
      for (const { transferId, asset, amount } of reserves)
        state.reserves.set(transferId, { asset, amount: parseAmount(amount) });
    };
  },
  keep: (state, before) => {
    state.venueFree = before.venueFree;
    state.venueAhead = before.venueAhead;
    state.venueAway = before.venueAway;
  },
  holds: () => [],
  invariants: ({ intents, reserves }) => [
    ...[...intents.values()]
      .filter(({ spendsMost }) => spendsMost <= 0n)
      .map(({ id }) => `order ${id} at the venue spends nothing`),
    ...[...reserves].filter(([, { amount }]) => amount <= 0n).map(([id]) => `transfer ${id} reserves nothing`),
  ],
});

/** The venue is the one that the listing names. */
function emptyMemory({ registry, epoch }: MemorySetting): Omit<VenueState, 'books'> {
  const venue = registry?.markets.find((market) => market.venue !== null)?.venue;
  let intents = 0;
  return {
    venues: new Map(venue ? [[venue, { venue, epoch: 1, state: 'OPEN', reason: null, adminId: null, at: 0 }]] : []),
    intents: new Map(),
    reserves: new Map(),
    venueAway: false,
    venueAhead: 0,
    venueFree: new Map(),
    pace: new OrderPace(),
    // The epoch moves with every take-over, so that no id comes twice.
    nextIntent: () => `b${epoch.toString(36)}-${(++intents).toString(36)}`,
  };
}
