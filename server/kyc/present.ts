import type { FirstApprovalRow, KycApplicationRow, UserRow } from '../../db/entities/accounts';
import { adminKycView, kycApplicationView } from '../../domain/contract/api/kyc';
import type { AdminKycView, KycView } from '../../domain/contract/api/kyc';
import { view } from '../present';
import type { Vault } from './vault';

export const presentKyc = (user: Pick<UserRow, 'kycState'>, application: KycApplicationRow | null): KycView => ({
  state: user.kycState,
  application: application && view(kycApplicationView, application),
});

/** Of these applications those of other accounts that are of the same document or person, one for each account. */
export function twinsOf(
  row: KycApplicationRow,
  like: readonly KycApplicationRow[],
): { userId: string; state: KycApplicationRow['state']; same: ('document' | 'person')[] }[] {
  const others = new Map<
    string,
    { userId: string; state: KycApplicationRow['state']; same: ('document' | 'person')[] }
  >();
  for (const { userId, state, documentHash, personHash } of like) {
    const same = [
      ...(documentHash && documentHash === row.documentHash ? (['document'] as const) : []),
      ...(personHash && personHash === row.personHash ? (['person'] as const) : []),
    ];
    if (userId === row.userId || same.length === 0) continue;
    others.set(userId, { userId, state, same: [...new Set([...(others.get(userId)?.same ?? []), ...same])] });
  }
  return [...others.values()];
}

/** `like`: all applications of the same document or person, its own and its owner's earlier ones among them. */
export function presentForAdmin(
  row: KycApplicationRow,
  emails: ReadonlyMap<string, string>,
  { like, first }: { like: readonly KycApplicationRow[]; first: FirstApprovalRow | undefined },
  vault: Vault,
): AdminKycView {
  const email = (userId: string): string => emails.get(userId) ?? '';
  const alsoAccounts = twinsOf(row, like).map((one) => ({ ...one, email: email(one.userId) }));
  const firstApproval = first
    ? { adminId: first.adminId, adminEmail: emails.get(first.adminId) ?? null, why: first.why, at: first.at }
    : null;
  return view(adminKycView, {
    ...row,
    email: email(row.userId),
    documentNumber: vault.openText(row.id, row.documentNumber),
    alsoAccounts,
    firstApproval,
  });
}

const ENDINGS: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'application/pdf': 'pdf' };
export const fileNameOf = (applicationId: string, mime: string): string =>
  `kyc-${applicationId}.${ENDINGS[mime] ?? 'bin'}`;
