import type { WithdrawalRow } from '../../db/entities/withdrawals';
import type { WithdrawalReviewRow } from '../../db/entities/reviews';
import { adminWithdrawalView, reviewReason, withdrawalView } from '../../domain/contract/api/withdrawals';
import type { AdminWithdrawalView, WithdrawalView } from '../../domain/contract/api/withdrawals';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { networkOf, railOf } from '../../domain/registry';
import type { Registry } from '../../domain/registry';
import { plain, view } from '../present';
import type { Beside } from './recorded';

export const presentWithdrawal = (row: WithdrawalRow): WithdrawalView =>
  view(withdrawalView, { ...row, state: row.shownState ?? row.state, amount: plain(row.amount), fee: plain(row.fee) });

/** A transaction may be replaced by dearer ones until it is mined: so many times the usual fee is room for that. */
const ROOM = 20n;

interface Known {
  readonly email: string | undefined;
  readonly approvedBy: string[];
  readonly review: WithdrawalReviewRow | undefined;
  readonly beside: Beside | undefined;
}

/** Whoever decides about it sees what was asked for, and not what the row says by now. */
export function presentForAdmin(
  stored: WithdrawalRow,
  registry: Registry,
  { email, approvedBy, review, beside }: Known,
): AdminWithdrawalView {
  const { stage: _stage, intact: _intact, ...record } = beside?.record ?? { stage: undefined, intact: undefined };
  const row: WithdrawalRow = { ...stored, ...record };
  const { gasAsset } = networkOf(registry, row.network);
  const usual = parseAmount(railOf(registry, gasAsset, row.network)?.withdrawalFee ?? '0');
  return view(adminWithdrawalView, {
    ...row,
    state: row.shownState ?? row.state,
    amount: plain(row.amount),
    fee: plain(row.fee),
    email: email ?? '',
    feeCap: formatAmount(usual * ROOM),
    gasAsset,
    approvedBy,
    reasons: reviewReason.array().parse(review?.reasons ?? []),
    value: review?.value == null ? null : plain(review.value),
    changed: [...(beside?.changed ?? [])],
  });
}
