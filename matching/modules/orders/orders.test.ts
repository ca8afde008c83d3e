/** Orders through the real engine on a real database: what is held, what trades, what the books say after each. */
import type { DataSource } from 'typeorm';
import { readBookFacts } from '../../../db/stores/audit';
import { seed, firstListing } from '../../../db/seed';
import { testDatabase } from '../../../db/testing';
import { createEventBus } from '../../../domain/contract/event-bus';
import type { Command, CommandAnswer, CommandBody, OrderTerms, VenueTrade } from '../../../domain/contract/commands';
import type { Logger } from '../../../domain/contract/ports';
import { parseAmount } from '../../../domain/money/amount';
import { auditBooks } from '../../../ledger/audit';
import { SELL } from '../../book/types';
import { createEngine } from '../../engine';
import type { EngineControl } from '../../engine';

const quiet: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const clock = { at: 1_763_700_000_000, now: () => clock.at };

let dataSource: DataSource;
let engine: EngineControl;
let drop: () => Promise<void>;
let sent: string[] = [];
let n = 0;

const start = async (): Promise<EngineControl> => {
  const made = createEngine({
    dataSource,
    registry,
    clock,
    events: createEventBus(() => undefined),
    logger: quiet,
    onFenced: () => undefined,
  });
  made.onEffect('venue.send', async ({ intentId }) => void sent.push(String(intentId)));
  await made.start();
  return made;
};

beforeEach(async () => {
  const database = await testDatabase();
  dataSource = database.dataSource;
  drop = database.close;
  await seed(dataSource, registry, clock.at);
  sent = [];
  engine = await start();
  for (const asset of ['JVZ', 'JVG'])
    await give({ kind: 'operator.contribute', asset, amount: '1000000', custody: 'cold/own' });
  for (const asset of ['ETH', 'USDT'])
    await give({ kind: 'operator.contribute', asset, amount: '1000000', custody: 'binance' });
  for (const userId of ['ann', 'bob', 'cid'])
    for (const asset of ['JVZ', 'JVG', 'ETH', 'USDT'])
      await give({ kind: 'operator.grant', userId, asset, amount: '10000', why: 'test' });
  engine.venueBalances(
    new Map([
      ['ETH', parseAmount('1000000')],
      ['USDT', parseAmount('1000000')],
    ]),
  );
});
afterEach(async () => {
  expect(auditBooks(await readBookFacts(dataSource))).toEqual([]);
  await engine.stop();
  await drop();
});

const give = (body: CommandBody): Promise<CommandAnswer> =>
  engine.submit({ ...body, reference: `t:${++n}` } as Command);
const place = (userId: string, terms: Partial<OrderTerms>): Promise<CommandAnswer> => {
  const clientOrderId = `client-${++n}`;
  const full = { symbol: 'JVZJVG', side: 'BUY' as const, type: 'LIMIT' as const, ...terms };
  return engine.submit({
    kind: 'order.place',
    userId,
    clientOrderId,
    ...full,
    reference: `order:${userId}:${clientOrderId}`,
  });
};
const balance = async (userId: string, asset: string): Promise<string> => {
  const row = (await engine.balancesOf(userId)).find((one) => one.asset === asset);
  return `${row?.available ?? '0'} ${row?.held ?? '0'}`;
};
const order = async (id: unknown): Promise<Record<string, unknown>> =>
  ((await dataSource.query('SELECT * FROM orders WHERE id = ?', [id])) as Record<string, unknown>[])[0] ?? {};
/** ETHUSDT at the venue: bid 1999 and ask 2000, ten ETH each. */
const outside = (bid = 199_900, ask = 200_000, lots = 100_000): void =>
  engine.outside('ETHUSDT', { bids: [[bid, lots]], asks: [[ask, lots]], at: clock.at });
const until = async (test: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 500 && !test(); tries++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(test()).toBe(true);
};
const venueTrade = (price: string, quantity: string, commission: string, commissionAsset: string): VenueTrade => ({
  symbol: 'ETHUSDT',
  tradeId: ++n,
  price,
  quantity,
  quoteQuantity: String((Number(price) * Math.round(Number(quantity) * 10_000)) / 10_000),
  commission,
  commissionAsset,
  time: clock.at,
});
const report = (intentId: string, trades: VenueTrade[]): Promise<CommandAnswer> =>
  engine.submit({
    kind: 'venue.report',
    reference: `intent:${intentId}:final`,
    intentId,
    outcome: 'done',
    venueOrderId: '1',
    reason: null,
    trades,
  });

describe('a market without a venue', () => {
  test('a limit order holds what it may cost, trades at the maker price, and gives the rest back', async () => {
    await place('ann', { side: 'SELL', price: '2', quantity: '100' });
    expect(await balance('ann', 'JVZ')).toBe('9900 100');
    const taker = await place('bob', { side: 'BUY', price: '3', quantity: '150' });
    expect(taker).toMatchObject({ state: 'PARTIALLY_FILLED', executedQty: '100', executedQuote: '200' });
    // Maker pays nothing here, the taker 0.1 % of what is received.
    expect(await balance('bob', 'JVZ')).toBe('10099.9 0');
    expect(await balance('bob', 'JVG')).toBe('9650 150');
    expect(await balance('ann', 'JVG')).toBe('10200 0');
    const canceled = await engine.submit({
      kind: 'order.cancel',
      userId: 'bob',
      orderId: String(taker.id),
      reference: `t:${++n}`,
    });
    expect(canceled.state).toBe('CANCELED');
    expect(await balance('bob', 'JVG')).toBe('9800 0');
  });

  test('the same reference is one order; another body is refused', async () => {
    const command = {
      kind: 'order.place' as const,
      userId: 'ann',
      clientOrderId: 'once-only',
      symbol: 'JVZJVG',
      side: 'SELL' as const,
      type: 'LIMIT' as const,
      price: '2',
      quantity: '1',
      reference: 'order:ann:once-only',
    };
    const [first, second] = await Promise.all([engine.submit(command), engine.submit(command)]);
    expect(second).toEqual(first);
    expect(await engine.submit(command)).toEqual({ orderId: first.id });
    await expect(engine.submit({ ...command, price: '3' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await balance('ann', 'JVZ')).toBe('9999 1');
  });

  test('ids of orders and lists say nothing of how many others there are, and sort as their owner placed them', async () => {
    const asked = { side: 'SELL' as const, price: '2', quantity: '1' };
    const placed = async (userId: string, clientOrderId: string): Promise<string> => {
      const command = {
        kind: 'order.place' as const,
        userId,
        clientOrderId,
        symbol: 'JVZJVG',
        type: 'LIMIT' as const,
        ...asked,
      };
      return String((await engine.submit({ ...command, reference: `order:${userId}:${clientOrderId}` })).id);
    };
    const first = await placed('ann', 'first');
    for (let others = 0; others < 30; others++) await place('bob', asked);
    const second = await placed('ann', 'second');
    // Of a clock that stands still all but the rank among her own and the hash is the same: 0 and 1, whatever bob did.
    expect([first, second].map((id) => id.slice(0, 12))).toEqual([
      `o${clock.at.toString(36).padStart(9, '0')}00`,
      `o${clock.at.toString(36).padStart(9, '0')}01`,
    ]);
    const oco = {
      kind: 'order.oco' as const,
      userId: 'ann',
      clientOrderId: 'list',
      symbol: 'JVZJVG',
      side: 'SELL' as const,
      quantity: '1',
      price: '3',
      stopPrice: '1',
    };
    const list = await engine.submit({ ...oco, reference: 'order:ann:list' });
    expect(list).toMatchObject({ listId: expect.stringMatching(/^ol_[\w-]{26}$/) as string });
    expect(await order(list.limitId)).toMatchObject({
      oco_leg_id: list.stopId,
      list_id: list.listId,
      client_order_id: `${String(list.listId)}.limit`,
    });
    expect([first, second, list.limitId, list.stopId].map(String)).toEqual(
      [first, second, list.limitId, list.stopId].map(String).sort(),
    );
  });

  test('orders are found by their ids after a start too, those of before ids were opaque as well', async () => {
    const [old, fresh] = [
      await place('ann', { side: 'SELL', price: '2', quantity: '1' }),
      await place('ann', { side: 'SELL', price: '2', quantity: '1' }),
    ];
    await engine.stop();
    await dataSource.query("UPDATE orders SET id = 'o000000000001' WHERE id = ?", [old.id]);
    engine = await start();
    for (const orderId of ['o000000000001', String(fresh.id)]) {
      expect(
        await engine.submit({ kind: 'order.cancel', userId: 'ann', orderId, reference: `t:${++n}` }),
      ).toMatchObject({ id: orderId, state: 'CANCELED' });
    }
    expect(await balance('ann', 'JVZ')).toBe('10000 0');
  });

  test('a market order by quote spends no more than it says; FOK and IOC leave nothing behind', async () => {
    await place('ann', { side: 'SELL', price: '2', quantity: '10' });
    await place('ann', { side: 'SELL', price: '2.01', quantity: '10' });
    expect(await place('bob', { type: 'MARKET', quoteOrderQty: '30' })).toMatchObject({
      state: 'FILLED',
      executedQty: '14.97',
      executedQuote: '29.9897',
    });
    expect(await balance('bob', 'JVG')).toBe('9970.0103 0');
    expect(await place('bob', { price: '3', quantity: '6', timeInForce: 'FOK' })).toMatchObject({
      state: 'EXPIRED',
      executedQty: '0',
    });
    expect(await place('bob', { price: '3', quantity: '6', timeInForce: 'IOC' })).toMatchObject({
      state: 'EXPIRED',
      executedQty: '5.03',
    });
    expect((await balance('bob', 'JVG')).endsWith(' 0')).toBe(true);
  });

  test('an OCO holds the larger leg once; when one trades the other is closed', async () => {
    const legs = {
      symbol: 'JVZJVG',
      side: 'SELL' as const,
      quantity: '50',
      price: '3',
      stopPrice: '1.5',
      stopLimitPrice: '1.4',
    };
    const list = await engine.submit({
      kind: 'order.oco',
      userId: 'ann',
      clientOrderId: 'oco-one',
      ...legs,
      reference: 'order:ann:oco-one',
    });
    expect(await balance('ann', 'JVZ')).toBe('9950 50');
    await place('bob', { price: '3', quantity: '20' });
    expect(await balance('ann', 'JVZ')).toBe('9950 30');
    expect(await order(list.stopId)).toMatchObject({ state: 'EXPIRED', book_status: null });
  });

  test('a stop triggers on our own trades and sells at market', async () => {
    await place('bob', { price: '2', quantity: '10' });
    const stop = await place('ann', { side: 'SELL', type: 'STOP_LOSS', stopPrice: '2', quantity: '5' }).catch(
      (error: unknown) => error,
    );
    expect(stop).toMatchObject({ state: 'NEW', bookStatus: 'waiting' });
    await place('cid', { side: 'SELL', price: '2', quantity: '4' });
    expect(await order((stop as CommandAnswer).id)).toMatchObject({ state: 'FILLED' });
  });

  test.each([
    ['PRICE_FILTER', { price: '2.00001', quantity: '1' }],
    ['LOT_SIZE', { price: '2', quantity: '1.001' }],
    ['NOTIONAL', { price: '0.01', quantity: '1' }],
    ['PRICE_FILTER', { price: '0', quantity: '1' }],
    ['LOT_SIZE', { price: '2', quantity: '0' }],
    ['LOT_SIZE', { price: '2', quantity: '5', icebergQty: '1.001' }],
    ['ICEBERG_PARTS', { price: '2', quantity: '101', icebergQty: '1' }],
    ['TRAILING_DELTA', { type: 'STOP_LOSS' as const, trailingDelta: 1, quantity: '1', stopPrice: '2' }],
  ])('the filter %s refuses with its words and changes nothing', async (filter, terms) => {
    await expect(place('ann', terms)).rejects.toMatchObject({
      code: 'FILTER_FAILURE',
      details: { filter },
    });
    expect(await balance('ann', 'JVG')).toBe('10000 0');
  });

  test('PERCENT_PRICE_BY_SIDE: no further than five times, or a fifth, from the last price', async () => {
    await place('bob', { price: '2', quantity: '10' });
    await place('cid', { side: 'SELL', price: '2', quantity: '4' });
    const refusal = {
      code: 'FILTER_FAILURE',
      details: { filter: 'PERCENT_PRICE_BY_SIDE' },
    };
    await expect(place('ann', { price: '10.01', quantity: '5' })).rejects.toMatchObject(refusal);
    await expect(place('ann', { price: '0.39', quantity: '100' })).rejects.toMatchObject(refusal);
    await expect(place('ann', { price: '0.4', quantity: '100' })).resolves.toMatchObject({ state: 'NEW' });
  });

  test('MAX_NUM_ORDERS counts both legs of an OCO; a replaced order makes its own room; MAX_NUM_ALGO_ORDERS', async () => {
    const terms = { price: '1', quantity: '10' };
    const placed = [];
    for (let n = 0; n < 199; n++) placed.push(await place('ann', terms));
    const oco = { symbol: 'JVZJVG', side: 'SELL' as const, quantity: '5', price: '3', stopPrice: '1.5' };
    const refused = (filter: string) => ({ code: 'FILTER_FAILURE', details: { filter } });
    await expect(
      engine.submit({ kind: 'order.oco', userId: 'ann', clientOrderId: 'full', ...oco, reference: 'order:ann:full' }),
    ).rejects.toMatchObject(refused('MAX_NUM_ORDERS'));
    await place('ann', terms);
    await expect(place('ann', terms)).rejects.toMatchObject(refused('MAX_NUM_ORDERS'));
    const orderId = String(placed[0]?.id);
    await engine.submit({
      kind: 'order.replace',
      userId: 'ann',
      clientOrderId: 'instead',
      orderId,
      symbol: 'JVZJVG',
      side: 'BUY',
      type: 'LIMIT',
      ...terms,
      reference: 'order:ann:instead',
    });
    await place('bob', { price: '2', quantity: '10' });
    await place('cid', { side: 'SELL', price: '2', quantity: '4' });
    for (let n = 0; n < 50; n++)
      await place('cid', { side: 'SELL', type: 'STOP_LOSS', stopPrice: '1.5', quantity: '5' });
    await expect(
      place('cid', { side: 'SELL', type: 'STOP_LOSS', stopPrice: '1.5', quantity: '5' }),
    ).rejects.toMatchObject(refused('MAX_NUM_ALGO_ORDERS'));
  });

  test('more than the balance is refused, whoever else asks at once', async () => {
    const asked = Array.from({ length: 50 }, () =>
      place('ann', { price: '100', quantity: '100' }).then(
        () => 1,
        () => 0,
      ),
    );
    expect((await Promise.all<number>(asked)).reduce((a, b) => a + b, 0)).toBe(1);
    expect(await balance('ann', 'JVG')).toBe('0 10000');
  });

  test('replace is one step, and refused as a whole', async () => {
    const first = await place('ann', { price: '1', quantity: '9000' });
    const again = {
      kind: 'order.replace' as const,
      userId: 'ann',
      clientOrderId: 'replaced-1',
      orderId: String(first.id),
      symbol: 'JVZJVG',
      side: 'BUY' as const,
      type: 'LIMIT' as const,
      quantity: '9000',
    };
    await expect(engine.submit({ ...again, price: '2', reference: 'order:ann:replaced-1' })).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(await balance('ann', 'JVG')).toBe('1000 9000');
    const second = await engine.submit({ ...again, price: '1.1', reference: 'order:ann:replaced-1' });
    expect(second).toMatchObject({ state: 'NEW', canceledId: first.id });
    expect(await balance('ann', 'JVG')).toBe('100 9900');
  });

  test('a trailing order keeps how far it has come over a restart', async () => {
    const trade = async (price: string): Promise<void> => {
      await place('bob', { price, quantity: '5' });
      await place('cid', { side: 'SELL', price, quantity: '5' });
    };
    await trade('2');
    const trailing = await place('ann', { side: 'SELL', type: 'STOP_LOSS', trailingDelta: 1000, quantity: '5' });
    await trade('4');
    // It is written down with the next thing that happens here, a few seconds on.
    clock.at += 6000;
    await place('bob', { price: '1', quantity: '5' });
    await engine.stop();
    engine = await start();
    await place('bob', { price: '3.5', quantity: '5' });
    // A tenth below the 4 of before the restart, and far above a tenth below the 3.5 of after it.
    await trade('3.5');
    await place('bob', { price: '3.4', quantity: '5' });
    expect(await order(trailing.id)).toMatchObject({ state: 'FILLED' });
  });

  test('replaced by a stop: refused where it would be set off at once, with the old order still there', async () => {
    await place('bob', { price: '2', quantity: '5' });
    await place('cid', { side: 'SELL', price: '2', quantity: '5' });
    const old = await place('ann', { side: 'SELL', price: '3', quantity: '5' });
    const replace = (stopPrice: string, key: string) =>
      engine.submit({
        kind: 'order.replace',
        userId: 'ann',
        clientOrderId: key,
        orderId: String(old.id),
        symbol: 'JVZJVG',
        side: 'SELL',
        type: 'STOP_LOSS',
        stopPrice,
        quantity: '5',
        reference: `order:ann:${key}`,
      });
    await expect(replace('2.5', 'too-high')).rejects.toMatchObject({ code: 'WOULD_TRIGGER' });
    expect(await order(old.id)).toMatchObject({ state: 'NEW', book_status: 'resting' });
    expect(await replace('1.5', 'below')).toMatchObject({ state: 'NEW', bookStatus: 'waiting', canceledId: old.id });
    expect(await balance('ann', 'JVZ')).toBe('9995 5');
  });

  test('a restart finds an iceberg of which the part that shows was eaten into', async () => {
    const iceberg = await place('ann', { side: 'SELL', price: '2', quantity: '8', icebergQty: '4' });
    await place('bob', { price: '2', quantity: '5' });
    await engine.stop();
    engine = await start();
    expect(engine.markets().get('JVZJVG')?.book.levels(SELL, 1)).toEqual([20_000, 300]);
    expect(await place('bob', { price: '2', quantity: '3' })).toMatchObject({ state: 'FILLED' });
    expect(await order(iceberg.id)).toMatchObject({ state: 'FILLED' });
  });

  test('a restart finds the book as it was', async () => {
    await place('ann', { side: 'SELL', price: '2', quantity: '10' });
    await place('cid', { side: 'SELL', price: '2', quantity: '10' });
    await engine.stop();
    engine = await start();
    expect(await place('bob', { price: '2', quantity: '15' })).toMatchObject({ state: 'FILLED' });
    expect(await balance('ann', 'JVZ')).toBe('9990 0');
    expect(await balance('cid', 'JVZ')).toBe('9990 5');
  });
});

describe('a market with Binance behind it', () => {
  beforeEach(() => outside());

  test('our better level first, the rest at the venue, fees by where it executed', async () => {
    await place('ann', { symbol: 'ETHUSDT', side: 'SELL', price: '1999.5', quantity: '0.1' });
    const taker = await place('bob', { symbol: 'ETHUSDT', price: '2001', quantity: '0.3' });
    expect(taker).toMatchObject({ state: 'PARTIALLY_FILLED', executedQty: '0.1', bookStatus: 'inFlight' });
    await until(() => sent.length === 1);
    await report(sent[0] ?? '', [venueTrade('2000', '0.2', '0.0002', 'ETH')]);
    expect(await order(taker.id)).toMatchObject({ state: 'FILLED', held: '0.000000000000000000' });
    expect(await balance('bob', 'USDT')).toBe('9400.05 0');
    // 0.15 % of 0.1 inside; of 0.2 outside the greater of 0.15 % and the venue's 0.1 % + 0.02 %.
    expect(await balance('bob', 'ETH')).toBe('10000.29955 0');
  });

  test('what the venue does not fill comes back and rests', async () => {
    const taker = await place('bob', { symbol: 'ETHUSDT', price: '2000', quantity: '1' });
    await until(() => sent.length === 1);
    outside(199_900, 200_100);
    await report(sent[0] ?? '', [venueTrade('2000', '0.4', '0.0004', 'ETH')]);
    expect(await order(taker.id)).toMatchObject({
      state: 'PARTIALLY_FILLED',
      book_status: 'resting',
      held: '1200.000000000000000000',
    });
  });

  test('resting orders that the venue reaches go on as one hedge order, and its trades add up', async () => {
    const orders = [
      await place('ann', { symbol: 'ETHUSDT', price: '1990', quantity: '0.5' }),
      await place('bob', { symbol: 'ETHUSDT', price: '1991', quantity: '0.5' }),
    ];
    outside(198_000, 198_900);
    await until(() => sent.length === 1);
    const [intent] = (await dataSource.query('SELECT quantity, limit_price FROM venue_intents')) as {
      quantity: string;
      limit_price: string;
    }[];
    expect(intent).toMatchObject({ quantity: '1.000000000000000000', limit_price: '1990.000000000000000000' });
    const asked = await engine.submit({
      kind: 'order.cancel',
      userId: 'ann',
      orderId: String(orders[0]?.id),
      reference: `t:${++n}`,
    });
    expect(asked.state).toBe('PENDING_CANCEL');
    await report(sent[0] ?? '', [venueTrade('1989', '0.7', '0.0007', 'ETH')]);
    expect(await order(orders[1]?.id)).toMatchObject({ state: 'FILLED', executed_quote: '994.500000000000000000' });
    expect(await order(orders[0]?.id)).toMatchObject({
      state: 'CANCELED',
      executed_qty: '0.200000000000000000',
      held: '0.000000000000000000',
    });
  });

  test('a maker that would meet the venue is refused; so is a market order without coins there', async () => {
    await expect(
      place('ann', { symbol: 'ETHUSDT', type: 'LIMIT_MAKER', price: '2000', quantity: '1' }),
    ).rejects.toMatchObject({ code: 'POST_ONLY_REJECTED' });
    engine.venueBalances(new Map());
    await expect(place('ann', { symbol: 'ETHUSDT', type: 'MARKET', quantity: '1' })).rejects.toMatchObject({
      code: 'FUNDS_IN_TRANSIT',
    });
    expect(await place('ann', { symbol: 'ETHUSDT', price: '2000', quantity: '1' })).toMatchObject({
      state: 'NEW',
      bookStatus: 'resting',
    });
  });

  test('a stale book takes nothing and gives everything back', async () => {
    const resting = await place('ann', { symbol: 'ETHUSDT', price: '1900', quantity: '1' });
    clock.at += 11_000;
    await expect(place('ann', { symbol: 'ETHUSDT', price: '1900', quantity: '1' })).rejects.toMatchObject({
      code: 'MARKET_CLOSED',
    });
    expect(
      await engine.submit({ kind: 'order.cancel', userId: 'ann', orderId: String(resting.id), reference: `t:${++n}` }),
    ).toMatchObject({ state: 'CANCELED' });
    expect(await balance('ann', 'USDT')).toBe('10000 0');
  });

  test('an order in flight survives a restart and is settled once', async () => {
    const taker = await place('bob', { symbol: 'ETHUSDT', price: '2000', quantity: '1' });
    await until(() => sent.length === 1);
    await engine.stop();
    engine = await start();
    const trades = [venueTrade('1999.5', '1', '0.001', 'ETH')];
    await report(sent[0] ?? '', trades);
    await report(sent[0] ?? '', trades);
    expect(await order(taker.id)).toMatchObject({ state: 'FILLED' });
    expect(await balance('bob', 'USDT')).toBe('8000.5 0');
  });
});
