import { listWithdrawals, withdrawalsOf } from '../../db/stores/history';
import { emailsOf } from '../../db/stores/users';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { presentForAdmin, presentWithdrawal } from './present';
import type { WithdrawalService } from './service';

export function withdrawalRoutes({ dataSource }: Pick<ServerDeps, 'dataSource'>, service: WithdrawalService): Route[] {
  return [
    route(ENDPOINTS.askWithdrawal, async ({ user, body, key }) => presentWithdrawal(await service.ask(user.id, body, key))),
    route(ENDPOINTS.withdrawals, async ({ user, query }) => ({
      items: (await withdrawalsOf(dataSource, user.id, query)).map(presentWithdrawal),
    })),
    route(ENDPOINTS.withdrawal, async ({ user, params }) => presentWithdrawal(await service.find(user.id, params.id))),
    route(ENDPOINTS.cancelWithdrawal, async ({ user, params }) => presentWithdrawal(await service.cancel(user.id, params.id))),
    route(ENDPOINTS.adminWithdrawals, async ({ query }) => {
      const rows = await listWithdrawals(dataSource, query, query.state);
      const emails = await emailsOf(
        dataSource,
        rows.map((row) => row.userId),
      );
      return { items: rows.map((row) => presentForAdmin(row, emails.get(row.userId))) };
    }),
    route(ENDPOINTS.approveWithdrawal, async ({ user, params }) => {
      await service.approve(user, params.id);
      return {};
    }),
    route(ENDPOINTS.refuseWithdrawal, async ({ user, params, body }) => {
      await service.refuse(user, params.id, body.reason);
      return {};
    }),
  ];
}
