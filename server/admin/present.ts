import type { SweepRow, VenueTransferRow } from '../../db/entities/treasury';
import type { VenueDifferenceRow, VenueStateRow } from '../../db/entities/venue';
import { moveView } from '../../domain/contract/api/admin';
import type { TreasuryView, VenueView } from '../../domain/contract/api/admin';
import { formatAmount, parseSigned } from '../../domain/money/amount';
import { plain, view } from '../present';

/** The house's moves that have not ended, newest first. */
export function presentMoves(sweeps: SweepRow[], transfers: VenueTransferRow[]): TreasuryView['inFlight'] {
  return [
    ...sweeps.map((row) =>
      view(moveView, { ...row, kind: 'sweep', direction: 'to-hot', amount: plain(row.amount), txid: null }),
    ),
    ...transfers.map((row) => view(moveView, { ...row, kind: 'venue-transfer', amount: plain(row.amount) })),
  ].sort((a, b) => b.updatedAt - a.updatedAt);
}

const signed = (amount: string): string => formatAmount(parseSigned(amount));

export function presentVenue(
  { venue, epoch, state, reason, at }: VenueStateRow,
  differences: readonly VenueDifferenceRow[],
  treasury: boolean,
): VenueView {
  return {
    venue,
    epoch,
    state,
    reason,
    at,
    treasury,
    differences: differences.map((row) => ({
      epoch: row.epoch,
      asset: row.asset,
      booked: signed(row.booked),
      actual: signed(row.actual),
      difference: signed(row.difference),
      reason: row.reason,
      at: row.at,
    })),
  };
}
