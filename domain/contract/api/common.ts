/**
 * Words that all API schemas share. Bodies are strict: an unknown field is refused. Answers are stripped to their
 * schema.
 */
import { z } from 'zod';
import { LOCALES } from './languages';
import { ERRORS } from '../errors';
import type { ErrorCode } from '../errors';

/** The message of an issue that the error handler turns into BAD_AMOUNT. */
export const AMOUNT_ISSUE = 'BAD_AMOUNT';

export const amount = z
  .string()
  .max(39, AMOUNT_ISSUE)
  .regex(/^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/, AMOUNT_ISSUE)
  .meta({ description: 'A plain decimal number as a string, at most 18 decimals.', example: '1.25' });
export const signedAmount = z.string().regex(/^-?[0-9]+(\.[0-9]+)?$/);
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export const assetCode = z
  .string()
  .regex(/^[A-Z0-9]{2,20}$/)
  .meta({ example: 'ETH' });
export const networkId = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/)
  .meta({ example: 'ethereum' });
export const time = z.number().int().meta({ description: 'Milliseconds since 1970-01-01 UTC.' });
export const locale = z.enum(LOCALES);
export const idempotencyKey = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);

/** Ids of rows of this answer that could not be shown, of which operators are told; absent where there is none. */
const unreadable = { unreadable: z.array(z.string()).optional() };

export const byId = z.strictObject({ id });
/** Of a list that is read page by page. */
export const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z
    .string()
    .meta({
      description:
        '`next` or `previous` of an earlier page of the same list. Opaque; what is none is refused BAD_CURSOR.',
    })
    .optional(),
});
/** Milliseconds, both included. */
export const period = {
  from: z.coerce.number().int().min(0).optional(),
  to: z.coerce.number().int().min(0).optional(),
};

/** A whole list: `{ items: [...] }`, so that a field can be added later. */
export const listOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), ...unreadable });
/**
 * A page of a list, newest first, queues oldest first. `next` goes on in that order, `previous` back; null where
 * nothing is.
 */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().nullable(), previous: z.string().nullable(), ...unreadable });
export const nothing = z.object({});

/** The one shape of every refusal. */
export const errorView = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type ErrorView = z.infer<typeof errorView>;
