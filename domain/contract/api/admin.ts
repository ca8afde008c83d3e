/** What operators see beyond the queues. */
import { z } from 'zod';
import { amount, assetCode, id, listOf, signedAmount, time } from './common';
import { line } from './text';

/** The house's own transfer that has not ended. */
export const moveView = z.object({
  id,
  kind: z.enum(['sweep', 'venue-transfer']),
  direction: z.string(),
  network: z.string(),
  asset: assetCode,
  amount,
  state: z.string(),
  txid: z.string().nullable(),
  updatedAt: time,
});

export const treasuryView = z.object({
  /** What our books say lies in each place. */
  custody: z.array(z.object({ place: z.string(), asset: assetCode, amount: signedAmount })),
  /** The operator's own: what new costs may be paid from. */
  position: z.array(z.object({ asset: assetCode, amount: signedAmount })),
  inFlight: z.array(moveView),
});
export type TreasuryView = z.infer<typeof treasuryView>;

export const byAsset = z.strictObject({ asset: assetCode });
/** `why` null lets withdrawals go on. */
export const pauseAsset = z.strictObject({ why: line(1, 500).nullable() });

/** What the books say of each place, what is really there, and what is known to be on its way. */
export const reconciliationView = z.object({
  /** Null before the first comparison. */
  at: time.nullable(),
  places: z.array(
    z.object({
      place: z.string(),
      asset: assetCode,
      booked: signedAmount,
      /** Null: the source could not be read. */
      actual: signedAmount.nullable(),
      unexplained: signedAmount.nullable(),
      inFlight: z.array(z.object({ id: z.string(), amount: signedAmount, ageMs: z.number().int() })),
    }),
  ),
  paused: z.array(z.object({ asset: assetCode, why: z.string(), at: time })),
});
export type ReconciliationView = z.infer<typeof reconciliationView>;

/** The networks of deposits and withdrawals, and their nodes by host and port. */
export const networksView = listOf(
  z.object({
    network: z.string(),
    state: z.enum(['open', 'opening', 'halted']),
    scanned: z.number().int().nullable(),
    rounds: z.number().int(),
    faults: z.record(z.string(), z.string()),
    nodes: z.array(
      z.object({
        node: z.string(),
        state: z.enum(['used', 'ready', 'silent', 'behind', 'other-chain']),
        head: z.number().int().nullable(),
        fault: z.string().nullable(),
      }),
    ),
  }),
);
export type NetworksView = z.infer<typeof networksView>;

export const auditView = z.object({
  /** Rows of older versions have ids of another form. */
  id: z.string().min(1).max(64),
  adminId: id,
  adminEmail: z.string().nullable(),
  action: z.string(),
  subject: z.string(),
  details: z.record(z.string(), z.unknown()),
  at: time,
});
export type AuditView = z.infer<typeof auditView>;

/** The venue behind our books. Nothing is sent there while it is not OPEN. */
export const venueView = z.object({
  venue: z.string(),
  /** Its ids (orders, trades) are unique within an epoch. */
  epoch: z.number().int(),
  state: z.enum(['OPEN', 'STOPPED', 'OPENING']),
  /** Why it was stopped, or what the operator said. */
  reason: z.string().nullable(),
  at: time,
  /**
   * False where the venue has no interface for deposits and withdrawals (the Spot testnet): coins are neither sent
   * there nor brought back.
   */
  treasury: z.boolean(),
  /** Booked to suspense because an operator opened the venue; signed: what its account had more than our books. */
  differences: z.array(
    z.object({
      epoch: z.number().int(),
      asset: assetCode,
      booked: signedAmount,
      actual: signedAmount,
      difference: signedAmount,
      reason: z.string().nullable(),
      at: time,
    }),
  ),
});
export type VenueView = z.infer<typeof venueView>;

/** `newEpoch`: the venue was reset, its ids begin anew. */
export const openVenue = z.strictObject({ newEpoch: z.boolean(), why: line(3, 500) });
