import { EntitySchema } from 'typeorm';
import { big, int, json, nullable, primary, text } from './columns';

/** A user's authenticator. */
export interface SecondFactorRow {
  userId: string;
  /** Sealed by the server; this house cannot read it. */
  secret: string;
  /** Null until a code of it was shown. */
  enabledAt: number | null;
  /** The step of the last code that was used: no code is good twice. */
  lastStep: number;
  /** Hashes of the recovery codes that are left. */
  recovery: string[];
  failures: number;
  failedAt: number;
}
export const SecondFactorEntity = new EntitySchema<SecondFactorRow>({
  name: 'second_factors',
  columns: {
    userId: primary(text('user_id', 64)),
    secret: text('secret', 500),
    enabledAt: nullable(big('enabled_at')),
    lastStep: big('last_step'),
    recovery: json(),
    failures: int(),
    failedAt: big('failed_at'),
  },
});
