import type { WithdrawalRow } from '../../db/entities/withdrawals';
import { DomainError } from '../../domain/contract/errors';
import { parseAmount } from '../../domain/money/amount';
import { stepOf } from '../../domain/money/rounding';
import { railOf } from '../../domain/registry';
import type { Rail, Registry } from '../../domain/registry';

/** The rail a withdrawal would take. Refuses UNKNOWN_ASSET, UNKNOWN_NETWORK, BAD_AMOUNT, AMOUNT_TOO_SMALL. */
export function railFor(registry: Registry, request: { asset: string; network: string; amount: string }): Rail {
  const asset = registry.assets.find(({ code }) => code === request.asset);
  if (!asset) throw new DomainError('UNKNOWN_ASSET');
  const rail = railOf(registry, request.asset, request.network);
  if (!rail) throw new DomainError('UNKNOWN_NETWORK');
  const units = parseAmount(request.amount);
  if (units % stepOf(asset.scale) !== 0n) throw new DomainError('BAD_AMOUNT', { decimals: asset.scale });
  if (units === 0n || units < parseAmount(rail.minWithdrawal))
    throw new DomainError('AMOUNT_TOO_SMALL', { minimum: rail.minWithdrawal });
  return rail;
}

/** Nobody decides about their own withdrawal. */
export function refuseOwn(adminId: string, withdrawal: WithdrawalRow): void {
  if (adminId === withdrawal.userId) throw new DomainError('SELF_APPROVAL');
}

/** One decision is enough; whoever made it may send it again and hear the same answer. */
export function refuseDecided(adminId: string, { state, shownState, decidedBy }: WithdrawalRow): void {
  if (state !== 'REQUESTED' && decidedBy !== adminId)
    throw new DomainError('WITHDRAWAL_STATE', { state: shownState ?? state });
}
