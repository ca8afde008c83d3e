import type { ApplyKyc } from '../../domain/contract/api/kyc';
import { plainNumber } from '../../domain/contract/api/text';
import { DomainError } from '../../domain/contract/errors';
import { advance } from '../../domain/lifecycle/transitions';
import { KYC } from '../../domain/lifecycle/kyc';
import type { KycEvent, KycState } from '../../domain/lifecycle/kyc';
import type { Vault } from './vault';

/** The state an event leads to. Refuses KYC_STATE where the table does not allow it. */
export function nextState(state: KycState, event: KycEvent): KycState {
  const next = advance(KYC, state, event);
  if (!next) throw new DomainError('KYC_STATE', { state });
  return next;
}

/** Nobody decides about themselves. */
export function refuseOwn(adminId: string, applicantId: string): void {
  if (adminId === applicantId) throw new DomainError('SELF_APPROVAL');
}

const LEAST_AGE = 18;
const MOST_AGE = 120;

/** By the calendar in UTC; refuses AGE_LIMIT who is too young, too old, or not born yet. `birthDate`: yyyy-mm-dd. */
export function refuseAge(birthDate: string, now: number): void {
  const today = new Date(now).toISOString().slice(0, 10);
  const age = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4)) - (today.slice(5) < birthDate.slice(5) ? 1 : 0);
  if (age < LEAST_AGE || age > MOST_AGE) throw new DomainError('AGE_LIMIT', { least: LEAST_AGE, most: MOST_AGE });
}

/**
 * The same for who has the same name, in either size of letters and however it is spaced, and the same date of birth.
 */
export const personHashOf = (
  vault: Pick<Vault, 'fingerprint'>,
  { fullName, birthDate }: Pick<ApplyKyc, 'fullName' | 'birthDate'>,
): string =>
  vault.fingerprint(
    'person',
    [
      fullName
        .normalize('NFKC')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
        .trim(),
      birthDate,
    ].join('|'),
  );

/** The same for the same document, however its number is spelled; says nothing to who has not the vault's key. */
export const documentHashOf = (
  vault: Pick<Vault, 'fingerprint'>,
  { documentType, country, documentNumber }: Pick<ApplyKyc, 'documentType' | 'country' | 'documentNumber'>,
): string => vault.fingerprint('document', [documentType, country, plainNumber(documentNumber)].join('|'));
