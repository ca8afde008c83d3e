import { byId, pageOf } from '../common';
import * as swaps from '../swaps';
import { get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const swapsEndpoints = {
  quote: post('/quotes', 'A price to swap at, valid for seconds', {
    access: 'active',
    limit: 'quote',
    status: 201,
    carries: 'json',
    body: swaps.askQuote,
    answers: swaps.quoteView,
    refuses: ['MARKET_CLOSED', 'MARKET_HALTED', 'UNKNOWN_MARKET', 'AMOUNT_TOO_SMALL', 'AMOUNT_TOO_LARGE', 'BAD_AMOUNT'],
  }),
  acceptQuote: post('/swaps', 'Accept a quote', {
    access: 'active',
    status: 201,
    carries: 'json',
    idempotent: true,
    body: swaps.acceptQuote,
    answers: swaps.swapDetailView,
    refuses: [
      'QUOTE_EXPIRED',
      'QUOTE_USED',
      'FUNDS_IN_TRANSIT',
      'INSUFFICIENT_FUNDS',
      'MARKET_CLOSED',
      'IDEMPOTENCY_KEY_REUSED',
      'UNKNOWN_OUTCOME',
    ],
  }),
  swaps: get('/swaps', 'My swaps', { query: swaps.swapsQuery, answers: pageOf(swaps.swapView) }),
  swap: get('/swaps/:id', 'One swap, with what happened at the venue', {
    params: byId,
    answers: swaps.swapDetailView,
    refuses: ['NOT_FOUND'],
  }),
} satisfies Record<string, Endpoint>;
