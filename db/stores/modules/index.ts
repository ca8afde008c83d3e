/** What the rows of each module of the engine say should be in the books. The audit asks all of them. */
import { MONEY_FACTS } from './money';
import { ORDER_FACTS } from './orders';
import { SWAP_FACTS } from './swaps';
import type { ModuleFacts } from './table-reader';
import { VENUE_FACTS } from './venue';
import { WITHDRAWAL_FACTS } from './withdrawals';

/** A new module adds its line here. */
export const MODULE_FACTS: readonly ModuleFacts[] = [
  MONEY_FACTS,
  VENUE_FACTS,
  SWAP_FACTS,
  WITHDRAWAL_FACTS,
  ORDER_FACTS,
];
