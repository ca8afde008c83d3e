/** The rows that travel with an event, presented as the API presents them. */
import { depositById, swapOf, withdrawalOf } from '../../db/stores/history';
import type { LiveData, LiveName } from '../../domain/contract/api/live';
import type { EventOf } from '../../domain/contract/events';
import { presentDeposit } from '../deposits/present';
import type { ServerDeps } from '../deps';
import { presentSwap } from '../swaps/present';
import { presentWithdrawal } from '../withdrawals/present';

/** Those events whose row travels with them need none. */
export type RowOf = {
  [Name in Exclude<LiveName, 'order.changed' | 'fill.made'>]: (event: EventOf<Name>) => Promise<LiveData[Name] | null>;
};

export const createRows = ({ dataSource, engine }: Pick<ServerDeps, 'dataSource' | 'engine'>): RowOf => ({
  'balance.changed': async ({ userId }) => ({ items: await engine.balancesOf(userId) }),
  'deposit.changed': async ({ depositId }) => {
    const row = await depositById(dataSource, depositId);
    return row && presentDeposit(row);
  },
  'swap.changed': async ({ userId, swapId }) => {
    const row = await swapOf(dataSource, userId, swapId);
    return row && presentSwap(row);
  },
  'withdrawal.changed': async ({ userId, withdrawalId }) => {
    const row = await withdrawalOf(dataSource, userId, withdrawalId);
    return row && presentWithdrawal(row);
  },
  'kyc.changed': async ({ state }) => ({ state }),
});
