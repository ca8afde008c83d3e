import { byId } from '../common';
import * as cold from '../cold';
import { ADMIN, decide, get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const coldEndpoints = {
  cold: get('/admin/cold', 'Cold storage: what lies there, and what is on its way from there', {
    ...ADMIN,
    answers: cold.coldView,
  }),
  planCold: post('/admin/cold/transfers', 'Ask those who hold the keys of cold storage for coins', {
    ...ADMIN,
    carries: 'json',
    body: cold.planCold,
    status: 201,
    answers: byId,
    refuses: ['UNKNOWN_NETWORK', 'UNKNOWN_ASSET', 'INSUFFICIENT_FUNDS', 'NEEDS_OPERATOR_FUNDS', 'ASSET_PAUSED'],
  }),
  gatherCold: post('/admin/cold/transfers/:id/psbt', 'Bring back what a holder of keys signed', {
    ...decide,
    carries: 'long-json',
    body: cold.gatherCold,
    refuses: ['NOT_FOUND', 'BAD_PSBT', 'COLD_TRANSFER_STATE', 'ASSET_PAUSED'],
  }),
  announceCold: post('/admin/cold/transfers/:id/txid', 'Say which transaction a holder of keys sent', {
    ...decide,
    carries: 'json',
    body: cold.announceCold,
    refuses: ['NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED', 'COLD_TRANSFER_STATE', 'ASSET_PAUSED'],
  }),
  cancelCold: post('/admin/cold/transfers/:id/cancel', 'Give up a transfer from cold storage', {
    ...decide,
    refuses: ['NOT_FOUND', 'COLD_TRANSFER_STATE', 'ASSET_PAUSED'],
  }),
} satisfies Record<string, Endpoint>;
