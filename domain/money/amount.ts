/**
 * Exact amounts. Inside the house an amount is a `bigint` counting 10^-18 of one coin (`Units`); in JSON and in tables
 * it is a decimal string. There is no floating point anywhere between the two.
 */
export type Units = bigint;

/** Decimal places of the storage unit: one coin is 10^18 units. */
export const STORAGE_SCALE = 18;
export const ONE: Units = 10n ** 18n;
/** DECIMAL(38,18): at most 20 digits before the point. */
export const MAX_UNITS: Units = 10n ** 38n - 1n;

const PLAIN_DECIMAL = /^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/;
const SIGNED_DECIMAL = /^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/;

export class AmountError extends Error {
  override readonly name = 'AmountError';
}

/** True for a plain non-negative decimal: ASCII digits, no sign, no exponent, no leading zero, at most 18 decimals. */
export function isAmount(text: unknown): text is string {
  return typeof text === 'string' && PLAIN_DECIMAL.test(text);
}

/** Reads a non-negative decimal string. Throws AmountError on anything else; never rounds. */
export function parseAmount(text: string): Units {
  if (!isAmount(text)) throw new AmountError(`not an amount: ${JSON.stringify(text)}`);
  return toUnits(text);
}

/** Reads a decimal string that may be negative (postings, balances of the house's own accounts). */
export function parseSigned(text: string): Units {
  if (typeof text !== 'string' || !SIGNED_DECIMAL.test(text))
    throw new AmountError(`not a decimal: ${JSON.stringify(text)}`);
  return text.startsWith('-') ? -toUnits(text.slice(1)) : toUnits(text);
}

const ZEROS = '0'.repeat(STORAGE_SCALE);

function toUnits(plain: string): Units {
  const point = plain.indexOf('.');
  if (point < 0) return BigInt(plain + ZEROS);
  return BigInt(plain.slice(0, point) + plain.slice(point + 1) + ZEROS.slice(plain.length - point - 1));
}

const ZERO = '0'.charCodeAt(0);

/** Writes the shortest exact decimal string: no exponent, no trailing zeros ("1.5", "-0.000001", "0"). */
export function formatAmount(units: Units): string {
  if (units === 0n) return '0';
  if (units < 0n) return `-${formatAmount(-units)}`;
  const digits = units.toString().padStart(STORAGE_SCALE + 1, '0');
  const point = digits.length - STORAGE_SCALE;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === ZERO) end--;
  return end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`;
}

/** Turns an integer count of a chain's smallest unit (wei, satoshi, sun) into Units. `decimals` 0 to 18. */
export function fromChainUnits(count: bigint, decimals: number): Units {
  return count * 10n ** BigInt(STORAGE_SCALE - decimals);
}

/** The reverse; throws AmountError when the amount is finer than the chain can express. */
export function toChainUnits(amount: Units, decimals: number): bigint {
  const step = 10n ** BigInt(STORAGE_SCALE - decimals);
  if (amount % step !== 0n) throw new AmountError(`finer than ${decimals} decimals: ${formatAmount(amount)}`);
  return amount / step;
}
