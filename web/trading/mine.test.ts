import type { FillView, OrderView } from '../../domain/contract/api/orders';
import { createMine } from './mine';

const order = (
  id: string,
  updatedAt: number,
  status: OrderView['status'] = 'NEW',
  createdAt = updatedAt,
): OrderView => ({
  id,
  clientOrderId: id,
  symbol: 'ETHUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: '1',
  quantity: '1',
  quoteOrderQty: '0',
  stopPrice: '0',
  trailingDelta: 0,
  icebergQty: '0',
  executedQty: '0',
  executedQuote: '0',
  status,
  working: true,
  inFlight: false,
  listId: null,
  selfTradePreventionMode: 'EXPIRE_TAKER',
  reason: null,
  createdAt,
  updatedAt,
});
const fill = (tradeId: number, at: number): FillView => ({
  symbol: 'ETHUSDT',
  tradeId,
  orderId: 'a',
  side: 'BUY',
  price: '1',
  quantity: '1',
  quoteQuantity: '1',
  fee: '0',
  feeAsset: 'ETH',
  maker: false,
  outside: false,
  at,
});
const ids = (orders: OrderView[]): string[] => orders.map(({ id }) => id);

test('an order moves from open to ended, and what came late does not open it again', () => {
  const mine = createMine();
  mine.order(order('a', 1));
  mine.order(order('b', 2));
  mine.order(order('a', 5, 'FILLED', 1));
  mine.order(order('a', 3, 'PARTIALLY_FILLED', 1));
  mine.order(order('a', 5, 'PARTIALLY_FILLED', 1));
  const { open, ended } = mine.lists();
  expect([ids(open), ids(ended), ended[0]?.status]).toEqual([['b'], ['a'], 'FILLED']);
});

test('what the feed says while a list is fetched stands on top of it; what the list does not have is gone', () => {
  const mine = createMine();
  mine.order(order('gone', 1));
  mine.asking();
  mine.order(order('a', 9, 'CANCELED', 2));
  mine.order(order('new', 10));
  mine.fill(fill(2, 10));
  mine.fetched([order('a', 2), order('old', 1, 'FILLED')], [fill(1, 1), fill(2, 10)]);
  const { open, ended, fills } = mine.lists();
  expect([ids(open), ids(ended), fills.map(({ tradeId }) => tradeId)]).toEqual([['new'], ['a', 'old'], [2, 1]]);
});

test('what has ended is kept in bounds, what is open is kept whole', () => {
  const mine = createMine();
  for (let n = 0; n < 150; n++) {
    mine.order(order(`o${n}`, n));
    mine.order(order(`e${n}`, n, 'CANCELED'));
    mine.fill(fill(n, n));
  }
  const { open, ended, fills } = mine.lists();
  expect([open.length, ended.length, fills.length, ended[0]?.id]).toEqual([150, 100, 100, 'e149']);
});
