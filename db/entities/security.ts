import { EntitySchema } from 'typeorm';
import { big, id, json, nullable, text } from './columns';

/** Something that concerns the security of an account. Append-only and chained; see db/chains.ts. */
export interface SecurityEventRow {
  id: string;
  at: number;
  /** Whose account it is about; null where nobody is known. */
  userId: string | null;
  kind: string;
  outcome: string;
  /** The network it came from: of IPv4 the first three numbers, of IPv6 the first 48 bits. */
  address: string | null;
  agent: string | null;
  /** Names and numbers only, never what somebody typed. */
  details: Record<string, string | number | boolean>;
}
export const SecurityEventEntity = new EntitySchema<SecurityEventRow>({
  name: 'security_events',
  columns: {
    id: id(),
    at: big(),
    userId: nullable(text('user_id', 64)),
    kind: text('kind', 40),
    outcome: text('outcome', 20),
    address: nullable(text('address', 64)),
    agent: nullable(text('agent', 200)),
    details: json(),
  },
});
