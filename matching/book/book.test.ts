import { createBook } from './fast';
import { createNaiveBook } from './naive';
import { bench, order } from './testing';
import type { MakeBook } from './testing';
import { BUY, SELL } from './types';

const BOOKS: readonly [string, MakeBook][] = [
  ['naive', createNaiveBook],
  ['fast', createBook],
];

describe.each(BOOKS)('the %s book', (_, make) => {
  describe('a limit order', () => {
    it('rests where nothing crosses it', () => {
      const { book, told, place } = bench(make);
      place(1, { price: 100, lots: 7 });
      expect(told()).toEqual(['rested 1 7']);
      expect(book.best(BUY)).toBe(100);
      expect(book.best(SELL)).toBe(0);
      expect(book.find(1)).toEqual({ lots: 7, standing: 'resting', extreme: 0, shown: 7 });
      expect(book.size).toBe(1);
    });

    it('takes the best price first, the oldest first at a price, and rests with what is left', () => {
      const { book, told, place, makers } = bench(make);
      makers('SELL', 1, [102, 5], [101, 5], [101, 4], [103, 9]);
      place(9, { price: 102, lots: 20 });
      expect(told()).toEqual(['trade 9 2 5@101', 'gone 2 FILLED 0', 'trade 9 3 4@101', 'gone 3 FILLED 0', 'trade 9 1 5@102', 'gone 1 FILLED 0', 'rested 9 6']);
      expect(book.levels(BUY, 9)).toEqual([102, 6]);
      expect(book.levels(SELL, 9)).toEqual([103, 9]);
    });

    it('leaves a maker in its place when it takes a part of it', () => {
      const { book, told, place, makers } = bench(make);
      makers('BUY', 1, [100, 5], [100, 5]);
      place(9, { side: SELL, price: 99, lots: 3 });
      place(10, { side: SELL, price: 99, lots: 3 });
      expect(told()).toEqual(['trade 9 1 3@100', 'gone 9 FILLED 0', 'trade 10 1 2@100', 'gone 1 FILLED 0', 'trade 10 2 1@100', 'gone 10 FILLED 0']);
      expect(book.levels(BUY, 9)).toEqual([100, 4]);
    });

    it('with an id that is here already is an error, whatever else it says', () => {
      const { book, told, place } = bench(make);
      place(1);
      told();
      expect(() => book.place(order(1, { side: SELL, price: 1 }))).toThrow(RangeError);
      expect(told()).toEqual([]);
    });
  });
});
