import { RESERVED_COSTS } from '../../../ledger/accounts';
import { CostEntity } from '../../entities/ledger';
import { AssetPauseEntity } from '../../entities/treasury';
import type { ModuleFacts, Snapshot } from './table-reader';

/** Costs that are reserved and not settled, and the assets whose withdrawals are paused. */
export const readMoney = async (snapshot: Snapshot) => ({
  costs: await snapshot.findBy(CostEntity, { settled: false }),
  pauses: await snapshot.find(AssetPauseEntity),
});

export const MONEY_FACTS: ModuleFacts = {
  suspended: [
    `SELECT '${RESERVED_COSTS}' AS account, asset, SUM(amount) AS amount FROM costs WHERE settled = 0 GROUP BY asset`,
  ],
};
