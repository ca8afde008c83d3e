/** Amounts as people write and read them. Text in, text out: no number is ever made of an amount. */
import { formatAmount, isAmount, parseAmount } from '../domain/money/amount';
import type { Units } from '../domain/money/amount';

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
