import type { WithdrawalRow } from '../../db/entities/withdrawals';
import type { RecordedWithdrawal } from '../../domain/recorded-withdrawal';
import { changedForGood } from '../../domain/recorded-withdrawal';
import type { ServerDeps } from '../deps';

export interface Beside {
  /** Undefined of one that has ended, or that nobody asked for. */
  readonly record: RecordedWithdrawal | undefined;
  /** Columns of the row that are not what was asked for. */
  readonly changed: readonly string[];
}

/** The engine's record beside each row. Where a row says something else, operators hear of it. */
export async function beside(
  { engine, events }: Pick<ServerDeps, 'engine' | 'events'>,
  rows: readonly WithdrawalRow[],
): Promise<Map<string, Beside>> {
  const waiting = rows.filter(({ state }) => !['CONFIRMED', 'REJECTED', 'CANCELED'].includes(state));
  const records = new Map(
    (waiting.length === 0 ? [] : await engine.recordedWithdrawals(waiting.map(({ id }) => id))).map((record) => [
      record.id,
      record,
    ]),
  );
  return new Map(
    waiting.map((row) => {
      const record = records.get(row.id);
      // What waits for a decision and nobody asked for: the engine's own look at the rows tells operators of it.
      const changed = !record
        ? row.state === 'REQUESTED'
          ? ['id']
          : []
        : record.intact
          ? changedForGood(record, row)
          : ['record'];
      if (record && changed.length > 0)
        events.publish({
          name: 'alert',
          code: 'WITHDRAWAL_CHANGED',
          message: 'The row of a withdrawal is not what was asked for. It is not paid like that.',
          details: { withdrawalId: row.id, table: 'withdrawals', columns: [...changed] },
        });
      return [row.id, { record, changed }];
    }),
  );
}
