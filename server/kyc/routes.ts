import { applicationsLike, firstApprovals, latestApplication, listApplications } from '../../db/stores/kyc';
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
      const [like, first] = await Promise.all([
        applicationsLike(dataSource, page.rows),
        firstApprovals(
          dataSource,
          page.rows.map(({ id }) => id),
        ),
      ]);
      const emails = await emailsOf(dataSource, [
        ...[...page.rows, ...like].map((row) => row.userId),
        ...[...first.values()].map(({ adminId }) => adminId),
      ]);
      return presentPage(page, (row) => presentForAdmin(row, emails, { like, first: first.get(row.id) }, vault));
    }),
    route(ENDPOINTS.adminKycDocument, async ({ user, params }) => {
      const { bytes, mime } = await service.document(user, params.id);
      return { bytes, mime, name: fileNameOf(params.id, mime) };
    }),
    route(ENDPOINTS.approveKyc, async ({ user, params, body }) => ({
      state: await service.approve(user, params.id, body.why),
    })),
    route(ENDPOINTS.refuseKyc, async ({ user, params, body }) => {
      await service.refuse(user, params.id, body.reason);
      return {};
    }),
  ];
}
