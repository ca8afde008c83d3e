import type { z } from 'zod';
import { formatAmount, parseSigned } from '../domain/money/amount';

/**
 * A decimal as a table gives it ("1.500000000000000000"), in its shortest exact form; the engine gives it so already.
 */
export const plain = (stored: string): string =>
  stored.endsWith('0') && stored.includes('.') ? formatAmount(parseSigned(stored)) : stored;

/** Of these fields exactly those that the view has: a row's other columns stay in the house. */
export function view<Schema extends z.ZodObject>(schema: Schema, fields: z.input<Schema>): z.input<Schema> {
  const shown: Record<string, unknown> = {};
  for (const name of Object.keys(schema.shape))
    if (name in fields) shown[name] = (fields as Record<string, unknown>)[name];
  return shown as z.input<Schema>;
}
