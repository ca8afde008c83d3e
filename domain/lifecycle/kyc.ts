import type { Transitions } from './transitions';

export type KycState = 'NONE' | 'SUBMITTED' | 'APPROVED' | 'REJECTED';
export type KycEvent = 'submit' | 'approve' | 'refuse';

/** A refused application may be sent again; an approved one stays. */
export const KYC: Transitions<KycState, KycEvent> = {
  NONE: { submit: 'SUBMITTED' },
  SUBMITTED: { approve: 'APPROVED', refuse: 'REJECTED' },
  APPROVED: {},
  REJECTED: { submit: 'SUBMITTED' },
};
