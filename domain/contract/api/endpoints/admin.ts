import { nothing, page, pageOf } from '../common';
import * as admin from '../admin';
import { ADMIN, get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const adminEndpoints = {
  pauseAsset: post('/admin/assets/:asset/pause', 'Stop the withdrawals of an asset, or let them go on', {
    ...ADMIN,
    params: admin.byAsset,
    carries: 'json',
    body: admin.pauseAsset,
    idempotent: true,
    answers: nothing,
    refuses: ['UNKNOWN_ASSET'],
  }),
  reconciliation: get('/admin/reconciliation', 'The books against the chains and Binance, as last compared', {
    ...ADMIN,
    answers: admin.reconciliationView,
  }),
  adminNetworks: get('/admin/networks', 'The networks of deposits and withdrawals, and their nodes', {
    ...ADMIN,
    answers: admin.networksView,
  }),
  treasury: get('/admin/treasury', 'Where the coins are', { ...ADMIN, answers: admin.treasuryView }),
  auditLog: get('/admin/audit-log', 'What admins did', { ...ADMIN, query: page, answers: pageOf(admin.auditView) }),
  adminVenue: get('/admin/venue', 'The venue behind our books: whether orders go there, and why not', {
    ...ADMIN,
    answers: admin.venueView,
  }),
  openVenue: post(
    '/admin/venue/open',
    'Open the venue: orders there are answered for, differences of its account are booked to suspense, then orders go out again',
    {
      ...ADMIN,
      carries: 'json',
      body: admin.openVenue,
      answers: admin.venueView,
      refuses: ['BUSY', 'UNKNOWN_OUTCOME'],
    },
  ),
} satisfies Record<string, Endpoint>;
