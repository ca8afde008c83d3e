/** A book under test that writes down what it tells, one line an event. */
import { BUY, SELL } from './types';
import type { Book, BookOptions, BookSink, NewOrder, Restored, Side } from './types';

export type MakeBook = (options: BookOptions) => Book;

export const side = (name: 'BUY' | 'SELL'): Side => (name === 'BUY' ? BUY : SELL);

/** Owners 1, 2, 3 ... by order, so that only tests about it meet themselves. */
export function order(id: number, more: Partial<NewOrder> = {}): NewOrder {
  return {
    id,
    owner: id,
    side: BUY,
    type: 'LIMIT',
    tif: 'GTC',
    price: 100,
    lots: 10,
    quoteBudget: 0,
    stop: 0,
    trailing: 0,
    displayLots: 0,
    stp: 'EXPIRE_TAKER',
    via: 'merge',
    ...more,
  };
}

export function restored(id: number, as: Restored['as'], more: Partial<Restored> = {}): Restored {
  return { ...order(id), as, visibleLots: 0, trailingExtreme: 0, ocoLeg: 0, ...more };
}

/** A sink that writes lines into `told`. */
export function listener(told: string[]): BookSink {
  return {
    trade: (taker, maker, price, lots) => void told.push(`trade ${taker} ${maker} ${lots}@${price}`),
    prevented: (id, other, lots) => void told.push(`prevented ${id} ${other} ${lots}`),
    rested: (id, lots) => void told.push(`rested ${id} ${lots}`),
    refreshed: (id, visibleLots) => void told.push(`refreshed ${id} ${visibleLots}`),
    waiting: (id) => void told.push(`waiting ${id}`),
    triggered: (id) => void told.push(`triggered ${id}`),
    outside: (id, lots, quoteTicks, limit) => void told.push(`outside ${id} ${lots} ${quoteTicks} ${limit}`),
    closed: (id, why, lots) => void told.push(`closed ${id} ${why} ${lots}`),
  };
}

export interface Bench {
  readonly book: Book;
  /** What was told since the last call. */
  told(): string[];
  /** Places an order that must be taken. */
  place(id: number, more?: Partial<NewOrder>): void;
  /** A book with what is in the order's side: `[price, lots]` each, resting, ids from `from`. */
  makers(name: 'BUY' | 'SELL', from: number, ...rows: readonly (readonly [number, number])[]): void;
}

export function bench(make: MakeBook, followOwnTrades = false): Bench {
  const lines: string[] = [];
  const book = make({ sink: listener(lines), followOwnTrades });
  const place = (id: number, more: Partial<NewOrder> = {}): void => {
    const refusal = book.place(order(id, more));
    if (refusal !== undefined) throw new Error(`refused: ${refusal}`);
  };
  return {
    book,
    told: () => lines.splice(0),
    place,
    makers: (name, from, ...rows) => {
      rows.forEach(([price, lots], at) => place(from + at, { side: side(name), price, lots }));
      lines.splice(0);
    },
  };
}
