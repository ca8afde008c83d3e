import type { Transitions } from './transitions';

export type SwapState = 'EXECUTING' | 'COMPLETED' | 'PARTIAL' | 'RETURNED';
export type SwapEvent = 'fillAll' | 'fillPart' | 'fillNone';

/**
 * EXECUTING while a leg is open at the venue. PARTIAL: that part paid at the quoted rate, the rest given back.
 * RETURNED: money back.
 */
export const SWAP: Transitions<SwapState, SwapEvent> = {
  EXECUTING: { fillAll: 'COMPLETED', fillPart: 'PARTIAL', fillNone: 'RETURNED' },
  COMPLETED: {},
  PARTIAL: {},
  RETURNED: {},
};

/**
 * An order we mean to send to the venue. PENDING is written before the call; UNKNOWN is asked for, never sent again.
 */
export type IntentState = 'PENDING' | 'UNKNOWN' | 'DONE' | 'REJECTED';
export type IntentEvent = 'lose' | 'settle' | 'refuse';

export const INTENT: Transitions<IntentState, IntentEvent> = {
  PENDING: { lose: 'UNKNOWN', settle: 'DONE', refuse: 'REJECTED' },
  UNKNOWN: { lose: 'UNKNOWN', settle: 'DONE', refuse: 'REJECTED' },
  DONE: {},
  REJECTED: {},
};
