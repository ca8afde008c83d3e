/** The one way in which the state of these rows changes: by an event that their table allows. */
import { In } from 'typeorm';
import type { EntityManager, EntitySchema, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { CHAIN_TRANSACTION } from '../domain/lifecycle/chain-transaction';
import { DEPOSIT } from '../domain/lifecycle/deposit';
import { INTENT } from '../domain/lifecycle/swap';
import { COLD_TRANSFER, STAKE, SWEEP, VENUE_TRANSFER } from '../domain/lifecycle/transfers';
import { stepOf } from '../domain/lifecycle/transitions';
import type { Transitions } from '../domain/lifecycle/transitions';
import { PAYOUT } from '../domain/lifecycle/withdrawal';
import type { PayoutEvent } from '../domain/lifecycle/withdrawal';
import { ColdTransferEntity } from './entities/cold';
import { DepositEntity } from './entities/deposits';
import { StakeEntity } from './entities/stakes';
import { VenueIntentEntity } from './entities/swaps';
import { ChainTransactionEntity, SweepEntity, VenueTransferEntity } from './entities/treasury';
import { WithdrawalEntity } from './entities/withdrawals';
import type { WithdrawalRow } from './entities/withdrawals';

export interface Lifecycle<Row extends ObjectLiteral, State extends string, Event extends string> {
  readonly entity: EntitySchema<Row>;
  readonly table: Transitions<State, Event>;
}

/** Ties a table of rows to the table of its transitions; the states of both must be the same. */
const lifecycle = <Row extends { state: string }, State extends Row['state'], Event extends string>(
  entity: EntitySchema<Row>,
  table: Transitions<State, Event> & Record<Row['state'], unknown>,
): Lifecycle<Row, State, Event> => ({ entity, table });

export const CHAIN_TRANSACTIONS = lifecycle(ChainTransactionEntity, CHAIN_TRANSACTION);
export const COLD_TRANSFERS = lifecycle(ColdTransferEntity, COLD_TRANSFER);
export const DEPOSITS = lifecycle(DepositEntity, DEPOSIT);
export const INTENTS = lifecycle(VenueIntentEntity, INTENT);
export const STAKES = lifecycle(StakeEntity, STAKE);
export const SWEEPS = lifecycle(SweepEntity, SWEEP);
export const VENUE_TRANSFERS = lifecycle(VenueTransferEntity, VENUE_TRANSFER);

/** What may be written beside a state. */
export type Besides<Row> = Partial<Omit<Row, 'state' | 'id'>>;

/**
 * Takes the rows that `which` names through an event. The condition is made from the table: a row in a state that does
 * not accept the event stays as it is, whatever was read of it before. `which.state` narrows it to one of the
 * accepting states.
 * @returns whether a row has changed (done) or none has (refused)
 */
export async function advance<Row extends { state: string }, State extends string, Event extends string>(
  manager: EntityManager,
  { entity, table }: Lifecycle<Row, State, Event>,
  which: FindOptionsWhere<Row> & { readonly state?: string },
  event: Event,
  besides: Besides<Row> = {},
): Promise<boolean> {
  const { from, to } = stepOf(table, event);
  const asked: string | undefined = which.state;
  const accepting = from.filter((state) => asked === undefined || asked === state);
  if (accepting.length === 0) return false;
  const { affected } = await manager.update(
    entity,
    { ...which, state: In(accepting) } as FindOptionsWhere<Row>,
    { ...besides, state: to } as Parameters<typeof manager.update<Row>>[2],
  );
  return (affected ?? 0) > 0;
}

/**
 * Takes the payouts of approved withdrawals through an event, in their present round. Those that are not approved, or
 * whose stage does not accept it, stay as they are.
 * @returns whether a row has changed
 */
export async function advancePayouts(
  manager: EntityManager,
  withdrawalIds: readonly string[],
  event: PayoutEvent,
  besides: Partial<Pick<WithdrawalRow, 'txid' | 'reason' | 'updatedAt'>>,
): Promise<boolean> {
  const { from, to } = stepOf(PAYOUT, event);
  const { affected } = await manager
    .createQueryBuilder()
    .update(WithdrawalEntity)
    .set({ ...besides, payoutStage: to === 'APPROVED' ? null : to, payoutRound: () => 'attempt' })
    .where({ id: In([...withdrawalIds]), shownState: In([...from]) })
    .execute();
  return (affected ?? 0) > 0;
}
