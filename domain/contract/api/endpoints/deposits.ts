import { pageOf } from '../common';
import * as deposits from '../deposits';
import { get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const depositsEndpoints = {
  depositAddress: post('/deposit-addresses', 'My own address on a network', {
    access: 'verified',
    carries: 'json',
    body: deposits.askAddress,
    answers: deposits.depositAddressView,
    refuses: ['UNKNOWN_NETWORK'],
  }),
  deposits: get('/deposits', 'My deposits', { query: deposits.depositsQuery, answers: pageOf(deposits.depositView) }),
} satisfies Record<string, Endpoint>;
