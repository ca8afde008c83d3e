import type { KycApplicationRow, UserRow } from '../../db/entities/accounts';
import { recordAdminAction } from '../../db/stores/admin-audit';
import {
  applicationById,
  applicationsLike,
  decideApplication,
  filesOfApplications,
  firstApprovals,
  insertApplication,
  putFirstApproval,
} from '../../db/stores/kyc';
import { lockUser, setKycState, userById } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import type { Transaction } from '../../db/transaction';
import type { ApplyKyc } from '../../domain/contract/api/kyc';
import { DomainError } from '../../domain/contract/errors';
import type { KycState } from '../../domain/lifecycle/kyc';
import type { ServerDeps } from '../deps';
import { cleanDocument } from './document';
import type { Drawing, Drawings } from './pixels';
import { documentHashOf, nextState, personHashOf, refuseAge, refuseOwn } from './policy';
import { twinsOf } from './present';
import type { Vault } from './vault';

export interface KycService {
  /** `gone`: nobody waits for the answer any more. */
  apply(user: UserRow, form: ApplyKyc, file: Buffer | undefined, gone: AbortSignal): Promise<void>;
  /**
   * Answers the state after it: SUBMITTED where another account is of the same document or person, and this was the
   * first of the two admins whom that takes. Refuses KYC_TWIN such a one without a reason.
   */
  approve(admin: UserRow, applicationId: string, why: string | undefined): Promise<KycState>;
  refuse(admin: UserRow, applicationId: string, reason: string): Promise<void>;
  /** The document itself; that somebody looked is recorded first. */
  document(admin: UserRow, applicationId: string): Promise<{ bytes: Buffer; mime: string }>;
}

type Deps = Pick<ServerDeps, 'dataSource' | 'clock' | 'ids' | 'events'>;

export function createKycService(deps: Deps, vault: Vault, drawings: Drawings): KycService {
  return {
    apply: async (user, form, file, gone) => {
      nextState(user.kycState, 'submit');
      refuseAge(form.birthDate, deps.clock.now());
      const document = file && cleanDocument(file);
      const drawing = document && (await drawings.draw(user.id, document, gone));
      if (!drawing) throw new DomainError('BAD_DOCUMENT');
      await apply(deps, vault, user, form, drawing);
    },
    approve: (admin, applicationId, why) =>
      decide(deps, admin, applicationId, (manager, application) => approved(deps, manager, admin, application, why)),
    refuse: async (admin, applicationId, reason) => {
      await decide(deps, admin, applicationId, async (manager, application) => {
        await recordAdminAction(manager, auditRow(deps, admin.id, 'kyc.refuse', application, { reason }));
        return { state: nextState(application.state, 'refuse'), reason };
      });
    },
    document: async (admin, applicationId) => {
      const application = await applicationById(deps.dataSource, applicationId);
      if (!application || application.documentFile === '') throw new DomainError('NOT_FOUND');
      await recordAdminAction(deps.dataSource, auditRow(deps, admin.id, 'kyc.view-document', application, {}));
      return { bytes: await vault.read(application.id, application.documentFile), mime: application.documentMime };
    },
  };
}

async function apply(deps: Deps, vault: Vault, user: UserRow, form: ApplyKyc, { bytes, mime }: Drawing): Promise<void> {
  const id = deps.ids.next();
  let documentFile: string | undefined;
  try {
    await inTransaction(deps.dataSource, async (manager) => {
      const current = await lockUser(manager, user.id);
      const state = nextState(current?.kycState ?? 'NONE', 'submit');
      // Only now: of twenty applications at once nineteen end above, and leave no file.
      documentFile ??= await vault.store(id, bytes);
      const hashes = { documentHash: documentHashOf(vault, form), personHash: personHashOf(vault, form) };
      const kept = {
        documentNumber: vault.sealText(id, form.documentNumber),
        documentFile,
        documentMime: mime,
        ...hashes,
      };
      await insertApplication(manager, {
        ...form,
        ...kept,
        id,
        userId: user.id,
        state,
        reason: null,
        createdAt: deps.clock.now(),
        decidedAt: null,
        decidedBy: null,
      });
      await setKycState(manager, user.id, state);
    });
  } catch (error) {
    // Whether it was committed may not be known: what an application has stays, and the rest is found by its age.
    if (documentFile !== undefined && !(await filesOfApplications(deps.dataSource, [documentFile])).has(documentFile))
      await vault.remove(documentFile);
    throw error;
  }
  deps.events.publish({ name: 'kyc.changed', userId: user.id, state: 'SUBMITTED' });
}

type Decision = Pick<KycApplicationRow, 'state' | 'reason'>;

async function decide(
  deps: Deps,
  admin: UserRow,
  applicationId: string,
  decision: (manager: Transaction, application: KycApplicationRow) => Promise<Decision>,
): Promise<KycState> {
  const { userId, before, state } = await inTransaction(deps.dataSource, async (manager) => {
    const found = await applicationById(manager, applicationId);
    if (!found) throw new DomainError('NOT_FOUND');
    refuseOwn(admin.id, found.userId);
    await lockUser(manager, found.userId);
    const application = (await applicationById(manager, applicationId)) ?? found;
    const decided = await decision(manager, application);
    if (decided.state !== application.state) {
      await decideApplication(manager, application.id, {
        ...decided,
        decidedAt: deps.clock.now(),
        decidedBy: admin.id,
      });
      await setKycState(manager, application.userId, decided.state);
    }
    return { userId: application.userId, before: application.state, state: decided.state };
  });
  if (state !== before) deps.events.publish({ name: 'kyc.changed', userId, state });
  return state;
}

/** One admin approves; of who may have another account here, two, and both say why. */
async function approved(
  deps: Deps,
  manager: Transaction,
  admin: UserRow,
  application: KycApplicationRow,
  why: string | undefined,
): Promise<Decision> {
  const state = nextState(application.state, 'approve');
  const twins = twinsOf(application, await applicationsLike(manager, [application]));
  const also = twins.length === 0 ? {} : { twins: twins.map(({ userId }) => userId), why };
  if (twins.length > 0 && why === undefined)
    throw new DomainError('KYC_TWIN', {
      same: [...new Set(twins.flatMap(({ same }) => same))],
      accounts: twins.length,
    });
  const first = (await firstApprovals(manager, [application.id])).get(application.id);
  // Who is no admin any more has approved nothing.
  const counts =
    first !== undefined && first.adminId !== admin.id && (await userById(manager, first.adminId))?.role === 'admin';
  if (twins.length > 0 && !counts) {
    if (first?.adminId !== admin.id) {
      await putFirstApproval(manager, {
        applicationId: application.id,
        adminId: admin.id,
        why: why ?? '',
        at: deps.clock.now(),
      });
      await recordAdminAction(manager, auditRow(deps, admin.id, 'kyc.approve-twin', application, also));
    }
    return { state: application.state, reason: application.reason };
  }
  await recordAdminAction(
    manager,
    auditRow(deps, admin.id, 'kyc.approve', application, { ...also, ...(counts && { firstApproval: first.adminId }) }),
  );
  return { state, reason: null };
}

const auditRow = (
  deps: Deps,
  adminId: string,
  action: string,
  application: KycApplicationRow,
  details: Record<string, unknown>,
) => ({
  id: deps.ids.next(),
  adminId,
  action,
  subject: `kyc:${application.id}`,
  details: { userId: application.userId, ...details },
  at: deps.clock.now(),
});
