/** Admins and rules for tests. */
import type { Approval } from '../../domain/contract/api/approvals';
import type { Payment } from '../../domain/contract/ports';
import { readPayoutId } from '../../domain/references';
import { makeAdminKey, signApproval } from './admin-key';
import { enrolAdmin } from './admins';
import { adminsFile } from './approvals';
import type { ApprovalLimits, ApprovalRules } from './policy';

const HOUR_MS = 3_600_000;
const MUCH = '1000000000';

/** Nobody has to approve anything: for tests of what comes after. */
export const openRules: ApprovalRules = {
  limits: { '*': { auto: MUCH, autoDaily: MUCH, fourEyes: MUCH } },
  validMs: HOUR_MS,
  now: Date.now,
};
export const rulesOf = (
  limits: Readonly<Record<string, ApprovalLimits>>,
  now: () => number = Date.now,
): ApprovalRules => ({ limits, validMs: HOUR_MS, now });

export interface TestAdmin {
  readonly name: string;
  readonly publicKey: string;
  approve(payment: Payment, over?: { readonly feeCap?: string; readonly at?: number }): Approval;
}

/** An admin with a key of their own; enrolled where a signer's directory is named. */
export function testAdmin(name: string, dir?: string): TestAdmin {
  const { privateKey, publicKey } = makeAdminKey();
  if (dir !== undefined) enrolAdmin(adminsFile(dir), name, publicKey, 0);
  return {
    name,
    publicKey,
    approve: ({ intentId, network, asset, to, amount }, { feeCap = '1', at = Date.now() } = {}) => {
      const payout = readPayoutId(intentId) ?? { withdrawalId: '', round: 0 };
      return signApproval(privateKey, { ...payout, network, asset, to, amount }, feeCap, at);
    },
  };
}
