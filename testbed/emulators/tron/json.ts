/** JSON with whole numbers of any length: TRON counts in 64 bits, which a number of JavaScript does not hold. */

const LONG = /("(?:[^"\\]|\\.)*")|(-?\d{16,})(?![\d.eE])/g;
const MARK = '\u2063';

/** Whole numbers of more than fifteen digits come back as bigint. */
export function parse(text: string): unknown {
  const marked = text.replace(LONG, (whole, string: string | undefined, digits: string | undefined) =>
    string === undefined ? `"${MARK}${digits}"` : whole,
  );
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(1)) : value,
  );
}

/** Bigints are written as numbers, or as strings where the caller asked so. */
export function stringify(value: unknown, asStrings = false): string {
  const text = JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'bigint' ? (asStrings ? one.toString() : `${MARK}${one}`) : one,
  );
  return text.replaceAll(new RegExp(`"${MARK}(-?\\d+)"`, 'g'), '$1');
}
