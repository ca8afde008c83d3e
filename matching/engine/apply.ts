import type { Command } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import { AmountError } from '../../domain/money/amount';
import * as money from '../modules/money/commands';
import * as orders from '../modules/orders/commands';
import * as swaps from '../modules/swaps/commands';
import * as venue from '../modules/venue/commands';
import * as withdrawals from '../modules/withdrawals/commands';
import { Draft } from './draft';
import type { Context } from './draft';
import type { EngineState } from './state';

/** Done (what to write and tell), or refused (nothing changed). Anything thrown besides is a bug: nothing changed either. */
export type Outcome = { readonly done: Draft } | { readonly refused: DomainError };

/** Carries one command out in memory. Pure but for `state`: no clock, no I/O; the same commands give the same books. */
export function apply(state: EngineState, command: Command, context: Context): Outcome {
  const draft = new Draft(state);
  try {
    dispatch(draft, command, context);
    money.collectDebts(draft, command.reference);
    return { done: draft };
  } catch (error) {
    if (draft.irrevocable) throw new MemorySpoilt(command.kind, { cause: error });
    draft.undo();
    if (error instanceof DomainError) return { refused: error };
    if (error instanceof AmountError) return { refused: new DomainError('BAD_AMOUNT', { reason: error.message }) };
    throw error;
  }
}

/** A fault after a book was moved: the memory is not what the tables will say, and must be built anew. */
export class MemorySpoilt extends Error {
  override readonly name = 'MemorySpoilt';
}

function dispatch(draft: Draft, command: Command, context: Context): void {
  const { reference } = command;
  switch (command.kind) {
    case 'operator.contribute':
      return money.contribute(draft, command, reference, context);
    case 'deposit.credit':
      return money.creditDeposit(draft, command, reference, context);
    case 'deposit.reverse':
      return money.reverseDeposit(draft, command, reference, context);
    case 'cost.reserve':
      return money.reserveCost(draft, command, reference, context);
    case 'cost.settle':
      return money.settleCost(draft, command, reference);
    case 'custody.move':
      return money.moveCustody(draft, command, reference);
    case 'venue.reserve':
      return withdrawals.reserveAtVenue(draft, command);
    case 'venue.release':
      return withdrawals.releaseAtVenue(draft, command, reference);
    case 'withdrawal.request':
      return withdrawals.requestWithdrawal(draft, command, reference, context);
    case 'withdrawal.approve':
      return withdrawals.approveWithdrawal(draft, command, reference, context);
    case 'withdrawal.refuse':
      return withdrawals.refuseWithdrawal(draft, command, reference, context);
    case 'withdrawal.cancel':
      return withdrawals.cancelWithdrawal(draft, command, reference, context);
    case 'withdrawal.confirm':
      return withdrawals.confirmWithdrawal(draft, command, reference, context);
    case 'withdrawal.fail':
      return withdrawals.failWithdrawal(draft, command, reference, context);
    case 'withdrawal.settleInternal':
      return withdrawals.settleInternalWithdrawal(draft, command, reference, context);
    case 'order.place':
      return orders.placeOrder(draft, command, reference, context);
    case 'order.oco':
      return orders.placeOco(draft, command, reference, context);
    case 'order.cancel':
      return orders.cancelOrder(draft, command, reference, context);
    case 'order.cancelAll':
      return orders.cancelOrders(draft, command, reference, context);
    case 'order.amend':
      return orders.amendOrder(draft, command, reference, context);
    case 'order.replace':
      return orders.replaceOrder(draft, command, reference, context);
    case 'market.tick':
      return orders.tickMarket(draft, command, reference, context);
    case 'market.set':
      return orders.setMarket(draft, command, reference, context);
    case 'asset.pause':
      return money.pauseAsset(draft, command, reference, context);
    case 'operator.grant':
      return money.grant(draft, command, reference, context);
    case 'swap.accept':
      return swaps.acceptSwap(draft, command, reference, context);
    case 'venue.report':
      return venue.reportVenue(draft, command, reference, context);
    case 'venue.stop':
      return venue.stopVenue(draft, command, context);
    case 'venue.open':
      return venue.openVenue(draft, command, reference, context);
    case 'venue.reconciled':
      return venue.reconcileVenue(draft, command, reference, context);
  }
}
