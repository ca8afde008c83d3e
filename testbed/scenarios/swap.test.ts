/** The swap desk against the emulator: the real SDK over real sockets, a real database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { readBookFacts } from '../../db/stores/audit';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { auditBooks } from '../../ledger/audit';
import { createMatching } from '../../matching';
import { startEmulator } from '../emulators/binance/main';
import type { Emulator } from '../emulators/binance/main';

const registry = firstListing({
  ethereum: { chainId: 31337, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const KEYS = {
  tradingKey: { key: 'trading', secret: 'trading-secret' },
  treasuryKey: { key: 'treasury', secret: 'treasury-secret' },
};

let dir: string;
let emulator: Emulator;
let database: Awaited<ReturnType<typeof testDatabase>>;
let matching: ReturnType<typeof createMatching>;
let n = 0;

const startMatching = async (): Promise<void> => {
  matching = createMatching(
    {
      dataSource: database.dataSource,
      registry,
      clock: { now: () => Date.now() },
      ids: { next: () => `q${Date.now().toString(36)}${++n}` },
      events: createEventBus((error) => {
        throw error;
      }),
      logger: silent,
      onFenced: () => undefined,
    },
    {
      binance: {
        restUrl: emulator.url,
        streamUrl: emulator.url.replace('http', 'ws'),
        wsApiUrl: emulator.url.replace('http', 'ws'),
        ...KEYS,
      },
    },
  );
  await matching.start();
};

beforeEach(async () => {
  // The SDK warns of every client id without its author's broker tag.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'emulator-'));
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: [
      { apiKey: 'trading', secret: 'trading-secret', type: 'hmac', permissions: ['TRADE'] },
      { apiKey: 'treasury', secret: 'treasury-secret', type: 'hmac', permissions: ['WITHDRAW'] },
    ],
    chains: [],
    balances: { ETH: '10', USDT: '50000' },
  });
  database = await testDatabase();
  await startMatching();
  // A user's ten ether, already at the venue; the 50,000 USDT there are the operator's.
  const { engine } = matching;
  await engine.submit({
    kind: 'deposit.credit',
    reference: 'deposit:1',
    depositId: 'd1',
    userId: 'u1',
    network: 'ethereum',
    asset: 'ETH',
    amount: '10',
  });
  await engine.submit({
    kind: 'custody.move',
    reference: 'move:1',
    asset: 'ETH',
    amount: '10',
    from: 'deposit/ethereum',
    to: 'binance',
  });
  await engine.submit({
    kind: 'operator.contribute',
    reference: 'contribute:1',
    asset: 'USDT',
    amount: '50000',
    custody: 'binance',
  });
});
afterEach(async () => {
  await matching.stop();
  await emulator.close();
  await database.close();
  rmSync(dir, { recursive: true, force: true });
});

async function until<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never: ${what}`);
}

const quote = (from: string, to: string, fromAmount: string) =>
  until('a fresh book', () => matching.quotes.quote({ userId: 'u1', from, to, fromAmount }).catch(() => undefined));

interface SwapState {
  state: string;
  filled_from: string;
  filled_to: string;
}
const swapRow = async (id: string): Promise<SwapState> =>
  (
    (await database.dataSource.query('SELECT state, filled_from, filled_to FROM swaps WHERE id = ?', [
      id,
    ])) as SwapState[]
  )[0] as SwapState;
const finished = (id: string): Promise<SwapState> =>
  until('the swap ends', async () => {
    const row = await swapRow(id);
    return row.state !== 'EXECUTING' && row;
  });
const accept = (swapId: string, quoteId: string) =>
  matching.engine.submit({ kind: 'swap.accept', reference: `swap:u1:${swapId}`, swapId, userId: 'u1', quoteId });
const available = async (asset: string): Promise<string> =>
  (await matching.engine.balancesOf('u1')).find((row) => row.asset === asset)?.available ?? '0';

/** Our books say about the venue what the venue says itself. */
async function venueAgrees(): Promise<void> {
  const custody = await matching.engine.custody();
  for (const asset of ['ETH', 'USDT', 'SOL', 'BTC', 'TRX', 'XRP', 'LTC', 'BNB']) {
    const booked = parseAmount(custody.find((row) => row.place === 'binance' && row.asset === asset)?.amount ?? '0');
    const { free, locked } = emulator.exchange.account.balance(asset);
    expect(booked).toBe(free + locked);
  }
}

test('a sale and a purchase: executed at the venue at once, paid as quoted to the last unit', async () => {
  const sale = await quote('ETH', 'USDT', '1.00005');
  expect(sale.fromAmount).toBe('1');
  await accept('sale', sale.id);
  expect(await finished('sale')).toMatchObject({ state: 'COMPLETED' });
  expect(await available('USDT')).toBe(sale.toAmount);
  const back = await quote('USDT', 'ETH', '1000');
  const before = parseAmount(await available('ETH'));
  await accept('back', back.id);
  expect(await finished('back')).toMatchObject({ state: 'COMPLETED' });
  expect(parseAmount(await available('ETH')) - before).toBe(parseAmount(back.toAmount));
  await venueAgrees();
  for (const { amount } of await matching.engine.operatorPosition()) expect(amount.startsWith('-')).toBe(false);
});

test('through every asset and back, each over the asset between: as quoted to the last unit, and less than before', async () => {
  const way = ['ETH', 'SOL', 'BTC', 'TRX', 'XRP', 'LTC', 'BNB', 'ETH'] as const;
  let gives = '2';
  for (const [at, to] of way.slice(1).entries()) {
    const from = way[at] ?? '';
    const had = parseAmount(await available(to));
    const offer = await until(`a swap of ${from} for ${to}`, async () => {
      const offered = await quote(from, to, gives);
      // The venue tells of coins that have just come in a moment later.
      return accept(`way-${at}-${offered.id}`, offered.id).then(
        () => offered,
        () => undefined,
      );
    });
    expect(offer.between?.asset).toBe('USDT');
    expect(await finished(`way-${at}-${offer.id}`)).toMatchObject({ state: 'COMPLETED' });
    gives = formatAmount(parseAmount(await available(to)) - had);
    expect(gives).toBe(offer.toAmount);
  }
  expect(parseAmount(gives)).toBeLessThan(parseAmount('2'));
  expect((await matching.engine.balancesOf('u1')).every(({ held }) => held === '0')).toBe(true);
  await venueAgrees();
  expect(auditBooks(await readBookFacts(database.dataSource))).toEqual([]);
});

test("the second order finds nothing: what lies between is the user's", async () => {
  const offer = await quote('ETH', 'SOL', '1');
  emulator.exchange.faults.arm('order-rejected', { count: 1, match: 'SOLUSDT' });
  await accept('half', offer.id);
  expect(await finished('half')).toMatchObject({ state: 'PARTIAL', filled_to: '0.000000000000000000' });
  expect(parseAmount(await available('USDT'))).toBeGreaterThan(0n);
  expect(await available('SOL')).toBe('0');
  await venueAgrees();
});

test('a quote is for its owner, once, and for seconds', async () => {
  const offer = await quote('ETH', 'USDT', '1');
  await expect(
    matching.engine.submit({
      kind: 'swap.accept',
      reference: 'swap:u2:x',
      swapId: 'x',
      userId: 'u2',
      quoteId: offer.id,
    }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const answers = await Promise.all(Array.from({ length: 50 }, () => accept('once', offer.id)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  await expect(accept('twice', offer.id)).rejects.toMatchObject({ code: 'QUOTE_USED' });
  await finished('once');
  expect(emulator.exchange.account.orders.size).toBe(1);
});

test.each([
  ['reset-after', 'COMPLETED'],
  ['timeout-executed', 'COMPLETED'],
] as const)('%s: the order was executed, we are not told, and ask', async (fault, state) => {
  const offer = await quote('ETH', 'USDT', '1');
  emulator.exchange.faults.arm(fault, { count: 1 });
  await accept(fault, offer.id);
  expect(await finished(fault)).toMatchObject({ state });
  expect(emulator.exchange.account.orders.size).toBe(1);
  await venueAgrees();
});

test('a partial fill pays that part at the quoted rate and gives the rest back', async () => {
  const offer = await quote('ETH', 'USDT', '1');
  emulator.exchange.faults.arm('partial-fill', { count: 1 });
  await accept('part', offer.id);
  const row = await finished('part');
  expect(row.state).toBe('PARTIAL');
  expect(parseAmount(await available('ETH'))).toBe(parseAmount('10') - parseAmount(row.filled_from));
  const rate = (parseAmount(offer.toAmount) * parseAmount(row.filled_from)) / parseAmount(offer.fromAmount);
  expect(rate - parseAmount(row.filled_to)).toBeGreaterThanOrEqual(0n);
  expect(rate - parseAmount(row.filled_to)).toBeLessThan(parseAmount('0.000001'));
  await venueAgrees();
});

test('-1007 without execution: absence counts only after the window, then the money is back', async () => {
  const offer = await quote('ETH', 'USDT', '1');
  emulator.exchange.faults.arm('timeout-not-executed', { count: 1 });
  await accept('never', offer.id);
  expect((await swapRow('never')).state).toBe('EXECUTING');
  expect(await finished('never')).toMatchObject({ state: 'RETURNED' });
  expect(await available('ETH')).toBe('10');
});

test('another engine takes over while an order is out: it asks for the order, and never sends it again', async () => {
  const offer = await quote('ETH', 'USDT', '1');
  const place = jest.spyOn(emulator.exchange, 'place');
  // Accepted by the venue's edge and never answered: nobody knows whether it was executed.
  emulator.exchange.faults.arm('ws-silent', { count: 1 });
  await accept('killed', offer.id);
  const old = matching;
  await startMatching();
  expect(await finished('killed')).toMatchObject({ state: 'RETURNED' });
  expect(await available('ETH')).toBe('10');
  expect(place.mock.calls).toHaveLength(0);
  await old.stop();
});

test('coins that are not at the venue yet: refused with what is missing, nothing held', async () => {
  await matching.engine.submit({
    kind: 'deposit.credit',
    reference: 'deposit:2',
    depositId: 'd2',
    userId: 'u1',
    network: 'ethereum',
    asset: 'ETH',
    amount: '20',
  });
  const offer = await quote('ETH', 'USDT', '15');
  await expect(accept('early', offer.id)).rejects.toMatchObject({
    code: 'FUNDS_IN_TRANSIT',
    details: { asset: 'ETH', needed: '15', available: '10' },
  });
  expect(await available('ETH')).toBe('30');
});
