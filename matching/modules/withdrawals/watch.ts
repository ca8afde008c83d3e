import type { EngineStore } from '../../../db/stores/engine';
import type { EventBus } from '../../../domain/contract/ports';
import { differences } from './records';
import type { OpenWithdrawal } from './records';

/**
 * Rows of withdrawals beside what was recorded of them. A commit is known here a moment after it is in the tables, so
 * one look proves nothing: the same difference in two looks running does. Operators hear of each once.
 */
export function createWithdrawalWatch({
  store,
  events,
  open,
}: {
  readonly store: Pick<EngineStore, 'withdrawalRows'>;
  readonly events: EventBus;
  readonly open: () => OpenWithdrawal[];
}): () => Promise<void> {
  let before = new Set<string>();
  const told = new Set<string>();
  return async () => {
    const ids = open().map(({ id }) => id);
    const rows = await store.withdrawalRows(ids);
    const found = new Map(differences(open(), rows).map((one) => [`${one.withdrawalId} ${one.columns.join()}`, one]));
    for (const [name, { withdrawalId, columns }] of found) {
      if (!before.has(name) || told.has(name)) continue;
      told.add(name);
      events.publish({
        name: 'alert',
        code: 'WITHDRAWAL_CHANGED',
        message: 'The row of a withdrawal is not what was asked for. It is not paid like that.',
        details: { withdrawalId, table: 'withdrawals', columns: [...columns] },
      });
    }
    for (const name of told) if (!found.has(name)) told.delete(name);
    before = new Set(found.keys());
  };
}
