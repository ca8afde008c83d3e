import type { Transitions } from './transitions';

export type ChainTransactionState = 'PLANNED' | 'SIGNED' | 'BROADCAST' | 'CONFIRMED' | 'FAILED' | 'VOID';
export type ChainTransactionEvent = 'plan' | 'sign' | 'broadcast' | 'void' | 'confirm' | 'fail';

/**
 * A transaction of our own. PLANNED with its nonce, SIGNED and stored, BROADCAST once a node has taken it; final once
 * it is deep enough, and final otherwise where a reorganisation gave it another outcome. VOID: never signed, planned
 * anew perhaps; or bytes that were replaced.
 */
export const CHAIN_TRANSACTION: Transitions<ChainTransactionState, ChainTransactionEvent> = {
  PLANNED: { sign: 'SIGNED', void: 'VOID' },
  SIGNED: { broadcast: 'BROADCAST', confirm: 'CONFIRMED', fail: 'FAILED' },
  BROADCAST: { confirm: 'CONFIRMED', fail: 'FAILED' },
  CONFIRMED: { confirm: 'CONFIRMED', fail: 'FAILED' },
  FAILED: { confirm: 'CONFIRMED', fail: 'FAILED' },
  VOID: { plan: 'PLANNED' },
};
