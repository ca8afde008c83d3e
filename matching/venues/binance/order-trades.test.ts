/** An order of many fills whose answer was lost: its trades are read page by page, as the venue pages them. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VenueOrder } from '../venue';
import { createVenueClock } from './clock';
import { createOrders } from './orders';
import type { Orders } from './orders';
import { createRest } from './rest';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = { now: () => Date.now() };
const ORDER: VenueOrder = {
  id: 'jv1',
  symbol: 'ETHUSDT',
  side: 'BUY',
  quantity: '10',
  limitPrice: '2000',
  timestamp: 0,
  recvWindow: 5000,
};
let server: Server;
let orders: Orders;
/** Fills of order 7: their ids have gaps, because others trade too. */
let fills = 0;
let asked: URLSearchParams[] = [];
let ignoresFromId = false;

const row = (n: number): object => ({
  symbol: 'ETHUSDT',
  id: 100 + 3 * n,
  orderId: 7,
  price: '2000.00000000',
  qty: '0.00100000',
  quoteQty: '2.00000000',
  commission: '0.00000100',
  commissionAsset: 'ETH',
  time: 1,
});

/**
 * The venue's own rules: 500 rows unless told, at most 1000, oldest first from `fromId` on, and the last ones without
 * it.
 */
function myTrades(query: URLSearchParams): object[] {
  asked.push(query);
  const limit = Math.min(1000, Number(query.get('limit') ?? 500));
  const rows = Array.from({ length: fills }, (_, n) => row(n));
  const from = query.get('fromId');
  if (from === null || ignoresFromId) return rows.slice(-limit);
  return rows.filter((trade) => (trade as { id: number }).id >= Number(from)).slice(0, limit);
}

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://venue');
    const executedQty = (fills / 1000).toFixed(8);
    const body =
      pathname === '/api/v3/myTrades'
        ? myTrades(searchParams)
        : { symbol: 'ETHUSDT', orderId: 7, clientOrderId: 'jv1', status: 'FILLED', executedQty };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    restUrl: url,
    streamUrl: url,
    wsApiUrl: url,
    tradingKey: { key: 't', secret: 's' },
    treasuryKey: { key: 'c', secret: 's' },
  };
  const rest = createRest(config, { clock, logger: silent });
  orders = createOrders(config, rest, createVenueClock(rest, { clock, logger: silent }), () => undefined, {
    clock,
    logger: silent,
  });
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
  ignoresFromId = false;
});

test.each([
  [1, 1],
  [500, 1],
  [501, 1],
  [999, 1],
  [1000, 2],
  [1001, 2],
  [2500, 3],
])('%d fills are all found, in %d pages', async (count, pages) => {
  fills = count;
  const found = await orders.find(ORDER);
  expect(found).toMatchObject({ found: 'final', venueOrderId: '7' });
  expect(found.found === 'final' && found.trades.length).toBe(count);
  expect(asked.map((query) => [query.get('orderId'), query.get('fromId')])).toEqual(
    Array.from({ length: pages }, (_, page) => ['7', page === 0 ? '0' : String(100 + 3 * (1000 * page - 1) + 1)]),
  );
});

test('a venue that tells the same page again is not believed, and not asked for ever', async () => {
  fills = 1500;
  ignoresFromId = true;
  await expect(orders.find(ORDER)).rejects.toThrow('something odd');
  expect(asked).toHaveLength(2);
});
