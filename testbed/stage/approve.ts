import type { Command } from '../../domain/contract/commands';
import type { Engine } from '../../domain/contract/ports';
import { DomainError } from '../../domain/contract/errors';

/** An approval by somebody who has seen what the engine shows; for scenarios without a server in front. */
export async function approvalOf(
  engine: Pick<Engine, 'recordedWithdrawals'>,
  withdrawalId: string,
  reference: string,
): Promise<Command> {
  const [record] = await engine.recordedWithdrawals([withdrawalId]);
  if (!record) throw new DomainError('WITHDRAWAL_STATE', { withdrawalId });
  const { network, asset, address, memo, amount } = record;
  return {
    kind: 'withdrawal.approve',
    reference,
    withdrawalId,
    adminId: 'a1',
    seen: { network, asset, address, amount, ...(memo !== null && { memo }) },
  };
}
