import { listSecurityEvents } from '../../db/stores/security-events';
import { emailsOf } from '../../db/stores/users';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { adminSecurityEventView, securityEventView } from '../../domain/contract/api/security';
import type { AdminSecurityEventView, SecurityEventView } from '../../domain/contract/api/security';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { view } from '../present';

export function securityRoutes({ dataSource, reader }: Pick<ServerDeps, 'dataSource' | 'reader'>): Route[] {
  return [
    route(ENDPOINTS.securityEvents, async ({ user, query }) =>
      presentPage(await listSecurityEvents(dataSource, query, { userId: user.id }), (row) =>
        view(securityEventView, row as SecurityEventView),
      ),
    ),
    route(ENDPOINTS.adminSecurityEvents, async ({ query: { userId, kind, ...page } }) => {
      const found = await listSecurityEvents(reader, page, {
        ...(userId !== undefined && { userId }),
        ...(kind !== undefined && { kind }),
      });
      const emails = await emailsOf(
        reader,
        found.rows.flatMap((row) => row.userId ?? []),
      );
      return presentPage(found, (row) =>
        view(adminSecurityEventView, {
          ...(row as AdminSecurityEventView),
          email: emails.get(row.userId ?? '') ?? null,
        }),
      );
    }),
  ];
}
