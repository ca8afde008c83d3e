import { csvOf, csvTime } from './csv';

const COLUMNS = [
  ['name', ({ name }: { name: string }) => name],
  ['amount', ({ amount }: { amount: string | null }) => amount],
] as const;
const rows = (name: string, amount: string | null) =>
  csvOf<{ name: string; amount: string | null }>(COLUMNS, [{ name, amount }]);

test.each([
  ['plain', '1.5', 'plain,1.5'],
  ['a,b', '-0.25', '"a,b",-0.25'],
  ['say "so"', null, '"say ""so""",'],
  ['two\nlines', '0', '"two\nlines",0'],
  ['=SUM(A1)', '1', "'=SUM(A1),1"],
  ['@cmd', '1', "'@cmd,1"],
  ['+1-2', '1', "'+1-2,1"],
  ['-x', '1', "'-x,1"],
])('%j and %j', (name, amount, line) => {
  expect(rows(name, amount)).toBe(`\uFEFFname,amount\r\n${line}\r\n`);
});

test('times are the same for every reader', () => {
  expect(csvTime(1_763_700_000_123)).toBe('2025-11-21T04:40:00.123Z');
});
