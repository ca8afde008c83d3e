import { EntitySchema } from 'typeorm';
import { big, int, money, nullable, primary, text } from './columns';

/**
 * OPEN: orders go there. STOPPED: something is wrong, nothing is sent. OPENING: an operator has said go; what is open
 * is asked for, then the account is compared.
 */
export type VenueGate = 'OPEN' | 'STOPPED' | 'OPENING';

/** One row a venue, written by the engine alone. */
export interface VenueStateRow {
  venue: string;
  /** Ids of the venue (orders, trades) are unique within an epoch; a reset of the venue begins a new one. */
  epoch: number;
  state: VenueGate;
  reason: string | null;
  /** Who opened it last, or is opening it. */
  adminId: string | null;
  at: number;
}
export const VenueStateEntity = new EntitySchema<VenueStateRow>({
  name: 'venue_states',
  columns: {
    venue: primary(text('venue', 20)),
    epoch: int(),
    state: text('state', 12),
    reason: nullable(text('reason', 500)),
    adminId: nullable(text('admin_id', 64)),
    at: big(),
  },
});

/** What the venue's account had more (+) or less (-) than our books, booked to suspense because an operator said so. */
export interface VenueDifferenceRow {
  id: string;
  epoch: number;
  asset: string;
  booked: string;
  actual: string;
  /** Signed. */
  difference: string;
  reason: string | null;
  adminId: string | null;
  at: number;
}
export const VenueDifferenceEntity = new EntitySchema<VenueDifferenceRow>({
  name: 'venue_differences',
  columns: {
    id: primary(text('id', 200)),
    epoch: int(),
    asset: text('asset', 20),
    booked: money(),
    actual: money(),
    difference: money(),
    reason: nullable(text('reason', 500)),
    adminId: nullable(text('admin_id', 64)),
    at: big(),
  },
});
