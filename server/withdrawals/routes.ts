import { listWithdrawals, withdrawalsOf } from '../../db/stores/history';
import { reviewsOf } from '../../db/stores/reviews';
import { emailsOf } from '../../db/stores/users';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { Sessions } from '../http/session';
import type { Post } from '../jobs/mail';
import { attemptIn } from '../second-factor/attempt';
import type { Approvals } from './approvals';
import { presentForAdmin, presentWithdrawal } from './present';
import { beside } from './recorded';
import type { WithdrawalRequests } from './request';
import type { WithdrawalService } from './service';

export interface Services {
  readonly service: WithdrawalService;
  readonly requests: WithdrawalRequests;
  readonly approvals: Approvals;
  readonly sessions: Sessions;
  readonly post: Post;
}

export function withdrawalRoutes(
  { dataSource, registry, engine, events }: Pick<ServerDeps, 'dataSource' | 'registry' | 'engine' | 'events'>,
  { service, requests, approvals, sessions, post }: Services,
): Route[] {
  return [
    route(ENDPOINTS.askWithdrawal, async ({ user, body, key, req }) => {
      const shown = presentWithdrawal(await service.ask(user, body, key, attemptIn(sessions, req)));
      const { id, amount, asset, network, address } = shown;
      post.send('withdrawal-requested', id, user, { amount, asset, network, address });
      return shown;
    }),
    route(ENDPOINTS.withdrawalLimits, ({ user }) => requests.limits(user)),
    route(ENDPOINTS.withdrawals, async ({ user, query }) =>
      presentPage(await withdrawalsOf(dataSource, user.id, query), presentWithdrawal),
    ),
    route(ENDPOINTS.withdrawal, async ({ user, params }) => presentWithdrawal(await service.find(user.id, params.id))),
    route(ENDPOINTS.cancelWithdrawal, async ({ user, params }) =>
      presentWithdrawal(await service.cancel(user.id, params.id)),
    ),
    route(ENDPOINTS.adminWithdrawals, async ({ query }) => {
      const page = await listWithdrawals(dataSource, query, query.state);
      const { rows } = page;
      const [records, emails, names, reviews] = await Promise.all([
        beside({ engine, events }, rows),
        emailsOf(
          dataSource,
          rows.map((row) => row.userId),
        ),
        approvals.names(rows),
        reviewsOf(
          dataSource,
          rows.map((row) => row.id),
        ),
      ]);
      return presentPage(page, (row) =>
        presentForAdmin(row, registry, {
          email: emails.get(row.userId),
          approvedBy: names.get(row.id) ?? [],
          review: reviews.get(row.id),
          beside: records.get(row.id),
        }),
      );
    }),
    route(ENDPOINTS.approveWithdrawal, ({ user, params, body }) => service.approve(user, params.id, body)),
    route(ENDPOINTS.approvalKeys, async () => ({ items: await approvals.keys() })),
    route(ENDPOINTS.offerApprovalKey, ({ user, body }) => approvals.offer(user, body.publicKey)),
    route(ENDPOINTS.refuseWithdrawal, async ({ user, params, body }) => {
      await service.refuse(user, params.id, body.reason);
      return {};
    }),
  ];
}
