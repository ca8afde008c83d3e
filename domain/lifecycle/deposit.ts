import type { Transitions } from './transitions';

export type DepositState = 'SEEN' | 'CONFIRMING' | 'CREDITED' | 'SWEPT' | 'ORPHANED' | 'IGNORED' | 'HELD';
export type DepositEvent =
  'confirm' | 'credit' | 'sweep' | 'orphan' | 'reverse' | 'ignore' | 'reappear' | 'hold' | 'release';

/**
 * SEEN in a block, CONFIRMING while blocks pile on it, CREDITED to the user, SWEPT to the hot wallet. IGNORED from the
 * beginning: below the minimum, or a top-up of our own. ORPHANED when its block left the chain: what was credited is
 * reversed by the engine. Mined again it is what it is in the new block. HELD: a person has to say whose it is, and it
 * is CONFIRMING again once one did.
 */
export const DEPOSIT: Transitions<DepositState, DepositEvent> = {
  SEEN: { confirm: 'CONFIRMING', credit: 'CREDITED', orphan: 'ORPHANED', hold: 'HELD' },
  CONFIRMING: { confirm: 'CONFIRMING', credit: 'CREDITED', orphan: 'ORPHANED', hold: 'HELD' },
  CREDITED: { sweep: 'SWEPT', reverse: 'ORPHANED' },
  SWEPT: { reverse: 'ORPHANED' },
  ORPHANED: { reappear: 'SEEN', ignore: 'IGNORED' },
  IGNORED: { orphan: 'ORPHANED' },
  HELD: { release: 'CONFIRMING', orphan: 'ORPHANED' },
};
