/** Commands of the module `venue`: our account at the venue, and the final outcomes of our orders there. */
import { z } from 'zod';
import { amount, command, name, signed, text } from './shapes';

/** One trade of an order of ours at the venue, as the venue reports it. */
export const venueTrade = z.strictObject({
  symbol: name,
  tradeId: z.number().int().nonnegative(),
  price: amount,
  quantity: amount,
  quoteQuantity: amount,
  commission: amount,
  commissionAsset: name,
  time: z.number().int(),
});
export type VenueTrade = Readonly<z.infer<typeof venueTrade>>;

export const VENUE_COMMANDS = {
  /** Reserves coins at the venue for a pull-back, so that no order spends them. Refused FUNDS_IN_TRANSIT. */
  'venue.reserve': command('internal', { transferId: name, asset: name, amount }),
  /**
   * The pull-back left the venue (`amount` was debited there, `amount - fee` is in transit) or failed (moved: false).
   * The fee waits in suspense for the withdrawal it serves, whose own fee covers it; without one the position pays.
   */
  'venue.release': command('internal', {
    transferId: name,
    moved: z.boolean(),
    amount,
    fee: amount,
    withdrawalId: name.nullable(),
  }),
  /**
   * The final outcome of an order at the venue: all its trades, or none. `again`: refused for a reason that is not the
   * order's (a clock): another attempt may follow.
   */
  'venue.report': command('internal', {
    intentId: name,
    outcome: z.enum(['done', 'refused']),
    venueOrderId: name.nullable(),
    reason: text.nullable(),
    trades: z.array(venueTrade),
    again: z.boolean().optional(),
  }),
  /**
   * Nothing goes to the venue any more until an operator opens it: its ids went backwards, or an order it knew is
   * gone.
   */
  'venue.stop': command('internal', { reason: text }),
  /**
   * An operator opens the venue, in a new epoch of its ids if it was reset. Books follow its account before anything
   * is sent.
   */
  'venue.open': command('admin', { adminId: name, newEpoch: z.boolean(), why: text }),
  /**
   * All orders are answered for; what the account has and what was booked then, signed: differences go to suspense.
   * Refused BUSY when the books have moved.
   */
  'venue.reconciled': command('internal', {
    accounts: z.array(z.strictObject({ asset: name, booked: signed, actual: amount })),
  }),
} as const;
