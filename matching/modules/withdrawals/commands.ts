import { AdminAuditEntity } from '../../../db/entities/accounts';
import { KnownAddressEntity } from '../../../db/entities/reviews';
import { VenueReserveEntity } from '../../../db/entities/swaps';
import { WithdrawalEntity, WithdrawalRecordEntity } from '../../../db/entities/withdrawals';
import type { WithdrawalRecordRow, WithdrawalRow } from '../../../db/entities/withdrawals';
import { idFrom } from '../../../db/references';
import { deleteRow, insertMissingRow, insertRow, updateRow } from '../../../db/stores/rows';
import { confirmation as confirmationSchema } from '../../../domain/contract/api/passkeys';
import type { CommandBody } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import { WITHDRAWAL } from '../../../domain/lifecycle/withdrawal';
import type { WithdrawalEvent, WithdrawalState } from '../../../domain/lifecycle/withdrawal';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { stepOf } from '../../../domain/money/rounding';
import { changedPayment } from '../../../domain/recorded-withdrawal';
import { assetOf, memoFault, networkOf, railOf } from '../../../domain/registry';
import * as transfers from '../../../ledger/transfers';
import type { Context, Draft } from '../../engine/draft';
import { availableToHedge } from '../../engine/state';
import { recorded, requestBody } from './records';
import type { OpenWithdrawal } from './records';
import { positive, refuseDebtor, refusePaused, takeReservation } from '../money/commands';

type Body<K extends CommandBody['kind']> = Extract<CommandBody, { kind: K }>;

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
  command: Body<'withdrawal.request'>,
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

/** What an owner signed is kept as it is or not at all; whether it fits is asked by the server before, and by the signer after. */
function confirmationIn({ confirmation }: Body<'withdrawal.request'>): Pick<OpenWithdrawal, 'confirmation'> {
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
  draft.withdrawalId = id;
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
  const row = {
    id: idFrom('aud', reference),
    adminId,
    action,
    subject: withdrawal.id,
    details: { userId, asset, network, amount: formatAmount(withdrawal.amount), ...details },
    at: now,
  };
  draft.rows.push(insertRow(AdminAuditEntity, row));
}

export function approveWithdrawal(
  draft: Draft,
  command: Body<'withdrawal.approve'>,
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
function refuseChanged(withdrawal: OpenWithdrawal, { memo, ...seen }: Body<'withdrawal.approve'>['seen']): void {
  const columns = changedPayment(recorded(withdrawal), { ...seen, memo: memo ?? null });
  if (columns.length > 0 || !withdrawal.intact)
    throw new DomainError('WITHDRAWAL_CHANGED', {
      withdrawalId: withdrawal.id,
      columns: withdrawal.intact ? columns : ['record'],
    });
}

export function refuseWithdrawal(
  draft: Draft,
  command: Body<'withdrawal.refuse'>,
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
  command: Body<'withdrawal.cancel'>,
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

type Gas = Body<'withdrawal.confirm'>['gas'];
const takeGas = (draft: Draft, gas: Gas) => ({
  asset: gas.asset,
  reserved: gas.reservation === null ? 0n : takeReservation(draft, gas.reservation, gas.asset, gas.amount),
  actual: parseAmount(gas.amount),
});

export function confirmWithdrawal(
  draft: Draft,
  command: Body<'withdrawal.confirm'>,
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
  command: Body<'withdrawal.fail'>,
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
  command: Body<'withdrawal.settleInternal'>,
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

export function reserveAtVenue(draft: Draft, command: Body<'venue.reserve'>): void {
  const amount = positive(command.amount);
  const free = availableToHedge(draft.state, command.asset);
  if (free < amount)
    throw new DomainError('FUNDS_IN_TRANSIT', {
      asset: command.asset,
      needed: command.amount,
      available: formatAmount(free),
    });
  draft.remember(draft.state.reserves, command.transferId, { asset: command.asset, amount });
  draft.rows.push(
    insertRow(VenueReserveEntity, { transferId: command.transferId, asset: command.asset, amount: command.amount }),
  );
  draft.answer = { transferId: command.transferId, reserved: formatAmount(amount) };
}

export function releaseAtVenue(draft: Draft, command: Body<'venue.release'>, reference: string): void {
  const reserve = draft.state.reserves.get(command.transferId);
  if (!reserve) throw new DomainError('NOT_FOUND', { transferId: command.transferId });
  draft.forget(draft.state.reserves, command.transferId);
  draft.rows.push(deleteRow(VenueReserveEntity, { transferId: command.transferId }));
  draft.answer = { transferId: command.transferId, moved: command.moved };
  if (!command.moved) return;
  const fee = parseAmount(command.fee);
  const served = command.withdrawalId === null ? undefined : draft.state.withdrawals.get(command.withdrawalId);
  draft.postFact(
    reference,
    command.kind,
    transfers.pullBack(reserve.asset, positive(command.amount), fee, served !== undefined),
  );
  if (!served) return;
  const pullBackFee = served.pullBackFee + fee;
  draft.withdrawalId = served.id;
  draft.remember(draft.state.withdrawals, served.id, { ...served, pullBackFee });
  draft.rows.push(updateRow(WithdrawalEntity, { id: served.id }, { pullBackFee: formatAmount(pullBackFee) }));
}
