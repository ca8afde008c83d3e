import { DomainError } from '../../domain/contract/errors';
import { testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';
import { fillRow, insertFill, insertOrder, orderRow } from './testing';

const ORDER = { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', quantity: '1.50', price: '3000' };
let world: TestWorld;
let userId: string;
let user: Visitor;
let other: Visitor;
let admin: Visitor;

beforeAll(async () => {
  world = await testWorld();
  userId = await world.account('user@example.org', { kycState: 'APPROVED' });
  await world.account('other@example.org', { kycState: 'APPROVED' });
  await world.account('admin@example.org', { role: 'admin' });
  [user, other, admin] = [world.visitor(), world.visitor(), world.visitor()];
  await user.logIn('user@example.org');
  await other.logIn('other@example.org');
  await admin.logIn('admin@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

const keyed = (who: Visitor, path: string, key: string, body: object) =>
  who.send('post', path, body, { 'Idempotency-Key': key });
const place = (key: string, order: object = ORDER, who = user) => keyed(who, '/orders', key, order);
const placed = async (key: string): Promise<string> => (await place(key)).body.id;

test('the same order and key is one order, word for word one command, and its answer is the engine’s', async () => {
  const before = world.engine.commands.length;
  const answers = [await place('place-01'), await place('place-01', { ...ORDER, quantity: '1.5', price: '3000.00' })];
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  expect(answers[0]?.body).toEqual(answers[1]?.body);
  expect(answers[0]?.body).toMatchObject({
    clientOrderId: 'place-01',
    quantity: '1.5',
    status: 'NEW',
    working: true,
    inFlight: false,
    listId: null,
  });
  expect(answers[0]?.body).not.toHaveProperty('userId');
  expect(world.engine.commands.slice(before)).toEqual([
    {
      kind: 'order.place',
      userId,
      clientOrderId: 'place-01',
      ...ORDER,
      quantity: '1.5',
      reference: `order:${userId}:place-01`,
    },
  ]);
  expect((await place('place-01', { ...ORDER, price: '3001' })).body.error.code).toBe('IDEMPOTENCY_KEY_REUSED');
});

test('all that an order can say reaches the engine', async () => {
  const order = {
    ...ORDER,
    type: 'STOP_LOSS_LIMIT',
    timeInForce: 'GTC',
    stopPrice: '2900',
    trailingDelta: 100,
    icebergQty: '0.1',
    selfTradePreventionMode: 'EXPIRE_BOTH',
  };
  const { body } = await place('place-02', order);
  expect(world.engine.commands.at(-1)).toMatchObject({ ...order, quantity: '1.5' });
  expect(body).toMatchObject({ type: 'STOP_LOSS_LIMIT', stopPrice: '2900', trailingDelta: 100, working: false });
});

test.each([
  ['nothing', {}, 'BAD_REQUEST'],
  ['another side', { ...ORDER, side: 'HOLD' }, 'BAD_REQUEST'],
  ['another type', { ...ORDER, type: 'PEGGED' }, 'BAD_REQUEST'],
  ['for another', { ...ORDER, userId: 'u2' }, 'BAD_REQUEST'],
  ['a key in the body', { ...ORDER, clientOrderId: 'x1234567' }, 'BAD_REQUEST'],
  ['a number', { ...ORDER, price: 3000 }, 'BAD_REQUEST'],
  ['an exponent', { ...ORDER, price: '3e3' }, 'BAD_AMOUNT'],
  ['below zero', { ...ORDER, quantity: '-1' }, 'BAD_AMOUNT'],
  ['half a delta', { ...ORDER, trailingDelta: 1.5 }, 'BAD_REQUEST'],
  ['a symbol of signs', { ...ORDER, symbol: "ETH'--" }, 'BAD_REQUEST'],
])('bad body: %s', async (_what, body, code) => {
  const before = world.engine.commands.length;
  expect((await place('place-bad', body)).body.error.code).toBe(code);
  expect(world.engine.commands).toHaveLength(before);
});

test('without a key nothing is placed', async () => {
  expect((await user.send('post', '/orders', ORDER)).body.error.code).toBe('IDEMPOTENCY_KEY_REQUIRED');
});

test('a refusal of the engine keeps its details', async () => {
  world.engine.refuseNext(new DomainError('FILTER_FAILURE', { filter: 'LOT_SIZE' }));
  const { status, body } = await place('place-03');
  expect([status, body.error.code, body.error.details.venueCode]).toEqual([400, 'FILTER_FAILURE', -1013]);
});

test('a batch: each has its own answer, in the order they were sent', async () => {
  const orders = [
    { ...ORDER, clientOrderId: 'batch-01' },
    { ...ORDER, clientOrderId: 'batch-02', symbol: 'DOGEUSDT' },
    { ...ORDER, clientOrderId: 'batch-03', side: 'SELL' },
    { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', clientOrderId: 'batch-04' },
  ];
  const { status, body } = await user.send('post', '/orders/batch', { orders });
  expect(status).toBe(200);
  expect(body.items).toMatchObject([
    { order: { clientOrderId: 'batch-01', side: 'BUY' } },
    { error: { code: 'UNKNOWN_MARKET' } },
    { order: { clientOrderId: 'batch-03', side: 'SELL' } },
    { error: { code: 'BAD_ORDER', details: { venueCode: -1102 } } },
  ]);
});

test('a batch: a fault of ours in one is told as one, without its inside, and the others are placed', async () => {
  const submit = world.engine.submit;
  world.engine.submit = async (command) =>
    'clientOrderId' in command && command.clientOrderId === 'batch-05'
      ? Promise.reject(new Error('inside'))
      : submit(command);
  const { body, text } = await user.send('post', '/orders/batch', {
    orders: [5, 6].map((n) => ({ ...ORDER, clientOrderId: `batch-0${n}` })),
  });
  world.engine.submit = submit;
  expect(body.items).toMatchObject([{ error: { code: 'INTERNAL' } }, { order: { clientOrderId: 'batch-06' } }]);
  expect(text).not.toContain('inside');
  expect(world.failures.splice(0)).toHaveLength(1);
});

test.each([
  ['none', []],
  ['too many', Array.from({ length: 21 }, (_, n) => ({ ...ORDER, clientOrderId: `many-${n}-00` }))],
  ['one without an id', [ORDER]],
])('bad batch: %s', async (_what, orders) => {
  expect((await user.send('post', '/orders/batch', { orders })).body.error.code).toBe('BAD_REQUEST');
});

test('one cancels the other: both legs are answered', async () => {
  const oco = {
    symbol: 'ETHUSDT',
    side: 'SELL',
    quantity: '1',
    price: '3200',
    stopPrice: '2800',
    stopLimitPrice: '2790.0',
  };
  const { status, body } = await keyed(user, '/orders/oco', 'oco-0001', oco);
  expect(status).toBe(201);
  expect(body.orders).toMatchObject([
    { type: 'LIMIT_MAKER', price: '3200', listId: body.listId },
    { type: 'STOP_LOSS_LIMIT', stopPrice: '2800', price: '2790', listId: body.listId, working: false },
  ]);
});

test('cancelled; what is in flight is accepted and cancelled later; what has ended is refused', async () => {
  const id = await placed('cancel-1');
  const done = await user.send('delete', `/orders/${id}`);
  expect([done.status, done.body.status]).toEqual([200, 'CANCELED']);
  expect((await user.send('delete', `/orders/${id}`)).body.error.code).toBe('ORDER_STATE');
  const inFlight = await insertOrder(world.dataSource, orderRow({ id: 'inFlight', userId, bookStatus: 'inFlight' }));
  for (let turn = 0; turn < 2; turn++) {
    const { status, body } = await user.send('delete', `/orders/${inFlight.id}`);
    expect([status, body.status, body.inFlight]).toEqual([202, 'PENDING_CANCEL', true]);
  }
  const references = world.engine.commands.slice(-2).map(({ reference }) => reference);
  expect(new Set(references).size).toBe(2);
  for (const reference of references) expect(reference).toMatch(/^order-cancel:inFlight:/);
});

test("another user's order is not there", async () => {
  const id = await placed('mine-001');
  const attempts = [
    other.get(`/orders/${id}`),
    other.get('/orders/by-client-id/mine-001'),
    other.send('delete', `/orders/${id}`),
    keyed(other, `/orders/${id}/amend`, 'theirs-1', { quantity: '1' }),
    keyed(other, `/orders/${id}/replace`, 'theirs-2', ORDER),
  ];
  for (const { status, body } of await Promise.all(attempts))
    expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
  expect((await other.get('/orders')).body.items).toEqual([]);
  expect((await user.get(`/orders/${id}`)).body).toEqual((await user.get('/orders/by-client-id/mine-001')).body);
});

test('amended, and replaced in one step', async () => {
  const id = await placed('amend-01');
  expect((await keyed(user, `/orders/${id}/amend`, 'amend-02', { quantity: '1.0' })).body).toMatchObject({
    id,
    quantity: '1',
  });
  expect((await keyed(user, `/orders/${id}/amend`, 'amend-03', { quantity: '1', price: '1' })).body.error.code).toBe(
    'BAD_REQUEST',
  );
  const { status, body } = await keyed(user, `/orders/${id}/replace`, 'amend-04', { ...ORDER, price: '2999' });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    canceled: { id, status: 'CANCELED' },
    placed: { clientOrderId: 'amend-04', price: '2999' },
  });
});

test('lists: open, ended, all, by market; all open ones are cancelled at once', async () => {
  await placed('list-001');
  const list = async (query: string) =>
    (await user.get(`/orders?limit=100&${query}`)).body.items as { status: string }[];
  const open = await list('state=open&market=ETHUSDT');
  expect(open.length).toBeGreaterThan(0);
  expect((await list('state=closed')).length + (await list('state=open')).length).toBe(
    (await list('state=all')).length,
  );
  expect(await list('market=BTCUSDT')).toEqual([]);
  const { body } = await user.send('delete', '/orders?symbol=ETHUSDT');
  expect(body).toEqual({ canceled: open.filter(({ status }) => status === 'NEW').length, pending: 0 });
  expect((await user.send('delete', '/orders')).body.error.code).toBe('BAD_REQUEST');
  expect((await user.get('/orders?state=some')).body.error.code).toBe('BAD_REQUEST');
});

test('my trades, my fees; how orders were routed is for admins', async () => {
  await insertFill(world.dataSource, fillRow({ tradeId: 1, userId, venueTradeId: 77 }));
  await insertFill(world.dataSource, fillRow({ tradeId: 2, userId: 'another' }));
  const { body } = await user.get('/trades?orderId=o1');
  expect(body.items).toEqual([
    {
      symbol: 'ETHUSDT',
      tradeId: 1,
      orderId: 'o1',
      side: 'BUY',
      price: '3000',
      quantity: '0.5',
      quoteQuantity: '1500',
      fee: '0.00075',
      feeAsset: 'ETH',
      maker: false,
      outside: true,
      at: 1_763_700_000_000,
    },
  ]);
  expect((await user.get('/fees')).body.items).toMatchObject([{ symbol: 'ETHUSDT', taker: '0.0015' }]);
  expect((await admin.get('/admin/routing')).body.items).toMatchObject([{ symbol: 'ETHUSDT', slippage: '-0.25' }]);
});

test('an admin closes a market, once for each key; nonsense is refused', async () => {
  const set = (key: string, body: object) =>
    admin.send('post', '/admin/markets/ETHUSDT', body, { 'Idempotency-Key': key });
  expect((await set('close-0001', { state: 'HALT', internalOnly: true })).status).toBe(200);
  await set('close-0001', { state: 'HALT', internalOnly: true });
  expect(world.engine.commands.filter(({ kind }) => kind === 'market.set')).toMatchObject([
    { symbol: 'ETHUSDT', state: 'HALT', internalOnly: true },
  ]);
  for (const body of [{ state: 'ASLEEP', internalOnly: false }, { state: 'HALT' }, {}])
    expect((await set('close-0002', body)).body.error.code).toBe('BAD_REQUEST');
});

test('orders are counted apart, a batch as what is in it', async () => {
  const tight = await testWorld({ limits: { order: 21 } });
  await tight.account('busy@example.org', { kycState: 'APPROVED' });
  const busy = tight.visitor();
  await busy.logIn('busy@example.org');
  const orders = Array.from({ length: 20 }, (_, n) => ({ ...ORDER, clientOrderId: `count-${n}-0` }));
  const statuses = [
    await busy.send('post', '/orders/batch', { orders }),
    await keyed(busy, '/orders', 'count-0001', ORDER),
    await keyed(busy, '/orders', 'count-0002', ORDER),
  ];
  expect(statuses.map(({ status }) => status)).toEqual([200, 201, 429]);
  expect(tight.failures).toEqual([]);
  await tight.close();
});
