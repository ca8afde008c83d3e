import { z } from 'zod';
import { DEPOSIT_SETTINGS } from './treasury';

const schema = z.object(DEPOSIT_SETTINGS);
const rail = (steps: unknown, over: object = {}): object => ({ network: 'bitcoin', asset: 'BTC', steps, ...over });
const read = (list: unknown): unknown => schema.parse({ DEPOSIT_TERMS: JSON.stringify(list) }).DEPOSIT_TERMS;
const RIGHT = [
  { from: '0', confirmations: 1 },
  { from: '0.5', confirmations: 3 },
  { from: '10', confirmations: 6 },
];

test('terms of deposits: none are the default, and right ones are read', () => {
  expect(schema.parse({}).DEPOSIT_TERMS).toEqual([]);
  expect(read([rail(RIGHT), rail(RIGHT, { network: 'ethereum', asset: 'ETH' })])).toHaveLength(2);
});

test.each<[string, unknown, string]>([
  ['no step at all', [rail([])], 'Too small'],
  ['a first step above nothing', [rail([{ from: '0.1', confirmations: 1 }])], 'the first step begins at 0'],
  [
    'the same amount twice',
    [
      rail([
        { from: '0', confirmations: 1 },
        { from: '0', confirmations: 3 },
      ]),
    ],
    'begins at more',
  ],
  [
    'amounts that fall',
    [
      rail([
        { from: '0', confirmations: 1 },
        { from: '5', confirmations: 3 },
        { from: '1', confirmations: 6 },
      ]),
    ],
    'begins at more',
  ],
  [
    'more money for fewer blocks',
    [
      rail([
        { from: '0', confirmations: 6 },
        { from: '1', confirmations: 3 },
      ]),
    ],
    'asks for more',
  ],
  ['no confirmation', [rail([{ from: '0', confirmations: 0 }])], 'Too small'],
  ['an amount as a number', [rail([{ from: 0, confirmations: 1 }])], 'expected string'],
  ['a rail named twice', [rail(RIGHT), rail(RIGHT)], 'named twice'],
  ['a share of everything', [{ network: 'bitcoin', asset: 'BTC', feeRate: '1' }], 'a share below 1'],
  ['a commission below nothing', [{ network: 'bitcoin', asset: 'BTC', fee: '-1' }], 'an amount as a decimal text'],
  ['no list', {}, 'expected array'],
])('%s is refused', (_, list, why) => {
  expect(() => read(list)).toThrow(why);
});
