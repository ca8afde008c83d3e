import type { KycApplicationRow, UserRow } from '../../db/entities/accounts';
import { adminKycView, kycApplicationView } from '../../domain/contract/api/kyc';
import type { AdminKycView, KycView } from '../../domain/contract/api/kyc';
import { view } from '../present';
import type { Vault } from './vault';

export const presentKyc = (user: Pick<UserRow, 'kycState'>, application: KycApplicationRow | null): KycView => ({
  state: user.kycState,
  application: application && view(kycApplicationView, application),
});

export const presentForAdmin = (row: KycApplicationRow, email: string | undefined, vault: Vault): AdminKycView =>
  view(adminKycView, { ...row, email: email ?? '', documentNumber: vault.openText(row.id, row.documentNumber) });

const ENDINGS: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'application/pdf': 'pdf' };
export const fileNameOf = (applicationId: string, mime: string): string => `kyc-${applicationId}.${ENDINGS[mime] ?? 'bin'}`;
