/** One asset for another at a quoted price, by one or two orders at the venue. */
import { readSwaps } from '../../../db/stores/modules/swaps';
import { SWAP_COMMANDS } from '../../../domain/commands/swaps';
import { held } from '../../../ledger/accounts';
import { handlers } from '../../engine/module';
import type { EngineModule } from '../../engine/module';
import { acceptSwap } from './commands';
import { openSwap } from './state';
import type { SwapsExpect, SwapsState } from './state';

export { settleSwapIntent } from './commands';

export const SWAPS: EngineModule<SwapsState & SwapsExpect> = {
  name: 'swaps',
  commands: handlers(SWAP_COMMANDS, { 'swap.accept': acceptSwap }),
  memory: () => ({ swaps: new Map(), quotes: new Map() }),
  load: async (snapshot) => {
    const rows = await readSwaps(snapshot);
    return (state) => {
      for (const row of rows) state.swaps.set(row.id, openSwap(row));
    };
  },
  // After the first of two legs what is held is what it paid.
  holds: ({ swaps }) =>
    [...swaps.values()].map(({ userId, fromAsset, fromAmount, between, legs }) => ({
      account: held(userId),
      asset: between > 0n ? (legs[1]?.from ?? fromAsset) : fromAsset,
      amount: between > 0n ? between : fromAmount,
    })),
  invariants: ({ swaps, intents }) =>
    [...swaps.keys()].flatMap((id) => {
      const orders = [...intents.values()].filter(({ swapId }) => swapId === id).length;
      return orders === 1 ? [] : [`swap ${id} has ${orders} orders at the venue instead of one`];
    }),
};
