import { DepositEntity } from '../../db/entities/deposits';
import { SweepEntity } from '../../db/entities/treasury';
import { DomainError } from '../../domain/contract/errors';
import { ADDRESS, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

let world: TestWorld;
let user: Visitor;
let other: Visitor;
let userId: string;

beforeAll(async () => {
  world = await testWorld();
  userId = await world.account('user@example.org', { kycState: 'APPROVED' });
  const otherId = await world.account('other@example.org', { kycState: 'APPROVED' });
  [user, other] = [world.visitor(), world.visitor()];
  await user.logIn('user@example.org');
  await other.logIn('other@example.org');
  const deposit = {
    network: 'ethereum',
    txid: '0x1',
    address: ADDRESS,
    asset: 'ETH',
    amount: '2.5',
    blockHeight: 1,
    blockHash: '0x',
    confirmations: 2,
    confirmationsNeeded: 6,
    createdAt: 1,
    creditedAt: null,
  };
  await world.dataSource.getRepository(DepositEntity).insert([
    { ...deposit, id: 'mine', position: '1', userId, state: 'CONFIRMING' },
    { ...deposit, id: 'theirs', position: '2', userId: otherId, state: 'CONFIRMING' },
    { ...deposit, id: 'other-asset', position: '3', userId, asset: 'USDT', state: 'CONFIRMING' },
    { ...deposit, id: 'swept', position: '4', userId, state: 'SWEPT' },
  ]);
  await world.dataSource.getRepository(SweepEntity).insert({
    id: 'sweep',
    network: 'ethereum',
    asset: 'ETH',
    addressIndex: 1,
    address: ADDRESS,
    amount: '9',
    state: 'SENDING',
    createdAt: 1,
    updatedAt: 1,
  });
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

const accept = (who: Visitor, quoteId: string, key: string) =>
  who.send('post', '/swaps', { quoteId }, { 'Idempotency-Key': key });

test('a quote, for its owner, with the server clock beside its end', async () => {
  const { status, body } = await user.send('post', '/quotes', { from: 'ETH', to: 'USDT', fromAmount: '1.000' });
  expect([status, body.fromAmount, body.now]).toEqual([201, '1', 1_700_000_000_000]);
  expect(body).not.toHaveProperty('userId');
});

test('accepted: what happened at the venue is told; the same key is the same swap', async () => {
  const answers = await Promise.all(
    ['key-0001', 'key-0001', 'key-0001'].map((key) => accept(user, 'quote-1', key).then((response) => response)),
  );
  const first = answers.find(({ status }) => status === 201);
  expect(first?.body).toMatchObject({
    from: 'ETH',
    to: 'USDT',
    filledFrom: '1',
    filledTo: '2994',
    state: 'COMPLETED',
    venueOrders: [
      {
        symbol: 'ETHUSDT',
        side: 'SELL',
        venueOrderId: '4711',
        trades: [{ price: '3000.1', commission: '3.0001', commissionAsset: 'USDT' }],
      },
    ],
    // The receipt adds up: 3000.1 of the venue is 2994 for the user, 6 of commission and this.
    spread: [{ asset: 'USDT', amount: '0.1' }],
  });
  expect((await accept(user, 'quote-1', 'key-0001')).body).toEqual(first?.body);
  expect((await accept(user, 'quote-2', 'key-0001')).body.error.code).toBe('IDEMPOTENCY_KEY_REUSED');
  expect((await user.get('/swaps')).body.items).toHaveLength(1);
  expect((await other.get(`/swaps/${first?.body.id}`)).body.error.code).toBe('NOT_FOUND');
  expect((await other.get('/swaps')).body.items).toEqual([]);
  // The stand-in writes its row twice where two of the same come at once.
  world.failures.length = 0;
});

test('funds in transit: what is awaited, and nothing of other people', async () => {
  world.engine.refuseNext(new DomainError('FUNDS_IN_TRANSIT', { asset: 'ETH', needed: '1', internal: 'never told' }));
  const { status, body } = await accept(user, 'quote-3', 'key-0003');
  expect(status).toBe(409);
  expect(body.error).toMatchObject({ code: 'FUNDS_IN_TRANSIT', details: { asset: 'ETH', needed: '1' } });
  expect(body.error.details.awaiting).toEqual([
    {
      kind: 'deposit',
      asset: 'ETH',
      network: 'ethereum',
      state: 'CONFIRMING',
      amount: '2.5',
      confirmations: 2,
      confirmationsNeeded: 6,
    },
    {
      kind: 'sweep',
      asset: 'ETH',
      network: 'ethereum',
      state: 'SENDING',
      amount: null,
      confirmations: null,
      confirmationsNeeded: null,
    },
  ]);
  expect(body.error.details).not.toHaveProperty('internal');
});

test('an unknown outcome is told as one', async () => {
  world.engine.refuseNext(new DomainError('UNKNOWN_OUTCOME'));
  expect((await accept(user, 'quote-4', 'key-0004')).status).toBe(503);
});

test.each([
  [{ from: 'ETH', to: 'DOGE', fromAmount: '1' }, 'UNKNOWN_ASSET'],
  [{ from: 'ETH', to: 'USDT', fromAmount: '0' }, 'AMOUNT_TOO_SMALL'],
  [{ from: 'ETH', to: 'USDT', fromAmount: '1e3' }, 'BAD_AMOUNT'],
  [{ from: 'ETH', to: 'USDT', fromAmount: 1 }, 'BAD_REQUEST'],
  [{ from: 'ETH', to: 'USDT', fromAmount: '1', toAmount: '999999' }, 'BAD_REQUEST'],
])('quote refused: %j', async (request, code) => {
  expect((await user.send('post', '/quotes', request)).body.error.code).toBe(code);
});
