import { parseAmount } from '../domain/money/amount';
import { change, decimalsOf, grouped, lined, sum, typedAmount } from './amounts';

test.each([
  ['1.50', '1.5'],
  ['۱۲٫۵', '12.5'],
  ['١٢', '12'],
  [' 3 000 ', '3000'],
  ['1e5', '1e5'],
  ['', ''],
  ['1,5', '1,5'],
])('typed %j is %j', (typed, plain) => {
  expect(typedAmount(typed)).toBe(plain);
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
