import type { DepositRow } from '../../db/entities/deposits';
import { depositView } from '../../domain/contract/api/deposits';
import type { AwaitedView, DepositView } from '../../domain/contract/api/deposits';
import type { OnTheWay } from '../../db/stores/history';
import { plain, view } from '../present';

export const presentDeposit = (row: DepositRow): DepositView =>
  view(depositView, {
    ...row,
    amount: plain(row.amount),
    credited: row.credited === null ? null : plain(row.credited),
    fee: row.fee === null ? null : plain(row.fee),
  });

/** What a refused swap waits for. Of the house's own moves, which carry many users' coins, only the state is told. */
export function presentAwaited({ deposits, sweeps, transfers }: OnTheWay): AwaitedView[] {
  const move = { amount: null, confirmations: null, confirmationsNeeded: null };
  return [
    ...deposits.map(({ asset, network, state, amount, confirmations, confirmationsNeeded }) => ({
      kind: 'deposit' as const,
      asset,
      network,
      state,
      amount: plain(amount),
      confirmations,
      confirmationsNeeded,
    })),
    ...sweeps.map(({ asset, network, state }) => ({ ...move, kind: 'sweep' as const, asset, network, state })),
    ...transfers.map(({ asset, network, state }) => ({
      ...move,
      kind: 'venue-transfer' as const,
      asset,
      network,
      state,
    })),
  ];
}
