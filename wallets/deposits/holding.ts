import type { DepositRow } from '../../db/entities/deposits';
import type { DepositStore } from '../../db/stores/deposits';
import type { EventBus } from '../../domain/contract/ports';

export interface HoldingDeps {
  readonly store: Pick<DepositStore, 'otherOwners' | 'advance'>;
  readonly events: EventBus;
}

/**
 * Asked before each credit. Where numbers were once counted per network, an address is another user's on another
 * network, and whose mistake a payment is cannot be seen: it is held until a person says whose it is.
 */
export function createHolding({ store, events }: HoldingDeps): (row: DepositRow) => Promise<boolean> {
  return async (row) => {
    if (row.releasedAt != null) return true;
    const others = await store.otherOwners(row);
    if (others.length === 0) return true;
    // Once, and not while another process takes it further.
    if (!(await store.advance({ id: row.id }, 'hold'))) return false;
    const { id: depositId, userId, network, address, asset, amount, txid, confirmationsNeeded: confirmations } = row;
    events.publish({ name: 'deposit.changed', userId, depositId, state: 'HELD', confirmations });
    const details = { depositId, network, address, asset, amount, txid, owner: userId, others };
    events.publish({
      name: 'alert',
      code: 'DEPOSIT_HELD',
      message:
        "A deposit came to an address that is another user's on another network. It is not credited until somebody says whose it is: npm run deposit",
      details,
    });
    return false;
  };
}
