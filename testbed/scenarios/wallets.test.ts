/**
 * The wallets on a real local chain whose blocks we mine, with the real signer, the real engine and a real database.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTcp } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { createEngineStore } from '../../db/stores/engine';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import type { DomainEvent } from '../../domain/contract/events';
import type { SignIntent, Signer, VenueCapital } from '../../domain/contract/ports';
import { formatAmount, parseAmount, parseSigned } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import { createEngine } from '../../matching/engine';
import { createWallets } from '../../wallets';
import { createSigner } from '../../wallets/keys';
import { openRules } from '../../wallets/keys/testing';
import { startAnvil } from '../emulators/evm/anvil';
import type { Anvil } from '../emulators/evm/anvil';
import { prepareChain } from '../emulators/evm/prepare';
import { freshAddress, freshMnemonic, stranger } from '../emulators/evm/stranger';
import type { Stranger } from '../emulators/evm/stranger';
import { approvalOf } from '../stage/approve';

const N = 3;
const CHAIN_ID = 31337;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let dir: string;
let anvil: Anvil;
let world: Stranger;
let usdt: string;
let database: Awaited<ReturnType<typeof testDatabase>>;
let registry: Registry;
let engine: ReturnType<typeof createEngine>;
let signer: Signer & { close(): void };
let wallets: ReturnType<typeof createWallets> | undefined;
let hot: string;
const events: DomainEvent[] = [];
const bus = createEventBus((error) => {
  throw error;
});
bus.on('alert', (event) => void events.push(event));
let n = 0;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const mine = (blocks?: number): Promise<void> => world.mine(blocks);
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createTcp().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
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
const rows = async <T>(sql: string, values: unknown[] = []): Promise<T[]> =>
  (await database.dataSource.query(sql, values)) as T[];

/** Sent again after its block was lost; the node may have kept it. */
const sendAgain = (raw: string): Promise<unknown> => world.send(raw).catch(() => undefined);
const ether = (to: string, amount: string): Promise<string> => world.ether(to, amount);
const tether = (to: string, amount: string): Promise<string> => world.tether(usdt, to, amount);
const onChain = async (address: string, asset: string): Promise<bigint> =>
  parseAmount(await (asset === 'ETH' ? world.etherOf(address) : world.tetherOf(usdt, address)));

/** The venue takes nothing and gives nothing here. */
const closed = async (): Promise<never> => {
  throw new Error('the venue is closed');
};
const venueCapital: VenueCapital = {
  depositAddress: closed,
  deposits: closed,
  withdrawalTerms: closed,
  withdraw: closed,
  withdrawal: closed,
  balances: closed,
};

const startWallets = async (
  over: { rpcUrl?: string; signer?: Signer } = {},
): Promise<ReturnType<typeof createWallets>> => {
  wallets = createWallets(
    {
      dataSource: database.dataSource,
      engine,
      signer: over.signer ?? signer,
      venueCapital,
      events: bus,
      clock: { now: () => Date.now() },
      ids: { next: () => `w${process.pid}x${String(++n).padStart(8, '0')}` },
      registry,
      logger: silent,
    },
    { networks: { ethereum: { rpcUrls: [over.rpcUrl ?? anvil.url], traces: true, pollMs: 10, gasReserve: '0' } } },
  );
  await wallets.start();
  return wallets;
};
const stopWallets = async (): Promise<void> => {
  await wallets?.stop();
  wallets = undefined;
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
  engine = createEngine({
    dataSource: database.dataSource,
    registry,
    clock: { now: () => Date.now() },
    events: bus,
    logger: silent,
    onFenced: () => undefined,
    store: createEngineStore(database.dataSource),
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
  events.length = 0;
});
afterEach(async () => {
  await stopWallets();
  await engine.stop();
  signer.close();
  await database.close();
  await anvil.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The operator's own ether in the hot wallet, on the chain and in the books. */
async function operatorFunds(amount: string): Promise<void> {
  await ether(hot, amount);
  await mine();
  await engine.submit({
    kind: 'operator.contribute',
    reference: `contribute:${++n}`,
    asset: 'ETH',
    amount,
    custody: 'hot/ethereum',
  });
}
const addressOf = (userId: string): Promise<string> =>
  wallets?.depositAddresses.addressFor(userId, 'ethereum') ?? Promise.reject(new Error('stopped'));
const available = async (userId: string, asset: string): Promise<string> =>
  (await engine.balancesOf(userId)).find((row) => row.asset === asset)?.available ?? '0';
interface Deposit {
  txid: string;
  position: string;
  state: string;
  amount: string;
  confirmations: number;
}
const deposits = async (): Promise<Deposit[]> =>
  (await rows<Deposit>('SELECT txid, position, state, amount, confirmations FROM deposits ORDER BY position')).map(
    (row) => ({ ...row, amount: formatAmount(parseAmount(row.amount)) }),
  );
const custody = async (place: string, asset: string): Promise<bigint> =>
  parseSigned((await engine.custody()).find((row) => row.place === place && row.asset === asset)?.amount ?? '0');
const catchUp = async (): Promise<void> => {
  const { height, hash } = await world.head();
  await until(
    'the scanner is at the head',
    async () => (await rows('SELECT 1 FROM chain_blocks WHERE height = ? AND hash = ?', [height, hash])).length > 0,
  );
};

/** What the books say lies in the hot wallet and at the deposit addresses is what the chain says, to the last unit. */
async function booksAreTheChain(): Promise<void> {
  const addresses = await rows<{ address: string }>('SELECT address FROM deposit_addresses');
  for (const asset of ['ETH', 'USDT']) {
    expect([asset, 'hot', await custody('hot/ethereum', asset)]).toEqual([asset, 'hot', await onChain(hot, asset)]);
    let lies = 0n;
    for (const { address } of addresses) lies += await onChain(address, asset);
    expect([asset, 'deposit', await custody('deposit/ethereum', asset)]).toEqual([asset, 'deposit', lies]);
  }
}

describe('deposits', () => {
  test('ether and tokens: shown while they wait, credited once after three blocks', async () => {
    await startWallets();
    const address = await addressOf('u1');
    expect(await addressOf('u1')).toBe(address);
    await ether(address, '1.123456789123456789');
    await tether(address, '250.5');
    await mine();
    await until('both are seen', async () => (await deposits()).length === 2);
    await mine(N - 2);
    await catchUp();
    expect(await engine.balancesOf('u1')).toEqual([]);
    await mine();
    await until('credited', async () => (await deposits()).every((row) => row.state === 'CREDITED'));
    await mine(5);
    await catchUp();
    await stopWallets();
    await startWallets();
    await mine(2);
    await catchUp();
    expect([...(await engine.balancesOf('u1'))].sort((a, b) => (a.asset < b.asset ? -1 : 1))).toEqual([
      { asset: 'ETH', available: '1.12345678', held: '0' },
      { asset: 'USDT', available: '250.5', held: '0' },
    ]);
    await booksAreTheChain();
  });

  test('E9 blocks mined while the wallets were away are read, none is skipped', async () => {
    await startWallets();
    const address = await addressOf('u1');
    await mine();
    await catchUp();
    await stopWallets();
    for (const amount of ['0.5', '0.25', '0.125']) {
      await ether(address, amount);
      await mine(7);
    }
    await startWallets();
    await until('credited', async () => (await available('u1', 'ETH')) === '0.875');
  });

  test('E31 below the smallest deposit: shown, never credited', async () => {
    await startWallets();
    await ether(await addressOf('u1'), '0.0009');
    await until(
      'seen',
      async () => (await deposits()).length === 1,
      () => mine(),
    );
    await mine(N + 2);
    await catchUp();
    expect(await deposits()).toMatchObject([{ state: 'IGNORED' }]);
    expect(await engine.balancesOf('u1')).toEqual([]);
  });
});

describe('reorganisations', () => {
  test('E7 before it is final: orphaned, nothing credited; mined again: credited once', async () => {
    await startWallets();
    const raw = await world.signed(await addressOf('u1'), '2');
    await world.send(raw);
    await mine();
    await until('seen', async () => (await deposits()).length === 1);
    await world.reorganise(1);
    await until('orphaned', async () => (await deposits())[0]?.state === 'ORPHANED');
    expect(await engine.balancesOf('u1')).toEqual([]);
    await sendAgain(raw);
    await until(
      'credited',
      async () => (await deposits())[0]?.state === 'CREDITED',
      () => mine(),
    );
    await mine(4);
    await catchUp();
    expect(await deposits()).toHaveLength(1);
    expect(await available('u1', 'ETH')).toBe('2');
    await booksAreTheChain();
  });

  test('E7 moved to another block without us seeing it gone: one deposit, credited once', async () => {
    await startWallets();
    const raw = await world.signed(await addressOf('u1'), '2');
    await world.send(raw);
    await mine();
    await until('seen', async () => (await deposits()).length === 1);
    await stopWallets();
    await world.reorganise(1);
    await mine(2);
    await sendAgain(raw);
    await mine();
    await startWallets();
    await until(
      'credited',
      async () => (await deposits())[0]?.state === 'CREDITED',
      () => mine(),
    );
    expect(await deposits()).toHaveLength(1);
    expect(await available('u1', 'ETH')).toBe('2');
    await booksAreTheChain();
  });

  test('E8 deeper than what counts as final: taken back; mined again: credited again, once', async () => {
    await startWallets();
    const raw = await world.signed(await addressOf('u1'), '2');
    await world.send(raw);
    await mine(N);
    await until('credited', async () => (await available('u1', 'ETH')) === '2');
    await mine(2);
    await catchUp();
    await world.reorganise(N + 2);
    await until('taken back', async () => (await deposits())[0]?.state === 'ORPHANED');
    expect(await available('u1', 'ETH')).toBe('0');
    expect(events).toContainEqual(expect.objectContaining({ code: 'DEPOSIT_REVERSED' }));
    await booksAreTheChain();
    await sendAgain(raw);
    await until(
      'credited again',
      async () => (await available('u1', 'ETH')) === '2',
      () => mine(),
    );
    await mine(4);
    await catchUp();
    expect(await available('u1', 'ETH')).toBe('2');
    expect(await deposits()).toMatchObject([{ state: 'CREDITED', amount: '2' }]);
    await booksAreTheChain();
  });

  test('E8 what was held meanwhile is owed, and a later deposit pays it first', async () => {
    await startWallets();
    const address = await addressOf('u1');
    await ether(address, '2');
    await mine(N);
    await until('credited', async () => (await available('u1', 'ETH')) === '2');
    await engine.submit({
      kind: 'withdrawal.request',
      reference: 'withdrawal:u1:1',
      withdrawalId: 'w1',
      userId: 'u1',
      asset: 'ETH',
      network: 'ethereum',
      address: world.address,
      amount: '1.5',
      fee: '0.003',
    });
    await world.reorganise(N);
    await until('taken back', async () => (await deposits())[0]?.state === 'ORPHANED');
    expect(await available('u1', 'ETH')).toBe('0');
    await world.rpc('anvil_dropAllTransactions');
    await ether(address, '5');
    await until(
      'credited',
      async () => (await deposits()).some((row) => row.state === 'CREDITED'),
      () => mine(),
    );
    // 2 were taken: 0.497 of them were there, 1.503 were owed.
    expect(await available('u1', 'ETH')).toBe('3.497');
  });
});

describe('sweeps', () => {
  const swept = (count: number) =>
    until(
      'swept',
      async () => ((all) => all.length === count && all.every((row) => row.state === 'SWEPT'))(await deposits()),
      () => mine(),
    );

  test('ether and tokens, the tokens after a top-up: the operator pays, and the books are the chain to the wei', async () => {
    await operatorFunds('1');
    await startWallets();
    await ether(await addressOf('u1'), '3.000000000000000001');
    await tether(await addressOf('u2'), '1000');
    await swept(2);
    expect(await custody('deposit/ethereum', 'USDT')).toBe(0n);
    expect(await onChain(hot, 'USDT')).toBe(parseAmount('1000'));
    expect(await onChain(hot, 'ETH')).toBeGreaterThan(parseAmount('3.9'));
    // What a transaction means is booked first, its own row is closed after that.
    const sent = await until('closed', async () => {
      const all = await rows<{ purpose: string; state: string; fee: string }>(
        'SELECT purpose, state, fee_paid AS fee FROM chain_transactions ORDER BY purpose',
      );
      return all.every(({ state }) => state === 'CONFIRMED') && all;
    });
    expect(sent.map(({ purpose }) => purpose)).toEqual(['sweep', 'sweep', 'topup']);
    await booksAreTheChain();
    // Users have what they sent; the operator has one ether less what was burnt for gas.
    const gas = sent.reduce((sum, { fee }) => sum + parseAmount(fee), 0n);
    const position = (await engine.operatorPosition()).find((row) => row.asset === 'ETH');
    expect(parseAmount(position?.amount ?? '0')).toBe(parseAmount('1') - gas);
    expect([await available('u1', 'ETH'), await available('u2', 'USDT')]).toEqual(['3', '1000']);
    expect(await rows('SELECT reference FROM costs WHERE settled = 0')).toEqual([]);
  });

  test("a second deposit to a swept address is swept too, the first one's left-over counted", async () => {
    await operatorFunds('1');
    await startWallets();
    const address = await addressOf('u1');
    await tether(address, '1000');
    await swept(1);
    await tether(address, '500');
    await swept(2);
    expect(await onChain(hot, 'USDT')).toBe(parseAmount('1500'));
    await booksAreTheChain();
  });

  test("without the operator's funds it waits and nothing moves; with them it goes on", async () => {
    await startWallets();
    await tether(await addressOf('u1'), '1000');
    await ether(await addressOf('u2'), '2');
    await until(
      'waits',
      async () =>
        ((all) => all.length === 2 && all.every((row) => row.state === 'NEEDS_OPERATOR_FUNDS'))(
          await rows<{ state: string }>('SELECT state FROM sweeps'),
        ),
      () => mine(),
    );
    await mine(4);
    await catchUp();
    expect(await rows('SELECT id FROM chain_transactions')).toEqual([]);
    await booksAreTheChain();
    await operatorFunds('1');
    await swept(2);
    await booksAreTheChain();
  });

  test('E14 killed between plan, signature and broadcast of each step: everything is moved once', async () => {
    await operatorFunds('1');
    await startWallets();
    await tether(await addressOf('u1'), '1000');
    await tether(await addressOf('u2'), '500');
    await ether(await addressOf('u2'), '2');
    await mine();
    await until('seen', async () => (await deposits()).length === 3);
    await stopWallets();
    const asked: string[] = [];
    // Dies at every signature: before it is given for the first time, after it for the second.
    for (let lives = 0; lives < 60 && !(await deposits()).every((row) => row.state === 'SWEPT'); lives++) {
      let dying = false;
      const mortal: Signer = {
        identity: (network) => signer.identity(network),
        judge: signer.judge,
        approvers: signer.approvers,
        changePasskey: signer.changePasskey,
        droppedPasskeys: signer.droppedPasskeys,
        signUtxo: (intent) => signer.signUtxo(intent),
        signTron: (intent) => signer.signTron(intent),
        sign: async (intent) => {
          dying = true;
          void wallets?.stop();
          const first = !asked.includes(intent.intentId);
          asked.push(intent.intentId);
          if (first) throw new Error('killed');
          return signer.sign(intent);
        },
      };
      await startWallets({ signer: mortal });
      for (let tries = 0; tries < 40 && !dying && !(await deposits()).every((row) => row.state === 'SWEPT'); tries++) {
        await mine();
        // Not faster than blocks are read: a life must get further than that.
        await pause(100);
      }
      await stopWallets();
      await mine();
    }
    expect((await deposits()).map((row) => row.state)).toEqual(['SWEPT', 'SWEPT', 'SWEPT']);
    expect(asked.filter((id, at) => id.startsWith('sweep:') && asked.indexOf(id) === at)).toHaveLength(3);
    await booksAreTheChain();
  });
});

describe('withdrawals', () => {
  const withdraw = async (id: string, asset: string, address: string, amount: string, fee: string): Promise<void> => {
    await engine.submit({
      kind: 'withdrawal.request',
      reference: `withdrawal:u1:${id}`,
      withdrawalId: id,
      userId: 'u1',
      asset,
      network: 'ethereum',
      address,
      amount,
      fee,
    });
    await engine.submit(await approvalOf(engine, id, `approve:${id}`));
  };
  const stateOf = async (id: string): Promise<string> =>
    (await rows<{ state: string }>('SELECT shown_state AS state FROM withdrawals WHERE id = ?', [id]))[0]?.state ?? '';
  const confirmed = (id: string) =>
    until(
      `${id} is confirmed`,
      async () => (await stateOf(id)) === 'CONFIRMED',
      () => mine(),
    );
  /** u1 with ten ether and a thousand tether, swept into the hot wallet. */
  const ready = async (): Promise<void> => {
    await operatorFunds('1');
    await startWallets();
    const address = await addressOf('u1');
    await ether(address, '10');
    await tether(address, '1000');
    await until(
      'swept',
      async () => ((all) => all.length === 2 && all.every((row) => row.state === 'SWEPT'))(await deposits()),
      () => mine(),
    );
  };

  test('ether and tokens: paid exactly, the gas booked, the books are the chain', async () => {
    await ready();
    const to = freshAddress();
    await withdraw('w1', 'ETH', to, '1.5', '0.003');
    await withdraw('w2', 'USDT', to, '100', '6');
    await confirmed('w1');
    await confirmed('w2');
    expect([await onChain(to, 'ETH'), await onChain(to, 'USDT')]).toEqual([parseAmount('1.5'), parseAmount('100')]);
    expect([await available('u1', 'ETH'), await available('u1', 'USDT')]).toEqual(['8.497', '894']);
    await booksAreTheChain();
    for (const { amount } of await engine.operatorPosition()) expect(amount.startsWith('-')).toBe(false);
  });

  test("E24 to another user's deposit address: inside the books, nothing on the chain", async () => {
    await ready();
    const to = await addressOf('u2');
    const before = await world.rpc('eth_getTransactionCount', [hot, 'pending']);
    await withdraw('w1', 'ETH', to, '1', '0.003');
    await confirmed('w1');
    expect([await available('u1', 'ETH'), await available('u2', 'ETH')]).toEqual(['9', '1']);
    expect(await world.rpc('eth_getTransactionCount', [hot, 'pending'])).toBe(before);
    expect(await onChain(to, 'ETH')).toBe(0n);
    await booksAreTheChain();
  });

  test('to a contract that takes no coins: it goes back to review, nothing is burnt on it, and the next one is paid', async () => {
    await ready();
    const refuses = await world.refusingContract();
    const to = freshAddress();
    await withdraw('w1', 'ETH', refuses, '1', '0.003');
    await withdraw('w2', 'ETH', to, '1.5', '0.003');
    await confirmed('w2');
    expect(await onChain(to, 'ETH')).toBe(parseAmount('1.5'));
    expect(await stateOf('w1')).toBe('REQUESTED');
    expect(await rows("SELECT id FROM chain_transactions WHERE subject = 'w1'")).toEqual([]);
    await booksAreTheChain();
  });

  test('E14 killed between signature and broadcast: the same bytes are sent, one payment', async () => {
    await ready();
    await stopWallets();
    const to = freshAddress();
    await withdraw('w1', 'ETH', to, '1.5', '0.003');
    const signed: SignIntent[] = [];
    await startWallets({
      signer: {
        identity: (network) => signer.identity(network),
        judge: signer.judge,
        approvers: signer.approvers,
        changePasskey: signer.changePasskey,
        droppedPasskeys: signer.droppedPasskeys,
        signUtxo: (intent) => signer.signUtxo(intent),
        signTron: (intent) => signer.signTron(intent),
        sign: (intent) => {
          signed.push(intent);
          void wallets?.stop();
          return signer.sign(intent);
        },
      },
    });
    await until('signed', async () => (await stateOf('w1')) === 'SIGNED');
    await stopWallets();
    await mine(2);
    expect(await onChain(to, 'ETH')).toBe(0n);
    await startWallets();
    await confirmed('w1');
    await mine(3);
    expect(await onChain(to, 'ETH')).toBe(parseAmount('1.5'));
    expect(signed).toHaveLength(1);
    await booksAreTheChain();
  });

  test('E14 killed between plan and signature: the plan keeps its nonce and its bytes', async () => {
    await ready();
    await stopWallets();
    const to = freshAddress();
    await withdraw('w1', 'USDT', to, '100', '6');
    const asked: SignIntent[] = [];
    await startWallets({
      signer: {
        identity: (network) => signer.identity(network),
        judge: signer.judge,
        approvers: signer.approvers,
        changePasskey: signer.changePasskey,
        droppedPasskeys: signer.droppedPasskeys,
        signUtxo: (intent) => signer.signUtxo(intent),
        signTron: (intent) => signer.signTron(intent),
        sign: async (intent) => {
          asked.push(intent);
          throw new Error('killed');
        },
      },
    });
    await until('asked twice', async () => asked.length > 1);
    await stopWallets();
    expect(new Set(asked.map((intent) => JSON.stringify(intent))).size).toBe(1);
    await startWallets();
    await confirmed('w1');
    expect(await onChain(to, 'USDT')).toBe(parseAmount('100'));
    await booksAreTheChain();
  });

  test('E14 killed between broadcast and writing it down: one payment', async () => {
    await ready();
    await stopWallets();
    const to = freshAddress();
    await withdraw('w1', 'ETH', to, '1.5', '0.003');
    const proxy = await cutAtBroadcast(anvil.url);
    await startWallets({ rpcUrl: proxy.url });
    await until('sent', async () => proxy.cut());
    await stopWallets();
    proxy.server.closeAllConnections();
    proxy.server.close();
    expect(['SIGNED', 'BROADCAST']).toContain(await stateOf('w1'));
    await startWallets();
    await confirmed('w1');
    await mine(3);
    expect(await onChain(to, 'ETH')).toBe(parseAmount('1.5'));
    await booksAreTheChain();
  });

  test('E14 paid in a block that is lost: sent again, paid once', async () => {
    await ready();
    const to = freshAddress();
    await withdraw('w1', 'ETH', to, '1.5', '0.003');
    await until(
      'mined',
      async () => (await onChain(to, 'ETH')) > 0n,
      () => mine(),
    );
    await world.reorganise(1);
    await confirmed('w1');
    await mine(3);
    expect(await onChain(to, 'ETH')).toBe(parseAmount('1.5'));
    await booksAreTheChain();
  });
});

/**
 * Stands before a node until a transaction is sent through it: the node gets it, the sender never hears of anything
 * again.
 */
async function cutAtBroadcast(url: string): Promise<{ url: string; server: Server; cut(): boolean }> {
  let cut = false;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      void (async () => {
        if (cut) return request.socket.destroy();
        const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        const text = await answer.text();
        if (body.includes('eth_sendRawTransaction')) {
          cut = true;
          return request.socket.destroy();
        }
        response.writeHead(200, { 'content-type': 'application/json' }).end(text);
      })().catch(() => request.socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, cut: () => cut };
}
