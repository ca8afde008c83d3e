/**
 * Swaps over an asset between, on a real database: every outcome of the two orders, and an end of the process between
 * them.
 */
import { firstListing } from '../../db/seed';
import { createEngineStore } from '../../db/stores/engine';
import { readBookFacts } from '../../db/stores/audit';
import { testDatabase } from '../../db/testing';
import { fixedClock } from '../../domain/clock-and-ids';
import type { VenueTrade } from '../../domain/contract/commands';
import { createEventBus } from '../../domain/contract/event-bus';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { auditBooks } from '../../ledger/audit';
import { createEngine } from '.';
import type { SwapLeg } from '../modules/swaps/state';

const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const n = parseAmount;

/** 2 ETH for 1,990 USDT each, for SOL at 200: 19.8 SOL, and 20 USDT that fill no lot. */
const FIRST: SwapLeg = {
  symbol: 'ETHUSDT',
  side: 'SELL',
  quantity: n('2'),
  limit: n('1992'),
  from: 'ETH',
  to: 'USDT',
  fromAmount: n('2'),
  toAmount: n('3980'),
  seen: {},
};
const SECOND: SwapLeg = {
  symbol: 'SOLUSDT',
  side: 'BUY',
  quantity: n('19.9'),
  limit: n('198'),
  from: 'USDT',
  to: 'SOL',
  fromAmount: n('3960'),
  toAmount: n('19.8'),
  seen: {},
};

let database: Awaited<ReturnType<typeof testDatabase>>;
const running: { stop(): Promise<void> }[] = [];
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  for (const engine of running.splice(0)) await engine.stop();
  await database.close();
});

async function start() {
  const { dataSource } = database;
  const bus = createEventBus((error) => {
    throw error;
  });
  const engine = createEngine({
    dataSource,
    registry,
    clock: fixedClock(),
    events: bus,
    logger: silent,
    onFenced: () => undefined,
    store: createEngineStore(dataSource),
  });
  await engine.start();
  running.push(engine);
  return engine;
}

/** The engine with a user's two ether at the venue, and the swap accepted. */
async function accepted() {
  const engine = await start();
  await engine.submit({
    kind: 'deposit.credit',
    reference: 'd1',
    depositId: 'd1',
    userId: 'u1',
    network: 'ethereum',
    asset: 'ETH',
    amount: '2',
  });
  await engine.submit({
    kind: 'custody.move',
    reference: 'm1',
    asset: 'ETH',
    amount: '2',
    from: 'deposit/ethereum',
    to: 'binance',
  });
  engine.venueBalances(new Map([['ETH', n('2')]]));
  const quote = {
    id: 'q1',
    userId: 'u1',
    from: 'ETH',
    to: 'SOL',
    fromAmount: '2',
    toAmount: '19.8',
    rate: '9.9',
    commission: '0.04',
    between: { asset: 'USDT', amount: '20' },
    expiresAt: 2e12,
  };
  engine.offer({ quote, legs: [FIRST, SECOND], feeVersion: 1 });
  await engine.submit({ kind: 'swap.accept', reference: 'a1', swapId: 's1', userId: 'u1', quoteId: 'q1' });
  return engine;
}

const trade = (leg: SwapLeg, tradeId: number, quantity: string): VenueTrade => {
  const worth = (n(quantity) * leg.limit) / 10n ** 18n;
  const [commission, commissionAsset] = leg.side === 'SELL' ? [worth / 1000n, leg.to] : [n(quantity) / 1000n, leg.to];
  return {
    symbol: leg.symbol,
    tradeId,
    price: formatAmount(leg.limit),
    quantity,
    quoteQuantity: formatAmount(worth),
    commission: formatAmount(commission),
    commissionAsset,
    time: 1,
  };
};
const report = (leg: 0 | 1, quantities: readonly string[]) => ({
  kind: 'venue.report' as const,
  reference: `intent:s1-${leg}:final`,
  intentId: `s1-${leg}`,
  outcome: quantities.length > 0 ? ('done' as const) : ('refused' as const),
  venueOrderId: '1',
  reason: null,
  trades: quantities.map((quantity, at) => trade(leg === 0 ? FIRST : SECOND, at + 1, quantity)),
});

const row = async () => {
  const [found] = (await database.dataSource.query(
    'SELECT state, leg, filled_from, filled_to, between_amount FROM swaps',
  )) as Record<string, string>[];
  return [
    found?.state,
    ...['filled_from', 'filled_to', 'between_amount'].map((field) => formatAmount(n(found?.[field] ?? ''))),
  ];
};
const balance = async (engine: Awaited<ReturnType<typeof start>>) =>
  Object.fromEntries((await engine.balancesOf('u1')).map(({ asset, available, held }) => [asset, [available, held]]));
const findings = async () => auditBooks(await readBookFacts(database.dataSource));

test.each([
  // first order, second order, the row, the balance
  [['2'], ['19.9'], ['COMPLETED', '2', '19.8', '20'], { SOL: ['19.8', '0'], USDT: ['20', '0'] }],
  [['0.5', '1.5'], ['10', '9.9'], ['COMPLETED', '2', '19.8', '20'], { SOL: ['19.8', '0'], USDT: ['20', '0'] }],
  [['2'], [], ['PARTIAL', '2', '0', '3980'], { USDT: ['3980', '0'] }],
  [['2'], ['9.95'], ['PARTIAL', '2', '9.9', '2000'], { SOL: ['9.9', '0'], USDT: ['2000', '0'] }],
  // Half of the first order pays 1,990: half of the second, in whole lots, and the rest in USDT.
  [
    ['1'],
    ['10'],
    ['PARTIAL', '1', '9.94974874', '0.050251'],
    { ETH: ['1', '0'], SOL: ['9.94974874', '0'], USDT: ['0.050251', '0'] },
  ],
  [['1'], [], ['PARTIAL', '1', '0', '1990'], { ETH: ['1', '0'], USDT: ['1990', '0'] }],
  [[], undefined, ['RETURNED', '0', '0', '0'], { ETH: ['2', '0'] }],
  // Too little for one lot of the second: what is between is the user's.
  [['0.00001'], undefined, ['PARTIAL', '0.00001', '0', '0.0199'], { ETH: ['1.99999', '0'], USDT: ['0.0199', '0'] }],
] as const)('the first order fills %j and the second %j', async (first, second, ended, owns) => {
  const engine = await accepted();
  await engine.submit(report(0, first));
  expect(await findings()).toEqual([]);
  if (second) {
    expect(await row()).toContain('EXECUTING');
    await engine.submit(report(1, second));
  }
  expect(await row()).toEqual(ended);
  expect(await balance(engine)).toEqual(owns);
  expect(await findings()).toEqual([]);
  // The order of a leg that is over cannot be told again.
  await expect(engine.submit({ ...report(0, ['2']), reference: 'again' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an end of the process between the two orders loses nothing', async () => {
  const first = await accepted();
  await first.submit(report(0, ['1.2']));
  const before = await balance(first);
  const again = await start();
  expect(await balance(again)).toEqual(before);
  await again.submit(report(1, ['6']));
  expect((await row())[0]).toBe('PARTIAL');
  expect(Object.values(await balance(again)).every(([, held]) => held === '0')).toBe(true);
  expect(await findings()).toEqual([]);
});

test('the same report twice is one; a fill beyond the order is refused and changes nothing', async () => {
  const engine = await accepted();
  await Promise.all([engine.submit(report(0, ['2'])), engine.submit(report(0, ['2']))]);
  const before = await balance(engine);
  await expect(engine.submit(report(1, ['30']))).rejects.toBeDefined();
  expect(await balance(engine)).toEqual(before);
  expect(await findings()).toEqual([]);
});
