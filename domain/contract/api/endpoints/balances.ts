import { balanceView } from '../balances';
import { listOf } from '../common';
import { get } from './endpoint';
import type { Endpoint } from './endpoint';

export const balancesEndpoints = {
  balances: get('/balances', 'My balances', { answers: listOf(balanceView) }),
} satisfies Record<string, Endpoint>;
