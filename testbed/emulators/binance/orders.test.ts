/**
 * Orders beyond the plain ones: stops, lists, amend, cancelReplace, self-trade prevention, commissions in BNB; the
 * money adds up after each.
 */
import { generateKeyPairSync, createSign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MainClient } from 'binance';
import { Auth } from './auth';
import { must, show } from './decimal';
import { FAULTS } from './fault-table';
import { startEmulator } from './main';
import type { Emulator } from './main';
import { generator } from './random';

const S = 'ETHUSDT';
const KEYS = [{ apiKey: 'trading', secret: 'trading-secret', type: 'hmac' as const, permissions: ['TRADE' as const] }];
let dir: string;
let emulator: Emulator;
let client: MainClient;
let reports: Record<string, unknown>[];

interface Row {
  orderId: number;
  orderListId: number;
  clientOrderId: string;
  status: string;
  executedQty: string;
  origQty: string;
  isWorking: boolean;
  type: string;
}

const start = async (): Promise<void> => {
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: KEYS,
    chains: [],
    balances: { ETH: '1000', USDT: '5000000', BTC: '10', BNB: '100' },
  });
  emulator.exchange.freeze(true);
  client = new MainClient(
    {
      api_key: 'trading',
      api_secret: 'trading-secret',
      baseUrl: emulator.url,
      filterUndefinedParams: true,
      disableTimeSync: true,
    },
    { timeout: 5000 },
  );
  reports = [];
  emulator.exchange.on('report', (report: Record<string, unknown>) => void reports.push(report));
};

beforeEach(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'emulator-orders-'));
  await start();
});
afterEach(async () => {
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

const account = () => emulator.exchange.account;
const market = (symbol = S) =>
  emulator.exchange.markets.get(symbol) as NonNullable<ReturnType<typeof emulator.exchange.markets.get>>;
const best = (side: 'a' | 'b'): bigint => market().best(side)?.[0] as bigint;
const locked = (): Record<string, string> =>
  Object.fromEntries(
    [...account().balances]
      .filter(([, { locked: held }]) => held > 0n)
      .map(([asset, { locked: held }]) => [asset, show(held)]),
  );
const place = async (params: Record<string, unknown>): Promise<Row> =>
  (await client.submitNewOrder({ symbol: S, newOrderRespType: 'RESULT', ...params } as never)) as unknown as Row;
const get = async (orderId: number): Promise<Row> => (await client.getOrder({ symbol: S, orderId })) as unknown as Row;
const refusal = (code: number, message?: string) => ({ code, ...(message && { message }) });
const kinds = (orderId: number): unknown[] =>
  reports.filter((report) => report.i === orderId).map((report) => `${String(report.x)} ${String(report.X)}`);
const moveUntil = (done: () => boolean): void => {
  for (let n = 0; n < 4000 && !done(); n++) emulator.exchange.step(250);
};
const isDone = (orderId: number) => (): boolean =>
  !['NEW', 'PARTIALLY_FILLED', 'PENDING_NEW'].includes(account().orders.get(orderId)?.status ?? '');

test('a stop waits without working, is triggered by the market, and then trades', async () => {
  const stopPrice = show(market().lastPrice - must('0.5'));
  const order = await place({
    side: 'SELL',
    type: 'STOP_LOSS_LIMIT',
    timeInForce: 'GTC',
    quantity: '1',
    price: show(must(stopPrice) - must('5')),
    stopPrice,
  });
  expect(order).toMatchObject({ status: 'NEW', type: 'STOP_LOSS_LIMIT', stopPrice });
  expect(await get(order.orderId)).toMatchObject({ isWorking: false });
  expect(locked()).toEqual({ ETH: '1.00000000' });
  moveUntil(isDone(order.orderId));
  expect(await get(order.orderId)).toMatchObject({ status: 'FILLED', isWorking: true });
  expect(market().trades.some(({ price }) => price <= must(stopPrice))).toBe(true);
  expect(kinds(order.orderId).slice(0, 2)).toEqual(['NEW NEW', 'NEW NEW']);
  expect(locked()).toEqual({});
  const high = show(market().lastPrice + must('0.5'));
  const profit = await place({ side: 'SELL', type: 'TAKE_PROFIT', quantity: '0.5', stopPrice: high });
  moveUntil(isDone(profit.orderId));
  expect(await get(profit.orderId)).toMatchObject({ status: 'FILLED', executedQty: '0.50000000' });
});

test.each([
  ['SELL', 'STOP_LOSS', 1n],
  ['BUY', 'STOP_LOSS', -1n],
  ['SELL', 'TAKE_PROFIT', -1n],
  ['BUY', 'TAKE_PROFIT', 1n],
] as const)('%s %s on the wrong side of the market is refused', async (side, type, sign) => {
  const stopPrice = show(market().lastPrice + sign * must('10'));
  await expect(place({ side, type, quantity: '1', stopPrice })).rejects.toMatchObject(
    refusal(-2010, 'Order would trigger immediately.'),
  );
});

test('no more than five stops a symbol', async () => {
  const stop = { side: 'SELL', type: 'STOP_LOSS', quantity: '1', stopPrice: show(market().lastPrice - must('50')) };
  for (let n = 0; n < 5; n++) await place(stop);
  await expect(place(stop)).rejects.toMatchObject(refusal(-1013, 'Filter failure: MAX_NUM_ALGO_ORDERS'));
});

const oco = (
  side: 'BUY' | 'SELL',
  more = {},
): Promise<{ orderListId: number; orders: { orderId: number }[]; orderReports: Row[] }> => {
  const [up, down] = [show(market().lastPrice + must('1')), show(market().lastPrice - must('1'))];
  const stop = {
    Type: 'STOP_LOSS_LIMIT',
    TimeInForce: 'GTC',
    StopPrice: side === 'SELL' ? down : up,
    Price: show(side === 'SELL' ? must(down) - must('5') : must(up) + must('5')),
  };
  const limit = { Type: 'LIMIT_MAKER', Price: side === 'SELL' ? up : down };
  const named = (prefix: string, leg: object): object =>
    Object.fromEntries(Object.entries(leg).map(([name, value]) => [`${prefix}${name}`, value]));
  const legs =
    side === 'SELL'
      ? { ...named('above', limit), ...named('below', stop) }
      : { ...named('above', stop), ...named('below', limit) };
  return client.postPrivate('api/v3/orderList/oco', {
    symbol: S,
    side,
    quantity: '1',
    ...legs,
    ...more,
  } as never) as never;
};

test.each(['SELL', 'BUY'] as const)(
  '%s OCO: what is kept is kept once, one leg ends the other, nothing stays locked',
  async (side) => {
    const list = await oco(side);
    expect(list.orderReports.map(({ status }) => status)).toEqual(['NEW', 'NEW']);
    expect(Object.keys(locked())).toEqual([side === 'SELL' ? 'ETH' : 'USDT']);
    if (side === 'SELL') expect(locked()).toEqual({ ETH: '1.00000000' });
    expect(await client.getOpenOrders({ symbol: S })).toHaveLength(2);
    moveUntil(() => list.orders.every(({ orderId }) => isDone(orderId)()));
    const states = list.orders.map(({ orderId }) => account().orders.get(orderId)?.status).sort();
    expect(states).toEqual(['EXPIRED', 'FILLED']);
    expect(locked()).toEqual({});
    await emulator.exchange.journal.settled();
    await client.getOpenOrders({ symbol: S });
    expect(reports.filter(({ e }) => e === 'listStatus').map(({ l }) => l)).toEqual(['EXEC_STARTED', 'ALL_DONE']);
  },
);

test('cancelling a leg cancels the list; a list that is not right is refused and leaves nothing', async () => {
  const list = await oco('SELL');
  expect(await client.cancelOrder({ symbol: S, orderId: list.orders[0]?.orderId as number })).toMatchObject({
    orderListId: list.orderListId,
    listOrderStatus: 'ALL_DONE',
  });
  expect(await client.getOpenOrders({ symbol: S })).toEqual([]);
  const whole = await oco('BUY');
  expect(await client.cancelOCO({ symbol: S, orderListId: whole.orderListId } as never)).toMatchObject({
    listOrderStatus: 'ALL_DONE',
    orderReports: [{ status: 'CANCELED' }, { status: 'CANCELED' }],
  });
  await expect(oco('SELL', { abovePrice: show(best('b') - must('20')) })).rejects.toMatchObject(
    refusal(-2010, 'The relationship of the prices for the orders is not correct.'),
  );
  await expect(oco('SELL', { quantity: '2000' })).rejects.toMatchObject(refusal(-2010));
  expect([locked(), await client.getOpenOrders({ symbol: S })]).toEqual([{}, []]);
});

test('OTO: the second order begins when the first is filled; both are gone when it is cancelled', async () => {
  const oto = (price: bigint): Promise<{ orders: { orderId: number }[]; orderReports: Row[] }> =>
    client.submitNewOrderListOTO({
      symbol: S,
      workingType: 'LIMIT',
      workingSide: 'BUY',
      workingPrice: show(price),
      workingQuantity: '1',
      workingTimeInForce: 'GTC',
      pendingType: 'LIMIT_MAKER',
      pendingSide: 'SELL',
      pendingPrice: show(best('a') + must('100')),
      pendingQuantity: '0.9',
    } as never) as never;
  const waiting = await oto(best('b') - must('20'));
  expect(waiting.orderReports.map(({ status }) => status)).toEqual(['NEW', 'PENDING_NEW']);
  await client.cancelOrder({ symbol: S, orderId: waiting.orders[0]?.orderId as number });
  expect(waiting.orders.map(({ orderId }) => account().orders.get(orderId)?.status)).toEqual(['CANCELED', 'CANCELED']);
  const taken = await oto(best('a') + must('1'));
  expect(taken.orderReports[1]).toMatchObject({ status: 'PENDING_NEW' });
  expect(taken.orders.map(({ orderId }) => account().orders.get(orderId)?.status)).toEqual(['FILLED', 'NEW']);
  expect(locked()).toEqual({ ETH: '0.90000000' });
});

test('OTOCO: the pair begins together and keeps once', async () => {
  const list = (await client.submitNewOrderListOTOCO({
    symbol: S,
    workingType: 'LIMIT',
    workingSide: 'BUY',
    workingPrice: show(best('a') + must('1')),
    workingQuantity: '1',
    workingTimeInForce: 'GTC',
    pendingSide: 'SELL',
    pendingQuantity: '0.5',
    pendingAboveType: 'LIMIT_MAKER',
    pendingAbovePrice: show(best('a') + must('50')),
    pendingBelowType: 'STOP_LOSS',
    pendingBelowStopPrice: show(best('b') - must('50')),
  } as never)) as unknown as { orders: { orderId: number }[] };
  expect(list.orders.map(({ orderId }) => account().orders.get(orderId)?.status)).toEqual(['FILLED', 'NEW', 'NEW']);
  expect(locked()).toEqual({ ETH: '0.50000000' });
  await client.cancelOrder({ symbol: S, orderId: list.orders[1]?.orderId as number });
  expect(locked()).toEqual({});
});

test('amend: less keeps the place and frees the rest, more is refused, the client id changes unless it is sent', async () => {
  const order = await place({
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTC',
    price: show(best('b') - must('10')),
    quantity: '1',
    newClientOrderId: 'first',
  });
  const amend = (newQty: string, more = {}): Promise<{ amendedOrder: { clientOrderId: string; qty: string } }> =>
    // The SDK's own method for it calls the futures' address.
    client.putPrivate('api/v3/order/amend/keepPriority', {
      symbol: S,
      orderId: order.orderId,
      newQty,
      ...more,
    }) as never;
  expect(await amend('0.6', { newClientOrderId: 'second' })).toMatchObject({
    amendedOrder: { origClientOrderId: 'first', clientOrderId: 'second', qty: '0.60000000' },
  });
  expect(locked()).toEqual({ USDT: show(((best('b') - must('10')) * 6n) / 10n) });
  await expect(amend('0.7')).rejects.toMatchObject(refusal(-2038));
  expect(await client.getOrder({ symbol: S, origClientOrderId: 'second' })).toMatchObject({
    orderId: order.orderId,
    origQty: '0.60000000',
  });
  expect(reports.at(-1)).toMatchObject({ x: 'REPLACED', c: 'second', C: 'first', q: '0.60000000' });
  for (let n = 0; n < 9; n++) await amend(`0.5${9 - n}`);
  await expect(amend('0.1')).rejects.toMatchObject(refusal(-2038));
  expect(await client.getPrivate('api/v3/order/amendments', { symbol: S, orderId: order.orderId })).toHaveLength(10);
});

test('cancelReplace: both, one or none, each told', async () => {
  const price = show(best('b') - must('10'));
  const rest = { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price, quantity: '1' };
  const first = await place({ ...rest, newClientOrderId: 'same' });
  const replace = (params: object): Promise<unknown> =>
    client.replaceOrder({ symbol: S, ...rest, cancelReplaceMode: 'STOP_ON_FAILURE', ...params } as never);
  const done = (await replace({ cancelOrderId: first.orderId, newClientOrderId: 'same', quantity: '2' })) as {
    newOrderResponse: Row;
  };
  expect(done).toMatchObject({
    cancelResult: 'SUCCESS',
    newOrderResult: 'SUCCESS',
    cancelResponse: { status: 'CANCELED' },
    newOrderResponse: { status: 'NEW', origQty: '2.00000000' },
  });
  await expect(replace({ cancelOrderId: first.orderId })).rejects.toMatchObject({
    code: -2022,
    body: { data: { cancelResult: 'FAILURE', newOrderResult: 'NOT_ATTEMPTED', cancelResponse: { code: -2011 } } },
  });
  await expect(replace({ cancelOrderId: first.orderId, cancelReplaceMode: 'ALLOW_FAILURE' })).rejects.toMatchObject({
    code: -2021,
    body: { data: { cancelResult: 'FAILURE', newOrderResult: 'SUCCESS' } },
  });
  await expect(
    replace({
      cancelOrderId: done.newOrderResponse.orderId,
      quantity: '8000',
      price: show(best('b') / 2n + must('100')).replace(/\d{6}$/, '000000'),
    }),
  ).rejects.toMatchObject({ code: expect.any(Number) });
  await expect(replace({ cancelOrderId: done.newOrderResponse.orderId, quantity: '1.00001' })).rejects.toMatchObject(
    refusal(-1013, 'Filter failure: LOT_SIZE'),
  );
});

test('our own orders never trade with each other', async () => {
  // Of two orders at one price, ours counts as the first.
  const resting = show(best('b'));
  const own = await place({ side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: resting, quantity: '1' });
  const taker = await place({
    side: 'SELL',
    type: 'LIMIT',
    timeInForce: 'IOC',
    price: show(must(resting) - must('1')),
    quantity: '0.2',
  });
  expect(taker).toMatchObject({ status: 'FILLED' });
  expect(await get(own.orderId)).toMatchObject({ status: 'EXPIRED_IN_MATCH', executedQty: '0.00000000' });
  expect(kinds(own.orderId)).toEqual(['NEW NEW', 'TRADE_PREVENTION EXPIRED_IN_MATCH']);
  const again = await place({ side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: show(best('b')), quantity: '1' });
  const shy = await place({ side: 'SELL', type: 'MARKET', quantity: '0.2', selfTradePreventionMode: 'EXPIRE_TAKER' });
  expect(shy).toMatchObject({ status: 'EXPIRED_IN_MATCH', executedQty: '0.00000000' });
  expect(await get(again.orderId)).toMatchObject({ status: 'NEW' });
  await client.cancelOrder({ symbol: S, orderId: again.orderId });
  expect(locked()).toEqual({});
});

test('commissions in BNB: a quarter less, from what there is of it; else from what is received', async () => {
  const free = (asset: string): bigint => account().balance(asset).free;
  await client.toggleBNBBurn({ spotBNBBurn: 'true' } as never);
  expect(await client.getBNBBurn()).toMatchObject({ spotBNBBurn: true });
  const before = { bnb: free('BNB'), eth: free('ETH') };
  const full = (await client.submitNewOrder({ symbol: S, side: 'BUY', type: 'MARKET', quantity: 1 })) as unknown as {
    fills: { commission: string; commissionAsset: string }[];
  };
  expect(full.fills.every(({ commissionAsset }) => commissionAsset === 'BNB')).toBe(true);
  const paid = full.fills.reduce((sum, { commission }) => sum + must(commission), 0n);
  expect(free('BNB')).toBe(before.bnb - paid);
  expect(free('ETH')).toBe(before.eth + must('1'));
  const worth = (must('0.00075') * market().lastPrice) / market('BNBUSDT').lastPrice;
  expect([paid <= worth, paid > (worth * 99n) / 100n]).toEqual([true, true]);
  await emulator.exchange.adjust({ BNB: -free('BNB') });
  const poor = (await client.submitNewOrder({
    symbol: S,
    side: 'BUY',
    type: 'MARKET',
    quantity: 1,
  })) as unknown as typeof full;
  expect(poor.fills.every(({ commissionAsset }) => commissionAsset === 'ETH')).toBe(true);
  expect(await client.getPrivate('api/v3/account/commission', { symbol: S })).toMatchObject({
    discount: { enabledForAccount: true, discount: '0.75000000' },
  });
  await emulator.close();
  await start();
  expect(account().settings.bnbBurn).toBe(true);
});

test('an RSA key signs', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const auth = new Auth([{ apiKey: 'rsa', publicKey, type: 'rsa', permissions: [] }]);
  const payload = `timestamp=${Date.now()}`;
  const signature = createSign('sha256').update(payload).sign(privateKey, 'base64');
  const params = { ...Object.fromEntries(new URLSearchParams(payload)), signature };
  expect(auth.rest('rsa', payload, '', params).apiKey).toBe('rsa');
  expect(() => auth.rest('rsa', `${payload}1`, '', params)).toThrow('Signature for this request is not valid.');
});

test(
  'whatever is placed and cancelled at random, money is only exchanged: nothing appears, ' +
    'what is locked is what the open orders hold',
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    process.stdout.write(`emulator orders seed ${seed}\n`);
    const random = generator(seed);
    const { exchange } = emulator;
    await exchange.set({ bnbBurn: random() < 0.5 });
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    const first = new Map([...account().balances].map(([asset, { free }]) => [asset, free]));
    // What the market, the venue and others do meanwhile keeps the sums too.
    for (const { name, at } of FAULTS) {
      if (['match', 'cancel', 'world'].includes(at) && name !== 'monthly-reset' && name !== 'foreign-withdrawal')
        exchange.faults.arm(name, { probability: 0.04, seed, lasts: 10 });
    }
    for (let n = 0; n < 400; n++) {
      if (random() < 0.2) emulator.beat();
      const symbol = pick(['ETHUSDT', 'BNBUSDT', 'ETHBTC', 'BNBBTC']);
      const isBtc = symbol.endsWith('BTC');
      const side = pick(['BUY', 'SELL'] as const);
      const near = exchange.markets.get(symbol)?.lastPrice ?? 0n;
      const tick = isBtc ? must('0.00001') : must('0.01');
      const at = near + BigInt(Math.floor((random() - 0.5) * 60)) * tick;
      const price = show(at - (at % tick));
      const quantity = show(must('0.01') * BigInt(1 + Math.floor(random() * 300)));
      const type = pick([
        'LIMIT',
        'LIMIT',
        'LIMIT',
        'MARKET',
        'LIMIT_MAKER',
        'STOP_LOSS_LIMIT',
        'TAKE_PROFIT',
      ] as const);
      const params: Record<string, string> = { symbol, side, type, quantity };
      if (type.includes('LIMIT')) params.price = price;
      if (type === 'LIMIT' || type === 'STOP_LOSS_LIMIT')
        params.timeInForce = type === 'LIMIT' ? pick(['GTC', 'GTC', 'IOC', 'FOK']) : 'GTC';
      if (type === 'STOP_LOSS_LIMIT' || type === 'TAKE_PROFIT') params.stopPrice = price;
      await exchange.place(params).catch((error: { code?: number }) => expect(error.code).toBeLessThan(-1000));
      if (random() < 0.3) exchange.step(500);
      const open = account().openOrders();
      if (open.length > 0 && random() < 0.4) {
        const one = pick(open);
        await exchange
          .cancel({ symbol: one.symbol, orderId: String(one.orderId) })
          .catch((error: { code?: number }) => expect(error.code).toBe(-2011));
      }
    }
    expect([...exchange.faults.fired.keys()].length).toBeGreaterThan(8);
    exchange.faults.disarm();
    const held = new Map<string, bigint>();
    const cut = (value: bigint): bigint => value - (value % 10n ** 10n);
    for (const order of account().openOrders()) {
      const info = exchange.symbols.get(order.symbol);
      const left = must(order.origQty) - must(order.executedQty);
      const [asset, amount] =
        order.side === 'SELL'
          ? [info?.baseAsset ?? '', left]
          : [info?.quoteAsset ?? '', cut(((must(order.price) || must(order.stopPrice ?? '0')) * left) / 10n ** 18n)];
      held.set(asset, (held.get(asset) ?? 0n) + amount);
    }
    const moved = new Map<string, bigint>();
    const add = (asset: string, amount: bigint): unknown => moved.set(asset, (moved.get(asset) ?? 0n) + amount);
    for (const { symbol, qty, quoteQty, commission, commissionAsset, isBuyer } of account().fills) {
      const info = exchange.symbols.get(symbol);
      add(info?.baseAsset ?? '', isBuyer ? must(qty) : -must(qty));
      add(info?.quoteAsset ?? '', isBuyer ? -must(quoteQty) : must(quoteQty));
      add(commissionAsset, -must(commission));
    }
    expect(account().fills.length).toBeGreaterThan(50);
    for (const [asset, { free, locked: kept }] of account().balances) {
      expect([asset, kept]).toEqual([asset, held.get(asset) ?? 0n]);
      expect([asset, free + kept]).toEqual([asset, (first.get(asset) ?? 0n) + (moved.get(asset) ?? 0n)]);
    }
  },
);
