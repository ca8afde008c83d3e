/** A node's JSON, read exactly: TRON counts in 64 bits, and a number of JavaScript holds 53. */

const STRING_OR_LONG = /("(?:[^"\\]|\\.)*")|(-?\d{16,})(?![\d.eE])/g;
/** No text of a node begins with it: not a letter of any language. */
const MARK = '\u2063';

/** As JSON.parse, but whole numbers of more than fifteen digits come back as bigint. */
export function parseExact(text: string): unknown {
  const marked = text.replace(STRING_OR_LONG, (whole, string: string | undefined, digits: string | undefined) =>
    string === undefined ? `"${MARK}${digits}"` : whole,
  );
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  );
}

/**
 * A count of a node: sun, energy, a token's units. Nothing is zero, as on the wire. Throws on anything that is not
 * exact.
 */
export function countOf(value: unknown): bigint {
  if (value === undefined) return 0n;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value);
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw new Error(`the node counts ${String(value)}, which is no whole number`);
}
