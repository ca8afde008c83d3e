import { applicationsByDocument, latestApplication, listApplications } from '../../db/stores/kyc';
import { emailsOf } from '../../db/stores/users';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { fileNameOf, presentForAdmin, presentKyc } from './present';
import type { KycService } from './service';
import type { Vault } from './vault';

export function kycRoutes({ dataSource }: Pick<ServerDeps, 'dataSource'>, service: KycService, vault: Vault): Route[] {
  return [
    route(ENDPOINTS.applyKyc, async ({ user, body, file, res }) => {
      const gone = new AbortController();
      res.once('close', () => gone.abort());
      await service.apply(user, body, file, gone.signal);
      return presentKyc({ kycState: 'SUBMITTED' }, await latestApplication(dataSource, user.id));
    }),
    route(ENDPOINTS.kyc, async ({ user }) => presentKyc(user, await latestApplication(dataSource, user.id))),
    route(ENDPOINTS.adminKyc, async ({ query }) => {
      const page = await listApplications(dataSource, query, query.state);
      const twins = await applicationsByDocument(dataSource, page.rows.flatMap(({ documentHash }) => documentHash ?? []));
      const emails = await emailsOf(dataSource, [...page.rows, ...[...twins.values()].flat()].map((row) => row.userId));
      return presentPage(page, (row) => presentForAdmin(row, emails, twins.get(row.documentHash ?? '') ?? [], vault));
    }),
    route(ENDPOINTS.adminKycDocument, async ({ user, params }) => {
      const { bytes, mime } = await service.document(user, params.id);
      return { bytes, mime, name: fileNameOf(params.id, mime) };
    }),
    route(ENDPOINTS.approveKyc, async ({ user, params }) => {
      await service.decide(user, params.id, 'approve', null);
      return {};
    }),
    route(ENDPOINTS.refuseKyc, async ({ user, params, body }) => {
      await service.decide(user, params.id, 'refuse', body.reason);
      return {};
    }),
  ];
}
