/**
 * What the venue does to orders besides filling them: it is away, its clock is wrong, its filters change, it begins
 * anew.
 */
import type { DataSource } from 'typeorm';
import { readBookFacts } from '../../../db/stores/audit';
import { createVenueMemory, readVenueState, venueDifferences } from '../../../db/stores/venue';
import { seed, firstListing } from '../../../db/seed';
import { testDatabase } from '../../../db/testing';
import { createEventBus } from '../../../domain/contract/event-bus';
import type { EventBus } from '../../../domain/contract/ports';
import type { Command, CommandAnswer, CommandBody, OrderTerms, VenueTrade } from '../../../domain/contract/commands';
import type { Logger } from '../../../domain/contract/ports';
import { parseAmount } from '../../../domain/money/amount';
import { auditBooks } from '../../../ledger/audit';
import { createEngine } from '../../engine';
import type { EngineControl } from '../../engine';

const quiet: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const clock = { at: 1_763_700_000_000, now: () => clock.at };

let dataSource: DataSource;
let engine: EngineControl;
let events: EventBus;
let drop: () => Promise<void>;
let sent: string[] = [];
let alerts: string[] = [];
let n = 0;

const start = async (): Promise<EngineControl> => {
  events = createEventBus(() => undefined);
  events.on('alert', ({ code }) => alerts.push(code));
  const made = createEngine({ dataSource, registry, clock, events, logger: quiet, onFenced: () => undefined });
  made.onEffect('venue.send', async ({ intentId }) => void sent.push(String(intentId)));
  await made.start();
  made.venueBalances(new Map(['ETH', 'USDT', 'BTC'].map((asset) => [asset, parseAmount('1000000')])));
  return made;
};
const give = (body: CommandBody): Promise<CommandAnswer> =>
  engine.submit({ ...body, reference: `t:${++n}` } as Command);
const place = (terms: Partial<OrderTerms>): Promise<CommandAnswer> => {
  const clientOrderId = `client-${++n}`;
  const full = { symbol: 'ETHUSDT', side: 'BUY' as const, type: 'MARKET' as const, ...terms };
  return engine.submit({
    kind: 'order.place',
    userId: 'ann',
    clientOrderId,
    ...full,
    reference: `order:ann:${clientOrderId}`,
  });
};
const tick = (symbol = 'ETHUSDT'): Promise<CommandAnswer> => give({ kind: 'market.tick', symbol });
const row = async (sql: string, values: unknown[] = []): Promise<Record<string, string>> =>
  ((await dataSource.query(sql, values)) as Record<string, string>[])[0] ?? {};
const order = (id: unknown): Promise<Record<string, string>> => row('SELECT * FROM orders WHERE id = ?', [id]);
const intent = (): Promise<Record<string, string>> => row('SELECT * FROM venue_intents WHERE id = ?', [sent.at(-1)]);
const outside = (
  symbol = 'ETHUSDT',
  steps?: { ticks: number; lots: number; least: number; most: number; notional: bigint; mostNotional?: bigint } | null,
): void => engine.outside(symbol, { bids: [[199_900, 100_000]], asks: [[200_000, 100_000]], at: clock.at, steps });
const report = (
  outcome: 'done' | 'refused',
  trades: VenueTrade[] = [],
  more: { again?: boolean; reason?: string } = {},
): Promise<CommandAnswer> =>
  give({
    kind: 'venue.report',
    intentId: sent.at(-1) ?? '',
    outcome,
    venueOrderId: outcome === 'done' ? '1' : null,
    reason: null,
    trades,
    ...more,
  });
const trade = (quantity: string, symbol = 'ETHUSDT'): VenueTrade => ({
  symbol,
  tradeId: ++n,
  price: '2000',
  quantity,
  quoteQuantity: String(Number(quantity) * 2000),
  commission: '0',
  commissionAsset: symbol.slice(0, 3),
  time: clock.at,
});
const until = async (count: number): Promise<void> => {
  for (let tries = 0; tries < 400 && sent.length < count; tries++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(sent).toHaveLength(count);
};
const custody = async (asset: string): Promise<string> =>
  (await engine.custody()).find((one) => one.place === 'binance' && one.asset === asset)?.amount ?? '0';

beforeEach(async () => {
  const database = await testDatabase();
  dataSource = database.dataSource;
  drop = database.close;
  await seed(dataSource, registry, clock.at);
  [sent, alerts] = [[], []];
  engine = await start();
  for (const asset of ['ETH', 'USDT', 'BTC'])
    await give({ kind: 'operator.contribute', asset, amount: '1000000', custody: 'binance' });
  for (const asset of ['ETH', 'USDT', 'BTC'])
    await give({ kind: 'operator.grant', userId: 'ann', asset, amount: '500000', why: 'test' });
  outside();
});
afterEach(async () => {
  expect(auditBooks(await readBookFacts(dataSource))).toEqual([]);
  await engine.stop();
  await drop();
});

test('a refusal for the clock is followed by a new order with a new id, stamped with the time of the venue', async () => {
  const { id } = await place({ quantity: '1' });
  await until(1);
  engine.venueClock(4000);
  await report('refused', [], { again: true });
  await until(2);
  expect(sent[1]).not.toBe(sent[0]);
  expect(Number((await intent()).sent_timestamp)).toBe(clock.at + 4000);
  await report('done', [trade('1')]);
  expect(await order(id)).toMatchObject({ state: 'FILLED' });
});

test('while the venue is away takers wait a little, then expire by name; nothing is written down for it', async () => {
  engine.venueAway(true);
  const first = await place({ quantity: '1' });
  expect(await order(first.id)).toMatchObject({ book_status: 'inFlight' });
  clock.at += 3100;
  outside();
  await tick();
  expect(await order(first.id)).toMatchObject({ state: 'EXPIRED', reason: 'VENUE_AWAY' });
  expect(sent).toEqual([]);
  const second = await place({ quantity: '1' });
  engine.venueAway(false);
  await tick();
  await until(1);
  await report('done', [trade('1')]);
  expect(await order(second.id)).toMatchObject({ state: 'FILLED' });
});

test('larger steps of the venue: what is sent lies on them, the rest is named', async () => {
  outside('ETHUSDT', { ticks: 100, lots: 1000, least: 1000, most: 10 ** 9, notional: 0n });
  const { id } = await place({ type: 'LIMIT', timeInForce: 'IOC', price: '2000.55', quantity: '0.2345' });
  await until(1);
  expect(await intent()).toMatchObject({ quantity: '0.200000000000000000', limit_price: '2000.000000000000000000' });
  await report('done', [trade('0.2')]);
  expect(await order(id)).toMatchObject({
    state: 'EXPIRED',
    executed_qty: '0.200000000000000000',
    reason: 'VENUE_MINIMUM',
  });
});

test('an order that ended by the range of prices of the venue is not sent again unchanged', async () => {
  const { id } = await place({ type: 'LIMIT', timeInForce: 'IOC', price: '2000', quantity: '2' });
  await until(1);
  await report('done', [trade('1')], { reason: 'PRICE_RANGE' });
  await tick();
  expect(sent).toHaveLength(1);
  expect(await order(id)).toMatchObject({
    state: 'EXPIRED',
    executed_qty: '1.000000000000000000',
    reason: 'VENUE_PRICE_RANGE',
  });
  const resting = await place({ type: 'LIMIT', price: '2000', quantity: '1' });
  await until(2);
  await report('done', [], { reason: 'PRICE_RANGE' });
  await tick();
  expect(sent).toHaveLength(2);
  expect(await order(resting.id)).toMatchObject({ state: 'NEW' });
});

test('no order is worth more than the venue takes at once: the rest follows in others', async () => {
  outside('ETHUSDT', { ticks: 1, lots: 1, least: 1, most: 10 ** 9, notional: 0n, mostNotional: parseAmount('5000') });
  await place({ type: 'LIMIT', timeInForce: 'IOC', price: '2000', quantity: '4' });
  await until(1);
  expect(await intent()).toMatchObject({ quantity: '2.500000000000000000' });
  await report('done', [trade('2.5')]);
  await until(2);
  expect(await intent()).toMatchObject({ quantity: '1.500000000000000000' });
});

test('an order at market below what the venue takes holds nothing', async () => {
  const before = await engine.balancesOf('ann');
  await expect(place({ side: 'SELL', quantity: '0.0025' })).rejects.toMatchObject({
    code: 'FILTER_FAILURE',
    details: { minimum: '0.0026' },
  });
  expect(await engine.balancesOf('ann')).toEqual(before);
  await place({ side: 'SELL', quantity: '0.0026' });
  await until(1);
});

test('steps of the venue that do not fit ours: nothing is sent, our own book goes on', async () => {
  outside('ETHUSDT', null);
  await place({ type: 'LIMIT', price: '2000', quantity: '1' });
  expect(
    await place({ side: 'SELL', type: 'LIMIT', price: '2000', quantity: '1', selfTradePreventionMode: 'EXPIRE_TAKER' }),
  ).toMatchObject({ state: 'EXPIRED_IN_MATCH' });
  expect(sent).toEqual([]);
});

test('what an admin chose for a market holds over a restart of the engine', async () => {
  await give({ kind: 'market.set', symbol: 'ETHUSDT', adminId: 'admin', state: 'TRADING', internalOnly: true });
  await give({ kind: 'market.set', symbol: 'BTCUSDT', adminId: 'admin', state: 'HALT', internalOnly: false });
  await engine.stop();
  engine = await start();
  for (const symbol of ['ETHUSDT', 'BTCUSDT']) outside(symbol);
  expect(await place({ type: 'LIMIT', price: '2000', quantity: '1' })).toMatchObject({
    state: 'NEW',
    bookStatus: 'resting',
  });
  await expect(place({ symbol: 'BTCUSDT', quantity: '0.1' })).rejects.toMatchObject({ code: 'MARKET_HALTED' });
});

test('a market that sends and sends leaves others their turn', async () => {
  outside('BTCUSDT');
  for (let count = 1; ; count++) {
    await place({ quantity: '0.1' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (sent.length < count) break;
    await report('done', [trade('0.1')]);
  }
  expect(sent.length).toBeLessThanOrEqual(66);
  const before = sent.length;
  const other = await place({ symbol: 'BTCUSDT', quantity: '0.1' });
  await until(before + 1);
  expect((await intent()).symbol).toBe('BTCUSDT');
  await report('done', [trade('0.1', 'BTCUSDT')]);
  expect(await order(other.id)).toMatchObject({ state: 'FILLED' });
});

describe('a reset of the venue', () => {
  const stop = (): Promise<CommandAnswer> => give({ kind: 'venue.stop', reason: 'ids went backwards' });
  const account = async (actual: string): Promise<CommandAnswer> =>
    give({ kind: 'venue.reconciled', accounts: [{ asset: 'ETH', booked: await custody('ETH'), actual }] });

  test('nothing goes there, our own book goes on, and it stays so over a restart', async () => {
    await stop();
    expect(alerts).toContain('VENUE_STOPPED');
    await engine.stop();
    engine = await start();
    outside();
    expect(engine.venue()).toMatchObject({ state: 'STOPPED', epoch: 1, reason: 'ids went backwards' });
    expect(await place({ type: 'LIMIT', price: '2001', quantity: '1' })).toMatchObject({
      state: 'NEW',
      bookStatus: 'resting',
    });
    expect(engine.availableToHedge('USDT')).toBe(0n);
    expect(sent).toEqual([]);
  });

  test('an operator opens a new epoch: open orders first, then the difference goes to suspense by name, and orders go out again', async () => {
    const { id } = await place({ quantity: '1' });
    await until(1);
    await stop();
    await give({ kind: 'venue.open', adminId: 'admin', newEpoch: true, why: 'the monthly reset' });
    await expect(account('900000')).rejects.toMatchObject({ code: 'BUSY' });
    // Executed before the reset or never: the venue knows nothing of it.
    await report('refused');
    expect(await order(id)).toMatchObject({ state: 'EXPIRED' });
    await expect(
      give({ kind: 'venue.reconciled', accounts: [{ asset: 'ETH', booked: '999', actual: '1' }] }),
    ).rejects.toMatchObject({ code: 'BUSY' });
    await account('900000.5');
    expect(await readVenueState(dataSource)).toMatchObject({ state: 'OPEN', epoch: 2, adminId: 'admin' });
    expect(await custody('ETH')).toBe('900000.5');
    expect(
      (await venueDifferences(dataSource, 10)).map(({ asset, difference, epoch }) => [asset, difference, epoch]),
    ).toEqual([['ETH', '-99999.500000000000000000', 2]]);
    expect(await row(`SELECT action, subject FROM admin_audit WHERE action = 'venue.open'`)).toMatchObject({
      subject: 'binance',
    });
    outside();
    await place({ quantity: '0.1' });
    await until(2);
    await report('done', [trade('0.1')]);
  });

  test('coins that the venue has debited for a transfer of ours are no difference: they are booked when they leave', async () => {
    const before = await custody('ETH');
    await give({ kind: 'venue.reserve', transferId: 'pb1', asset: 'ETH', amount: '3' });
    await stop();
    await give({ kind: 'venue.open', adminId: 'admin', newEpoch: false, why: 'looked at' });
    await account('900000');
    expect(await readVenueState(dataSource)).toMatchObject({ state: 'OPEN' });
    expect([await custody('ETH'), await venueDifferences(dataSource, 10)]).toEqual([before, []]);
  });

  test('a trade with a number that was settled before belongs to the new epoch', async () => {
    await place({ quantity: '1' });
    await until(1);
    const old = trade('1');
    await report('done', [old]);
    await place({ quantity: '0.5' });
    await until(2);
    const memory = createVenueMemory(dataSource);
    expect(await memory.settledFor(1, 'ETHUSDT', [old.tradeId], sent[1] ?? '')).toEqual([old.tradeId]);
    await stop();
    await give({ kind: 'venue.open', adminId: 'admin', newEpoch: true, why: 'the monthly reset' });
    expect(await memory.settledFor(2, 'ETHUSDT', [old.tradeId], sent[1] ?? '')).toEqual([]);
    await report('done', [{ ...old, quantity: '0.5', quoteQuantity: '1000' }]);
    expect(await row('SELECT COUNT(*) AS n FROM venue_trades')).toMatchObject({ n: '2' });
  });
});
