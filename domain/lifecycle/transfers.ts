/**
 * Coins of ours on their way between places: from deposit addresses, to and from the venue, to and from cold storage.
 */
import type { Transitions } from './transitions';

export type SweepState = 'PLANNED' | 'TOPPING_UP' | 'NEEDS_OPERATOR_FUNDS' | 'SENDING' | 'DONE' | 'FAILED';
export type SweepEvent = 'topUp' | 'lack' | 'send' | 'finish' | 'fail';

/**
 * What a sweep that has not ended waits for is found anew in each round. A kill may come between sending and the note
 * of it.
 */
const UNDER_WAY = {
  topUp: 'TOPPING_UP',
  lack: 'NEEDS_OPERATOR_FUNDS',
  send: 'SENDING',
  finish: 'DONE',
  fail: 'FAILED',
} as const;

/** Coins of one deposit address to the hot wallet. TOPPING_UP: the address gets gas first. */
export const SWEEP: Transitions<SweepState, SweepEvent> = {
  PLANNED: UNDER_WAY,
  TOPPING_UP: UNDER_WAY,
  NEEDS_OPERATOR_FUNDS: UNDER_WAY,
  SENDING: UNDER_WAY,
  DONE: {},
  FAILED: {},
};

export type VenueTransferState =
  'RESERVED' | 'REQUESTED' | 'UNKNOWN' | 'SENDING' | 'NEEDS_OPERATOR_FUNDS' | 'IN_TRANSIT' | 'DONE' | 'FAILED';
export type VenueTransferEvent = 'ask' | 'accept' | 'send' | 'lack' | 'leave' | 'store' | 'arrive' | 'fail';

/**
 * A pull-back begins RESERVED, is UNKNOWN from just before the venue is asked, REQUESTED once it has accepted. What
 * goes to the venue or to cold
 * storage begins SENDING. IN_TRANSIT: it has left and has not arrived; in cold storage it is as soon as it is final
 * (`store`).
 */
export const VENUE_TRANSFER: Transitions<VenueTransferState, VenueTransferEvent> = {
  RESERVED: { ask: 'UNKNOWN', fail: 'FAILED' },
  UNKNOWN: { accept: 'REQUESTED', leave: 'IN_TRANSIT', fail: 'FAILED' },
  REQUESTED: { leave: 'IN_TRANSIT', fail: 'FAILED' },
  SENDING: {
    send: 'SENDING',
    lack: 'NEEDS_OPERATOR_FUNDS',
    leave: 'IN_TRANSIT',
    store: 'DONE',
    fail: 'FAILED',
  },
  NEEDS_OPERATOR_FUNDS: {
    send: 'SENDING',
    lack: 'NEEDS_OPERATOR_FUNDS',
    leave: 'IN_TRANSIT',
    store: 'DONE',
    fail: 'FAILED',
  },
  IN_TRANSIT: { arrive: 'DONE' },
  DONE: {},
  FAILED: {},
};

export type ColdTransferState = 'WAITING_SIGNATURES' | 'SENDING' | 'DONE' | 'CANCELED' | 'FAILED';
export type ColdTransferEvent = 'announce' | 'cancel' | 'finish' | 'fail';

/**
 * From cold storage to the hot wallet. Announced: its transaction is known; another one may be announced in the place
 * of one that no block has.
 */
export const COLD_TRANSFER: Transitions<ColdTransferState, ColdTransferEvent> = {
  WAITING_SIGNATURES: { announce: 'SENDING', cancel: 'CANCELED' },
  SENDING: { announce: 'SENDING', finish: 'DONE', fail: 'FAILED' },
  DONE: {},
  CANCELED: {},
  FAILED: {},
};

export type StakeState = 'PLANNED' | 'SENDING' | 'UNSTAKING' | 'DONE' | 'FAILED' | 'CANCELED';
export type StakeEvent = 'send' | 'cancel' | 'finish' | 'unstake' | 'receive' | 'fail';

/** TRX of the hot wallet that becomes stake, or stake that becomes TRX again: UNSTAKING for fourteen days. */
export const STAKE: Transitions<StakeState, StakeEvent> = {
  PLANNED: { send: 'SENDING', cancel: 'CANCELED' },
  SENDING: { finish: 'DONE', unstake: 'UNSTAKING', fail: 'FAILED' },
  UNSTAKING: { receive: 'DONE' },
  DONE: {},
  FAILED: {},
  CANCELED: {},
};
