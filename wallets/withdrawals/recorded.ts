/** What is paid is what the engine has recorded. Rows of the database only say that something is to be done. */
import type { WithdrawalRow } from '../../db/entities/withdrawals';
import type { ChainStore } from '../../db/stores/chain';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, EventBus, OwnersWord } from '../../domain/contract/ports';
import { changedForGood, changedPayment } from '../../domain/recorded-withdrawal';
import type { RecordedPayment } from '../../domain/recorded-withdrawal';
import { readPayoutId } from '../../domain/references';

interface Deps {
  readonly engine: Pick<Engine, 'recordedWithdrawals'>;
  readonly events: EventBus;
}

const told = new WeakMap<EventBus, Set<string>>();

/** Operators hear once of each row and what of it was changed. */
function tell({ events }: Deps, table: string, withdrawalId: string, columns: readonly string[]): void {
  const before = told.get(events) ?? new Set<string>();
  told.set(events, before);
  const name = `${table} ${withdrawalId} ${columns.join()}`;
  if (before.has(name)) return;
  before.add(name);
  events.publish({
    name: 'alert',
    code: 'WITHDRAWAL_CHANGED',
    message: 'The row of a withdrawal is not what was asked for. It is not paid like that.',
    details: { withdrawalId, table, columns: [...columns] },
  });
}

/**
 * Of these rows those that the engine has approved, as it has recorded them. One whose row says something else than
 * was asked for is left where it is until a person has put it right; so is one that the engine knows nothing of.
 */
export async function approvedOf(deps: Deps, rows: readonly WithdrawalRow[]): Promise<WithdrawalRow[]> {
  const known = new Map(
    (await deps.engine.recordedWithdrawals(rows.map(({ id }) => id))).map((record) => [record.id, record]),
  );
  return rows.filter((row) => {
    const record = known.get(row.id);
    // Not there: it has just ended, or nobody ever asked for it; which of the two the engine's own look at the rows
    // tells.
    if (row.state === 'REQUESTED' || record?.stage !== 'APPROVED' || record.attempt !== row.attempt) return false;
    const columns = record.intact ? changedForGood(record, row) : ['record'];
    if (columns.length > 0) tell(deps, 'withdrawals', row.id, columns);
    return columns.length === 0;
  });
}

/**
 * Asked last of all before the signer is: has the account of one of these payouts been frozen since it was planned? By
 * its owner as the engine has recorded them. Refuses ACCOUNT_FROZEN and names the payout. What was signed before has
 * left, and is not asked about again.
 */
export async function mustNotBeFrozen(
  { engine, chainStore }: Pick<Deps, 'engine'> & { readonly chainStore: Pick<ChainStore, 'frozen'> },
  payouts: readonly string[],
): Promise<void> {
  const records = await engine.recordedWithdrawals(
    payouts.flatMap((payout) => readPayoutId(payout)?.withdrawalId ?? []),
  );
  const frozen = await chainStore.frozen(records.map(({ userId }) => userId));
  const stopped = records.find(({ userId }) => frozen.has(userId));
  if (stopped)
    throw new DomainError('ACCOUNT_FROZEN', {
      withdrawalId: stopped.id,
      payout: payouts.find((payout) => readPayoutId(payout)?.withdrawalId === stopped.id),
    });
}

/**
 * Asked right before the signer is: is this payment, as our own plan has it by now, the one that was recorded and
 * approved? Answers whose it is and
 * what they signed for it, for the signer. Refuses WITHDRAWAL_CHANGED.
 */
export async function mustBeRecorded(
  deps: Deps,
  table: string,
  payout: string,
  planned: Omit<RecordedPayment, 'memo'>,
): Promise<OwnersWord> {
  const { withdrawalId: id, round } = readPayoutId(payout) ?? { withdrawalId: '', round: -1 };
  const [record] = await deps.engine.recordedWithdrawals([id]);
  const differs = record
    ? [
        ...changedPayment(record, { ...planned, memo: record.memo }),
        ...(record.attempt === round ? [] : ['attempt']),
        ...(record.intact ? [] : ['record']),
      ]
    : ['id'];
  if (record?.stage === 'APPROVED' && differs.length === 0)
    return { userId: record.userId, ...(record.confirmation && { confirmation: record.confirmation }) };
  const columns = differs.length > 0 ? differs : ['state'];
  tell(deps, table, id, columns);
  throw new DomainError('WITHDRAWAL_CHANGED', { withdrawalId: id, payout, table, columns });
}
