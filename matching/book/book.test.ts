import { createBook } from './fast';
import { createNaiveBook } from './naive';
import { bench, order, restored } from './testing';
import type { MakeBook } from './testing';
import { BUY, SELL } from './types';
import type { Book, ClosedReason, NewOrder, OrderType, Restored, SelfTrade, Side, TimeInForce } from './types';

const BOOKS: readonly [string, MakeBook][] = [
  ['naive', createNaiveBook],
  ['fast', createBook],
];
const LARGEST = Number.MAX_SAFE_INTEGER;

describe.each(BOOKS)('the %s book', (_, make) => {
  describe('a limit order', () => {
    it('rests where nothing crosses it', () => {
      const { book, told, place } = bench(make);
      place(1, { price: 100, lots: 7 });
      expect(told()).toEqual(['rested 1 7']);
      expect([book.best(BUY), book.best(SELL), book.size]).toEqual([100, 0, 1]);
      expect(book.find(1)).toEqual({ lots: 7, bookStatus: 'resting', trailingExtreme: 0, visibleLots: 7 });
    });

    it('takes the best price first, the oldest first at a price, and rests with what is left', () => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 1, [102, 5], [101, 5], [101, 4], [103, 9]);
      place(9, { price: 102, lots: 20 });
      expect(told()).toEqual([
        'trade 9 2 5@101',
        'closed 2 FILLED 0',
        'trade 9 3 4@101',
        'closed 3 FILLED 0',
        'trade 9 1 5@102',
        'closed 1 FILLED 0',
        'rested 9 6',
      ]);
      expect(book.levels(BUY, 9)).toEqual([102, 6]);
      expect(book.levels(SELL, 9)).toEqual([103, 9]);
    });

    it('leaves a maker in its place when it takes a part of it', () => {
      const { book, told, place, makers } = bench(make);
      makers('BUY', 1, [100, 5], [100, 5]);
      place(9, { side: SELL, price: 99, lots: 3 });
      place(10, { side: SELL, price: 99, lots: 3 });
      expect(told()).toEqual([
        'trade 9 1 3@100',
        'closed 9 FILLED 0',
        'trade 10 1 2@100',
        'closed 1 FILLED 0',
        'trade 10 2 1@100',
        'closed 10 FILLED 0',
      ]);
      expect(book.levels(BUY, 9)).toEqual([100, 4]);
    });

    it('keeps many prices in order, wherever a new one comes between', () => {
      const { book, makers } = bench(make);
      const prices = Array.from({ length: 700 }, (__, at) => 1 + ((at * 7919) % 10007));
      makers('BUY', 1, ...prices.map((price) => [price, 1] as const));
      makers('SELL', 1001, ...prices.map((price) => [price + 20_000, 2] as const));
      const up = [...new Set(prices)].sort((a, b) => a - b);
      expect(book.levels(BUY, LARGEST)).toEqual(
        [...up].reverse().flatMap((price) => [price, prices.filter((one) => one === price).length]),
      );
      expect(book.levels(SELL, 3)).toEqual(up.slice(0, 3).flatMap((price) => [price + 20_000, 2]));
      for (const [at, price] of prices.entries()) if (price !== up[0]) expect(book.cancel(at + 1)).toBe(true);
      expect(book.levels(BUY, 9)).toEqual([up[0], 1]);
    });

    it('copies what it keeps of the object it is given', () => {
      const { book, told } = bench(make);
      const reused = order(1, { price: 100 });
      book.place(reused);
      Object.assign(reused, { id: 2, owner: 2, price: 99, lots: 3 });
      book.place(reused);
      told();
      expect(book.levels(BUY, 9)).toEqual([100, 10, 99, 3]);
    });

    it('trades the largest numbers exactly', () => {
      const { book, told, place } = bench(make);
      place(LARGEST, { side: SELL, price: LARGEST, lots: LARGEST - 9 });
      place(LARGEST - 1, { price: LARGEST, lots: 9 });
      expect(told()).toEqual([
        `rested ${LARGEST} ${LARGEST - 9}`,
        `trade ${LARGEST - 1} ${LARGEST} 9@${LARGEST}`,
        `closed ${LARGEST - 1} FILLED 0`,
      ]);
      expect(book.levels(SELL, 1)).toEqual([LARGEST, LARGEST - 18]);
      expect(() => book.place(order(3, { price: 1, lots: 19 }))).toThrow(RangeError);
      place(4, { price: 1, lots: 18 });
      expect(book.size).toBe(2);
    });
  });

  describe('time in force and type', () => {
    const CASES: readonly [OrderType, TimeInForce, Partial<NewOrder>, readonly string[]][] = [
      ['LIMIT', 'GTC', { price: 101, lots: 5 }, ['trade 9 1 5@101', 'closed 1 FILLED 0', 'closed 9 FILLED 0']],
      ['LIMIT', 'GTC', { price: 101, lots: 8 }, ['trade 9 1 5@101', 'closed 1 FILLED 0', 'rested 9 3']],
      ['LIMIT', 'IOC', { price: 101, lots: 8 }, ['trade 9 1 5@101', 'closed 1 FILLED 0', 'closed 9 EXPIRED 3']],
      ['LIMIT', 'IOC', { price: 100, lots: 8 }, ['closed 9 EXPIRED 8']],
      [
        'LIMIT',
        'FOK',
        { price: 102, lots: 10 },
        ['trade 9 1 5@101', 'closed 1 FILLED 0', 'trade 9 2 5@102', 'closed 2 FILLED 0', 'closed 9 FILLED 0'],
      ],
      ['LIMIT', 'FOK', { price: 102, lots: 11 }, ['closed 9 EXPIRED 11']],
      ['LIMIT', 'FOK', { price: 101, lots: 6 }, ['closed 9 EXPIRED 6']],
      ['LIMIT_MAKER', 'IOC', { price: 100, lots: 8 }, ['rested 9 8']],
      [
        'MARKET',
        'GTC',
        { price: 0, lots: 12 },
        ['trade 9 1 5@101', 'closed 1 FILLED 0', 'trade 9 2 5@102', 'closed 2 FILLED 0', 'closed 9 EXPIRED 2'],
      ],
      ['MARKET', 'FOK', { price: 101, lots: 12 }, ['trade 9 1 5@101', 'closed 1 FILLED 0', 'closed 9 EXPIRED 7']],
      [
        'MARKET',
        'IOC',
        { price: 0, lots: 0, quoteBudget: 101 * 5 + 203 },
        ['trade 9 1 5@101', 'closed 1 FILLED 0', 'trade 9 2 1@102', 'closed 9 FILLED 0'],
      ],
      [
        'MARKET',
        'IOC',
        { price: 0, lots: 0, quoteBudget: 101 * 5 },
        ['trade 9 1 5@101', 'closed 1 FILLED 0', 'closed 9 FILLED 0'],
      ],
      [
        'MARKET',
        'IOC',
        { price: 0, lots: 0, quoteBudget: 5000 },
        ['trade 9 1 5@101', 'closed 1 FILLED 0', 'trade 9 2 5@102', 'closed 2 FILLED 0', 'closed 9 EXPIRED 0'],
      ],
      [
        'MARKET',
        'IOC',
        { price: 101, lots: 0, quoteBudget: 5000 },
        ['trade 9 1 5@101', 'closed 1 FILLED 0', 'closed 9 EXPIRED 0'],
      ],
      ['MARKET', 'IOC', { price: 0, lots: 0, quoteBudget: 100 }, ['closed 9 EXPIRED 0']],
    ];
    it.each(CASES)('%s %s %j', (type, tif, more, expected) => {
      const { told, place, makers } = bench(make);
      makers('SELL', 1, [101, 5], [102, 5]);
      place(9, { type, tif, ...more });
      expect(told()).toEqual(expected);
    });

    it('a market order into nothing expires', () => {
      const { told, place } = bench(make);
      place(1, { type: 'MARKET', price: 0, lots: 4 });
      place(2, { type: 'MARKET', price: 0, lots: 0, quoteBudget: 4 });
      expect(told()).toEqual(['closed 1 EXPIRED 4', 'closed 2 EXPIRED 0']);
    });

    it('a quoteBudget of a SELL is what it receives at most', () => {
      const { told, place, makers } = bench(make);
      makers('BUY', 1, [100, 3], [90, 9]);
      place(9, { side: SELL, type: 'MARKET', price: 0, lots: 0, quoteBudget: 500 });
      expect(told()).toEqual(['trade 9 1 3@100', 'closed 1 FILLED 0', 'trade 9 2 2@90', 'closed 9 FILLED 0']);
    });

    it('a LIMIT_MAKER that would match is refused, inside and outside, and nothing changes', () => {
      const { book, told, makers } = bench(make);
      makers('SELL', 1, [105, 5]);
      expect(book.place(order(9, { type: 'LIMIT_MAKER', price: 105 }))).toBe('POST_ONLY_REJECTED');
      book.setOutside(99, 102);
      expect(book.place(order(9, { type: 'LIMIT_MAKER', price: 102 }))).toBe('POST_ONLY_REJECTED');
      expect(book.place(order(9, { type: 'LIMIT_MAKER', price: 102, via: 'outside' }))).toBe('POST_ONLY_REJECTED');
      expect(book.place(order(9, { type: 'LIMIT_MAKER', price: 105, owner: 1 }))).toBe('POST_ONLY_REJECTED');
      expect([told(), book.size]).toEqual([[], 1]);
      expect(book.place(order(9, { type: 'LIMIT_MAKER', price: 104, via: 'inside' }))).toBeUndefined();
      expect(book.place(order(10, { type: 'LIMIT_MAKER', price: 101, via: 'outside' }))).toBeUndefined();
      expect(told()).toEqual(['rested 9 10', 'rested 10 10']);
    });
  });

  describe('what no book may take throws RangeError and changes nothing', () => {
    const NONSENSE: readonly Partial<NewOrder>[] = [
      ...[0, -1, 1.5, NaN, Infinity, 2 ** 53].flatMap((bad) => [
        { id: bad },
        { owner: bad },
        { price: bad },
        { lots: bad },
      ]),
      ...[-1, 0.5, NaN, 2 ** 53].flatMap((bad) => [
        { quoteBudget: bad },
        { stop: bad },
        { trailing: bad },
        { displayLots: bad },
      ]),
      { side: 2 as Side },
      { type: 'LIMIT_TAKER' as OrderType },
      { tif: 'DAY' as TimeInForce },
      { stp: 'NONE' as SelfTrade },
      { via: 'both' as 'merge' },
      { quoteBudget: 5 },
      { lots: 0, quoteBudget: 5 },
      { stop: 90 },
      { trailing: 100 },
      { type: 'MARKET', lots: 0 },
      { type: 'MARKET', quoteBudget: 5 },
      { type: 'MARKET', stop: 5 },
      { type: 'STOP_LOSS' },
      { type: 'STOP_LOSS_LIMIT', stop: 90, price: 0 },
      { type: 'TAKE_PROFIT_LIMIT', stop: 90, lots: 0, quoteBudget: 9 },
      { type: 'STOP_LOSS', trailing: 9 },
      { type: 'STOP_LOSS', trailing: 2001 },
      { displayLots: 11 },
      { displayLots: 1, lots: 10_001 },
      { displayLots: 5, tif: 'IOC' },
      { displayLots: 5, tif: 'FOK' },
      { displayLots: 5, type: 'MARKET' },
    ];
    it.each(NONSENSE)('%j', (more) => {
      const { book, told, makers } = bench(make);
      makers('SELL', 50, [101, 5]);
      expect(() => book.place(order(1, { price: 200, ...more }))).toThrow(RangeError);
      expect([told(), book.size, book.levels(SELL, 2)]).toEqual([[], 1, [101, 5]]);
    });

    it('a duplicate id, whatever else the order says', () => {
      const { book, told, place } = bench(make);
      place(1);
      place(2, { type: 'STOP_LOSS', price: 0, stop: 120 });
      place(3, { via: 'outside' });
      told();
      for (const id of [1, 2, 3]) expect(() => book.place(order(id, { side: SELL, price: 1 }))).toThrow(RangeError);
      expect(() =>
        book.placeOco(
          order(4, { type: 'LIMIT_MAKER', side: SELL, price: 200, owner: 4 }),
          order(1, { type: 'STOP_LOSS', side: SELL, price: 0, stop: 50, owner: 4 }),
        ),
      ).toThrow(RangeError);
      expect(() => book.restore(restored(2, 'resting'))).toThrow(RangeError);
      expect([told(), book.size]).toEqual([[], 3]);
    });

    it('numbers of the other calls', () => {
      const { book, told, place } = bench(make);
      place(1);
      place(2, { via: 'outside' });
      place(3, { price: 90 });
      book.lock(3);
      told();
      const bad: readonly (() => unknown)[] = [
        () => book.last(0),
        () => book.last(-1),
        () => book.last(1.5),
        () => book.setOutside(-1, 5),
        () => book.setOutside(1, 2 ** 53),
        () => book.amend(1, 0),
        () => book.amend(1, -1),
        () => book.amend(1, 0.5),
        () => book.returned(2, 11, 0, true),
        () => book.returned(2, -1, 0, true),
        () => book.returned(2, 1, 0.5, true),
        () => book.returned(1, 1, 0, true),
        () => book.returned(77, 1, 0, true),
        () => book.unlock(3, 11),
        () => book.unlock(3, -1),
        () => book.unlock(1, 0),
        () => book.unlock(77, 0),
        () => book.reached(BUY, 0, () => true),
        () => book.lotsWithin(BUY, -1, 1),
      ];
      for (const call of bad) expect(call).toThrow(RangeError);
      expect([told(), book.size, book.levels(BUY, 9)]).toEqual([[], 3, [100, 10, 90, 10]]);
      expect([1, 2, 3].map((id) => book.find(id)?.bookStatus)).toEqual(['resting', 'inFlight', 'locked']);
    });
  });

  describe('self trade', () => {
    const CASES: readonly [SelfTrade, number, readonly string[], readonly number[]][] = [
      ['EXPIRE_TAKER', 8, ['trade 9 1 2@101', 'closed 1 FILLED 0', 'closed 9 EXPIRED_IN_MATCH 6'], [101, 5, 102, 4]],
      [
        'EXPIRE_MAKER',
        8,
        [
          'trade 9 1 2@101',
          'closed 1 FILLED 0',
          'closed 2 EXPIRED_IN_MATCH 5',
          'trade 9 3 4@102',
          'closed 3 FILLED 0',
          'rested 9 2',
        ],
        [],
      ],
      [
        'EXPIRE_BOTH',
        8,
        ['trade 9 1 2@101', 'closed 1 FILLED 0', 'closed 2 EXPIRED_IN_MATCH 5', 'closed 9 EXPIRED_IN_MATCH 6'],
        [102, 4],
      ],
      [
        'DECREMENT',
        8,
        [
          'trade 9 1 2@101',
          'closed 1 FILLED 0',
          'prevented 9 2 5',
          'prevented 2 9 5',
          'closed 2 EXPIRED_IN_MATCH 0',
          'trade 9 3 1@102',
          'closed 9 FILLED 0',
        ],
        [102, 3],
      ],
      [
        'DECREMENT',
        5,
        ['trade 9 1 2@101', 'closed 1 FILLED 0', 'prevented 9 2 3', 'prevented 2 9 3', 'closed 9 EXPIRED_IN_MATCH 0'],
        [101, 2, 102, 4],
      ],
      [
        'DECREMENT',
        7,
        [
          'trade 9 1 2@101',
          'closed 1 FILLED 0',
          'prevented 9 2 5',
          'prevented 2 9 5',
          'closed 2 EXPIRED_IN_MATCH 0',
          'closed 9 EXPIRED_IN_MATCH 0',
        ],
        [102, 4],
      ],
    ];
    it.each(CASES)('%s, %i lots', (stp, lots, expected, asks) => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 1, [101, 2]);
      place(2, { owner: 9, side: SELL, price: 101, lots: 5, stp: 'EXPIRE_MAKER' });
      place(3, { side: SELL, price: 102, lots: 4 });
      told();
      place(9, { price: 102, lots, stp });
      expect(told()).toEqual(expected);
      expect(book.levels(SELL, 9)).toEqual(asks);
    });

    it('DECREMENT takes off a quoteBudget what the lots would have cost', () => {
      const { book, told, place } = bench(make);
      place(1, { owner: 9, side: SELL, price: 100, lots: 3 });
      place(2, { side: SELL, price: 110, lots: 9 });
      told();
      place(9, { type: 'MARKET', price: 0, lots: 0, quoteBudget: 520, stp: 'DECREMENT' });
      expect(told()).toEqual([
        'prevented 9 1 3',
        'prevented 1 9 3',
        'closed 1 EXPIRED_IN_MATCH 0',
        'trade 9 2 2@110',
        'closed 9 FILLED 0',
      ]);
      expect(book.levels(SELL, 9)).toEqual([110, 7]);
    });

    it.each<[SelfTrade, boolean]>([
      ['EXPIRE_MAKER', true],
      ['EXPIRE_TAKER', false],
      ['EXPIRE_BOTH', false],
      ['DECREMENT', false],
    ])('a FOK over an own order: %s fills it: %s', (stp, fills) => {
      const { told, place } = bench(make);
      place(1, { side: SELL, price: 101, lots: 5 });
      place(2, { side: SELL, price: 102, lots: 5, owner: 9 });
      place(3, { side: SELL, price: 103, lots: 5 });
      told();
      place(9, { tif: 'FOK', price: 103, lots: 10, stp });
      expect(told()).toEqual(
        fills
          ? [
              'trade 9 1 5@101',
              'closed 1 FILLED 0',
              'closed 2 EXPIRED_IN_MATCH 5',
              'trade 9 3 5@103',
              'closed 3 FILLED 0',
              'closed 9 FILLED 0',
            ]
          : ['closed 9 EXPIRED 10'],
      );
    });

    it('a FOK may be filled before it meets its own, but not by what an iceberg hides behind it', () => {
      const { told, place } = bench(make);
      place(1, { side: SELL, price: 101, lots: 9, displayLots: 4 });
      place(2, { side: SELL, price: 101, lots: 5, owner: 9 });
      told();
      place(9, { tif: 'FOK', price: 101, lots: 5 });
      expect(told()).toEqual(['closed 9 EXPIRED 5']);
      place(10, { owner: 9, tif: 'FOK', price: 101, lots: 4 });
      expect(told()).toEqual(['trade 10 1 4@101', 'refreshed 1 4', 'closed 10 FILLED 0']);
    });
  });

  describe('an iceberg', () => {
    it('shows its displayLots, and loses its place whenever it is used up', () => {
      const { book, told, place } = bench(make);
      place(1, { side: SELL, lots: 10, displayLots: 4 });
      place(2, { side: SELL, lots: 3 });
      told();
      expect(book.levels(SELL, 9)).toEqual([100, 7]);
      expect(book.lotsWithin(BUY, 0, 99)).toBe(13);
      expect(book.find(1)).toEqual({ lots: 10, bookStatus: 'resting', trailingExtreme: 0, visibleLots: 4 });
      place(9, { lots: 3, tif: 'IOC' });
      expect(told()).toEqual(['trade 9 1 3@100', 'closed 9 FILLED 0']);
      place(10, { lots: 5, tif: 'IOC' });
      expect(told()).toEqual([
        'trade 10 1 1@100',
        'refreshed 1 4',
        'trade 10 2 3@100',
        'closed 2 FILLED 0',
        'trade 10 1 1@100',
        'closed 10 FILLED 0',
      ]);
      expect(book.levels(SELL, 9)).toEqual([100, 3]);
    });

    it('alone at its price is met again and again, and shows less than its displayLots at the end', () => {
      const { told, place } = bench(make);
      place(1, { side: SELL, lots: 10, displayLots: 4 });
      told();
      place(9, { lots: 20 });
      expect(told()).toEqual([
        'trade 9 1 4@100',
        'refreshed 1 4',
        'trade 9 1 4@100',
        'refreshed 1 2',
        'trade 9 1 2@100',
        'closed 1 FILLED 0',
        'rested 9 10',
      ]);
    });

    it('takes with all it has before it hides', () => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 1, [100, 7]);
      place(9, { lots: 20, displayLots: 5 });
      expect(told()).toEqual(['trade 9 1 7@100', 'closed 1 FILLED 0', 'rested 9 13']);
      expect(book.levels(BUY, 9)).toEqual([100, 5]);
    });

    it('amended below what it shows, shows that', () => {
      const { book, place } = bench(make);
      place(1, { lots: 20, displayLots: 5 });
      expect([book.amend(1, 8), book.levels(BUY, 1), book.amend(1, 3), book.levels(BUY, 1)]).toEqual([
        true,
        [100, 5],
        true,
        [100, 3],
      ]);
    });
  });

  describe('cancel and amend', () => {
    it('take an order out; a level without orders is closed', () => {
      const { book, told, place } = bench(make);
      place(1);
      place(2);
      told();
      expect(book.cancel(1)).toBe(true);
      expect(book.levels(BUY, 9)).toEqual([100, 10]);
      expect(book.cancel(2)).toBe(true);
      expect([told(), book.levels(BUY, 9), book.best(BUY), book.size]).toEqual([
        ['closed 1 CANCELED 10', 'closed 2 CANCELED 10'],
        [],
        0,
        0,
      ]);
    });

    it('say no to what is not here, is no more here, in a hedge order or in flight', () => {
      const { book, told, place } = bench(make);
      place(1);
      place(2, { via: 'outside' });
      place(3);
      book.lock(3);
      place(4, { type: 'LIMIT', tif: 'IOC', price: 1 });
      told();
      for (const id of [2, 3, 4, 77, 0, -1, NaN])
        expect([id, book.cancel(id), book.amend(id, 1)]).toEqual([id, false, false]);
      expect([told(), book.size]).toEqual([[], 3]);
    });

    it('amend lowers only, and keeps the place', () => {
      const { book, told, place } = bench(make);
      place(1, { lots: 10 });
      place(2, { lots: 10 });
      told();
      expect([book.amend(1, 11), book.amend(1, 10), book.amend(1, 4)]).toEqual([false, false, true]);
      expect([told(), book.levels(BUY, 1)]).toEqual([[], [100, 14]]);
      place(9, { side: SELL, lots: 5 });
      expect(told()).toEqual(['trade 9 1 4@100', 'closed 1 FILLED 0', 'trade 9 2 1@100', 'closed 9 FILLED 0']);
    });

    it('reach orders that wait', () => {
      const { book, told, place } = bench(make);
      place(1, { type: 'STOP_LOSS', price: 0, stop: 110 });
      place(2, { type: 'STOP_LOSS', price: 0, trailing: 100 });
      place(3, { type: 'STOP_LOSS', price: 0, lots: 0, quoteBudget: 50, stop: 110 });
      told();
      expect([book.amend(1, 4), book.amend(2, 4), book.amend(3, 4)]).toEqual([true, true, false]);
      expect([book.cancel(1), book.cancel(2), book.cancel(3), told()]).toEqual([
        true,
        true,
        true,
        ['closed 1 CANCELED 4', 'closed 2 CANCELED 4', 'closed 3 CANCELED 0'],
      ]);
      book.last(500);
      expect([told(), book.size]).toEqual([[], 0]);
    });
  });

  describe('stop and take-profit', () => {
    const CASES: readonly [OrderType, 'BUY' | 'SELL', number, number][] = [
      ['STOP_LOSS', 'BUY', 109, 110],
      ['STOP_LOSS_LIMIT', 'BUY', 109, 111],
      ['STOP_LOSS', 'SELL', 111, 110],
      ['STOP_LOSS_LIMIT', 'SELL', 111, 90],
      ['TAKE_PROFIT', 'BUY', 111, 110],
      ['TAKE_PROFIT_LIMIT', 'BUY', 111, 90],
      ['TAKE_PROFIT', 'SELL', 109, 110],
      ['TAKE_PROFIT_LIMIT', 'SELL', 109, 120],
    ];
    it.each(CASES)('%s %s waits at %i and is triggered at %i', (type, name, before, at) => {
      const { book, told } = bench(make);
      const side = name === 'BUY' ? BUY : SELL;
      const stop = order(1, { side, type, price: type.endsWith('LIMIT') ? 100 : 0, stop: 110 });
      book.last(at);
      expect(book.place(stop)).toBe('WOULD_TRIGGER');
      expect([told(), book.size]).toEqual([[], 0]);
      book.last(before);
      expect(book.place(stop)).toBeUndefined();
      book.last(before);
      expect([told(), book.find(1)?.bookStatus]).toEqual([['waiting 1'], 'waiting']);
      book.last(at);
      expect(told()).toEqual(['triggered 1', type.endsWith('LIMIT') ? 'rested 1 10' : 'closed 1 EXPIRED 10']);
    });

    it('is placed as what it is: FOK, IOC, by quoteBudget, to its protectionPrice price', () => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 50, [100, 3], [101, 3]);
      place(1, { type: 'STOP_LOSS_LIMIT', tif: 'FOK', price: 101, lots: 7, stop: 99 });
      place(2, { type: 'STOP_LOSS_LIMIT', tif: 'IOC', price: 100, lots: 7, stop: 99 });
      place(3, { type: 'STOP_LOSS', price: 0, lots: 0, quoteBudget: 210, stop: 99 });
      told();
      book.last(99);
      expect(told()).toEqual([
        'triggered 1',
        'closed 1 EXPIRED 7',
        'triggered 2',
        'trade 2 50 3@100',
        'closed 50 FILLED 0',
        'closed 2 EXPIRED 4',
        'triggered 3',
        'trade 3 51 2@101',
        'closed 3 FILLED 0',
      ]);
    });

    it('are placed by age, whatever their triggers', () => {
      const { book, told, place } = bench(make);
      place(1, { type: 'STOP_LOSS_LIMIT', stop: 120 });
      place(2, { type: 'TAKE_PROFIT_LIMIT', side: SELL, price: 200, stop: 110 });
      place(3, { type: 'STOP_LOSS_LIMIT', stop: 115 });
      place(4, { type: 'STOP_LOSS_LIMIT', stop: 111 });
      told();
      book.last(130);
      expect(told()).toEqual([1, 2, 3, 4].flatMap((id) => [`triggered ${id}`, `rested ${id} 10`]));
    });

    it('follow the market own trades where there is no venue, one setting off the next', () => {
      const { told, place, makers } = bench(make, true);
      makers('SELL', 50, [100, 1], [105, 1], [110, 1]);
      place(1, { type: 'STOP_LOSS', price: 0, lots: 1, stop: 105 });
      place(2, { type: 'STOP_LOSS', price: 0, lots: 1, stop: 100 });
      told();
      place(9, { lots: 1 });
      expect(told()).toEqual([
        'trade 9 50 1@100',
        'closed 50 FILLED 0',
        'closed 9 FILLED 0',
        'triggered 2',
        'trade 2 51 1@105',
        'closed 51 FILLED 0',
        'closed 2 FILLED 0',
        'triggered 1',
        'trade 1 52 1@110',
        'closed 52 FILLED 0',
        'closed 1 FILLED 0',
      ]);
    });

    it('do not follow own trades where a venue says the price', () => {
      const { told, place, makers } = bench(make);
      makers('SELL', 50, [100, 1]);
      place(1, { type: 'STOP_LOSS', price: 0, lots: 1, stop: 100 });
      told();
      place(9, { lots: 1 });
      expect(told()).toEqual(['trade 9 50 1@100', 'closed 50 FILLED 0', 'closed 9 FILLED 0']);
    });

    it('go to the outside like any taker', () => {
      const { book, told, place } = bench(make);
      book.setOutside(98, 99);
      place(1, { type: 'STOP_LOSS', price: 0, lots: 4, stop: 105 });
      told();
      book.last(105);
      expect(told()).toEqual(['triggered 1', 'outside 1 4 0 0']);
    });
  });

  describe('a trailing order', () => {
    /** Prices after it was placed at 1000, and the one that triggers it. */
    const CASES: readonly [OrderType, 'BUY' | 'SELL', readonly number[], number][] = [
      ['STOP_LOSS', 'SELL', [1000, 991, 1100, 1090], 1089],
      ['TAKE_PROFIT', 'SELL', [1000, 991, 1100, 1090], 1089],
      ['STOP_LOSS', 'BUY', [1000, 1009, 900, 908], 909],
      ['TAKE_PROFIT', 'BUY', [1000, 1009, 900, 908], 909],
    ];
    it.each(CASES)(
      '%s %s follows the price and is triggered by 1 %% from the best: %j, then %i',
      (type, name, prices, at) => {
        const { book, told, place } = bench(make);
        book.last(1000);
        place(1, { type, side: name === 'BUY' ? BUY : SELL, price: 0, trailing: 100 });
        for (const price of prices) book.last(price);
        expect(told()).toEqual(['waiting 1']);
        expect(book.find(1)).toEqual({
          lots: 10,
          bookStatus: 'waiting',
          trailingExtreme: name === 'BUY' ? 900 : 1100,
          visibleLots: 0,
        });
        book.last(at);
        expect(told()).toEqual(['triggered 1', 'closed 1 EXPIRED 10']);
      },
    );

    const STARTS: readonly [OrderType, 'BUY' | 'SELL', number, number, number][] = [
      ['STOP_LOSS', 'SELL', 950, 951, 950],
      ['TAKE_PROFIT', 'SELL', 1050, 1049, 1050],
      ['STOP_LOSS', 'BUY', 1050, 1049, 1050],
      ['TAKE_PROFIT', 'BUY', 950, 951, 950],
    ];
    it.each(STARTS)('%s %s with stop %i: begins not at %i but at %i', (type, name, stop, before, at) => {
      const { book, told, place } = bench(make);
      book.last(1000);
      place(1, { type, side: name === 'BUY' ? BUY : SELL, price: 0, stop, trailing: 100 });
      for (const price of [1, 3000].filter((one) => (at > 1000 ? one < stop : one > stop))) book.last(price);
      book.last(before);
      expect([told(), book.find(1)?.trailingExtreme]).toEqual([['waiting 1'], 0]);
      book.last(at);
      expect([told(), book.find(1)?.trailingExtreme]).toEqual([[], at]);
      book.last(name === 'BUY' ? at * 1.02 : at * 0.98);
      expect(told()).toEqual(['triggered 1', 'closed 1 EXPIRED 10']);
    });

    it('whose stop is reached already begins at once; without any price, with the first', () => {
      const { book, told, place } = bench(make);
      place(1, { type: 'STOP_LOSS', side: SELL, price: 0, trailing: 100 });
      expect(book.find(1)?.trailingExtreme).toBe(0);
      book.last(1000);
      place(2, { type: 'STOP_LOSS', side: SELL, price: 0, stop: 1100, trailing: 100 });
      expect([told(), book.find(1)?.trailingExtreme, book.find(2)?.trailingExtreme]).toEqual([
        ['waiting 1', 'waiting 2'],
        1000,
        1000,
      ]);
    });

    it('counts a part of a tick as a tick, also far beyond 2^53 / 10,000', () => {
      const { book, told, place } = bench(make);
      book.last(101);
      place(1, { type: 'STOP_LOSS', side: SELL, price: 0, trailing: 100 });
      book.last(100);
      expect(told()).toEqual(['waiting 1']);
      book.last(99);
      expect(told()).toEqual(['triggered 1', 'closed 1 EXPIRED 10']);
      const high = 9_000_000_000_000_001;
      book.last(high);
      place(2, { type: 'STOP_LOSS', side: SELL, price: 0, trailing: 2000 });
      const edge = 7_200_000_000_000_000;
      book.last(edge + 1);
      expect(told()).toEqual(['waiting 2']);
      book.last(edge);
      expect(told()).toEqual(['triggered 2', 'closed 2 EXPIRED 10']);
    });
  });

  describe('an OCO', () => {
    const oco = (book: Book, limit: Partial<NewOrder> = {}, stop: Partial<NewOrder> = {}) =>
      book.placeOco(
        order(1, { owner: 5, side: SELL, type: 'LIMIT_MAKER', price: 110, ...limit }),
        order(2, { owner: 5, side: SELL, type: 'STOP_LOSS', price: 0, stop: 90, ...stop }),
      );

    it('is two orders, one of which may trade: the limit trades, even a part', () => {
      const { book, told, place } = bench(make);
      book.last(100);
      expect(oco(book)).toBeUndefined();
      expect(told()).toEqual(['rested 1 10', 'waiting 2']);
      place(9, { price: 110, lots: 3 });
      expect(told()).toEqual(['trade 9 1 3@110', 'closed 2 OCO 10', 'closed 9 FILLED 0']);
      book.last(80);
      expect([told(), book.find(1)?.lots, book.size]).toEqual([[], 7, 1]);
      expect(book.cancel(1)).toBe(true);
    });

    it('the stop is triggered: the limit goes before the stop is placed', () => {
      const { book, told, makers } = bench(make);
      makers('BUY', 50, [85, 4]);
      oco(book);
      told();
      book.last(90);
      expect(told()).toEqual([
        'triggered 2',
        'closed 1 OCO 10',
        'trade 2 50 4@85',
        'closed 50 FILLED 0',
        'closed 2 EXPIRED 6',
      ]);
      expect(book.size).toBe(0);
    });

    it.each([1, 2])('cancelling leg %i cancels both', (id) => {
      const { book, told } = bench(make);
      oco(book);
      told();
      expect(book.cancel(id)).toBe(true);
      expect([told(), book.size]).toEqual([[`closed ${id} CANCELED 10`, `closed ${3 - id} OCO 10`], 0]);
      expect(book.cancel(3 - id)).toBe(false);
    });

    it.each([1, 2])('amending leg %i amends both', (id) => {
      const { book, told } = bench(make);
      oco(book);
      expect(book.amend(id, 4)).toBe(true);
      expect([book.find(1)?.lots, book.find(2)?.lots, book.levels(SELL, 1)]).toEqual([4, 4, [110, 4]]);
      told();
      book.cancel(1);
      expect(told()).toEqual(['closed 1 CANCELED 4', 'closed 2 OCO 4']);
    });

    it('of two triggers: the first one reached counts', () => {
      const { book, told } = bench(make);
      book.last(100);
      oco(book, { type: 'TAKE_PROFIT_LIMIT', price: 108, stop: 110 }, { type: 'STOP_LOSS_LIMIT', price: 89 });
      expect(told()).toEqual(['waiting 1', 'waiting 2']);
      book.last(111);
      expect(told()).toEqual(['triggered 1', 'closed 2 OCO 10', 'rested 1 10']);
    });

    it('with a trailing stop', () => {
      const { book, told } = bench(make);
      book.last(1000);
      oco(book, { price: 1100 }, { stop: 0, trailing: 100 });
      told();
      book.last(1050);
      book.last(1039);
      expect(told()).toEqual(['triggered 2', 'closed 1 OCO 10', 'closed 2 EXPIRED 10']);
    });

    it('a self trade that expires the limit takes the stop with it; DECREMENT lowers both', () => {
      const { book, told, place } = bench(make);
      oco(book);
      told();
      place(9, { owner: 5, price: 110, lots: 3, stp: 'DECREMENT' });
      expect(told()).toEqual(['prevented 9 1 3', 'prevented 1 9 3', 'closed 9 EXPIRED_IN_MATCH 0']);
      expect([book.find(1)?.lots, book.find(2)?.lots]).toEqual([7, 7]);
      place(10, { owner: 5, price: 110, lots: 3, stp: 'EXPIRE_BOTH' });
      expect(told()).toEqual(['closed 1 EXPIRED_IN_MATCH 7', 'closed 2 OCO 7', 'closed 10 EXPIRED_IN_MATCH 3']);
    });

    it('a thawed limit that meets its owner under DECREMENT lowers the stop too', () => {
      const { book, told, place } = bench(make);
      oco(book, { stp: 'DECREMENT' });
      book.lock(1);
      place(9, { owner: 5, price: 111, lots: 3 });
      told();
      book.unlock(1, 0);
      expect(told()).toEqual(['prevented 1 9 3', 'prevented 9 1 3', 'closed 9 EXPIRED_IN_MATCH 0']);
      expect([book.find(1)?.lots, book.find(2)?.lots, book.levels(SELL, 1)]).toEqual([7, 7, [110, 7]]);
    });

    it('the trigger waits while the limit is in a hedge order: it goes off when nothing was executed, and not otherwise', () => {
      for (const executed of [0, 3]) {
        const { book, told } = bench(make);
        oco(book);
        expect(book.lock(1)).toBe(true);
        told();
        expect([book.cancel(1), book.cancel(2), book.amend(2, 3)]).toEqual([false, false, false]);
        book.last(80);
        book.last(100);
        expect([told(), book.find(2)?.bookStatus]).toEqual([[], 'waiting']);
        book.unlock(1, executed);
        expect(told()).toEqual(
          executed === 0 ? ['triggered 2', 'closed 1 OCO 10', 'closed 2 EXPIRED 10'] : ['closed 2 OCO 10'],
        );
      }
    });

    const PRICES: readonly [Partial<NewOrder>, Partial<NewOrder>, string | undefined][] = [
      [{ price: 100 }, {}, 'OCO_PRICES'],
      [{ price: 99 }, {}, 'OCO_PRICES'],
      [{}, { stop: 100 }, 'OCO_PRICES'],
      [{}, { stop: 101 }, 'OCO_PRICES'],
      [{ side: BUY }, { side: BUY }, 'OCO_PRICES'],
      [{ side: BUY, price: 95 }, { side: BUY, stop: 105 }, undefined],
      [{ price: 105 }, {}, 'POST_ONLY_REJECTED'],
      [{ price: 106, via: 'inside' }, {}, undefined],
      [{ type: 'TAKE_PROFIT', price: 0, stop: 100 }, {}, 'OCO_PRICES'],
      [{ type: 'TAKE_PROFIT', price: 0, stop: 101 }, {}, undefined],
    ];
    it.each(PRICES)('prices %j %j: %s', (limit, stop, refusal) => {
      const { book, told } = bench(make);
      book.last(100);
      book.setOutside(105, 106);
      expect(oco(book, limit, stop)).toBe(refusal);
      expect(told().length > 0).toBe(refusal === undefined);
    });

    it('of legs that do not fit together is an error', () => {
      const { book, told } = bench(make);
      const wrong: readonly [Partial<NewOrder>, Partial<NewOrder>][] = [
        [{ type: 'LIMIT' }, {}],
        [{ type: 'MARKET', price: 0 }, {}],
        [{}, { type: 'TAKE_PROFIT' }],
        [{}, { owner: 6 }],
        [{}, { side: BUY }],
        [{}, { lots: 9 }],
        [{}, { id: 1 }],
        [{}, { lots: 0, quoteBudget: 9 }],
        [
          { type: 'TAKE_PROFIT', price: 0, stop: 110, lots: 0, quoteBudget: 9 },
          { lots: 0, quoteBudget: 9 },
        ],
      ];
      for (const [limit, stop] of wrong) expect(() => oco(book, limit, stop)).toThrow(RangeError);
      expect([told(), book.size]).toEqual([[], 0]);
    });
  });

  describe('the states of the market', () => {
    const all = (book: Book): unknown[] => [
      book.place(order(9)),
      book.place(order(10, { price: 120 })),
      book.placeOco(
        order(11, { owner: 5, type: 'LIMIT_MAKER', price: 80 }),
        order(12, { owner: 5, type: 'STOP_LOSS', price: 0, stop: 130 }),
      ),
      book.amend(1, 5),
      book.cancel(1),
    ];
    it.each<['TRADING' | 'POST_ONLY' | 'CANCEL_ONLY' | 'HALT', unknown[]]>([
      ['TRADING', [undefined, undefined, undefined, true, true]],
      ['POST_ONLY', [undefined, 'POST_ONLY_REJECTED', undefined, true, true]],
      ['CANCEL_ONLY', ['MARKET_CLOSED', 'MARKET_CLOSED', 'MARKET_CLOSED', true, true]],
      ['HALT', ['MARKET_CLOSED', 'MARKET_CLOSED', 'MARKET_CLOSED', false, false]],
    ])('%s', (state, answers) => {
      const { book, place } = bench(make);
      place(1, { price: 90 });
      place(2, { side: SELL, price: 110 });
      book.state = state;
      expect(all(book)).toEqual(answers);
    });

    it('POST_ONLY takes nothing that goes outside, and what expires by itself', () => {
      const { book, told } = bench(make);
      book.state = 'POST_ONLY';
      expect(book.place(order(1, { via: 'outside' }))).toBe('POST_ONLY_REJECTED');
      expect(book.place(order(2, { tif: 'IOC' }))).toBeUndefined();
      book.setOutside(0, 100);
      expect(book.place(order(3))).toBe('POST_ONLY_REJECTED');
      expect(told()).toEqual(['closed 2 EXPIRED 10']);
    });

    it('triggers wait until it trades again; the price is remembered', () => {
      const { book, told, place } = bench(make);
      place(1, { type: 'STOP_LOSS_LIMIT', stop: 110 });
      told();
      book.state = 'HALT';
      book.last(111);
      book.state = 'TRADING';
      expect([told(), book.place(order(2, { type: 'STOP_LOSS', price: 0, stop: 111 }))]).toEqual([[], 'WOULD_TRIGGER']);
      book.last(110);
      expect(told()).toEqual(['triggered 1', 'rested 1 10']);
    });

    it('what began before a halt is finished in it', () => {
      const { book, told, place } = bench(make);
      place(1, { lots: 5 });
      place(2, { via: 'outside', side: SELL, lots: 8 });
      told();
      book.state = 'HALT';
      book.returned(2, 1, 0, false);
      expect(told()).toEqual(['trade 2 1 5@100', 'closed 1 FILLED 0', 'rested 2 2']);
    });
  });

  describe('outside', () => {
    it('is where the rest goes, once it is better there; ties stay inside', () => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 1, [100, 2], [101, 3], [103, 5]);
      book.setOutside(99, 101);
      place(9, { price: 105, lots: 20 });
      expect(told()).toEqual([
        'trade 9 1 2@100',
        'closed 1 FILLED 0',
        'trade 9 2 3@101',
        'closed 2 FILLED 0',
        'outside 9 15 0 103',
      ]);
      expect(book.find(9)).toEqual({ lots: 15, bookStatus: 'inFlight', trailingExtreme: 0, visibleLots: 0 });
      expect(book.levels(SELL, 9)).toEqual([103, 5]);
    });

    const LIMITS: readonly [Partial<NewOrder>, readonly [number, number][], string][] = [
      [{ price: 102 }, [[103, 5]], 'outside 9 10 0 102'],
      [{ price: 105 }, [[103, 5]], 'outside 9 10 0 103'],
      [{ price: 105 }, [], 'outside 9 10 0 105'],
      [{ type: 'MARKET', price: 0 }, [], 'outside 9 10 0 0'],
      [{ type: 'MARKET', price: 0 }, [[103, 5]], 'outside 9 10 0 103'],
      [{ type: 'MARKET', price: 0, lots: 0, quoteBudget: 700 }, [], 'outside 9 0 700 0'],
      [{ price: 100 }, [], 'rested 9 10'],
      [{ tif: 'IOC' }, [], 'closed 9 EXPIRED 10'],
      [{ via: 'inside', price: 105 }, [[106, 5]], 'rested 9 10'],
      [{ via: 'outside', price: 105 }, [[103, 5]], 'outside 9 10 0 105'],
      [{ via: 'outside', price: 90 }, [], 'outside 9 10 0 90'],
      [{ tif: 'FOK', price: 105 }, [], 'closed 9 EXPIRED 10'],
      [{ tif: 'FOK', price: 105, via: 'outside' }, [[100, 99]], 'outside 9 10 0 105'],
      [{ type: 'MARKET', price: 0, lots: 0, quoteBudget: 100 }, [], 'closed 9 EXPIRED 0'],
    ];
    it.each(LIMITS)('%j into %j: %s', (more, asks, expected) => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 1, ...asks);
      book.setOutside(99, 101);
      place(9, more);
      expect(told()).toEqual([expected]);
    });

    it('of a SELL is the mirror of it', () => {
      const { book, told, place, makers } = bench(make);
      makers('BUY', 1, [100, 2], [97, 5]);
      book.setOutside(99, 101);
      place(9, { side: SELL, price: 95, lots: 10 });
      expect(told()).toEqual(['trade 9 1 2@100', 'closed 1 FILLED 0', 'outside 9 8 0 97']);
    });

    it('locked orders do not count as our next price', () => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 1, [102, 2], [104, 2]);
      book.lock(1);
      book.setOutside(99, 101);
      place(9, { price: 110 });
      expect(told()).toEqual(['outside 9 10 0 104']);
    });

    const RETURNS: readonly [Partial<NewOrder>, [number, number, boolean], readonly string[]][] = [
      [{}, [10, 0, true], ['closed 9 FILLED 0']],
      [{}, [4, 0, false], ['trade 9 1 5@103', 'closed 1 FILLED 0', 'rested 9 1']],
      [{}, [4, 0, true], ['outside 9 6 0 103']],
      [{ tif: 'IOC' }, [0, 0, false], ['trade 9 1 5@103', 'closed 1 FILLED 0', 'closed 9 EXPIRED 5']],
      [{ via: 'outside' }, [4, 0, false], ['trade 9 1 5@103', 'closed 1 FILLED 0', 'rested 9 1']],
      [{ via: 'outside', tif: 'IOC' }, [4, 0, false], ['closed 9 EXPIRED 6']],
      [{ via: 'outside', tif: 'FOK' }, [0, 0, false], ['closed 9 EXPIRED 10']],
      [{ via: 'outside' }, [4, 0, true], ['outside 9 6 0 105']],
      [{ type: 'MARKET', price: 0, lots: 0, quoteBudget: 1010 }, [9, 909, false], ['closed 9 FILLED 0']],
      [
        { type: 'MARKET', price: 0, lots: 0, quoteBudget: 1010 },
        [7, 707, false],
        ['trade 9 1 2@103', 'closed 9 FILLED 0'],
      ],
      [{ type: 'MARKET', price: 0, lots: 0, quoteBudget: 1010 }, [10, 1010, true], ['closed 9 FILLED 0']],
    ];
    it.each(RETURNS)('%j returned with %j', (more, [lots, quoteTicks, again], expected) => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 1, [103, 5]);
      book.setOutside(99, 101);
      place(9, { price: 105, ...more });
      told();
      book.returned(9, lots, quoteTicks, again);
      expect(told()).toEqual(expected);
    });

    it('an order comes back once only', () => {
      const { book, place } = bench(make);
      place(9, { via: 'outside' });
      book.returned(9, 10, 0, true);
      expect(() => book.returned(9, 1, 0, true)).toThrow(RangeError);
    });
  });

  describe('a hedge order', () => {
    it('reached: by price then time, locked ones left out, until the visitor says no; it may lock', () => {
      const { book, place } = bench(make);
      for (const [id, price] of [
        [1, 100],
        [2, 102],
        [3, 101],
        [4, 102],
        [5, 99],
      ] as const)
        place(id, { price });
      place(6, { price: 103, displayLots: 2 });
      book.lock(4);
      const seen: number[][] = [];
      book.reached(BUY, 100, (...one) => seen.push(one) < 3 && book.lock(one[0]));
      expect(seen).toEqual([
        [6, 103, 10],
        [2, 102, 10],
        [3, 101, 10],
      ]);
      expect([book.find(2)?.bookStatus, book.find(3)?.bookStatus]).toEqual(['locked', 'resting']);
      const asks: number[] = [];
      place(20, { side: SELL, price: 110 });
      place(21, { side: SELL, price: 111 });
      book.reached(SELL, 110, (id) => asks.push(id) > 0);
      expect(asks).toEqual([20]);
    });

    it('a sale for a sum passes locked orders that it could not afford, and takes what lies below', () => {
      const { book, told, place, makers } = bench(make);
      makers('BUY', 1, [972, 5], [960, 1]);
      book.lock(1);
      told();
      place(9, { side: SELL, type: 'MARKET', price: 0, lots: 0, quoteBudget: 966 });
      expect(told()).toEqual(['trade 9 2 1@960', 'closed 2 FILLED 0', 'closed 9 EXPIRED 0']);
    });

    it('locked orders are visibleLots, but nothing matches, cancels or amends them', () => {
      const { book, told, place } = bench(make);
      place(1, { lots: 5 });
      place(2, { lots: 5 });
      expect([book.lock(1), book.lock(1), book.lock(77)]).toEqual([true, false, false]);
      told();
      expect([book.levels(BUY, 9), book.best(BUY), book.lotsWithin(SELL, 0, 99)]).toEqual([[100, 10], 100, 5]);
      place(9, { side: SELL, lots: 8 });
      expect(told()).toEqual(['trade 9 2 5@100', 'closed 2 FILLED 0', 'rested 9 3']);
      expect([book.cancel(1), book.amend(1, 1)]).toEqual([false, false]);
    });

    it('thawed as it was, it keeps its place', () => {
      const { book, told, place } = bench(make);
      place(1, { lots: 5 });
      place(2, { lots: 5 });
      book.lock(1);
      book.unlock(1, 2);
      told();
      expect(book.levels(BUY, 9)).toEqual([100, 8]);
      place(9, { side: SELL, lots: 4 });
      expect(told()).toEqual(['trade 9 1 3@100', 'closed 1 FILLED 0', 'trade 9 2 1@100', 'closed 9 FILLED 0']);
    });

    it('executed whole it is closed', () => {
      const { book, told, place } = bench(make);
      place(1, { lots: 5 });
      book.lock(1);
      told();
      book.unlock(1, 5);
      expect([told(), book.size, book.best(BUY)]).toEqual([['closed 1 FILLED 0'], 0, 0]);
    });

    it('crossed by now it takes first, and the rest keeps its place', () => {
      const { book, told, place } = bench(make);
      place(1, { lots: 9 });
      place(2, { lots: 5 });
      book.lock(1);
      book.lock(2);
      place(3, { side: SELL, price: 98, lots: 3 });
      told();
      book.unlock(1, 1);
      expect(told()).toEqual(['trade 1 3 3@98', 'closed 3 FILLED 0']);
      expect(book.levels(BUY, 9)).toEqual([100, 10]);
      book.unlock(2, 0);
      place(9, { side: SELL, lots: 6 });
      expect(told()).toEqual(['trade 9 1 5@100', 'closed 1 FILLED 0', 'trade 9 2 1@100', 'closed 9 FILLED 0']);
    });

    it('crossed by its owner, its own mode decides', () => {
      const { book, told, place } = bench(make);
      place(1, { lots: 9, stp: 'EXPIRE_TAKER' });
      place(2, { lots: 1 });
      book.lock(1);
      book.lock(2);
      place(3, { side: SELL, price: 98, lots: 3, owner: 1 });
      told();
      book.unlock(1, 0);
      expect([told(), book.levels(BUY, 9)]).toEqual([['closed 1 EXPIRED_IN_MATCH 9'], [100, 1]]);
    });

    it('of an iceberg: what was executed comes off its part, and beyond it the next part goes to the back', () => {
      const { book, told, place } = bench(make);
      place(1, { lots: 20, displayLots: 5 });
      place(2, { lots: 5 });
      book.lock(1);
      book.unlock(1, 2);
      expect([book.find(1)?.visibleLots, book.levels(BUY, 1)]).toEqual([3, [100, 8]]);
      book.lock(1);
      told();
      book.unlock(1, 9);
      expect([told(), book.find(1), book.levels(BUY, 1)]).toEqual([
        ['refreshed 1 5'],
        { lots: 9, bookStatus: 'resting', trailingExtreme: 0, visibleLots: 5 },
        [100, 10],
      ]);
      place(9, { side: SELL, lots: 6 });
      expect(told()).toEqual(['trade 9 2 5@100', 'closed 2 FILLED 0', 'trade 9 1 1@100', 'closed 9 FILLED 0']);
    });
  });

  describe('a restored book', () => {
    const ORDERS: readonly Restored[] = [
      restored(1, 'resting', { lots: 4 }),
      restored(2, 'locked', { lots: 6 }),
      restored(3, 'resting', { lots: 9, displayLots: 5, visibleLots: 2 }),
      restored(4, 'resting', { lots: 3, displayLots: 5 }),
      restored(5, 'inFlight', { side: SELL, price: 95, lots: 20 }),
      restored(6, 'waiting', { type: 'STOP_LOSS_LIMIT', price: 120, stop: 111, lots: 2 }),
      restored(7, 'waiting', {
        type: 'STOP_LOSS',
        side: SELL,
        price: 0,
        trailing: 100,
        trailingExtreme: 1100,
        lots: 2,
      }),
      restored(8, 'resting', { type: 'LIMIT_MAKER', side: SELL, price: 130, ocoLeg: 9, owner: 8, lots: 2 }),
      restored(9, 'waiting', { type: 'STOP_LOSS', side: SELL, price: 0, stop: 90, ocoLeg: 8, owner: 8, lots: 2 }),
      restored(10, 'inFlight', { type: 'MARKET', price: 0, lots: 0, quoteBudget: 1000 }),
    ];

    it('says nothing, and is what it was', () => {
      const { book, told } = bench(make);
      for (const one of ORDERS) book.restore(one);
      expect([told(), book.size, book.levels(BUY, 9), book.levels(SELL, 9)]).toEqual([[], 10, [100, 15], [130, 2]]);
      expect(ORDERS.map(({ id }) => book.find(id)?.bookStatus)).toEqual(ORDERS.map(({ as }) => as));
      expect([book.find(3)?.visibleLots, book.find(4)?.visibleLots, book.find(7)?.trailingExtreme]).toEqual([
        2, 3, 1100,
      ]);
    });

    it('goes on where it was', () => {
      const { book, told } = bench(make);
      for (const one of ORDERS) book.restore(one);
      book.returned(5, 12, 0, false);
      expect(told()).toEqual([
        'trade 5 1 4@100',
        'closed 1 FILLED 0',
        'trade 5 3 2@100',
        'refreshed 3 5',
        'trade 5 4 2@100',
        'closed 5 FILLED 0',
      ]);
      book.last(1089);
      expect(told()).toEqual([
        'triggered 6',
        'rested 6 2',
        'triggered 7',
        'trade 7 6 2@120',
        'closed 6 FILLED 0',
        'closed 7 FILLED 0',
      ]);
      book.cancel(9);
      expect(told()).toEqual(['closed 9 CANCELED 2', 'closed 8 OCO 2']);
      book.returned(10, 3, 300, false);
      expect(told()).toEqual(['closed 10 EXPIRED 0']);
      book.unlock(2, 6);
      expect([told(), book.levels(BUY, 1)]).toEqual([['closed 2 FILLED 0'], [100, 6]]);
    });

    const WRONG: readonly Partial<Restored>[] = [
      { as: 'closed' as 'resting' },
      { tif: 'IOC' },
      { type: 'MARKET' },
      { as: 'waiting' },
      { as: 'inFlight', type: 'LIMIT_MAKER' },
      { visibleLots: 11 },
      { visibleLots: -1 },
      { trailingExtreme: -1 },
      { ocoLeg: 0.5 },
      { lots: 0 },
      { owner: 0 },
      { id: 50 },
      { ocoLeg: 50, type: 'LIMIT_MAKER' },
    ];
    it.each(WRONG)('does not take %j', (more) => {
      const { book, told } = bench(make);
      book.restore(restored(50, 'resting', { ocoLeg: 1 }));
      expect(() => book.restore(restored(1, 'resting', more))).toThrow(RangeError);
      expect([told(), book.size]).toEqual([[], 1]);
    });
  });

  it.each<Side>([BUY, SELL])('lotsWithin counts what a taker of side %i could get', (side) => {
    const { book, place } = bench(make);
    const maker = side === BUY ? SELL : BUY;
    const up = side === BUY ? 1 : -1;
    place(1, { side: maker, price: 100, lots: 5 });
    place(2, { side: maker, price: 100 + up, lots: 50, displayLots: 5, owner: 7 });
    place(3, { side: maker, price: 100 + 2 * up, lots: 500 });
    place(4, { side: maker, price: 100, lots: 5000 });
    book.lock(4);
    expect([0, 100 + 2 * up, 100 + up, 100, 100 - up].map((limit) => book.lotsWithin(side, limit, 99))).toEqual([
      555, 555, 55, 5, 0,
    ]);
    expect(book.lotsWithin(side, 0, 7)).toBe(505);
  });

  it('every reason to leave is told with what was not executed', () => {
    const reasons = new Set<ClosedReason>();
    const book = make({
      sink: {
        trade() {},
        prevented() {},
        rested() {},
        refreshed() {},
        waiting() {},
        triggered() {},
        outside() {},
        closed: (__, why) => void reasons.add(why),
      },
      followOwnTrades: false,
    });
    book.place(order(1));
    book.cancel(1);
    book.place(order(2, { tif: 'IOC' }));
    book.place(order(3, { side: SELL }));
    book.place(order(4, { owner: 3 }));
    book.place(order(5));
    book.placeOco(
      order(6, { owner: 9, type: 'LIMIT_MAKER', price: 80 }),
      order(7, { owner: 9, type: 'STOP_LOSS', price: 0, stop: 130 }),
    );
    book.cancel(6);
    expect([...reasons].sort()).toEqual(['CANCELED', 'EXPIRED', 'EXPIRED_IN_MATCH', 'FILLED', 'OCO']);
  });
});
