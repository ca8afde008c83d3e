import { SwapEntity } from '../../entities/swaps';
import type { ModuleFacts, Snapshot } from './table-reader';

/** Swaps that are executing at the venue. */
export const readSwaps = (snapshot: Snapshot) => snapshot.findBy(SwapEntity, { state: 'EXECUTING' });

export const SWAP_FACTS: ModuleFacts = {
  holds: [
    `SELECT CONCAT('user/', user_id, '/held') AS account, from_asset AS asset, SUM(from_amount) AS amount FROM swaps
     WHERE state = 'EXECUTING' AND leg = 0 GROUP BY user_id, from_asset`,
    `SELECT CONCAT('user/', user_id, '/held') AS account, between_asset AS asset, SUM(between_amount) AS amount FROM swaps
     WHERE state = 'EXECUTING' AND leg > 0 GROUP BY user_id, between_asset`,
  ],
  earned: [
    `SELECT 'revenue/swap-commission' AS account, to_asset AS asset, SUM(commission) AS amount FROM swaps
     WHERE state <> 'EXECUTING' GROUP BY to_asset`,
  ],
  venueTradeReasons: ['swap.trade'],
};
