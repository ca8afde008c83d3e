/** Amounts and codes as people write and read them. Text in, text out: no number is ever made of an amount. */
import { formatAmount, isAmount, parseAmount } from '../domain/money/amount';
import type { Units } from '../domain/money/amount';

/** Persian and Arabic digits. */
const DIGITS = /[\u06F0-\u06F9\u0660-\u0669]/g;
/** Direction marks, zero-width characters and the like: nobody sees them, a copied text brings them along. */
const INVISIBLE = /\p{Cf}/gu;
/**
 * What stands between groups of three: commas (also the Persian one), blanks, apostrophes, the Arabic thousands mark.
 */
const MARK = /[,\u060C\u066C\s'\u2019]/g;
/** Of these, the ones that somebody may mean as a decimal mark. */
const COMMA = /[,\u060C\u066C]/;

/** What was typed, with plain digits and points and without what nobody sees. */
const plainText = (text: string): string =>
  text
    .replace(INVISIBLE, '')
    .replace(DIGITS, (digit) => String((digit.codePointAt(0) ?? 0) & 15))
    .replace(/\u066B/g, '.')
    .trim();

export interface TypedAmount {
  /** A plain decimal; null where the text is none, or is empty. */
  readonly amount: string | null;
  /** What may have been meant by a comma. It is offered to the person and never taken by itself. */
  readonly meant: string | null;
}

const canonical = (plain: string): string | null => (isAmount(plain) ? formatAmount(parseAmount(plain)) : null);

/**
 * Reads an amount as a person types it. Persian and Arabic digits and decimal points are understood. Marks count only
 * between whole groups of three before the point, and only one kind of mark; anything else is refused, never repaired.
 */
export function readAmount(text: string): TypedAmount {
  const plain = plainText(text);
  const marks = new Set(plain.match(MARK));
  if (marks.size === 0) return { amount: canonical(plain), meant: null };
  const [whole = '', fraction, ...more] = plain.split('.');
  const groups = whole.split(MARK);
  const isGrouped =
    marks.size === 1 && more.length === 0 && !(fraction ?? '').match(MARK) && /^[1-9]\d{0,2}$/.test(groups[0] ?? '');
  if (isGrouped && groups.slice(1).every((group) => /^\d{3}$/.test(group))) {
    return {
      amount: canonical(fraction === undefined ? groups.join('') : `${groups.join('')}.${fraction}`),
      meant: null,
    };
  }
  return { amount: null, meant: meantByComma(plain) };
}

/** One comma, or one after points between whole groups of three: 1,5 and 1.234,5. */
function meantByComma(plain: string): string | null {
  const parts = plain.split(COMMA);
  const [whole = '', fraction = ''] = parts;
  if (parts.length !== 2 || !/^(\d+|[1-9]\d{0,2}(\.\d{3})+)$/.test(whole) || !/^\d+$/.test(fraction)) return null;
  return canonical(`${whole.replaceAll('.', '')}.${fraction}`);
}

/** What somebody typed as a plain decimal; as it stands where it is no amount, so that the exchange refuses it too. */
export const typedAmount = (text: string): string => readAmount(text).amount ?? text.trim();

/**
 * A code of an authenticator, or a recovery code, as a person types or pastes it: blanks fall away, digits may be
 * Persian.
 */
export const readCode = (text: string): string => plainText(text).replace(/\s/g, '');

/** With thousands marked: 1234567.5 -> 1,234,567.5 */
export function grouped(amount: string): string {
  const [whole = '0', fraction] = amount.split('.');
  const marked = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? marked : `${marked}.${fraction}`;
}

export const withAsset = (amount: string, asset: string): string => `${grouped(amount)} ${asset}`;

/** Left to right inside a sentence of either direction. */
export const isolated = (text: string): string => `\u2066${text}\u2069`;

/** The sum of two amounts, or null while one of them is not one yet. */
export const sum = (a: string, b: string): string | null =>
  isAmount(a) && isAmount(b) ? formatAmount(parseAmount(a) + parseAmount(b)) : null;

/** The decimals that a step needs: 0.01 -> 2. */
export const decimalsOf = (step: string): number => step.split('.')[1]?.length ?? 0;

/** With exactly this many decimals, cut off and never rounded up, thousands marked: columns of them line up. */
export function lined(units: Units, decimals: number): string {
  const [whole = '0', fraction = ''] = formatAmount(units).split('.');
  return grouped(decimals === 0 ? whole : `${whole}.${fraction.padEnd(decimals, '0').slice(0, decimals)}`);
}

/** From one price to another in percent, with a sign and two decimals; null where there is nothing to compare with. */
export function change(from: string, to: string): string | null {
  if (!isAmount(from) || !isAmount(to) || parseAmount(from) === 0n) return null;
  const points = ((parseAmount(to) - parseAmount(from)) * 10_000n) / parseAmount(from);
  const digits = (points < 0n ? -points : points).toString().padStart(3, '0');
  return `${points < 0n ? '-' : '+'}${grouped(digits.slice(0, -2))}.${digits.slice(-2)}%`;
}

/** A share as people read it: 0.0015 -> 0.15% */
export const percent = (share: string): string => `${formatAmount(parseAmount(share) * 100n)}%`;
