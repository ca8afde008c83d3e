import { pageOf } from '../common';
import * as tiers from '../tiers';
import { ADMIN, decide, get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const tiersEndpoints = {
  myTier: get('/tier', 'My tier: its limit of 24 hours, what of it is used, and what each tier asks for', {
    answers: tiers.myTierView,
  }),
  setTier: post(
    '/admin/users/:id/tier',
    'Put a user into a tier: a higher one when as many admins want it as the settings ask for, a lower one at once',
    {
      ...decide,
      carries: 'json',
      body: tiers.setTier,
      answers: tiers.setTierAnswer,
      refuses: ['NOT_FOUND', 'UNKNOWN_TIER', 'KYC_STATE', 'SELF_APPROVAL'],
      event: 'tier.change',
    },
  ),
  adminTiers: get('/admin/tiers', 'The tiers of identity as the settings have them', {
    ...ADMIN,
    answers: tiers.tiersView,
  }),
  adminUsers: get('/admin/users', 'Accounts with their tiers, and what of the day they have used', {
    ...ADMIN,
    query: tiers.adminUsersQuery,
    answers: pageOf(tiers.adminUserView),
  }),
} satisfies Record<string, Endpoint>;
