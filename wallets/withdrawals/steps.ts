import type { WithdrawalRow } from '../../db/entities/withdrawals';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock } from '../../domain/clock-and-ids';
import type { Command } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, EventBus, Logger } from '../../domain/contract/ports';
import type { Network } from '../../domain/registry';
import { insideReference } from '../../domain/references';
import type { OwnAddresses } from '../deposits/addresses';
import type { VenueMoney } from '../treasury/venue';

/** What becomes of a withdrawal, however its network pays. */
export interface StepDeps {
  readonly network: Network;
  readonly own: OwnAddresses;
  readonly store: TreasuryStore;
  readonly venueMoney: VenueMoney;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** To an address of ours it is no transaction: settles it in the books, and answers whether it did. */
export async function settledInternally(
  { engine, own, venueMoney }: StepDeps,
  { address, id }: WithdrawalRow,
): Promise<boolean> {
  const owner = own.ownerOf(address);
  if (!owner) return false;
  await venueMoney.notNeeded(id);
  await engine.submit({
    kind: 'withdrawal.settleInternal',
    reference: insideReference(id),
    withdrawalId: id,
    toUserId: owner.userId,
  });
  return true;
}

/** Shows why it is not paid yet. */
export async function waits({ store, events, clock }: StepDeps, row: WithdrawalRow, reason: string): Promise<void> {
  if (row.reason === reason) return;
  if (await store.waits(row.id, reason, clock.now()))
    events.publish({ name: 'withdrawal.changed', userId: row.userId, withdrawalId: row.id, state: 'WAITING_FUNDS' });
}

/** Nothing was sent and nothing can be: gives a reservation back and asks for another decision. */
export async function backToReview(
  { engine, network, venueMoney }: StepDeps,
  row: WithdrawalRow,
  reference: string,
  reservation: string | null,
): Promise<void> {
  await venueMoney.notNeeded(row.id);
  await engine.submit({
    kind: 'withdrawal.fail',
    reference,
    withdrawalId: row.id,
    txid: '',
    gas: { asset: network.gasAsset, amount: '0', reservation },
  });
}

/** Books what became of a payout on its chain. */
export async function settle(
  { engine, logger }: StepDeps,
  command: Extract<Command, { kind: 'withdrawal.confirm' | 'withdrawal.fail' }>,
): Promise<void> {
  try {
    await engine.submit(command);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'IDEMPOTENCY_KEY_REUSED') throw error;
    logger.error(
      { event: 'withdrawal.settled_otherwise', withdrawal: command.withdrawalId, txid: command.txid },
      'a payout was settled before with other figures',
    );
  }
}
