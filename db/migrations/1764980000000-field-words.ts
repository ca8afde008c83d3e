import { renameColumns, renameTable } from '../migration';
import type { Migration } from '../migration';

/** Columns and states in the words of trading and custody, before there is a database in production. */
export const FieldWords1764980000000: Migration = {
  name: 'FieldWords1764980000000',
  steps: [
    renameColumns('orders', {
      worst: 'protection_price',
      sibling_id: 'oco_leg_id',
      standing: 'book_status',
      shown: 'visible_lots',
      extreme: 'trailing_extreme',
      rounds: 'routing_attempts',
    }),
    "UPDATE orders SET book_status = 'inFlight' WHERE book_status = 'flying'",
    "UPDATE orders SET book_status = 'locked' WHERE book_status = 'frozen'",
    renameColumns('markets', { inside_only: 'internal_only' }),
    renameTable('coins', 'utxos'),
    "UPDATE kyc_applications SET state = 'REJECTED' WHERE state = 'REFUSED'",
    "UPDATE users SET kyc_state = 'REJECTED' WHERE kyc_state = 'REFUSED'",
    "UPDATE withdrawals SET state = 'REJECTED' WHERE state = 'REFUSED'",
    "UPDATE withdrawals SET reason = 'INTERNAL' WHERE reason = 'INSIDE'",
    "UPDATE venue_intents SET state = 'REJECTED' WHERE state = 'REFUSED'",
  ],
};
