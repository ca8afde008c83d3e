import type { KycApplicationRow, UserRow } from '../../db/entities/accounts';
import { recordAdminAction } from '../../db/stores/admin-audit';
import { applicationById, decideApplication, insertApplication } from '../../db/stores/kyc';
import { lockUser, setKycState } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import type { ApplyKyc } from '../../domain/contract/api/kyc';
import { DomainError } from '../../domain/contract/errors';
import type { KycState } from '../../domain/lifecycle/kyc';
import type { ServerDeps } from '../deps';
import { cleanDocument } from './document';
import type { Drawing, Drawings } from './pixels';
import { documentHashOf, nextState, refuseAge, refuseOwn } from './policy';
import type { Vault } from './vault';

export interface KycService {
  /** `gone`: nobody waits for the answer any more. */
  apply(user: UserRow, form: ApplyKyc, file: Buffer | undefined, gone: AbortSignal): Promise<void>;
  decide(admin: UserRow, applicationId: string, decision: 'approve' | 'refuse', reason: string | null): Promise<void>;
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
    decide: (admin, applicationId, decision, reason) => decide(deps, admin, applicationId, decision, reason),
    document: async (admin, applicationId) => {
      const application = await applicationById(deps.dataSource, applicationId);
      if (!application) throw new DomainError('NOT_FOUND');
      await recordAdminAction(deps.dataSource, auditRow(deps, admin.id, 'kyc.view-document', application, {}));
      return { bytes: await vault.read(application.id, application.documentFile), mime: application.documentMime };
    },
  };
}

async function apply(deps: Deps, vault: Vault, user: UserRow, form: ApplyKyc, { bytes, mime }: Drawing): Promise<void> {
  const id = deps.ids.next();
  const documentFile = await vault.store(id, bytes);
  const state = await inTransaction(deps.dataSource, async (manager) => {
    const current = await lockUser(manager, user.id);
    const next = nextState(current?.kycState ?? 'NONE', 'submit');
    await insertApplication(manager, {
      ...form,
      id,
      userId: user.id,
      state: next,
      documentNumber: vault.sealText(id, form.documentNumber),
      documentHash: documentHashOf(vault, form),
      documentFile,
      documentMime: mime,
      reason: null,
      createdAt: deps.clock.now(),
      decidedAt: null,
      decidedBy: null,
    });
    await setKycState(manager, user.id, next);
    return next;
  });
  deps.events.publish({ name: 'kyc.changed', userId: user.id, state });
}

async function decide(
  deps: Deps,
  admin: UserRow,
  applicationId: string,
  decision: 'approve' | 'refuse',
  reason: string | null,
): Promise<void> {
  const { userId, state } = await inTransaction(deps.dataSource, async (manager) => {
    const found = await applicationById(manager, applicationId);
    if (!found) throw new DomainError('NOT_FOUND');
    refuseOwn(admin.id, found.userId);
    await lockUser(manager, found.userId);
    const application = (await applicationById(manager, applicationId)) ?? found;
    const next: KycState = nextState(application.state, decision);
    await decideApplication(manager, application.id, { state: next, reason, decidedAt: deps.clock.now(), decidedBy: admin.id });
    await setKycState(manager, application.userId, next);
    await recordAdminAction(manager, auditRow(deps, admin.id, `kyc.${decision}`, application, reason === null ? {} : { reason }));
    return { userId: application.userId, state: next };
  });
  deps.events.publish({ name: 'kyc.changed', userId, state });
}

const auditRow = (deps: Deps, adminId: string, action: string, application: KycApplicationRow, details: Record<string, unknown>) => ({
  id: deps.ids.next(),
  adminId,
  action,
  subject: `kyc:${application.id}`,
  details: { userId: application.userId, ...details },
  at: deps.clock.now(),
});
