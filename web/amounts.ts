/** Amounts as people write and read them. Text in, text out: no number is ever made of an amount. */
import { formatAmount, isAmount, parseAmount } from '../domain/money/amount';

const DIGITS = /[\u06F0-\u06F9\u0660-\u0669]/g;

/** What somebody typed as a plain decimal: Persian and Arabic digits and points are understood, spaces ignored. */
export function typedAmount(text: string): string {
  const plain = text
    .replace(DIGITS, (digit) => String((digit.codePointAt(0) ?? 0) & 15))
    .replace(/[\u066B]/g, '.')
    .replace(/[\s\u066C]/g, '');
  return isAmount(plain) ? formatAmount(parseAmount(plain)) : plain;
}

/** With thousands marked: 1234567.5 -> 1,234,567.5 */
export function grouped(amount: string): string {
  const [whole = '0', fraction] = amount.split('.');
  const marked = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? marked : `${marked}.${fraction}`;
}

export const withAsset = (amount: string, asset: string): string => `${grouped(amount)} ${asset}`;

/** The sum of two amounts, or null while one of them is not one yet. */
export const sum = (a: string, b: string): string | null =>
  isAmount(a) && isAmount(b) ? formatAmount(parseAmount(a) + parseAmount(b)) : null;
