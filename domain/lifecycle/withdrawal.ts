import type { Transitions } from './transitions';

export type WithdrawalState = 'REQUESTED' | 'APPROVED' | 'CONFIRMED' | 'REJECTED' | 'CANCELED';
export type WithdrawalEvent = 'approve' | 'refuse' | 'cancel' | 'confirm' | 'settleInternal' | 'fail';

/**
 * What the engine decides, and it alone writes. The amount is held from REQUESTED until CONFIRMED, REJECTED or
 * CANCELED. A payout that is mined
 * and fails keeps the hold and goes back to REQUESTED for another review. `settleInternal`: the address is one of
 * ours, no chain is used.
 */
export const WITHDRAWAL: Transitions<WithdrawalState, WithdrawalEvent> = {
  REQUESTED: { approve: 'APPROVED', refuse: 'REJECTED', cancel: 'CANCELED' },
  APPROVED: { confirm: 'CONFIRMED', settleInternal: 'CONFIRMED', fail: 'REQUESTED' },
  CONFIRMED: {},
  REJECTED: {},
  CANCELED: {},
};

export type PayoutStage = 'WAITING_FUNDS' | 'SIGNED' | 'BROADCAST';
export type PayoutEvent = 'wait' | 'sign' | 'broadcast';

/** How far wallets are with the payout of an approved withdrawal in its present round; they alone write it. */
export const PAYOUT: Transitions<'APPROVED' | PayoutStage, PayoutEvent> = {
  APPROVED: { wait: 'WAITING_FUNDS', sign: 'SIGNED' },
  WAITING_FUNDS: { wait: 'WAITING_FUNDS', sign: 'SIGNED' },
  SIGNED: { broadcast: 'BROADCAST' },
  BROADCAST: {},
};

/** What users and admins see: the stage of the payout in the place of APPROVED. */
export type ShownWithdrawalState = WithdrawalState | PayoutStage;

export const ENDED_WITHDRAWALS = ['CONFIRMED', 'REJECTED', 'CANCELED'] as const satisfies readonly WithdrawalState[];
