/** An authenticator beside the password. */
import { z } from 'zod';
import { time } from './common';
import { asciiDigits, visible } from './text';

/** Six digits of the authenticator, or a recovery code; blanks, digits of other scripts and capitals are read. */
export const code = z
  .string()
  .max(100)
  .transform((text) => asciiDigits(visible(text)).replaceAll(/\s/g, '').toLowerCase())
  .pipe(z.string().regex(/^([0-9]{6}|([0-9a-f]{4}-){3}[0-9a-f]{4})$/));
export const withCode = z.strictObject({ code });
/** A session alone, which may be stolen, is not enough to put another one out of it. */
export const withPassword = z.strictObject({ password: z.string().min(1).max(200) });

export const secondFactorView = z.object({
  enabled: z.boolean(),
  since: time.nullable(),
  recoveryLeft: z.number().int(),
});
export type SecondFactorView = z.infer<typeof secondFactorView>;

export const enrolView = z.object({
  /** Base32, for typing. */
  secret: z.string(),
  /** For the authenticator; `qr` is a picture of it. */
  uri: z.string(),
});
export type EnrolView = z.infer<typeof enrolView>;
export const enrolAnswer = enrolView.extend({ qr: z.string() });
export type EnrolAnswer = z.infer<typeof enrolAnswer>;

export const recoveryView = z.object({ recoveryCodes: z.array(z.string()) });
export type RecoveryView = z.infer<typeof recoveryView>;
