import fc from 'fast-check';
import {
  AmountError,
  MAX_UNITS,
  ONE,
  formatAmount,
  fromChainUnits,
  isAmount,
  parseAmount,
  parseSigned,
  toChainUnits,
} from './amount';

const seed = Number(process.env.SEED ?? 20251121);
console.info(`amounts: seed ${seed}`);
const property = <T extends [unknown, ...unknown[]]>(...args: Parameters<typeof fc.property<T>>): void => {
  fc.assert(fc.property<T>(...args), { seed, numRuns: 2000 });
};
const units = fc.bigInt({ min: 0n, max: MAX_UNITS });

test('every amount is read back as it was written', () => {
  property(units, (amount) => {
    expect(parseAmount(formatAmount(amount))).toBe(amount);
    expect(parseSigned(formatAmount(-amount))).toBe(-amount);
  });
});

test('the written form is the shortest: no sign of zero, no trailing zero, no exponent', () => {
  property(units, (amount) => {
    const text = formatAmount(amount);
    expect(isAmount(text)).toBe(true);
    if (text.includes('.')) expect(text.endsWith('0')).toBe(false);
  });
  expect([0n, 1n, -1n, ONE, 15n * 10n ** 17n, MAX_UNITS].map(formatAmount)).toEqual([
    '0',
    '0.000000000000000001',
    '-0.000000000000000001',
    '1',
    '1.5',
    '99999999999999999999.999999999999999999',
  ]);
});

test('trailing zeros change nothing', () => {
  property(fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }), fc.integer({ min: 1, max: 18 }), (whole, zeros) => {
    expect(parseAmount(`${whole}.${'0'.repeat(zeros)}`)).toBe(whole * ONE);
  });
});

test("a chain's smallest units go in and come out whole; what is finer is refused, never rounded", () => {
  property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 0, max: 18 }), (count, decimals) => {
    expect(toChainUnits(fromChainUnits(count, decimals), decimals)).toBe(count);
    if (decimals < 18) expect(() => toChainUnits(fromChainUnits(count, decimals) + 1n, decimals)).toThrow(AmountError);
  });
});

/** Everything that some language somewhere takes for a number. */
const BAD: readonly unknown[] = [
  '',
  ' ',
  '12 ',
  ' 12',
  ' 12 ',
  '\t1',
  '1\n',
  '\n1',
  '1\r\n',
  '1\0',
  '\ufeff1',
  '1\u200b',
  '\u200b1',
  '1\u00a0',
  '\u20281',
  '1e-9',
  '1E9',
  '1e400',
  '1E400',
  '0x10',
  '0X1',
  '0b1',
  '0o7',
  '1n',
  '1f',
  '1d',
  '1L',
  '-0',
  '-1',
  '+1',
  '+0',
  '--1',
  '1-',
  '(1)',
  '\u22121',
  'NaN',
  'Infinity',
  '-Infinity',
  'inf',
  'null',
  'undefined',
  'true',
  'false',
  'one',
  '.5',
  '5.',
  '.',
  '..',
  '1..2',
  '1.2.3',
  '1,5',
  '1,000',
  '1.000,5',
  '1_000',
  "1'000",
  '1 000',
  '$1',
  '1%',
  '1/2',
  '1+1',
  '1*2',
  '01',
  '00',
  '00.1',
  '000000000000000000001',
  '\u0661\u0662',
  '\u06f1\u06f2',
  '\uff11\uff12',
  '\u{1d7d9}',
  '\u00b2',
  '\u00bd',
  '\u4e00',
  '1;DROP TABLE balances',
  "1' OR '1'='1",
  '<b>1</b>',
  '=1+1',
  '${1}',
  '1#',
  '1//',
  '[1]',
  '{}',
  '"1"',
  '100000000000000000000',
  `1${'0'.repeat(40)}`,
  '0.0000000000000000001',
  `0.${'1'.repeat(19)}`,
  `0.${'0'.repeat(10_000)}1`,
  '9'.repeat(100_000),
  null,
  undefined,
  true,
  false,
  0,
  1,
  1.5,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53 + 2,
  1n,
  [],
  ['1'],
  [1],
  {},
  { toString: () => '1' },
  new String('1'),
  Symbol('1'),
  () => '1',
];

test.each(BAD.map((value, at) => [at, typeof value, value]))(
  'bad input %i (%s) is refused by both readers',
  (_, __, value) => {
    expect(isAmount(value)).toBe(false);
    const text = value as string;
    expect(() => parseAmount(text)).toThrow();
    // A sign is what sets the two apart.
    if (value === '-1' || value === '-0') expect(parseSigned(text)).toBe(value === '-1' ? -ONE : 0n);
    else expect(() => parseSigned(text)).toThrow();
  },
);

test('no string but a plain decimal is an amount', () => {
  const plain = /^(?:0|[1-9]\d{0,19})(?:\.\d{1,18})?$/;
  const alphabet = fc.constantFrom(...'0123456789.-+eExX_, \n\u0661');
  property(
    fc.array(alphabet, { maxLength: 24 }).map((letters) => letters.join('')),
    (text) => {
      expect(isAmount(text)).toBe(plain.test(text) && !text.includes('\n'));
    },
  );
});
