import { KnownAddressEntity } from '../../../db/entities/reviews';
import { WithdrawalEntity, WithdrawalRecordEntity } from '../../../db/entities/withdrawals';
import type { WithdrawalRecordRow, WithdrawalRow } from '../../../db/entities/withdrawals';
import { deleteRow, insertMissingRow, insertRow, updateRow } from '../../../db/stores/rows';
import { confirmation as confirmationSchema } from '../../../domain/contract/api/passkeys';
import type { CommandOf } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import { WITHDRAWAL } from '../../../domain/lifecycle/withdrawal';
import type { WithdrawalEvent, WithdrawalState } from '../../../domain/lifecycle/withdrawal';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { stepOf } from '../../../domain/money/rounding';
import { changedPayment } from '../../../domain/recorded-withdrawal';
import { assetOf, memoFault, networkOf, railOf } from '../../../domain/registry';
import * as transfers from '../../../ledger/transfers';
import type { Context } from '../../engine/draft';
import { adminAudit } from '../admin-audit';
import { recorded, requestBody } from './records';
import type { OpenWithdrawal } from './records';
import type { WithdrawalsDraft as Draft } from './state';
import { positive, refuseDebtor, refusePaused, takeReservation } from '../money/commands';

/** Writes a step down, in the same transaction as all that it does. */
function recordStep(
  draft: Draft,
  withdrawal: OpenWithdrawal,
  step: WithdrawalRecordRow['step'],
  reference: string,
  body: WithdrawalRecordRow['body'],
  at: number,
): void {
  draft.rows.push(
    insertRow(WithdrawalRecordEntity, {
      withdrawalId: withdrawal.id,
      step,
      round: withdrawal.attempt,
      reference,
      body,
      at,
    }),
  );
}

export function requestWithdrawal(
  draft: Draft,
  command: CommandOf<'withdrawal.request'>,
  reference: string,
  { now, registry }: Context,
): void {
  const { withdrawalId: id, userId, asset, network, address } = command;
  const rail = railOf(registry, asset, network);
  if (!rail) throw new DomainError('UNKNOWN_NETWORK', { asset, network });
  const amount = positive(command.amount);
  const fee = parseAmount(command.fee);
  const step = stepOf(assetOf(registry, asset).scale);
  if (amount % step !== 0n || fee % step !== 0n) throw new DomainError('BAD_AMOUNT', { asset, amount: command.amount });
  const confirmation = confirmationIn(command);
  const fault = memoFault(networkOf(registry, network), command.memo);
  if (fault) throw new DomainError(fault, { network });
  if (amount < parseAmount(rail.minWithdrawal))
    throw new DomainError('AMOUNT_TOO_SMALL', { asset, minimum: rail.minWithdrawal });
  refusePaused(draft, asset);
  refuseDebtor(draft, userId, { now, registry });
  draft.post(reference, command.kind, transfers.hold(userId, asset, amount + fee));
  const row: WithdrawalRow = {
    id,
    userId,
    asset,
    network,
    address,
    memo: command.memo ?? null,
    amount: formatAmount(amount),
    fee: formatAmount(fee),
    pullBackFee: '0',
    state: 'REQUESTED',
    attempt: 0,
    reason: null,
    txid: null,
    confirmations: 0,
    decidedBy: null,
    createdAt: now,
    updatedAt: now,
  };
  draft.rows.push(insertRow(WithdrawalEntity, row));
  const { memo, attempt, decidedBy, createdAt } = row;
  const open: OpenWithdrawal = {
    id,
    userId,
    asset,
    network,
    address,
    memo,
    attempt,
    decidedBy,
    createdAt,
    amount,
    fee,
    pullBackFee: 0n,
    ...confirmation,
    stage: 'REQUESTED',
    intact: true,
  };
  draft.remember(draft.state.withdrawals, id, open);
  recordStep(draft, open, 'request', reference, requestBody(open), now);
  tell(draft, row, 'REQUESTED');
}

/**
 * What an owner signed is kept as it is or not at all; whether it fits is asked by the server before, and by the
 * signer after.
 */
function confirmationIn({ confirmation }: CommandOf<'withdrawal.request'>): Pick<OpenWithdrawal, 'confirmation'> {
  if (confirmation === undefined) return {};
  const read = confirmationSchema.safeParse(confirmation);
  if (!read.success) throw new DomainError('BAD_REQUEST', { confirmation: 'cannot be read' });
  return { confirmation: read.data };
}

/** The open withdrawal, if its state allows the event. */
function open(draft: Draft, id: string, event: WithdrawalEvent): OpenWithdrawal {
  const withdrawal = draft.state.withdrawals.get(id);
  if (!withdrawal) throw new DomainError('WITHDRAWAL_STATE', { withdrawalId: id });
  if (!WITHDRAWAL[withdrawal.stage][event]) throw new DomainError('WITHDRAWAL_STATE', { withdrawalId: id });
  return withdrawal;
}

function tell(draft: Draft, { id, userId }: { id: string; userId: string }, state: WithdrawalState): void {
  publishWhenDurable(draft, id);
  draft.events.push({ name: 'withdrawal.changed', userId, withdrawalId: id, state });
  draft.answer = { withdrawalId: id, state };
}

function change(
  draft: Draft,
  withdrawal: OpenWithdrawal,
  state: WithdrawalState,
  set: Partial<WithdrawalRow>,
  { now }: Context,
): void {
  draft.rows.push(updateRow(WithdrawalEntity, { id: withdrawal.id }, { state, updatedAt: now, ...set }));
  tell(draft, withdrawal, state);
}

function finish(
  draft: Draft,
  withdrawal: OpenWithdrawal,
  state: WithdrawalState,
  set: Partial<WithdrawalRow>,
  context: Context,
): void {
  draft.forget(draft.state.withdrawals, withdrawal.id);
  change(draft, withdrawal, state, set, context);
}

/** The audit row of an admin's decision, in the same transaction as the decision. */
function auditRow(
  draft: Draft,
  adminId: string,
  action: string,
  withdrawal: OpenWithdrawal,
  reference: string,
  details: Record<string, unknown>,
  now: number,
): void {
  const { asset, network, userId } = withdrawal;
  const about = { userId, asset, network, amount: formatAmount(withdrawal.amount), ...details };
  draft.rows.push(adminAudit(reference, adminId, action, withdrawal.id, about, now));
}

export function approveWithdrawal(
  draft: Draft,
  command: CommandOf<'withdrawal.approve'>,
  reference: string,
  context: Context,
): void {
  const withdrawal = open(draft, command.withdrawalId, 'approve');
  if (withdrawal.userId === command.adminId) throw new DomainError('SELF_APPROVAL');
  refusePaused(draft, withdrawal.asset);
  refuseChanged(withdrawal, command.seen);
  draft.remember(draft.state.withdrawals, withdrawal.id, {
    ...withdrawal,
    stage: 'APPROVED',
    decidedBy: command.adminId,
  });
  recordStep(draft, withdrawal, 'approve', reference, { adminId: command.adminId }, context.now);
  auditRow(draft, command.adminId, command.kind, withdrawal, reference, {}, context.now);
  change(draft, withdrawal, 'APPROVED', { decidedBy: command.adminId, reason: null }, context);
}

/** Whoever approves must have seen what was asked for, and not what somebody made of it since. */
function refuseChanged(withdrawal: OpenWithdrawal, { memo, ...seen }: CommandOf<'withdrawal.approve'>['seen']): void {
  const columns = changedPayment(recorded(withdrawal), { ...seen, memo: memo ?? null });
  if (columns.length > 0 || !withdrawal.intact)
    throw new DomainError('WITHDRAWAL_CHANGED', {
      withdrawalId: withdrawal.id,
      columns: withdrawal.intact ? columns : ['record'],
    });
}

export function refuseWithdrawal(
  draft: Draft,
  command: CommandOf<'withdrawal.refuse'>,
  reference: string,
  context: Context,
): void {
  const withdrawal = open(draft, command.withdrawalId, 'refuse');
  if (withdrawal.userId === command.adminId) throw new DomainError('SELF_APPROVAL');
  giveBack(draft, withdrawal, reference, command.kind);
  auditRow(draft, command.adminId, command.kind, withdrawal, reference, { reason: command.reason }, context.now);
  // Not even an address that the owner has confirmed is trusted after that.
  const { userId, network, address } = withdrawal;
  draft.rows.push(deleteRow(KnownAddressEntity, { userId, network, address }));
  recordStep(
    draft,
    withdrawal,
    'refuse',
    reference,
    { adminId: command.adminId, reason: command.reason.slice(0, 500) },
    context.now,
  );
  finish(draft, withdrawal, 'REJECTED', { decidedBy: command.adminId, reason: command.reason.slice(0, 500) }, context);
}

export function cancelWithdrawal(
  draft: Draft,
  command: CommandOf<'withdrawal.cancel'>,
  reference: string,
  context: Context,
): void {
  const withdrawal = open(draft, command.withdrawalId, 'cancel');
  if (withdrawal.userId !== command.userId) throw new DomainError('NOT_FOUND');
  giveBack(draft, withdrawal, reference, command.kind);
  recordStep(draft, withdrawal, 'cancel', reference, {}, context.now);
  finish(draft, withdrawal, 'CANCELED', {}, context);
}

function giveBack(draft: Draft, withdrawal: OpenWithdrawal, reference: string, reason: string): void {
  const { userId, asset, amount, fee, pullBackFee } = withdrawal;
  // The venue's fee was paid long ago: the user's coins are not kept from their owner until the position covers it.
  draft.postFact(reference, reason, [
    ...transfers.release(userId, asset, amount + fee),
    ...lostPullBack(asset, pullBackFee),
  ]);
}

/** What the venue kept for coins that were brought back and are not paid out after all: the position pays it. */
const lostPullBack = (asset: string, fee: Units) => (fee > 0n ? transfers.pullBackFeeLost(asset, fee) : []);

type Gas = CommandOf<'withdrawal.confirm'>['gas'];
const takeGas = (draft: Draft, gas: Gas) => ({
  asset: gas.asset,
  reserved: gas.reservation === null ? 0n : takeReservation(draft, gas.reservation, gas.asset, gas.amount),
  actual: parseAmount(gas.amount),
});

export function confirmWithdrawal(
  draft: Draft,
  command: CommandOf<'withdrawal.confirm'>,
  reference: string,
  context: Context,
): void {
  const withdrawal = open(draft, command.withdrawalId, 'confirm');
  draft.postFact(
    reference,
    command.kind,
    transfers.withdrawalPaid({ ...withdrawal, gas: takeGas(draft, command.gas) }),
  );
  // What was paid is known from now on: not what was asked for.
  const { userId, network, address } = withdrawal;
  draft.rows.push(insertMissingRow(KnownAddressEntity, { userId, network, address, since: context.now }));
  recordStep(draft, withdrawal, 'confirm', reference, { txid: command.txid }, context.now);
  finish(draft, withdrawal, 'CONFIRMED', { txid: command.txid }, context);
}

export function failWithdrawal(
  draft: Draft,
  command: CommandOf<'withdrawal.fail'>,
  reference: string,
  context: Context,
): void {
  const withdrawal = open(draft, command.withdrawalId, 'fail');
  // Nothing was burnt when it could not even be signed: then there is nothing to post.
  const postings = transfers.payoutFailed(withdrawal.network, takeGas(draft, command.gas));
  if (postings.length > 0) draft.postFact(reference, command.kind, postings);
  const attempt = withdrawal.attempt + 1;
  draft.remember(draft.state.withdrawals, withdrawal.id, {
    ...withdrawal,
    attempt,
    stage: 'REQUESTED',
    decidedBy: null,
  });
  recordStep(draft, withdrawal, 'fail', reference, { txid: command.txid }, context.now);
  change(
    draft,
    withdrawal,
    'REQUESTED',
    { attempt, txid: null, confirmations: 0, decidedBy: null, reason: 'PAYOUT_FAILED' },
    context,
  );
  const details = { withdrawalId: withdrawal.id, txid: command.txid };
  draft.events.push({
    name: 'alert',
    code: 'PAYOUT_FAILED',
    message: 'A payout failed or could not be made; it is back in review.',
    details,
  });
}

export function settleInternalWithdrawal(
  draft: Draft,
  command: CommandOf<'withdrawal.settleInternal'>,
  reference: string,
  context: Context,
): void {
  const withdrawal = open(draft, command.withdrawalId, 'settleInternal');
  const { userId, asset, amount, fee, pullBackFee } = withdrawal;
  const inside = transfers.insideTransfer({ fromUserId: userId, toUserId: command.toUserId, asset, amount, fee });
  draft.postFact(reference, command.kind, [...inside, ...lostPullBack(asset, pullBackFee)]);
  recordStep(draft, withdrawal, 'settleInternal', reference, { toUserId: command.toUserId }, context.now);
  finish(draft, withdrawal, 'CONFIRMED', { reason: 'INTERNAL' }, context);
}

/** The venue's fee of a pull-back for this withdrawal: its own fee will cover it. False where it is not open. */
export function addPullBackFee(draft: Draft, withdrawalId: string, fee: Units): boolean {
  const served = draft.state.withdrawals.get(withdrawalId);
  if (!served) return false;
  const pullBackFee = served.pullBackFee + fee;
  draft.remember(draft.state.withdrawals, served.id, { ...served, pullBackFee });
  draft.rows.push(updateRow(WithdrawalEntity, { id: served.id }, { pullBackFee: formatAmount(pullBackFee) }));
  publishWhenDurable(draft, served.id);
  return true;
}

/** Readers beside the engine see open withdrawals as the last commit left them. */
function publishWhenDurable(draft: Draft, id: string): void {
  const { withdrawals, committedWithdrawals } = draft.state;
  const after = withdrawals.get(id);
  draft.whenDurable.push(() => void (after ? committedWithdrawals.set(id, after) : committedWithdrawals.delete(id)));
}
