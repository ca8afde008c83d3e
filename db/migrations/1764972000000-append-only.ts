import { dropTriggers } from '../migration';
import type { Migration } from '../migration';

/** Every table that a former release guarded or chained by triggers. */
const GUARDED = [
  'journal_entries',
  'postings',
  'commands',
  'venue_trades',
  'fills',
  'venue_differences',
  'admin_audit',
  'security_events',
  'withdrawal_records',
];

/** What no caller can make it take: events of the last 30 days, and what still lies in the chain. */
const FORGET = `CREATE PROCEDURE forget_security_events(IN at_most INT) MODIFIES SQL DATA SQL SECURITY DEFINER
  BEGIN
    DELETE FROM security_events WHERE place <= (SELECT base_place FROM chain_heads WHERE name = 'security_events')
      AND at < (UNIX_TIMESTAMP() - 30 * 86400) * 1000 ORDER BY place LIMIT at_most;
    SELECT ROW_COUNT() AS forgotten;
  END`;

/**
 * Append-only by the rights of the application's user (see db/rights.ts): triggers go, which a server with a binary log
 * lets nobody make.
 */
export const AppendOnly1764972000000: Migration = {
  name: 'AppendOnly1764972000000',
  steps: [dropTriggers(GUARDED), FORGET],
};
