import type { Transitions } from './transitions';

export type WithdrawalState =
  'REQUESTED' | 'APPROVED' | 'WAITING_FUNDS' | 'SIGNED' | 'BROADCAST' | 'CONFIRMED' | 'REJECTED' | 'CANCELED';
export type WithdrawalEvent =
  'approve' | 'refuse' | 'cancel' | 'wait' | 'sign' | 'broadcast' | 'confirm' | 'settleInternal' | 'fail';

/**
 * The amount is held from REQUESTED until CONFIRMED, REJECTED or CANCELED. A payout that is mined and fails keeps the
 * hold and goes back to REQUESTED for another review. `settleInternal`: the address is one of ours, no chain is used.
 */
export const WITHDRAWAL: Transitions<WithdrawalState, WithdrawalEvent> = {
  REQUESTED: { approve: 'APPROVED', refuse: 'REJECTED', cancel: 'CANCELED' },
  APPROVED: { wait: 'WAITING_FUNDS', sign: 'SIGNED', settleInternal: 'CONFIRMED', fail: 'REQUESTED' },
  WAITING_FUNDS: { sign: 'SIGNED', wait: 'WAITING_FUNDS', fail: 'REQUESTED' },
  SIGNED: { broadcast: 'BROADCAST', confirm: 'CONFIRMED', fail: 'REQUESTED' },
  BROADCAST: { broadcast: 'BROADCAST', confirm: 'CONFIRMED', fail: 'REQUESTED' },
  CONFIRMED: {},
  REJECTED: {},
  CANCELED: {},
};
