import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { QUOTE, asksOf } from './policy';
import type { TierService, TierSettings } from './service';

/** What a user may withdraw in a day, and who says so. */
export function tierRoutes(service: TierService, { tiers, adminsToRaise }: TierSettings): Route[] {
  const listed = tiers.map((tier, at) => ({
    tier: at + 1,
    perDay: tier.perDay,
    small: tier.small,
    asks: [...asksOf(tier)],
  }));
  return [
    route(ENDPOINTS.myTier, ({ user }) => service.mine(user)),
    route(ENDPOINTS.adminTiers, async () => ({ quote: QUOTE, adminsToRaise, tiers: listed })),
    route(ENDPOINTS.adminUsers, ({ query }) => service.users(query, query.email)),
    route(ENDPOINTS.setTier, ({ user, params, body }) => service.set(user, params.id, body)),
  ];
}
