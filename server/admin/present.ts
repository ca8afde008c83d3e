import type { SweepRow, VenueTransferRow } from '../../db/entities/treasury';
import type { TreasuryView } from '../../domain/contract/api/admin';
import { plain } from '../present';

/** The house's moves that have not ended, newest first. */
export function presentMoves(sweeps: SweepRow[], transfers: VenueTransferRow[]): TreasuryView['inFlight'] {
  return [
    ...sweeps.map((row) => ({ ...row, kind: 'sweep' as const, direction: 'to-hot', amount: plain(row.amount), txid: null })),
    ...transfers.map((row) => ({ ...row, kind: 'venue-transfer' as const, amount: plain(row.amount) })),
  ].sort((a, b) => b.updatedAt - a.updatedAt);
}
