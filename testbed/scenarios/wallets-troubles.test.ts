/**
 * What goes wrong on a real local chain: payouts that fail, fees that rise, coins that are still at the venue, a node
 * that is away.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import type { DomainEvent } from '../../domain/contract/events';
import type { Signer, VenueCapital } from '../../domain/contract/ports';
import { formatAmount, parseAmount, parseSigned } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import { createEngine } from '../../matching/engine';
import { createWallets } from '../../wallets';
import type { NetworkConfig } from '../../wallets';
import { createSigner } from '../../wallets/keys';
import { openRules } from '../../wallets/keys/testing';
import { startAnvil } from '../emulators/evm/anvil';
import type { Anvil } from '../emulators/evm/anvil';
import { prepareChain } from '../emulators/evm/prepare';
import { freshAddress, freshMnemonic, stranger } from '../emulators/evm/stranger';
import type { Stranger } from '../emulators/evm/stranger';
import { freePort } from '../services/process';
import { approvalOf } from '../stage/approve';

const N = 3;
const CHAIN_ID = 31337;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = { now: () => Date.now() };

let dir: string;
let anvil: Anvil;
let world: Stranger;
let usdt: string;
let database: Awaited<ReturnType<typeof testDatabase>>;
let registry: Registry;
let engine: ReturnType<typeof createEngine>;
let signer: Signer & { close(): void };
let wallets: ReturnType<typeof createWallets>;
let hot: string;
let alerts: DomainEvent[] = [];
let bus: ReturnType<typeof createEventBus>;
let n = 0;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await check();
    if (found) return found;
    await meanwhile();
    await pause(50);
  }
  throw new Error(`never: ${what}`);
}
const rows = async <T>(sql: string): Promise<T[]> => (await database.dataSource.query(sql)) as T[];
const mine = (blocks?: number): Promise<void> => world.mine(blocks);

/** A venue on the chain: takes what is sent to it, and pays by the stranger's account. */
function venueOnChain() {
  const address = freshAddress();
  const asked: { id: string; asset: string; amount: string }[] = [];
  const paid = new Map<string, { txid: string; amount: string }>();
  const venue = {
    address,
    asked,
    nextOutcome: 'done' as 'done' | 'unknown' | 'lost' | 'refused',
    credits: true,
    firstTxid: undefined as string | undefined,
  };
  const capital: VenueCapital = {
    depositAddress: async () => address,
    deposits: async (asset) =>
      (
        await rows<{ txid: string; amount: string }>(
          "SELECT txid, amount FROM venue_transfers WHERE direction = 'to-venue' AND txid IS NOT NULL",
        )
      ).map((row) => ({ ...row, asset, credited: venue.credits })),
    withdrawalTerms: async () => ({ fee: '0.0005', minimum: '0.001', step: '0.00000001' }),
    withdraw: async ({ id, asset, address: to, amount }) => {
      asked.push({ id, asset, amount });
      const outcome = venue.nextOutcome;
      venue.nextOutcome = 'done';
      if (outcome === 'refused') return { outcome: 'refused', reason: 'not now' };
      if (outcome !== 'lost')
        paid.set(id, {
          txid: await world.ether(to, formatAmount(parseAmount(amount) - parseAmount('0.0005'))),
          amount,
        });
      return { outcome: outcome === 'done' ? 'done' : 'unknown' };
    },
    withdrawal: async (id) => {
      const known = paid.get(id);
      return known
        ? { state: 'completed', txid: venue.firstTxid ?? known.txid, amount: known.amount, fee: '0.0005' }
        : null;
    },
    balances: async () => [],
  };
  return { venue, capital };
}
const closed = async (): Promise<never> => {
  throw new Error('the venue is closed');
};
const noVenue: VenueCapital = {
  depositAddress: closed,
  deposits: closed,
  withdrawalTerms: closed,
  withdraw: closed,
  withdrawal: closed,
  balances: closed,
};

const startWallets = async (venueCapital: VenueCapital = noVenue, over: Partial<NetworkConfig> = {}): Promise<void> => {
  const ids = { next: () => `w${process.pid}x${String(++n).padStart(8, '0')}` };
  const ethereum = { rpcUrls: [anvil.url], traces: true, pollMs: 10, gasReserve: '0', replaceAfter: 3, ...over };
  wallets = createWallets(
    {
      dataSource: database.dataSource,
      engine,
      signer,
      venueCapital,
      events: bus,
      clock,
      ids,
      registry,
      logger: silent,
    },
    { networks: { ethereum } },
  );
  await wallets.start();
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'wallets-'));
  anvil = await startAnvil({
    dir: join(dir, 'chain'),
    port: await freePort(),
    chainId: CHAIN_ID,
    blockSeconds: 0,
    logFile: join(dir, 'anvil.log'),
  });
  world = stranger(anvil);
  let ready = false;
  const prepared = prepareChain(anvil.url).finally(() => (ready = true));
  while (!ready) await mine().then(() => pause(20));
  ({ usdt } = await prepared);
  database = await testDatabase();
  registry = firstListing({ ethereum: { chainId: CHAIN_ID, usdt, confirmations: N } });
  alerts = [];
  bus = createEventBus((error) => {
    throw error;
  });
  bus.on('alert', (event) => void alerts.push(event));
  engine = createEngine({
    dataSource: database.dataSource,
    registry,
    clock,
    events: bus,
    logger: silent,
    onFenced: () => undefined,
  });
  await engine.start();
  const rails = { ETH: { contract: null, decimals: 18 }, USDT: { contract: usdt, decimals: 6 } };
  signer = createSigner(
    freshMnemonic(),
    {
      networks: { ethereum: { chainId: CHAIN_ID, gasAsset: 'ETH', rails } },
      maxGasCost: '0.05',
      approvals: openRules,
      venueAddresses: 'first-seen',
    },
    dir,
  );
  hot = (await signer.identity('ethereum')).hotAddress;
  await world.ether(hot, '1');
  await mine();
  await engine.submit({
    kind: 'operator.contribute',
    reference: 'contribute:1',
    asset: 'ETH',
    amount: '1',
    custody: 'hot/ethereum',
  });
});
afterEach(async () => {
  await wallets.stop();
  await engine.stop();
  signer.close();
  await database.close();
  await anvil.stop();
  rmSync(dir, { recursive: true, force: true });
});

const custody = async (place: string): Promise<bigint> =>
  parseSigned((await engine.custody()).find((row) => row.place === place && row.asset === 'ETH')?.amount ?? '0');
const onChain = async (address: string): Promise<bigint> => parseAmount(await world.etherOf(address));
const stateOf = async (id: string): Promise<string> =>
  (await rows<{ state: string }>(`SELECT shown_state AS state FROM withdrawals WHERE id = '${id}'`))[0]?.state ?? '';
const codes = (): string[] => alerts.flatMap((event) => ('code' in event ? [event.code] : []));

/** u1 with ten ether, swept. */
async function tenEther(): Promise<void> {
  await world.ether(await wallets.depositAddresses.addressFor('u1', 'ethereum'), '10');
  await until(
    'swept',
    async () => (await rows<{ state: string }>('SELECT state FROM deposits'))[0]?.state === 'SWEPT',
    () => mine(),
  );
}
async function approve(id: string, time = 1): Promise<void> {
  await engine.submit(await approvalOf(engine, id, `approve:${id}:${time}`));
}
async function withdraw(id: string, address: string, amount: string): Promise<void> {
  await engine.submit({
    kind: 'withdrawal.request',
    reference: `withdrawal:u1:${id}`,
    withdrawalId: id,
    userId: 'u1',
    asset: 'ETH',
    network: 'ethereum',
    address,
    amount,
    fee: '0.003',
  });
  await approve(id);
}
/** Its last transaction's row is closed just after the engine has confirmed the withdrawal. */
const confirmed = (id: string) =>
  until(
    `${id} is confirmed`,
    async () =>
      (await stateOf(id)) === 'CONFIRMED' &&
      (await rows(`SELECT id FROM chain_transactions WHERE subject = '${id}' AND state IN ('SIGNED', 'BROADCAST')`))
        .length === 0,
    () => mine(),
  );

/** w1 of 1.5 to a receiver that refuses every call once it is sent. */
async function failsOnce(to: string): Promise<void> {
  await withdraw('w1', to, '1.5');
  await until('sent', async () => (await stateOf('w1')) === 'BROADCAST');
  // From now on the receiver refuses every call.
  await world.rpc('anvil_setCode', [to, '0x60006000fd']);
  await until(
    'failed',
    async () => (await stateOf('w1')) === 'REQUESTED',
    () => mine(),
  );
  // The books hear of it first, then the transaction's own row is closed and an operator told.
  await until('told', async () => codes().includes('PAYOUT_FAILED') && codes().includes('TRANSACTION_FAILED'));
}

async function booksAreTheChain(): Promise<void> {
  expect(formatAmount(await custody('hot/ethereum'))).toBe(formatAmount(await onChain(hot)));
  expect(await rows('SELECT reference FROM costs WHERE settled = 0')).toEqual([]);
  for (const { amount } of await engine.operatorPosition()) expect(amount.startsWith('-')).toBe(false);
}

test('E12 a payout that is mined and fails goes back to review with its gas booked; approved again it is paid once', async () => {
  await startWallets();
  await tenEther();
  const to = freshAddress();
  await failsOnce(to);
  expect(await onChain(to)).toBe(0n);
  await booksAreTheChain();
  await world.rpc('anvil_setCode', [to, '0x']);
  await approve('w1', 2);
  await confirmed('w1');
  expect(await onChain(to)).toBe(parseAmount('1.5'));
  expect(await rows("SELECT id, state FROM chain_transactions WHERE purpose = 'withdrawal' ORDER BY id")).toEqual([
    { id: 'withdrawal:w1:0', state: 'FAILED' },
    { id: 'withdrawal:w1:1', state: 'CONFIRMED' },
  ]);
  await booksAreTheChain();
});

test(
  'E12 E13 gas becomes dearer than was offered: replaced with higher fees until it is mined, ' +
    'paid once, every reservation closed',
  async () => {
    await startWallets();
    await tenEther();
    const to = freshAddress();
    await withdraw('w1', to, '1.5');
    await until('sent', async () => (await stateOf('w1')) === 'BROADCAST');
    await world.rpc('anvil_setNextBlockBaseFeePerGas', ['0x2540be400']);
    await confirmed('w1');
    await mine(3);
    expect(await onChain(to)).toBe(parseAmount('1.5'));
    const sent = await rows<{ id: string; state: string }>(
      "SELECT id, state FROM chain_transactions WHERE purpose = 'withdrawal' ORDER BY id",
    );
    expect(sent[0]).toEqual({ id: 'withdrawal:w1:0', state: 'CONFIRMED' });
    expect(sent.length).toBeGreaterThan(1);
    expect(sent.slice(1).every((row) => row.state === 'VOID')).toBe(true);
    const [paid] = await rows<{ txid: string }>("SELECT txid FROM withdrawals WHERE id = 'w1'");
    expect(await world.rpc('eth_getTransactionReceipt', [paid?.txid])).toMatchObject({ status: '0x1' });
    await booksAreTheChain();
  },
);

describe('a reorganisation deeper than what counts takes a final transaction of ours away', () => {
  const final = () =>
    rows<{ placed: string }>(
      "SELECT COUNT(*) AS placed FROM chain_transactions WHERE subject = 'w1' AND state = 'CONFIRMED' AND block_height IS NOT NULL",
    );
  const loseIt = async (): Promise<void> => {
    const [row] = await rows<{ height: string }>(
      "SELECT block_height AS height FROM chain_transactions WHERE subject = 'w1' AND state = 'CONFIRMED'",
    );
    await world.reorganise((await world.head()).height - Number(row?.height) + 1);
  };

  test('E8 sent again: paid once, the books go on, and what it cost in the new block is booked', async () => {
    await startWallets();
    await tenEther();
    const to = freshAddress();
    await withdraw('w1', to, '1.5');
    await confirmed('w1');
    await loseIt();
    // Blocks fill up again at another price than before.
    await world.rpc('anvil_setNextBlockBaseFeePerGas', ['0x3b9aca01']);
    await until(
      'told',
      async () => codes().includes('TX_REORGED'),
      () => mine(),
    );
    await until(
      'final again',
      async () => (await final())[0]?.placed === '1',
      () => mine(),
    );
    expect(await stateOf('w1')).toBe('CONFIRMED');
    expect(await onChain(to)).toBe(parseAmount('1.5'));
    await until(
      'the books are the chain',
      async () => (await custody('hot/ethereum')) === (await onChain(hot)),
      () => mine(),
    );
    await booksAreTheChain();
  });

  test('E8 one that had failed, and was paid by another since, is not sent again: withdrawals of the asset stop', async () => {
    await startWallets();
    await tenEther();
    const to = freshAddress();
    await failsOnce(to);
    const [failed] = await rows<{ height: string }>(
      "SELECT block_height AS height FROM chain_transactions WHERE id = 'withdrawal:w1:0'",
    );
    await world.rpc('anvil_setCode', [to, '0x']);
    await approve('w1', 2);
    await confirmed('w1');
    await world.reorganise((await world.head()).height - Number(failed?.height) + 1);
    await until(
      'stopped',
      async () => (await engine.paused()).length === 1,
      () => mine(),
    );
    for (let blocks = 0; blocks < 2 * N; blocks++) await mine().then(() => pause(50));
    expect(await onChain(to)).toBeLessThanOrEqual(parseAmount('1.5'));
    expect(
      await rows("SELECT id FROM chain_transactions WHERE id = 'withdrawal:w1:0' AND block_height IS NULL"),
    ).toHaveLength(1);
  });

  test('E8 it fails there: withdrawals of the asset stop until a person has looked, and nothing is paid a second time', async () => {
    await startWallets();
    await tenEther();
    const to = freshAddress();
    await withdraw('w1', to, '1.5');
    await confirmed('w1');
    await loseIt();
    await world.rpc('anvil_setCode', [to, '0x60006000fd']);
    await until(
      'told',
      async () => codes().includes('TX_OUTCOME_CHANGED'),
      () => mine(),
    );
    expect(await engine.paused()).toMatchObject([{ asset: 'ETH' }]);
    expect(await stateOf('w1')).toBe('CONFIRMED');
    expect(await onChain(to)).toBe(0n);
    await until(
      'written down',
      async () =>
        (await rows<{ state: string }>("SELECT state FROM chain_transactions WHERE subject = 'w1'"))[0]?.state ===
        'FAILED',
    );
  });
});

test('coins go on to the venue, come back for a withdrawal, asked for once though the answer was lost; older ones first', async () => {
  const { venue, capital } = venueOnChain();
  await startWallets(capital, { gasReserve: '0.5' });
  await tenEther();
  await until(
    'at the venue',
    async () => (await custody('binance')) > parseAmount('10'),
    () => mine(),
  );
  expect(await custody('binance')).toBe(await onChain(venue.address));
  expect(await custody('hot/ethereum')).toBeGreaterThanOrEqual(parseAmount('0.5'));
  const booked = await custody('binance');
  const freeAtVenue = () => custody('binance').then((amount) => engine.venueBalances(new Map([['ETH', amount]])));
  await freeAtVenue();
  venue.nextOutcome = 'unknown';
  const [first, second] = [freshAddress(), freshAddress()];
  await withdraw('w1', first, '6');
  await withdraw('w2', second, '0.4');
  await until(
    'both are paid',
    async () => (await stateOf('w1')) === 'CONFIRMED' && (await stateOf('w2')) === 'CONFIRMED',
    async () => {
      await freeAtVenue();
      await mine();
    },
  );
  expect([await onChain(first), await onChain(second)]).toEqual([parseAmount('6'), parseAmount('0.4')]);
  const ids = venue.asked.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  await until(
    'all has settled',
    async () =>
      (await rows("SELECT id FROM venue_transfers WHERE state NOT IN ('DONE', 'FAILED')")).length === 0 &&
      (await custody('transit')) === 0n,
    () => mine(),
  );
  const debited = venue.asked.reduce((sum, { amount }) => sum + parseAmount(amount), 0n);
  expect(await custody('binance')).toBe((await onChain(venue.address)) - debited);
  expect(booked).toBeGreaterThan(0n);
  await until(
    'the books',
    async () => (await rows('SELECT reference FROM costs WHERE settled = 0')).length === 0,
    () => mine(),
  );
  await booksAreTheChain();
});

test('the venue sends another transaction in place of the one that it named: that one is followed', async () => {
  const { venue, capital } = venueOnChain();
  await startWallets(capital, { gasReserve: '0.5' });
  await tenEther();
  await until(
    'at the venue',
    async () => (await custody('binance')) > parseAmount('10'),
    () => mine(),
  );
  engine.venueBalances(new Map([['ETH', await custody('binance')]]));
  venue.firstTxid = `0x${'11'.repeat(32)}`;
  const to = freshAddress();
  await withdraw('w1', to, '6');
  await until(
    'named',
    async () =>
      (await rows("SELECT id FROM venue_transfers WHERE direction = 'pull-back' AND state = 'IN_TRANSIT'")).length ===
      1,
    () => mine(),
  );
  for (let blocks = 0; blocks < 2 * N; blocks++) await mine().then(() => pause(30));
  expect(await onChain(to)).toBe(0n);
  venue.firstTxid = undefined;
  await confirmed('w1');
  expect(await onChain(to)).toBe(parseAmount('6'));
  expect(venue.asked).toHaveLength(1);
  await until(
    'the books are the chain',
    async () => (await custody('hot/ethereum')) === (await onChain(hot)),
    () => mine(),
  );
});

test('what the venue does not have yet: waits, nothing is asked for, no rows pile up; then it comes back and is paid', async () => {
  const { venue, capital } = venueOnChain();
  venue.credits = false;
  await startWallets(capital, { gasReserve: '0.5' });
  await tenEther();
  await until(
    'in transit',
    async () => (await custody('transit')) > parseAmount('10'),
    () => mine(),
  );
  const to = freshAddress();
  await withdraw('w1', to, '6');
  await until('waits', async () => (await stateOf('w1')) === 'WAITING_FUNDS');
  await pause(1000);
  expect(venue.asked).toEqual([]);
  expect(await rows("SELECT state FROM venue_transfers WHERE direction = 'pull-back'")).toEqual([
    { state: 'RESERVED' },
  ]);
  venue.credits = true;
  await until(
    'arrived',
    async () => (await custody('binance')) > parseAmount('10'),
    () => mine(),
  );
  engine.venueBalances(new Map([['ETH', await custody('binance')]]));
  await confirmed('w1');
  expect(await onChain(to)).toBe(parseAmount('6'));
  expect(venue.asked).toHaveLength(1);
});

test('E10 a node of another chain: the start is refused; no node: closed, and opened when it is there', async () => {
  await startWallets();
  await wallets.stop();
  const other = await startAnvil({
    dir: join(dir, 'other'),
    port: await freePort(),
    chainId: 1,
    blockSeconds: 0,
    logFile: join(dir, 'other.log'),
  });
  await expect(startWallets(noVenue, { rpcUrls: [other.url] })).rejects.toThrow('on chain 1, not 31337');
  await other.stop();
  const port = await freePort();
  await startWallets(noVenue, { rpcUrls: [`http://127.0.0.1:${port}`] });
  expect(wallets.status()).toMatchObject([{ state: 'opening' }]);
  await expect(wallets.depositAddresses.addressFor('u1', 'ethereum')).rejects.toMatchObject({ code: 'ASSET_PAUSED' });
  await expect(wallets.addressCheck.check('ethereum', 'ETH', freshAddress())).rejects.toMatchObject({
    code: 'ASSET_PAUSED',
  });
});

test('E9 E10 the same chain id and another beginning: the network stops, nothing is reversed', async () => {
  await startWallets();
  await tenEther();
  await wallets.stop();
  const before = await engine.balancesOf('u1');
  // Two chains that begin in the same second begin with the same block.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const other = await startAnvil({
    dir: join(dir, 'other'),
    port: await freePort(),
    chainId: CHAIN_ID,
    blockSeconds: 0,
    logFile: join(dir, 'other.log'),
  });
  await stranger(other).mine(200);
  await startWallets(noVenue, { rpcUrls: [other.url] });
  expect(wallets.status()).toMatchObject([{ state: 'halted' }]);
  expect(codes()).toContain('NETWORK_HALTED');
  await expect(wallets.depositAddresses.addressFor('u1', 'ethereum')).rejects.toMatchObject({ code: 'ASSET_PAUSED' });
  expect(await engine.balancesOf('u1')).toEqual(before);
  await other.stop();
});
