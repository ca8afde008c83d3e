import type { KycApplicationRow, UserRow } from '../../db/entities/accounts';
import { adminKycView, kycApplicationView } from '../../domain/contract/api/kyc';
import type { AdminKycView, KycView } from '../../domain/contract/api/kyc';
import { view } from '../present';
import type { Vault } from './vault';

export const presentKyc = (user: Pick<UserRow, 'kycState'>, application: KycApplicationRow | null): KycView => ({
  state: user.kycState,
  application: application && view(kycApplicationView, application),
});

/** `twins`: all applications with the same document, its own and its owner's earlier ones among them. */
export function presentForAdmin(row: KycApplicationRow, emails: ReadonlyMap<string, string>, twins: readonly KycApplicationRow[], vault: Vault): AdminKycView {
  const email = (userId: string): string => emails.get(userId) ?? '';
  const others = new Map(twins.filter(({ userId }) => userId !== row.userId).map(({ userId, state }) => [userId, { userId, email: email(userId), state }]));
  return view(adminKycView, { ...row, email: email(row.userId), documentNumber: vault.openText(row.id, row.documentNumber), alsoAccounts: [...others.values()] });
}

const ENDINGS: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'application/pdf': 'pdf' };
export const fileNameOf = (applicationId: string, mime: string): string => `kyc-${applicationId}.${ENDINGS[mime] ?? 'bin'}`;
