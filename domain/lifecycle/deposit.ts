import type { Transitions } from './transitions';

export type DepositState = 'SEEN' | 'CONFIRMING' | 'CREDITED' | 'SWEPT' | 'ORPHANED' | 'IGNORED' | 'HELD';
export type DepositEvent = 'confirm' | 'credit' | 'sweep' | 'orphan' | 'ignore' | 'reappear' | 'hold' | 'release';

/**
 * SEEN in a block, CONFIRMING while blocks pile on it, CREDITED to the user, SWEPT to the hot wallet. ORPHANED when its
 * block left the chain (and back to SEEN if it is mined again). IGNORED: below the minimum, or a top-up of our own.
 * HELD: whose it is is for a person to say, and CONFIRMING again once one did.
 */
export const DEPOSIT: Transitions<DepositState, DepositEvent> = {
  SEEN: { confirm: 'CONFIRMING', credit: 'CREDITED', orphan: 'ORPHANED', ignore: 'IGNORED' },
  CONFIRMING: { confirm: 'CONFIRMING', credit: 'CREDITED', orphan: 'ORPHANED', ignore: 'IGNORED', hold: 'HELD' },
  CREDITED: { sweep: 'SWEPT', orphan: 'ORPHANED' },
  SWEPT: { orphan: 'ORPHANED' },
  ORPHANED: { reappear: 'SEEN' },
  IGNORED: { orphan: 'ORPHANED' },
  HELD: { release: 'CONFIRMING', orphan: 'ORPHANED' },
};
