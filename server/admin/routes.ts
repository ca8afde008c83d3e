import { listAdminActions } from '../../db/stores/admin-audit';
import { movesInFlight } from '../../db/stores/history';
import { emailsOf, listUsers } from '../../db/stores/users';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { presentMoves } from './present';

export function adminRoutes({ dataSource, engine, reconciliation }: Pick<ServerDeps, 'dataSource' | 'engine' | 'reconciliation'>): Route[] {
  return [
    route(ENDPOINTS.treasury, async () => {
      const [custody, position, moves] = await Promise.all([engine.custody(), engine.operatorPosition(), movesInFlight(dataSource)]);
      return { custody, position, inFlight: presentMoves(moves.sweeps, moves.transfers) };
    }),
    route(ENDPOINTS.pauseAsset, async ({ user, params, body, key }) => {
      await engine.submit({ kind: 'asset.pause', asset: params.asset, why: body.why, adminId: user.id, reference: `pause:${user.id}:${key}` });
      return {};
    }),
    route(ENDPOINTS.reconciliation, async () => {
      const [latest, paused] = await Promise.all([reconciliation.latest(), engine.paused()]);
      return { ...latest, paused };
    }),
    route(ENDPOINTS.auditLog, async ({ query }) => {
      const rows = await listAdminActions(dataSource, query);
      const emails = await emailsOf(
        dataSource,
        rows.map((row) => row.adminId),
      );
      return { items: rows.map((row) => ({ ...row, adminEmail: emails.get(row.adminId) ?? null })) };
    }),
    route(ENDPOINTS.setMarket, async ({ user, params, body, key }) => {
      await engine.submit({ kind: 'market.set', ...body, symbol: params.symbol, adminId: user.id, reference: `market:${user.id}:${key}` });
      return {};
    }),
    route(ENDPOINTS.adminUsers, async ({ query }) => ({ items: await listUsers(dataSource, query) })),
  ];
}
