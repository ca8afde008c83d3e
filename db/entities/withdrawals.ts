import { EntitySchema } from 'typeorm';
import type { PayoutStage, ShownWithdrawalState, WithdrawalState } from '../../domain/lifecycle/withdrawal';
import { big, id, int, json, money, nullable, primary, text } from './columns';

export interface WithdrawalRow {
  id: string;
  userId: string;
  asset: string;
  network: string;
  address: string;
  /** Where the network tells receivers apart by one. */
  memo: string | null;
  /** What arrives. */
  amount: string;
  /** Taken on top. */
  fee: string;
  /** What the venue took to bring the coins back for it; its own fee covers that when it is confirmed. */
  pullBackFee: string;
  /** Of the engine alone. */
  state: WithdrawalState;
  /**
   * Of wallets alone: how far the payout of `payoutRound` is. It counts while the withdrawal is APPROVED and `attempt`
   * is that round.
   */
  payoutStage?: PayoutStage | null;
  payoutRound?: number | null;
  /** What is shown, made of these four by the database; there in every row that was read. */
  readonly shownState?: ShownWithdrawalState;
  /** Signed payouts so far; a failed one makes room for the next. */
  attempt: number;
  /** Why it waits or was refused, for people: an error code or an admin's words. */
  reason: string | null;
  txid: string | null;
  confirmations: number;
  decidedBy: string | null;
  createdAt: number;
  updatedAt: number;
}
export const WithdrawalEntity = new EntitySchema<WithdrawalRow>({
  name: 'withdrawals',
  columns: {
    id: id(),
    userId: text('user_id', 64),
    asset: text('asset', 20),
    network: text('network', 64),
    address: text('address', 100),
    memo: nullable(text('memo', 100)),
    amount: money(),
    fee: money(),
    pullBackFee: money('pull_back_fee'),
    state: text('state', 20),
    payoutStage: nullable(text('payout_stage', 20)),
    payoutRound: nullable(int('payout_round')),
    shownState: { ...nullable(text('shown_state', 20)), insert: false, update: false },
    attempt: int(),
    reason: nullable(text('reason', 500)),
    txid: nullable(text('txid', 100)),
    confirmations: int(),
    decidedBy: nullable(text('decided_by', 64)),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});

/**
 * A step of a withdrawal as the engine carried it out. Append-only and chained: the engine's memory is built from it,
 * and not from the row.
 */
export interface WithdrawalRecordRow {
  withdrawalId: string;
  step: 'request' | 'approve' | 'refuse' | 'cancel' | 'confirm' | 'fail' | 'settleInternal';
  /** Signed payouts before it. */
  round: number;
  reference: string;
  body: Record<string, string | null>;
  at: number;
}
export const WithdrawalRecordEntity = new EntitySchema<WithdrawalRecordRow>({
  name: 'withdrawal_records',
  columns: {
    withdrawalId: id('withdrawal_id'),
    step: primary(text('step', 20)),
    round: primary(int()),
    reference: text('reference', 190),
    body: json(),
    at: big(),
  },
});
