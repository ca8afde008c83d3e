import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';

export const balanceRoutes = ({ engine }: Pick<ServerDeps, 'engine'>): Route[] => [
  route(ENDPOINTS.balances, async ({ user }) => ({ items: await engine.balancesOf(user.id) })),
];
