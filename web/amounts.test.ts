import fc from 'fast-check';
import { formatAmount, parseAmount } from '../domain/money/amount';
import { change, decimalsOf, grouped, lined, readAmount, readCode, sum, typedAmount } from './amounts';

const refused = (meant: string | null = null) => ({ amount: null, meant });

test.each([
  ['1.50', '1.5'],
  ['۱۲٫۵', '12.5'],
  ['١٢', '12'],
  [' 3 000 ', '3000'],
  ['3\u00a0000\u202f'.trim(), '3000'],
  ['1,234,567.25', '1234567.25'],
  ['۱٬۲۳۴٫۵', '1234.5'],
  ['۱،۲۳۴', '1234'],
  ["1'000", '1000'],
  ['\u200e1.5\u200f', '1.5'],
  ['\u20661,000\u2069', '1000'],
])('typed %j is %j', (typed, amount) => {
  expect(readAmount(typed)).toEqual({ amount, meant: null });
  expect(typedAmount(typed)).toBe(amount);
});

test.each<[string, string | null]>([
  ['', null],
  ['1e5', null],
  ['-1', null],
  ['0.1 5', null],
  ['1 5', null],
  ['12 34', null],
  ['1 234,567', null],
  ['1,234 567', null],
  ['0,123,456', null],
  ['1,,000', null],
  ['1,000,', null],
  [',500', null],
  ['1.000.000', null],
  ['0.123,456', null],
  ['1.1234567890123456789', null],
  ['1,5', '1.5'],
  ['۱٬۵', '1.5'],
  ['۱،۵', '1.5'],
  ['0,123', '0.123'],
  ['1234,5', '1234.5'],
  ['1.234,56', '1234.56'],
])('typed %j is refused; offered: %j', (typed, meant) => {
  expect(readAmount(typed)).toEqual(refused(meant));
});

/** Digits, points, marks, blanks, and what nobody sees: what a keyboard or a clipboard can bring. */
const typedText = fc.string({
  unit: fc.constantFrom(...'0123456789.,\u066b\u066c\u060c \u00a0\u2019\u200f-e۱۲٣'),
  maxLength: 14,
});

test('whatever is read as an amount has the digits that were typed, in their order, and one point at most', () => {
  fc.assert(
    fc.property(typedText, (text) => {
      const { amount, meant } = readAmount(text);
      expect(amount === null || meant === null).toBe(true);
      const digits = (one: string): string =>
        one
          .replace(/[\u06F0-\u06F9\u0660-\u0669]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 15))
          .replace(/\D/g, '');
      const bare = (one: string): string => digits(one).replace(/^0+|0+$/g, '');
      for (const read of [amount, meant]) if (read !== null) expect(bare(read)).toBe(bare(text));
      // No mark is dropped that does not stand between whole groups of three before the point.
      if (amount !== null && /[,\u060c\u066c\s\u2019]/.test(text.replace(/\p{Cf}/gu, '').trim()))
        expect(digits(text.split(/[.\u066b]/)[0] ?? '').length).toBeGreaterThan(3);
    }),
    { numRuns: 3000 },
  );
});

test('an amount written with marks, in any digits, is read back as itself', () => {
  const persian = (text: string): string =>
    text.replace(/\d/g, (digit) => String.fromCodePoint(0x06f0 + Number(digit)));
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 30n }),
      fc.constantFrom(',', ' ', '\u066c', '\u060c'),
      fc.boolean(),
      (units, mark, inPersian) => {
        const plain = formatAmount(units);
        const written = grouped(plain).replaceAll(',', mark);
        expect(readAmount(inPersian ? persian(written).replace('.', '\u066b') : written)).toEqual({
          amount: plain,
          meant: null,
        });
      },
    ),
  );
});

test.each([
  ['123 456', '123456'],
  [' ۱۲۳۴۵۶ ', '123456'],
  ['\u200f١٢٣\u00a0٤٥٦', '123456'],
  ['ab12-cd34-ef56-0789 ', 'ab12-cd34-ef56-0789'],
])('the code %j is %j', (typed, code) => {
  expect(readCode(typed)).toBe(code);
});

test.each([
  ['1234567.25', '1,234,567.25'],
  ['999', '999'],
  ['1000', '1,000'],
  ['0.000001', '0.000001'],
  ['-1234', '-1,234'],
])('%s is shown as %s', (amount, shown) => {
  expect(grouped(amount)).toBe(shown);
});

test('sums are exact', () => {
  expect(sum('0.1', '0.2')).toBe('0.3');
  expect(sum('0.1', 'x')).toBeNull();
});

test('columns line up, cut off and never rounded up', () => {
  expect(lined(parseAmount('1234.5'), 2)).toBe('1,234.50');
  expect(lined(parseAmount('0.999'), 2)).toBe('0.99');
  expect(lined(parseAmount('12'), 0)).toBe('12');
  expect(['0.01', '1', '0.00000001'].map(decimalsOf)).toEqual([2, 0, 8]);
});

test.each([
  ['100', '101.5', '+1.50%'],
  ['100', '99.99', '-0.01%'],
  ['3', '3', '+0.00%'],
  ['1', '25', '+2,400.00%'],
  ['0', '5', null],
])('from %s to %s: %s', (from, to, shown) => {
  expect(change(from, to)).toBe(shown);
});
