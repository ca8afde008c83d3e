import { grouped, sum, typedAmount } from './amounts';

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
