/** The shapes that commands are made of, and how a command is declared. */
import { z } from 'zod';

/**
 * Who a command is sent for. Only commands of users and admins may come from another process; an `internal` one states
 * a fact (a deposit, a trade) and is sent by the process of the engine alone.
 */
export type Sender = 'user' | 'admin' | 'internal';

/** Declares a command: who may send it, and its fields besides `kind` and `reference`. An unknown field is refused. */
export const command = <Shape extends z.ZodRawShape>(who: Sender, shape: Shape) => ({
  who,
  schema: z.strictObject(shape),
});

/** A non-negative decimal string; exact, at most 18 decimals. */
export const amount = z.string().regex(/^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/);
/** The same with a sign. */
export const signed = z.string().regex(/^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/);
/** An id, a code, a name: short and never empty. */
export const name = z.string().min(1).max(190);
/** Free text, written by people or taken from an error. */
export const text = z.string().max(4000);

/**
 * A custody account: where coins are. `hot/ethereum`, `deposit/ethereum`, `cold/ethereum`, `staked/tron`, `transit`
 * (between two places), or the id of a venue.
 */
export const custodyPlace = z.string().regex(/^((hot|deposit|cold|staked)\/)?[a-z0-9-]+$/);
export type CustodyPlace = z.infer<typeof custodyPlace>;

/** An amount that was reserved by `cost.reserve` and what was really paid, from which custody. */
export const costPaid = z.strictObject({ reservation: name, asset: name, actual: amount, from: custodyPlace });
export type CostPaid = z.infer<typeof costPaid>;
