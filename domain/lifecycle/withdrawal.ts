import type { Transitions } from './transitions';

export type WithdrawalState =
  'REQUESTED' | 'APPROVED' | 'WAITING_FUNDS' | 'SIGNED' | 'BROADCAST' | 'CONFIRMED' | 'REFUSED' | 'CANCELED';
export type WithdrawalEvent =
  'approve' | 'refuse' | 'cancel' | 'wait' | 'sign' | 'broadcast' | 'confirm' | 'settleInside' | 'fail';

/**
 * The amount is held from REQUESTED until CONFIRMED, REFUSED or CANCELED. A payout that is mined and fails keeps the
 * hold and goes back to REQUESTED for another review. `settleInside`: the address is one of ours, no chain is used.
 */
export const WITHDRAWAL: Transitions<WithdrawalState, WithdrawalEvent> = {
  REQUESTED: { approve: 'APPROVED', refuse: 'REFUSED', cancel: 'CANCELED' },
  APPROVED: { wait: 'WAITING_FUNDS', sign: 'SIGNED', settleInside: 'CONFIRMED', fail: 'REQUESTED' },
  WAITING_FUNDS: { sign: 'SIGNED', wait: 'WAITING_FUNDS', fail: 'REQUESTED' },
  SIGNED: { broadcast: 'BROADCAST', confirm: 'CONFIRMED', fail: 'REQUESTED' },
  BROADCAST: { broadcast: 'BROADCAST', confirm: 'CONFIRMED', fail: 'REQUESTED' },
  CONFIRMED: {},
  REFUSED: {},
  CANCELED: {},
};
