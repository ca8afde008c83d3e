/**
 * The engine's own record of withdrawals: written with each step, read when the memory is built, shown to whoever
 * decides or pays.
 */
import type { WithdrawalRecordRow, WithdrawalRow } from '../../../db/entities/withdrawals';
import type { ReadRecord } from '../../../db/stores/withdrawal-records';
import { confirmation as confirmationSchema } from '../../../domain/contract/api/passkeys';
import type { Confirmation } from '../../../domain/contract/api/passkeys';
import { changedColumns } from '../../../domain/recorded-withdrawal';
import type { RecordedWithdrawal } from '../../../domain/recorded-withdrawal';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';

/** What the engine remembers of a withdrawal that has not ended. */
export type OpenWithdrawal = Pick<
  WithdrawalRow,
  'id' | 'userId' | 'asset' | 'network' | 'address' | 'memo' | 'attempt' | 'decidedBy' | 'createdAt'
> & {
  amount: Units;
  fee: Units;
  pullBackFee: Units;
  /** What its owner signed with a passkey, where they had one. */
  confirmation?: Confirmation;
  stage: 'REQUESTED' | 'APPROVED';
  /** False where the record that it was built from is not what was written. */
  intact: boolean;
};

/** What a request is, word for word as it is kept. */
export const requestBody = ({
  userId,
  asset,
  network,
  address,
  memo,
  amount,
  fee,
  confirmation,
}: OpenWithdrawal): WithdrawalRecordRow['body'] => ({
  userId,
  asset,
  network,
  address,
  memo,
  amount: formatAmount(amount),
  fee: formatAmount(fee),
  ...(confirmation && { confirmation: JSON.stringify(confirmation) }),
});

/** Of one that cannot be read nothing is left: the signer refuses the payment then. */
function confirmationIn({ confirmation }: WithdrawalRecordRow['body']): { confirmation?: Confirmation } {
  try {
    return confirmation == null ? {} : { confirmation: confirmationSchema.parse(JSON.parse(confirmation)) };
  } catch {
    return {};
  }
}

/**
 * Open withdrawals as their records tell them. Of the rows only the venue's fee is taken, which the audit holds
 * against the journal.
 */
export function withdrawalsFrom(records: readonly ReadRecord[], rows: readonly WithdrawalRow[]): OpenWithdrawal[] {
  const pulled = new Map(rows.map(({ id, pullBackFee }) => [id, parseAmount(pullBackFee)]));
  const open = new Map<string, OpenWithdrawal>();
  for (const { withdrawalId: id, step, round, body, at, intact } of records) {
    const before = open.get(id);
    if (step === 'request') {
      const { userId, asset, network, address, memo, amount, fee } = body as Record<
        'userId' | 'asset' | 'network' | 'address' | 'amount' | 'fee',
        string
      > & { memo: string | null };
      open.set(id, {
        id,
        userId,
        asset,
        network,
        address,
        memo,
        amount: parseAmount(amount),
        fee: parseAmount(fee),
        pullBackFee: pulled.get(id) ?? 0n,
        attempt: round,
        ...confirmationIn(body),
        stage: 'REQUESTED',
        decidedBy: null,
        createdAt: at,
        intact,
      });
    } else if (before) {
      const after =
        step === 'approve'
          ? { stage: 'APPROVED' as const, decidedBy: body.adminId ?? null }
          : { stage: 'REQUESTED' as const, attempt: round + 1, decidedBy: null };
      open.set(id, { ...before, ...after, intact: before.intact && intact });
    }
  }
  return [...open.values()];
}

export const recorded = ({
  id,
  userId,
  asset,
  network,
  address,
  memo,
  amount,
  fee,
  attempt,
  confirmation,
  stage,
  decidedBy,
  createdAt,
  intact,
}: OpenWithdrawal): RecordedWithdrawal => ({
  id,
  userId,
  asset,
  network,
  address,
  memo,
  amount: formatAmount(amount),
  fee: formatAmount(fee),
  attempt,
  ...(confirmation && { confirmation }),
  stage,
  decidedBy,
  createdAt,
  intact,
});

export interface ChangedWithdrawal {
  readonly withdrawalId: string;
  /** Columns that are not what was recorded; `id` where there is no such row, or no such request. */
  readonly columns: readonly string[];
}

/** What differs between the open withdrawals as they were committed and the rows beside them. */
export function differences(open: readonly OpenWithdrawal[], rows: readonly WithdrawalRow[]): ChangedWithdrawal[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const known = new Set(open.map(({ id }) => id));
  const found = open.map((one) => {
    const row = byId.get(one.id);
    const columns = row
      ? [
          ...changedColumns(recorded(one), row),
          ...(parseAmount(row.pullBackFee) === one.pullBackFee ? [] : ['pullBackFee']),
        ]
      : ['id'];
    return { withdrawalId: one.id, columns: one.intact ? columns : ['record', ...columns] };
  });
  const unasked = rows
    .filter(({ id, state }) => !known.has(id) && !['CONFIRMED', 'REJECTED', 'CANCELED'].includes(state))
    .map(({ id }) => ({ withdrawalId: id, columns: ['id'] }));
  return [...found.filter(({ columns }) => columns.length > 0), ...unasked];
}
