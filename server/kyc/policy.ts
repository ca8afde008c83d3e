import { DomainError } from '../../domain/contract/errors';
import { advance } from '../../domain/lifecycle/transitions';
import { KYC } from '../../domain/lifecycle/kyc';
import type { KycEvent, KycState } from '../../domain/lifecycle/kyc';

/** The state an event leads to. Refuses KYC_STATE where the table does not allow it. */
export function nextState(state: KycState, event: KycEvent): KycState {
  const next = advance(KYC, state, event);
  if (!next) throw new DomainError('KYC_STATE', { state });
  return next;
}

/** Nobody decides about themselves. */
export function refuseOwn(adminId: string, applicantId: string): void {
  if (adminId === applicantId) throw new DomainError('OWN_REQUEST');
}
