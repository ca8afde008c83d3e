import { FillEntity, OrderEntity } from '../entities/orders';
import type { FillRow, OrderRow } from '../entities/orders';
import { testDatabase } from '../testing';
import { fillsOf, orderByClientId, orderOf, ordersOf } from './orders';

const order = (seq: number, createdAt: number, over: Partial<OrderRow> = {}): OrderRow => ({
  id: `o${seq}`,
  seq,
  userId: 'u1',
  clientOrderId: `c${seq}`,
  symbol: 'ETHUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: '1',
  protectionPrice: '1',
  quantity: '1',
  quoteOrderQty: '0',
  stopPrice: '0',
  trailingDelta: 0,
  icebergQty: '0',
  selfTradePrevention: 'EXPIRE_TAKER',
  ocoLegId: null,
  listId: null,
  executedQty: '0',
  executedQuote: '0',
  heldAsset: 'USDT',
  held: '1',
  state: 'NEW',
  bookStatus: 'resting',
  priority: seq,
  visibleLots: 0,
  trailingExtreme: 0,
  routingAttempts: 0,
  reason: null,
  createdAt,
  updatedAt: createdAt,
  ...over,
});
const fill = (tradeId: number, at: number, over: Partial<FillRow> = {}): FillRow => ({
  symbol: 'ETHUSDT',
  tradeId,
  maker: false,
  userId: 'u1',
  orderId: 'o1',
  side: 'BUY',
  price: '1',
  quantity: '1',
  quoteQuantity: '1',
  fee: '0',
  feeAsset: 'ETH',
  rate: '0',
  feeVersion: 1,
  venueTradeId: null,
  at,
  ...over,
});

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
  const orders = [
    order(1, 10),
    order(2, 20),
    order(3, 20),
    order(4, 20, { state: 'FILLED', bookStatus: null }),
    order(5, 30, { symbol: 'BTCUSDT', state: 'PENDING_CANCEL', bookStatus: 'inFlight' }),
    order(6, 40, { userId: 'u2', clientOrderId: 'c1' }),
  ];
  await database.dataSource.getRepository(OrderEntity).insert(orders.map((row) => ({ ...row })));
  const fills = [
    fill(1, 10),
    fill(2, 20),
    fill(2, 20, { maker: true, orderId: 'o2' }),
    fill(3, 20),
    fill(4, 30, { userId: 'u2' }),
  ];
  await database.dataSource.getRepository(FillEntity).insert(fills.map((row) => ({ ...row })));
});
afterAll(() => database.close());

const ids = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);

test('newest first, and the next page goes on within the millisecond', async () => {
  const { dataSource } = database;
  const first = await ordersOf(dataSource, 'u1', { limit: 2, state: 'all' });
  expect(ids(first.rows)).toEqual(['o5', 'o4']);
  expect(ids((await ordersOf(dataSource, 'u1', { limit: 9, state: 'all', cursor: first.next ?? '' })).rows)).toEqual([
    'o3',
    'o2',
    'o1',
  ]);
  const fills = await fillsOf(dataSource, 'u1', { limit: 2 });
  expect(fills.rows.map(({ tradeId, maker }) => [tradeId, Boolean(maker)])).toEqual([
    [3, false],
    [2, true],
  ]);
  expect(
    (await fillsOf(dataSource, 'u1', { limit: 9, cursor: fills.next ?? '' })).rows.map(({ tradeId }) => tradeId),
  ).toEqual([2, 1]);
});

test('by state and market; fills by order', async () => {
  const { dataSource } = database;
  expect(ids((await ordersOf(dataSource, 'u1', { limit: 50, state: 'open' })).rows)).toEqual(['o5', 'o3', 'o2', 'o1']);
  expect(ids((await ordersOf(dataSource, 'u1', { limit: 50, state: 'closed' })).rows)).toEqual(['o4']);
  expect(ids((await ordersOf(dataSource, 'u1', { limit: 50, state: 'open', market: 'BTCUSDT' })).rows)).toEqual(['o5']);
  expect(ids((await ordersOf(dataSource, 'u1', { limit: 50, state: 'all', from: 11, to: 20 })).rows)).toEqual([
    'o4',
    'o3',
    'o2',
  ]);
  expect((await fillsOf(dataSource, 'u1', { limit: 50, orderId: 'o2' })).rows).toMatchObject([{ tradeId: 2 }]);
});

test("another's is not there, by either id", async () => {
  const { dataSource } = database;
  expect([await orderOf(dataSource, 'u2', 'o1'), await orderByClientId(dataSource, 'u2', 'c2')]).toEqual([null, null]);
  expect([(await orderOf(dataSource, 'u1', 'o1'))?.id, (await orderByClientId(dataSource, 'u2', 'c1'))?.id]).toEqual([
    'o1',
    'o6',
  ]);
});
