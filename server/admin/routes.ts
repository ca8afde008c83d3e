import { listAdminActions } from '../../db/stores/admin-audit';
import { movesInFlight } from '../../db/stores/history';
import { readVenueState, venueDifferences } from '../../db/stores/venue';
import { emailsOf } from '../../db/stores/users';
import type { VenueView } from '../../domain/contract/api/admin';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { presentMoves, presentVenue } from './present';

const DIFFERENCES_SHOWN = 100;

export function adminRoutes({
  dataSource,
  reader,
  engine,
  ids,
  reconciliation,
  networkStates,
}: Pick<ServerDeps, 'dataSource' | 'reader' | 'engine' | 'ids' | 'reconciliation' | 'networkStates'>): Route[] {
  const venue = async (): Promise<VenueView> =>
    presentVenue(
      await readVenueState(dataSource),
      await venueDifferences(dataSource, DIFFERENCES_SHOWN),
      await networkStates.venueTreasury(),
    );
  return [
    route(ENDPOINTS.adminVenue, venue),
    route(ENDPOINTS.openVenue, async ({ user, body }) => {
      await engine.submit({
        kind: 'venue.open',
        adminId: user.id,
        newEpoch: body.newEpoch,
        why: body.why,
        reference: `venue-open:${ids.next()}`,
      });
      return venue();
    }),
    route(ENDPOINTS.treasury, async () => {
      const [custody, position, moves] = await Promise.all([
        engine.custody(),
        engine.operatorPosition(),
        movesInFlight(dataSource),
      ]);
      return { custody, position, inFlight: presentMoves(moves.sweeps, moves.transfers) };
    }),
    route(ENDPOINTS.pauseAsset, async ({ user, params, body, key }) => {
      await engine.submit({
        kind: 'asset.pause',
        asset: params.asset,
        why: body.why,
        adminId: user.id,
        reference: `pause:${user.id}:${key}`,
      });
      return {};
    }),
    route(ENDPOINTS.reconciliation, async () => {
      const [latest, paused] = await Promise.all([reconciliation.latest(), engine.paused()]);
      return { ...latest, paused };
    }),
    route(ENDPOINTS.adminNetworks, async () => ({ items: await networkStates.networks() })),
    route(ENDPOINTS.auditLog, async ({ query }) => {
      const page = await listAdminActions(reader, query);
      const emails = await emailsOf(
        reader,
        page.rows.map((row) => row.adminId),
      );
      return presentPage(page, (row) => ({ ...row, adminEmail: emails.get(row.adminId) ?? null }));
    }),
    route(ENDPOINTS.setMarket, async ({ user, params, body, key }) => {
      await engine.submit({
        kind: 'market.set',
        ...body,
        symbol: params.symbol,
        adminId: user.id,
        reference: `market:${user.id}:${key}`,
      });
      return {};
    }),
  ];
}
