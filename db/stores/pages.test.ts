import fc from 'fast-check';
import type { DataSource, EntitySchema, ObjectLiteral } from 'typeorm';
import { AdminAuditEntity, KycApplicationEntity, NEW_ACCOUNT, UserEntity } from '../entities/accounts';
import { DepositEntity } from '../entities/deposits';
import { FillEntity, OrderEntity } from '../entities/orders';
import { KnownAddressEntity } from '../entities/reviews';
import { SwapEntity } from '../entities/swaps';
import { WithdrawalEntity } from '../entities/withdrawals';
import { testDatabase } from '../testing';
import { listAdminActions } from './admin-audit';
import { depositsOf, listWithdrawals, swapsOf, withdrawalsOf } from './history';
import { listApplications } from './kyc';
import { fillsOf, ordersOf } from './orders';
import type { ListPage, Page } from './pages';
import { addressBook } from './reviews';
import { insertRow, writeRows } from './rows';
import { listUsers } from './users';

/** A row of the list that was made at this time; `n` tells it from all others. */
type Make = (n: number, at: number) => ObjectLiteral;
interface Listed {
  readonly read: (dataSource: DataSource, page: ListPage) => Promise<Page<ObjectLiteral>>;
  readonly entity: EntitySchema<never>;
  readonly make: Make;
  readonly key: (row: ObjectLiteral) => string;
  readonly at: string;
  readonly order: 'ASC' | 'DESC';
  /** The index that serves it begins with these columns. */
  readonly index: readonly string[];
}

const money = { amount: '1', fee: '0' };
const deposit: Make = (n, at) => ({
  id: `d${n}`,
  network: 'ethereum',
  txid: `0x${n}`,
  position: 'native',
  userId: 'u',
  address: '0x1',
  asset: 'ETH',
  amount: '1',
  blockHeight: 1,
  blockHash: '0x1',
  confirmations: 1,
  confirmationsNeeded: 1,
  state: 'SEEN',
  createdAt: at,
  creditedAt: null,
  credited: null,
  fee: null,
  sweepId: null,
});
const withdrawal: Make = (n, at) => ({
  id: `w${n}`,
  userId: 'u',
  asset: 'ETH',
  network: 'ethereum',
  address: '0x1',
  memo: null,
  ...money,
  pullBackFee: '0',
  state: 'REQUESTED',
  attempt: 0,
  reason: null,
  txid: null,
  confirmations: 0,
  decidedBy: null,
  createdAt: at,
  updatedAt: at,
});
const swap: Make = (n, at) => ({
  id: `s${n}`,
  userId: 'u',
  quoteId: `q${n}`,
  fromAsset: 'ETH',
  toAsset: 'USDT',
  fromAmount: '1',
  toAmount: '1',
  filledFrom: '0',
  filledTo: '0',
  commission: '0',
  feeVersion: 1,
  state: 'EXECUTING',
  legs: [],
  leg: 0,
  betweenAsset: null,
  betweenAmount: '0',
  createdAt: at,
  updatedAt: at,
});
const order: Make = (n, at) => ({
  id: `o${n}`,
  seq: n,
  userId: 'u',
  clientOrderId: `c${n}`,
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
  priority: n,
  visibleLots: 0,
  trailingExtreme: 0,
  routingAttempts: 0,
  reason: null,
  createdAt: at,
  updatedAt: at,
});
/** Two sides of one trade, and one number in two markets. */
const fill: Make = (n, at) => ({
  symbol: n % 4 < 2 ? 'ETHUSDT' : 'BTCUSDT',
  tradeId: Math.floor(n / 4),
  maker: n % 2 === 1,
  userId: 'u',
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
});
const user: Make = (n, at) => ({
  id: `u${n}`,
  email: `u${n}@example.org`,
  passwordHash: '-',
  role: 'user',
  kycState: 'NONE',
  locale: 'en',
  createdAt: at,
  ...NEW_ACCOUNT,
});
const application: Make = (n, at) => ({
  id: `k${n}`,
  userId: 'u',
  state: 'SUBMITTED',
  fullName: 'A',
  country: 'DE',
  birthDate: '1990-01-01',
  documentType: 'passport',
  documentNumber: '-',
  documentFile: '-',
  documentMime: '-',
  reason: null,
  createdAt: at,
  decidedAt: null,
  decidedBy: null,
});
const address: Make = (n, at) => ({ userId: 'u', network: 'ethereum', address: `0x${n}`, since: at });
const audit: Make = (n, at) => ({
  id: `withdrawal:wd_${n}:approve:0`,
  adminId: 'a',
  action: 'x',
  subject: 's',
  details: {},
  at,
});

const byId = (row: ObjectLiteral): string => String(row.id);
const newest = { key: byId, at: 'createdAt', order: 'DESC' } as const;
const LISTS: Record<string, Listed> = {
  deposits: {
    ...newest,
    read: (d, page) => depositsOf(d, 'u', page),
    entity: DepositEntity as never,
    make: deposit,
    index: ['user_id', 'created_at'],
  },
  swaps: {
    ...newest,
    read: (d, page) => swapsOf(d, 'u', { ...page, asset: 'USDT' }),
    entity: SwapEntity as never,
    make: swap,
    index: ['user_id', 'created_at'],
  },
  withdrawals: {
    ...newest,
    read: (d, page) => withdrawalsOf(d, 'u', page),
    entity: WithdrawalEntity as never,
    make: withdrawal,
    index: ['user_id', 'created_at'],
  },
  'withdrawals of all': {
    ...newest,
    read: (d, page) => listWithdrawals(d, page),
    entity: WithdrawalEntity as never,
    make: withdrawal,
    index: ['created_at'],
  },
  'queue of withdrawals': {
    ...newest,
    order: 'ASC',
    read: (d, page) => listWithdrawals(d, page, 'REQUESTED'),
    entity: WithdrawalEntity as never,
    make: withdrawal,
    index: ['state', 'created_at'],
  },
  orders: {
    ...newest,
    read: (d, page) => ordersOf(d, 'u', { ...page, state: 'all' }),
    entity: OrderEntity as never,
    make: order,
    index: ['user_id', 'created_at'],
  },
  fills: {
    read: (d, page) => fillsOf(d, 'u', page),
    entity: FillEntity as never,
    make: fill,
    key: ({ symbol, tradeId, maker }) => `${symbol} ${tradeId} ${Boolean(maker)}`,
    at: 'at',
    order: 'DESC',
    index: ['user_id', 'at'],
  },
  users: {
    ...newest,
    read: (d, page) => listUsers(d, page),
    entity: UserEntity as never,
    make: user,
    index: ['created_at'],
  },
  identities: {
    ...newest,
    read: (d, page) => listApplications(d, page),
    entity: KycApplicationEntity as never,
    make: application,
    index: ['created_at'],
  },
  'queue of identities': {
    ...newest,
    order: 'ASC',
    read: (d, page) => listApplications(d, page, 'SUBMITTED'),
    entity: KycApplicationEntity as never,
    make: application,
    index: ['state', 'created_at'],
  },
  'address book': {
    read: (d, page) => addressBook(d, 'u', page),
    entity: KnownAddressEntity as never,
    make: address,
    key: (row) => String(row.address),
    at: 'since',
    order: 'DESC',
    index: ['user_id', 'since'],
  },
  'audit log': {
    ...newest,
    at: 'at',
    read: (d, page) => listAdminActions(d, page),
    entity: AdminAuditEntity as never,
    make: audit,
    index: ['at'],
  },
};

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const insert = async ({ entity, make }: Listed, rows: readonly [number, number][]): Promise<void> => {
  for (const [n, at] of rows)
    await writeRows(database.dataSource, [insertRow(entity as EntitySchema<ObjectLiteral>, make(n, at))]);
};

/**
 * Rows in three milliseconds, page sizes from one on, rows that come between two pages: each row of the beginning is
 * seen once, none twice, and the way back is the way there.
 */
const cases = fc.record({
  limit: fc.integer({ min: 1, max: 7 }),
  times: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 14 }),
  arriving: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }),
});

describe.each(Object.entries(LISTS))('%s', (_name, list) => {
  test('any size of page sees each row once, both ways, whatever arrives meanwhile', async () => {
    const { dataSource } = database;
    const clear = (): Promise<unknown> =>
      database.owner
        .getRepository(list.entity as EntitySchema<ObjectLiteral>)
        .createQueryBuilder()
        .delete()
        .execute();
    let n = 0;
    // Append-only rows are there for ever: each run has a time of its own.
    let era = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ limit, times, arriving }) => {
        await clear();
        era += 10;
        const old = times.map((at): [number, number] => [n++, at + era]);
        await insert(list, old);
        const known = new Set(old.map(([one, at]) => list.key(list.make(one, at))));
        const mine = (rows: readonly ObjectLiteral[]): ObjectLiteral[] =>
          rows.filter((row) => Number(row[list.at]) > era - 5);
        const seen: ObjectLiteral[] = [];
        const late = [...arriving];
        let last: Page<ObjectLiteral> = { rows: [], next: null, previous: null };
        for (let cursor: string | undefined; ; cursor = last.next) {
          last = await list.read(dataSource, { limit, ...(cursor !== undefined && { cursor }) });
          expect(last.rows.length).toBeLessThanOrEqual(limit);
          if (cursor === undefined) expect(last.previous).toBeNull();
          seen.push(...mine(last.rows));
          const at = late.shift();
          if (at !== undefined) await insert(list, [[n++, at + era]]);
          if (last.next === null || mine(last.rows).length === 0) break;
        }
        const keys = seen.map(list.key);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.filter((key) => known.has(key)).length).toBe(known.size);
        const sorted = seen.map((row) => Number(row[list.at]));
        expect(sorted).toEqual(sorted.toSorted((a, b) => (list.order === 'ASC' ? a - b : b - a)));
        // Back from the last page: all that stands before it by now, in the same order.
        const [first] = last.rows;
        if (last.previous === null || !first) return;
        const back: ObjectLiteral[] = [];
        while (last.previous !== null) {
          last = await list.read(dataSource, { limit, cursor: last.previous });
          back.unshift(...last.rows);
        }
        const whole = (await list.read(dataSource, { limit: 1000 })).rows.map(list.key);
        expect(back.map(list.key)).toEqual(whole.slice(0, whole.indexOf(list.key(first))));
      }),
      { numRuns: 30 },
    );
  });

  test('an index serves it, so that no page sorts the table', async () => {
    const { tableName } = database.dataSource.getMetadata(list.entity);
    const rows = (await database.dataSource.query(
      'SELECT INDEX_NAME AS name, COLUMN_NAME AS col FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY INDEX_NAME, SEQ_IN_INDEX',
      [tableName],
    )) as { name: string; col: string }[];
    const indexes = [...new Set(rows.map(({ name }) => name))].map((one) =>
      rows.filter(({ name }) => name === one).map(({ col }) => col),
    );
    expect(indexes.map((columns) => columns.slice(0, list.index.length))).toContainEqual([...list.index]);
  });

  test.each([
    '',
    'x',
    '!',
    'e30',
    Buffer.from('[]').toString('base64url'),
    Buffer.from('["users","DESC","next",false,"1",2]').toString('base64url'),
    'A'.repeat(5000),
  ])('no cursor, form %#', async (cursor) => {
    await expect(list.read(database.dataSource, { limit: 1, cursor })).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  });
});

test('a cursor is good for the list that gave it alone', async () => {
  const { dataSource } = database;
  const at = Date.now();
  for (const name of ['swaps', 'deposits'] as const)
    await insert(LISTS[name] as Listed, [
      [900_001, at],
      [900_002, at],
    ]);
  const { next } = await swapsOf(dataSource, 'u', { limit: 1 });
  expect(next).not.toBeNull();
  await expect(depositsOf(dataSource, 'u', { limit: 1, cursor: next ?? '' })).rejects.toMatchObject({
    code: 'BAD_CURSOR',
  });
});

test('a page that has emptied meanwhile leads back', async () => {
  const { dataSource } = database;
  const rows = database.owner.getRepository(WithdrawalEntity);
  await rows.createQueryBuilder().delete().execute();
  await insert(LISTS.withdrawals as Listed, [
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
  const first = await listWithdrawals(dataSource, { limit: 2 }, 'REQUESTED');
  await rows.update({ id: 'w3' }, { state: 'REJECTED' });
  const empty = await listWithdrawals(dataSource, { limit: 2, cursor: first.next ?? '' }, 'REQUESTED');
  expect([empty.rows, empty.next]).toEqual([[], null]);
  expect(
    (await listWithdrawals(dataSource, { limit: 2, cursor: empty.previous ?? '' }, 'REQUESTED')).rows.map(
      ({ id }) => id,
    ),
  ).toEqual(['w1', 'w2']);
});
