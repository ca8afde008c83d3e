import { DomainError } from '../../domain/contract/errors';
import type { CustodyPlace } from '../../domain/contract/commands';
import type { Engine } from '../../domain/contract/ports';
import { formatAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { costReference, releaseReference, replacementId } from '../../domain/references';
import type { Network } from '../../domain/registry';

/** Reserves a cost from the operator's position; false when it is not covered, and the step has to wait. */
export async function reserveCost(
  engine: Engine,
  reference: string,
  asset: string,
  amount: Units,
  purpose: string,
): Promise<boolean> {
  try {
    await engine.submit({ kind: 'cost.reserve', reference, asset, amount: formatAmount(amount), purpose });
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NEEDS_OPERATOR_FUNDS') return false;
    // Reserved in an earlier try, at another gas price: the reservation stands, and the cost is booked as it was.
    if (error instanceof DomainError && error.code === 'IDEMPOTENCY_KEY_REUSED') return true;
    throw error;
  }
}

/** Gives a reservation back that nothing was paid of; false when there is no such reservation. Idempotent. */
export async function releaseCost(
  engine: Engine,
  reservation: string,
  asset: string,
  from: CustodyPlace,
  purpose: string,
): Promise<boolean> {
  try {
    await engine.submit({
      kind: 'cost.settle',
      reference: releaseReference(reservation),
      paid: { reservation, asset, actual: '0', from },
      purpose,
    });
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

/** Gives back what was reserved for the higher fees of a transaction's replacements. Idempotent. */
export async function releaseHigherFees(
  engine: Engine,
  { id, purpose }: { readonly id: string; readonly purpose: string },
  { id: network, gasAsset }: Pick<Network, 'id' | 'gasAsset'>,
): Promise<void> {
  const release = (n: number): Promise<boolean> =>
    releaseCost(engine, costReference(replacementId(id, n)), gasAsset, `hot/${network}`, purpose);
  for (let n = 1; await release(n);) n++;
}
