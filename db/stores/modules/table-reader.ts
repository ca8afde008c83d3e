/** How a module of the engine reads its tables, and what its rows say to the audit. */
import type { EntityManager } from 'typeorm';

/** The one transaction in which everything is read. */
export type Snapshot = EntityManager;

/** SQL that gives rows of `account, asset, amount`: what the rows of one module say should be in the books. */
export interface ModuleFacts {
  /** What its open business holds, by `user/<id>/held`. */
  readonly holds?: readonly string[];
  /** What its finished business earned, by revenue account. */
  readonly earned?: readonly string[];
  /** What it has in suspense, by suspense account. */
  readonly suspended?: readonly string[];
  /** Why the entries of its trades at the venue were made: one entry for each row of `venue_trades`. */
  readonly venueTradeReasons?: readonly string[];
}
