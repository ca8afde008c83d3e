/**
 * The operator's own funds on a real chain and a real database: booked up to what lies there, once, over the door's
 * socket.
 */
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { readBookFacts } from '../../db/stores/audit';
import type { VenueCapital } from '../../domain/contract/ports';
import { networkOf } from '../../domain/registry';
import { auditBooks } from '../../ledger/audit';
import { venueCustody } from '../../matching/venues/binance/custody';
import { accountCustody } from '../../wallets/custody/account-based';
import { createEvmChain } from '../../wallets/chains/evm';
import type { Chain } from '../../wallets/chains/chain';
import { ensureAccount } from '../../server';
import { EvmStage, until } from '../stage/evm-stage';
import { createOperatorDesk } from '../../deploy/operator/desk';
import type { OperatorDesk } from '../../deploy/operator/desk';
import { operatorAt, serveOperator } from '../../deploy/operator/door';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const closed = async (): Promise<never> => {
  throw new Error('no venue here');
};
const capital: VenueCapital = {
  venue: 'binance',
  depositAddress: closed,
  deposits: closed,
  withdrawalTerms: closed,
  withdraw: closed,
  withdrawal: closed,
  balances: async () => [],
};

let stage: EvmStage;
let chain: Chain;
let path: string;
let close: () => void;
let operator: OperatorDesk;
let n = 0;
const reference = (): string => `reference-${++n}`;

beforeAll(async () => {
  stage = await EvmStage.open();
  const network = networkOf(stage.registry, 'ethereum');
  const rails = stage.registry.rails.filter((rail) => rail.network === 'ethereum');
  chain = createEvmChain(network, rails, { rpcUrl: stage.anvil.url, traces: false });
  const reader = accountCustody({ network, rails, chain, hotAddress: async () => stage.hot, cold: [], capital });
  const venue = venueCustody({ registry: stage.registry, capital, find: closed });
  const desk = createOperatorDesk({
    dataSource: stage.database.dataSource,
    registry: stage.registry,
    engine: stage.engine,
    signer: stage.signer,
    readers: [reader, venue],
  });
  path = join(stage.dir, 'operator.sock');
  close = await serveOperator(desk, path, silent);
  operator = operatorAt(path);
});
afterAll(async () => {
  close();
  chain.close();
  await stage.close();
});
const positionOf = async (asset: string): Promise<string> =>
  (await operator.position()).position.find((row) => row.asset === asset)?.amount ?? '0';

test('nothing lies there: nothing can be booked', async () => {
  await expect(operator.contribute([{ asset: 'ETH', amount: '1', reference: reference() }])).rejects.toMatchObject({
    code: 'OPERATOR_FUNDS_NOT_FOUND',
  });
  expect(await positionOf('ETH')).toBe('0');
});

test('as much as lies unexplained at the hot wallet is booked, once, and stands in the audit log', async () => {
  await stage.world.ether(stage.hot, '5');
  await stage.mine();
  const { places, addresses } = await operator.position();
  expect(places).toContainEqual({ place: 'hot/ethereum', asset: 'ETH', booked: '0', actual: '5', unexplained: '5' });
  expect(addresses).toContainEqual({ network: 'ethereum', asset: 'ETH', address: stage.hot });
  await expect(
    operator.contribute([{ asset: 'ETH', amount: '5.000000000000000001', reference: reference() }]),
  ).rejects.toMatchObject({ code: 'OPERATOR_FUNDS_NOT_FOUND', details: { unexplained: '5' } });
  const once = reference();
  // The same call twice, and two others at once that together want more than is there.
  const [first, again, other] = await Promise.allSettled([
    operator.contribute([{ asset: 'ETH', amount: '3', reference: once }]),
    operator.contribute([{ asset: 'ETH', amount: '3', place: 'hot/ethereum', reference: once }]),
    operator.contribute([{ asset: 'ETH', amount: '3', reference: reference() }]),
  ]);
  expect(first).toMatchObject({ status: 'fulfilled', value: [{ asset: 'ETH', amount: '3', place: 'hot/ethereum' }] });
  expect(again).toMatchObject({ status: 'fulfilled' });
  expect(other).toMatchObject({ status: 'rejected', reason: { code: 'OPERATOR_FUNDS_NOT_FOUND' } });
  expect(await positionOf('ETH')).toBe('3');
  await expect(
    operator.contribute([{ asset: 'ETH', amount: '2', place: 'hot/ethereum', reference: once }]),
  ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  await operator.contribute([{ asset: 'ETH', amount: '2', reference: reference() }]);
  expect(
    (await operator.position()).places.find((row) => row.place === 'hot/ethereum' && row.asset === 'ETH'),
  ).toMatchObject({ unexplained: '0' });
  // Nothing lies unexplained any more: the same again, with and without its place, is still what it was, and nothing
  // twice.
  for (const place of [undefined, 'hot/ethereum']) {
    expect(
      await operator.contribute([{ asset: 'ETH', amount: '3', reference: once, ...(place && { place }) }]),
    ).toEqual([{ asset: 'ETH', amount: '3', place: 'hot/ethereum' }]);
  }
  for (const other of [{ amount: '2' }, { amount: '3', place: 'binance' }])
    await expect(operator.contribute([{ asset: 'ETH', reference: once, ...other }])).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  expect(await positionOf('ETH')).toBe('5');
  const rows = await stage.rows<{ admin: string; subject: string }>(
    "SELECT admin_id AS admin, subject FROM admin_audit WHERE action = 'operator.contribute'",
  );
  expect(rows).toEqual([
    { admin: 'operator', subject: 'ETH' },
    { admin: 'operator', subject: 'ETH' },
  ]);
  expect(auditBooks(await readBookFacts(stage.database.dataSource))).toEqual([]);
}, 120_000);

test("a user's deposit is never the operator's, before it is credited or after", async () => {
  await stage.start();
  await stage.world.ether(await stage.addressOf('u1'), '2');
  await stage.mine();
  for (const place of ['hot/ethereum', undefined])
    await expect(
      operator.contribute([{ asset: 'ETH', amount: '2', reference: reference(), ...(place && { place }) }]),
    ).rejects.toMatchObject({ code: 'OPERATOR_FUNDS_NOT_FOUND' });
  await until(
    'credited',
    async () => (await stage.available('u1', 'ETH')) !== '0',
    () => stage.mine(),
  );
  await expect(operator.contribute([{ asset: 'ETH', amount: '2', reference: reference() }])).rejects.toMatchObject({
    code: 'OPERATOR_FUNDS_NOT_FOUND',
  });
  await expect(
    operator.contribute([{ asset: 'ETH', amount: '2', place: 'deposit/ethereum', reference: reference() }]),
  ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await stage.stop();
}, 120_000);

test('a gift to a user comes out of the position, and no more than it has', async () => {
  const ids = { next: () => `user${++n}` };
  const email = 'given@javizen.local';
  const userId = await ensureAccount(
    { dataSource: stage.database.dataSource, clock: { now: () => Date.now() }, ids },
    { email, password: 'a long enough password', locale: 'en' },
  );
  await expect(
    operator.grant({ email, asset: 'ETH', amount: '6', why: 'too much', reference: reference() }),
  ).rejects.toMatchObject({ code: 'NEEDS_OPERATOR_FUNDS' });
  await expect(
    operator.grant({ email: 'nobody@javizen.local', asset: 'ETH', amount: '1', why: 'a gift', reference: reference() }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const once = reference();
  for (let times = 0; times < 2; times++)
    await operator.grant({ email, asset: 'ETH', amount: '1', why: 'a gift', reference: once });
  expect(await stage.available(userId, 'ETH')).toBe('1');
});

test.each([
  [{ asset: 'ETH', amount: '-1', reference: 'reference-x' }, 'BAD_AMOUNT'],
  [{ asset: 'ETH', amount: '0', reference: 'reference-x' }, 'BAD_AMOUNT'],
  [{ asset: 'NOPE', amount: '1', reference: 'reference-x' }, 'UNKNOWN_ASSET'],
  [{ asset: 'ETH', amount: '1', reference: 'short' }, 'BAD_REQUEST'],
  [{ asset: 'ETH', amount: '1', place: 'transit', reference: 'reference-x' }, 'BAD_REQUEST'],
])('%j is refused', async (contribution, code) => {
  await expect(operator.contribute([contribution])).rejects.toMatchObject({ code });
});

test("the door is its owner's alone, knows three calls, and closes at what is no frame", async () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const others = operatorAt(path) as unknown as Record<string, unknown>;
  expect(Object.keys(others).toSorted()).toEqual(['contribute', 'grant', 'position']);
  await new Promise<void>((resolve) => {
    const socket = connect(path, () => void socket.write(Buffer.alloc(64, 0xff)));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
});
