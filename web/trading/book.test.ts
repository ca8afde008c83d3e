import fc from 'fast-check';
import type { DepthDiff } from '../../domain/contract/api/live';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { createFollower, rowsOf } from './book';
import type { Level } from './book';

const diff = (
  first: number,
  last: number,
  bids: [string, string][] = [],
  asks: [string, string][] = [],
): DepthDiff => ({ symbol: 'ETHUSDT', first, last, bids, asks });
const SNAPSHOT = {
  sequence: 10,
  bids: [
    ['100', '1'],
    ['99', '2'],
  ] as [string, string][],
  asks: [
    ['101', '1'],
    ['102', '2'],
  ] as [string, string][],
};
const shown = (levels: readonly Level[]): string[][] =>
  levels.map(({ price, quantity }) => [formatAmount(price), formatAmount(quantity)]);

function following() {
  const follower = createFollower(500);
  follower.snapshot(SNAPSHOT);
  return follower;
}

test('a snapshot, best first, whatever its order', () => {
  const follower = createFollower(500);
  expect(follower.whole).toBe(false);
  expect(
    follower.snapshot({
      ...SNAPSHOT,
      bids: [
        ['9.5', '2'],
        ['100', '1'],
        ['99', '2'],
      ],
    }),
  ).toBe('applied');
  expect(shown(follower.book.bids)).toEqual([
    ['100', '1'],
    ['99', '2'],
    ['9.5', '2'],
  ]);
  expect(shown(follower.book.asks)).toEqual([
    ['101', '1'],
    ['102', '2'],
  ]);
});

test('levels are put in, changed and taken out in their places', () => {
  const follower = following();
  expect(
    follower.diff(
      diff(
        11,
        12,
        [
          ['100.5', '3'],
          ['99', '0'],
          ['98', '0'],
        ],
        [
          ['101', '7'],
          ['101.5', '1'],
        ],
      ),
    ),
  ).toBe('applied');
  expect(shown(follower.book.bids)).toEqual([
    ['100.5', '3'],
    ['100', '1'],
  ]);
  expect(shown(follower.book.asks)).toEqual([
    ['101', '7'],
    ['101.5', '1'],
    ['102', '2'],
  ]);
});

test('what is older than the book changes nothing; what begins before it and ends after it does', () => {
  const follower = following();
  expect(follower.diff(diff(8, 10, [['100', '9']]))).toBe('old');
  expect(shown(follower.book.bids)[0]).toEqual(['100', '1']);
  expect(follower.diff(diff(9, 11, [['100', '9']]))).toBe('applied');
  expect(shown(follower.book.bids)[0]).toEqual(['100', '9']);
});

test('after a gap nothing is applied until a snapshot comes, and then what followed on it is', () => {
  const follower = following();
  expect(follower.diff(diff(12, 12, [['100', '5']]))).toBe('gap');
  expect([follower.whole, follower.diff(diff(13, 13, [['100', '6']]))]).toEqual([false, 'gap']);
  expect(follower.snapshot({ ...SNAPSHOT, sequence: 12 })).toBe('applied');
  expect([follower.whole, shown(follower.book.bids)[0]]).toEqual([true, ['100', '6']]);
});

test('a snapshot from before the gap closes nothing: again', () => {
  const follower = following();
  follower.diff(diff(14, 14));
  follower.diff(diff(15, 15, [['100', '8']]));
  expect([follower.snapshot(SNAPSHOT), follower.whole]).toEqual(['gap', false]);
  expect([follower.snapshot({ ...SNAPSHOT, sequence: 14 }), shown(follower.book.bids)[0]]).toEqual([
    'applied',
    ['100', '8'],
  ]);
});

test('diffs before the first snapshot wait for it; a lost connection forgets', () => {
  const follower = createFollower(500);
  follower.diff(diff(10, 10, [['100', '4']]));
  follower.diff(diff(11, 11, [['99.5', '4']]));
  expect(follower.snapshot(SNAPSHOT)).toBe('applied');
  expect(shown(follower.book.bids)).toEqual([
    ['100', '1'],
    ['99.5', '4'],
    ['99', '2'],
  ]);
  follower.lose();
  expect([follower.whole, follower.diff(diff(12, 12))]).toEqual([false, 'gap']);
});

test('a snapshot that was asked for while the book went on is brought up to it', () => {
  const follower = following();
  for (const n of [11, 12, 13]) follower.diff(diff(n, n, [['100', `${n}`]]));
  expect([follower.snapshot({ ...SNAPSHOT, sequence: 11 }), follower.whole]).toEqual(['applied', true]);
  expect(shown(follower.book.bids)[0]).toEqual(['100', '13']);
  expect(follower.diff(diff(14, 14, [['100', '14']]))).toBe('applied');
});

test('a book that is counted anew is another one', () => {
  const follower = following();
  follower.diff(diff(11, 11));
  expect([follower.diff(diff(3, 3, [['100', '3']])), follower.whole]).toEqual(['gap', false]);
  expect(follower.snapshot({ ...SNAPSHOT, sequence: 2 })).toBe('applied');
  expect(shown(follower.book.bids)[0]).toEqual(['100', '3']);
});

test('near the end of a full snapshot a fresh one is wanted; a book that is small is whole', () => {
  const levels = Array.from({ length: 500 }, (_, n) => [String(1000 - n), '1'] as [string, string]);
  const follower = createFollower(500);
  follower.snapshot({ sequence: 1, bids: levels, asks: [] });
  expect(follower.worn).toBe(false);
  follower.diff(
    diff(
      2,
      2,
      levels.slice(0, 399).map(([price]) => [price, '0']),
    ),
  );
  expect(follower.worn).toBe(false);
  follower.diff(
    diff(
      3,
      3,
      levels.slice(399, 401).map(([price]) => [price, '0']),
    ),
  );
  expect(follower.worn).toBe(true);
  follower.snapshot(SNAPSHOT);
  expect(follower.worn).toBe(false);
});

test('however diffs are cut, lost and fetched again, the book is the one that was told', () => {
  const change = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 5 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(change, { maxLength: 4 }), fc.boolean()), { maxLength: 60 }), (steps) => {
      const truth = { bids: new Map<string, string>(), asks: new Map<string, string>() };
      const snapshot = (sequence: number) => ({ sequence, bids: [...truth.bids], asks: [...truth.asks] });
      const follower = createFollower(500);
      follower.snapshot(snapshot(0));
      steps.forEach(([changes, lost], n) => {
        const told = diff(n + 1, n + 1);
        for (const [price, quantity, bid] of changes) {
          (bid ? told.bids : told.asks).push([`${price}.5`, String(quantity)]);
          const side = bid ? truth.bids : truth.asks;
          if (quantity === 0) side.delete(`${price}.5`);
          else side.set(`${price}.5`, String(quantity));
        }
        if (!lost && follower.diff(told) === 'gap') expect(follower.snapshot(snapshot(n + 1))).toBe('applied');
      });
      follower.snapshot(snapshot(steps.length));
      const sorted = (side: Map<string, string>, sign: number) =>
        [...side].sort(([a], [b]) => sign * (Number(a) - Number(b)));
      expect(shown(follower.book.bids)).toEqual(sorted(truth.bids, -1));
      expect(shown(follower.book.asks)).toEqual(sorted(truth.asks, 1));
    }),
    { numRuns: 300 },
  );
});

test('rows: put together by a step, never looking better than they are, with running totals', () => {
  const level = (price: string, quantity: string): Level => ({
    price: parseAmount(price),
    quantity: parseAmount(quantity),
  });
  const rows = (side: 'bids' | 'asks', levels: Level[], step: string, count: number): string[][] =>
    rowsOf(levels, side, parseAmount(step), count).map((row) => [row.price, row.quantity, row.total].map(formatAmount));
  const bids = [level('100.49', '1'), level('100.2', '2'), level('99.9', '4'), level('98', '8')];
  expect(rows('bids', bids, '0.01', 2)).toEqual([
    ['100.49', '1', '1'],
    ['100.2', '2', '3'],
  ]);
  expect(rows('bids', bids, '1', 2)).toEqual([
    ['100', '3', '3'],
    ['99', '4', '7'],
  ]);
  expect(
    rows('asks', [level('100.2', '1'), level('100.9', '2'), level('101', '3'), level('101.1', '1')], '1', 5),
  ).toEqual([
    ['101', '6', '6'],
    ['102', '1', '7'],
  ]);
});
