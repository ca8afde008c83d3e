/** Coins at the venue that are reserved for pull-backs. */
import { VenueReserveEntity } from '../../../db/entities/swaps';
import { deleteRow, insertRow } from '../../../db/stores/rows';
import type { CommandOf } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import * as transfers from '../../../ledger/transfers';
import { positive } from '../money/commands';
import type { VenueDraft as Draft } from './commands';
import { availableToHedge, venueOf } from './state';

export function reserveAtVenue(draft: Draft, command: CommandOf<'venue.reserve'>): void {
  const amount = positive(command.amount);
  const free = availableToHedge(draft.state, command.asset);
  if (free < amount)
    throw new DomainError('FUNDS_IN_TRANSIT', {
      asset: command.asset,
      needed: command.amount,
      available: formatAmount(free),
    });
  draft.remember(draft.state.reserves, command.transferId, { asset: command.asset, amount });
  draft.rows.push(
    insertRow(VenueReserveEntity, { transferId: command.transferId, asset: command.asset, amount: command.amount }),
  );
  draft.answer = { transferId: command.transferId, reserved: formatAmount(amount) };
}

/** `serve` hands the venue's fee to the withdrawal that the coins are for; false where it is not open. */
export function releaseAtVenue(
  draft: Draft,
  command: CommandOf<'venue.release'>,
  reference: string,
  serve: (withdrawalId: string, fee: Units) => boolean,
): void {
  const reserve = draft.state.reserves.get(command.transferId);
  if (!reserve) throw new DomainError('NOT_FOUND', { transferId: command.transferId });
  draft.forget(draft.state.reserves, command.transferId);
  draft.rows.push(deleteRow(VenueReserveEntity, { transferId: command.transferId }));
  draft.answer = { transferId: command.transferId, moved: command.moved };
  if (!command.moved) return;
  const fee = parseAmount(command.fee);
  const amount = positive(command.amount);
  const isServed = command.withdrawalId !== null && serve(command.withdrawalId, fee);
  const { venue } = venueOf(draft.state);
  draft.postFact(reference, command.kind, transfers.pullBack(venue, reserve.asset, amount, fee, isServed));
}
