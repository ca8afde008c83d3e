import { escape } from 'mysql2';

/** Nothing in it that SQL would read as more than text. */
const PLAIN = /^[ !#-&(-[\]-~]*$/;

/** A value as SQL text. Amounts are decimal strings; a number must be a whole one. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return PLAIN.test(value) ? `'${value}'` : escape(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
    return `${value}`;
  }
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'boolean') return value ? '1' : '0';
  throw new TypeError(`${typeof value} cannot be written`);
}
