/** Commands of the module `swaps`. */
import { command, name } from './shapes';

export const SWAP_COMMANDS = {
  'swap.accept': command('user', { swapId: name, userId: name, quoteId: name }),
} as const;
