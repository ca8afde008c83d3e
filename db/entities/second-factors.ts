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
}
export const SecondFactorEntity = new EntitySchema<SecondFactorRow>({
  name: 'second_factors',
  columns: {
    userId: primary(text('user_id', 64)),
    secret: text('secret', 500),
    enabledAt: nullable(big('enabled_at')),
    lastStep: big('last_step'),
    recovery: json(),
  },
});

/** Wrong codes in a row, for each purpose by itself: log-ins, and each session. */
export interface SecondFactorFailuresRow {
  userId: string;
  purpose: string;
  failures: number;
  failedAt: number;
}
export const SecondFactorFailuresEntity = new EntitySchema<SecondFactorFailuresRow>({
  name: 'second_factor_failures',
  columns: {
    userId: primary(text('user_id', 64)),
    purpose: primary(text('purpose', 100)),
    failures: int(),
    failedAt: big('failed_at'),
  },
});
