import fc from 'fast-check';
import { parseAmount } from '../../domain/money/amount';
import { COOL_OFF_MS, judge } from './risk';
import type { WithdrawalFacts } from './risk';

const now = 1_700_000_000_000;
const old = now - COOL_OFF_MS;
const limits = { perDay: parseAmount('1000'), small: parseAmount('100') };
const trusted: WithdrawalFacts = {
  now,
  value: parseAmount('100'),
  priceIsFresh: true,
  spent: parseAmount('900'),
  count: 4,
  addressSince: old,
  secondFactorSince: old,
};

test.each<[string, Partial<WithdrawalFacts>, string, string[]]>([
  ['small, to an address of a day, with a second factor of a day', {}, 'pass', []],
  ['one unit above small', { value: parseAmount('100') + 1n, spent: 0n }, 'review', ['AMOUNT']],
  ['an address that nobody knows', { addressSince: null }, 'review', ['NEW_ADDRESS']],
  ['an address of less than a day', { addressSince: old + 1 }, 'review', ['NEW_ADDRESS']],
  ['the sixth of the day', { count: 5 }, 'review', ['VELOCITY']],
  ['no second factor', { secondFactorSince: null }, 'review', ['NO_SECOND_FACTOR']],
  ['a second factor made a moment ago', { secondFactorSince: old + 1 }, 'review', ['NEW_SECOND_FACTOR']],
  ['no price', { value: null }, 'review', ['NO_PRICE']],
  ['a price of before: it counts, and a person looks', { priceIsFresh: false }, 'review', ['NO_PRICE']],
  [
    'more than the day has left by a price of before',
    { priceIsFresh: false, spent: parseAmount('950') },
    'refuse',
    ['OVER_LIMIT'],
  ],
  [
    'everything at once',
    { value: parseAmount('101'), spent: 0n, addressSince: null, count: 9, secondFactorSince: null },
    'review',
    ['AMOUNT', 'NEW_ADDRESS', 'VELOCITY', 'NO_SECOND_FACTOR'],
  ],
  ['exactly what the day has left', { value: parseAmount('50'), spent: parseAmount('950') }, 'pass', []],
  [
    'one unit more than the day has left',
    { value: parseAmount('50'), spent: parseAmount('950') + 1n },
    'refuse',
    ['OVER_LIMIT'],
  ],
])('%s', (_what, over, verdict, reasons) => {
  expect(judge({ ...trusted, ...over }, limits)).toEqual({ verdict, reasons });
});

test('whoever is trusted less, or asks for more, never gets further', () => {
  const rank = { refuse: 0, review: 1, pass: 2 };
  const amount = fc.bigInt({ min: 0n, max: parseAmount('2000') });
  const since = fc.option(fc.integer({ min: now - 2 * COOL_OFF_MS, max: now }));
  fc.assert(
    fc.property(
      amount,
      amount,
      amount,
      fc.integer({ min: 0, max: 9 }),
      since,
      since,
      (value, more, spent, count, addressSince, secondFactorSince) => {
        const facts: WithdrawalFacts = {
          now,
          value,
          priceIsFresh: true,
          spent,
          count,
          addressSince,
          secondFactorSince,
        };
        const before = rank[judge(facts, limits).verdict];
        for (const worse of [
          { value: value + more },
          { spent: spent + more },
          { count: count + 1 },
          { addressSince: null },
          { secondFactorSince: null },
          { priceIsFresh: false },
        ]) {
          expect(rank[judge({ ...facts, ...worse }, limits).verdict]).toBeLessThanOrEqual(before);
        }
      },
    ),
  );
});
