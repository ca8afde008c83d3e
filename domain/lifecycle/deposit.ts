import type { Transitions } from './transitions';

export type DepositState = 'SEEN' | 'CONFIRMING' | 'CREDITED' | 'SWEPT' | 'ORPHANED' | 'IGNORED';
export type DepositEvent = 'confirm' | 'credit' | 'sweep' | 'orphan' | 'ignore' | 'reappear';

/**
 * SEEN in a block, CONFIRMING while blocks pile on it, CREDITED to the user, SWEPT to the hot wallet. ORPHANED when its
 * block left the chain (and back to SEEN if it is mined again). IGNORED: below the minimum, or a top-up of our own.
 */
export const DEPOSIT: Transitions<DepositState, DepositEvent> = {
  SEEN: { confirm: 'CONFIRMING', credit: 'CREDITED', orphan: 'ORPHANED', ignore: 'IGNORED' },
  CONFIRMING: { confirm: 'CONFIRMING', credit: 'CREDITED', orphan: 'ORPHANED', ignore: 'IGNORED' },
  CREDITED: { sweep: 'SWEPT', orphan: 'ORPHANED' },
  SWEPT: { orphan: 'ORPHANED' },
  ORPHANED: { reappear: 'SEEN' },
  IGNORED: { orphan: 'ORPHANED' },
};
