import type { DepthDiff } from '../../domain/contract/api/live';
import type { PublicTradeView } from '../../domain/contract/api/markets';
import { backlogOf } from './backlog';
import { conflate, joinDiffs } from './conflate';

const diff = (first: number, last: number, bids: [string, string][] = [], symbol = 'ETHUSDT'): DepthDiff => ({
  symbol,
  first,
  last,
  bids,
  asks: [],
});
const trade = (id: string): PublicTradeView => ({ id, price: '1', quantity: '1', side: 'BUY', at: 1 });

test('two diffs as one: the later quantity of a level counts', () => {
  expect(
    joinDiffs(
      diff(1, 2, [
        ['5', '1'],
        ['4', '1'],
      ]),
      diff(3, 3, [['5', '0']]),
    ),
  ).toEqual(
    diff(1, 3, [
      ['5', '0'],
      ['4', '1'],
    ]),
  );
  expect(joinDiffs(diff(1, 2), diff(4, 4))).toBeNull();
});

describe('in a pause', () => {
  const heard: unknown[] = [];
  const feed = conflate(100, {
    depth: (told) => heard.push(told),
    trades: (symbol, trades) => heard.push([symbol, trades.map(({ id }) => id)]),
  });
  beforeEach(() => {
    jest.useFakeTimers();
    heard.length = 0;
  });
  afterEach(() => {
    jest.runAllTimers();
    jest.useRealTimers();
  });

  test('the first goes at once, the rest together, each market by itself', () => {
    feed.depth(diff(1, 1));
    feed.depth(diff(2, 2, [['5', '1']]));
    feed.depth(diff(3, 4, [['6', '1']]));
    feed.trades('ETHUSDT', [trade('a')]);
    feed.trades('ETHUSDT', [trade('b')]);
    feed.depth(diff(9, 9, [], 'BTCUSDT'));
    expect(heard.splice(0)).toEqual([diff(1, 1), diff(9, 9, [], 'BTCUSDT')]);
    jest.advanceTimersByTime(100);
    expect(heard.splice(0)).toEqual([
      diff(2, 4, [
        ['5', '1'],
        ['6', '1'],
      ]),
      ['ETHUSDT', ['a', 'b']],
    ]);
    feed.depth(diff(5, 5));
    expect(heard).toEqual([]);
    jest.advanceTimersByTime(100);
    expect(heard).toEqual([diff(5, 5)]);
  });

  test('a gap stays a gap', () => {
    feed.depth(diff(1, 1));
    feed.depth(diff(2, 2));
    feed.depth(diff(7, 7));
    jest.advanceTimersByTime(100);
    expect(heard).toEqual([diff(1, 1), diff(2, 2), diff(7, 7)]);
  });
});

test('a backlog is what waits for the transport and what waits in it', () => {
  expect(backlogOf({ writeBuffer: [], transport: {} })).toBe(0);
  expect(backlogOf({ writeBuffer: [{ data: 'four' }, {}], transport: { socket: { bufferedAmount: 10 } } })).toBe(14);
});
