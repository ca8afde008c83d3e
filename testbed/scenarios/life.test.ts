/**
 * One user's whole life on the whole house: real chain, real sockets, the emulator; over HTTP, by clicks, and after a
 * restart.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../db/data-source';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import { parseAmount } from '../../domain/money/amount';
import { auditBySettings, openBooks } from '../../deploy/custody';
import { DEMO_ADMIN } from '../world/demo-accounts';
import { bitcoinFaucet, paidBy, strangersAddress } from '../emulators/bitcoin/faucet';
import { installBcoin } from '../emulators/bitcoin/install';
import { freshTron, tronBalance, tronFaucet } from '../emulators/tron/faucet';
import { installTron } from '../emulators/tron/install';
import { balanceOf } from '../emulators/evm/balance';
import { faucet } from '../emulators/evm/faucet';
import { makeAdminKey, signApproval } from '../../wallets/keys';
import { buildPage } from '../../deploy/cli/page';
import { publish } from '../../solvency/proof/publish';
import { LOCAL, ROOT } from '../../deploy/config/paths';
import { World, chainOf, worldConfig } from '../world';
import type { WorldAddress } from '../world';
import { browserPath, openBrowser } from '../stage/browser';
import { Client, DOCUMENT, until } from '../stage/client';
import type { ApiRefusal } from '../stage/client';
import { approvePayout, balances, live } from '../stage/life';
import { liveByClicks } from '../stage/life-by-clicks';
import type { Life } from '../stage/life-by-clicks';

jest.setTimeout(300_000);

const dir = join(LOCAL, 'test', `world-${process.pid}`);
const chromium = browserPath();
const inBrowser = chromium || process.env.CI === '1' ? test : test.skip;
let world: World;
let address: WorldAddress;

beforeAll(async () => {
  mkdirSync(dir, { recursive: true });
  buildPage(() => undefined);
  world = new World({ dir, say: () => undefined, throwAway: true });
  address = await world.start();
});
afterAll(async () => {
  await world?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const balanced = async (): Promise<void> => {
  const { findings, places, balanced: good } = await auditBySettings(worldConfig(address), 60_000);
  expect({ findings, off: places.filter((place) => place.unexplained !== 0n), good }).toEqual({
    findings: [],
    off: [],
    good: true,
  });
};

test('on a fresh world the account at Binance is empty and the operator has gas, nothing else', async () => {
  const admin = new Client(address.url);
  await admin.logIn(DEMO_ADMIN, address.adminPassword);
  const { custody, position } = await admin.call<{
    custody: { place: string; asset: string; amount: string }[];
    position: { asset: string; amount: string }[];
  }>('GET', '/admin/treasury');
  const coins = address.bitcoinUrl ? [{ asset: 'BTC', amount: '0.01' }] : [];
  const gas = [
    { asset: 'BNB', amount: '0.5' },
    ...coins,
    { asset: 'ETH', amount: '0.5' },
    { asset: 'POL', amount: '50' },
    ...(address.tronUrl ? [{ asset: 'TRX', amount: '500' }] : []),
  ];
  const sorted = <T extends { asset: string }>(rows: T[]): T[] => rows.toSorted((a, b) => (a.asset < b.asset ? -1 : 1));
  expect(sorted(custody.filter((row) => row.amount !== '0'))).toMatchObject(gas);
  expect(custody.map(({ place }) => place).toSorted()).toEqual([
    ...(address.bitcoinUrl ? ['hot/bitcoin'] : []),
    'hot/bsc',
    'hot/ethereum',
    'hot/polygon',
    ...(address.tronUrl ? ['hot/tron'] : []),
  ]);
  expect(sorted(position)).toEqual(gas);
});

test('ten steps over public HTTP, and the books agree with chain and venue to the last unit', async () => {
  const result = await live(address, () => undefined, { name: 'first' });
  expect(result.steps).toBe(10);
  await balanced();
  // What the receipt calls the spread is what the books say the exchange kept.
  const dataSource = await openDatabase({ url: worldConfig(address).DATABASE_URL, poolSize: 1 });
  const kept = (await dataSource.query(
    "SELECT asset, amount FROM balances WHERE account = 'revenue/swap-spread' AND amount <> 0 ORDER BY asset",
  )) as { asset: string; amount: string }[];
  await dataSource.destroy();
  expect(result.swap.spread.map(({ asset, amount }) => [asset, parseAmount(amount)])).toEqual(
    kept.map(({ asset, amount }) => [asset, parseAmount(amount)]),
  );
});

test('no answer of the whole house has more than its schema: here that is a fault, and each endpoint that reads is asked', async () => {
  const [user, admin] = [new Client(address.url), new Client(address.url)];
  await user.logIn('demo-first@javizen.local', 'life of first');
  await admin.logIn(DEMO_ADMIN, address.adminPassword);
  const wrong: string[] = [];
  for (const { method, path, access, answers } of Object.values(ENDPOINTS)) {
    if (method !== 'get' || answers === 'file' || /:(?!symbol)/.test(path)) continue;
    const asked = (access === 'admin' ? admin : user).call<{ unreadable?: string[] }>(
      'GET',
      path.replace(':symbol', 'BTCUSDT'),
    );
    const told = await asked.catch((error: ApiRefusal) => (error.status < 500 ? {} : { unreadable: [error.message] }));
    if (told.unreadable) wrong.push(`${path}: ${told.unreadable.join(', ')}`);
  }
  expect(wrong).toEqual([]);
});

test('every action of an admin is in the audit log, and the log opens after each of them, page by page', async () => {
  const admin = new Client(address.url);
  await admin.logIn(DEMO_ADMIN, address.adminPassword);
  const actions = async (): Promise<string[]> => {
    const seen: { id: string; action: string }[] = [];
    for (let cursor = ''; ;) {
      const { items, next, unreadable } = await admin.call<{
        items: { id: string; action: string }[];
        next: string | null;
        unreadable?: string[];
      }>('GET', `/admin/audit-log?limit=2${cursor}`);
      expect(unreadable).toBeUndefined();
      seen.push(...items);
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    return seen.map(({ action }) => action);
  };
  // A life has left: an identity looked at and approved, a withdrawal signed and approved.
  expect(await actions()).toEqual(expect.arrayContaining(['kyc.approve', 'withdrawal.sign', 'withdrawal.approve']));
  const key = { 'Idempotency-Key': 'K'.repeat(64) };
  const again = { 'Idempotency-Key': 'L'.repeat(64) };
  const steps: [action: string, method: string, path: string, body: object, headers?: Record<string, string>][] = [
    ['asset.pause', 'POST', '/admin/assets/BNB/pause', { why: 'a look' }, key],
    ['asset.pause', 'POST', '/admin/assets/BNB/pause', { why: null }, again],
    ['market.set', 'POST', '/admin/markets/BNBUSDT', { state: 'TRADING', internalOnly: false }, key],
    ['venue.open', 'POST', '/admin/venue/open', { newEpoch: false, why: 'as it was' }],
  ];
  for (const [action, method, path, body, headers] of steps) {
    const before = (await actions()).filter((one) => one === action).length;
    await admin.call(method, path, body, headers);
    expect((await actions()).filter((one) => one === action)).toHaveLength(before + 1);
  }
});

test.each(['bsc', 'polygon'])(
  'a life on %s: its own chain, its own coin for gas, dollars with the decimals they have there',
  async (network) => {
    const result = await live(address, () => undefined, { network });
    expect(result.steps).toBe(10);
    await balanced();
  },
);

test('a proof of what is owed and what covers it: a user finds the own leaf, and a script without us agrees', async () => {
  const config = worldConfig(address);
  const { dataSource, readers, close } = await openBooks(config);
  const user = new Client(address.url);
  try {
    const name = `proof-${randomBytes(3).toString('hex')}`;
    const { userId } = await live(address, () => undefined, { name });
    const { proof, statement } = await publish(dataSource, readers, join(address.dir, 'proof-key.pem'), Date.now());
    await user.logIn(`demo-${name}@javizen.local`, `life of ${name}`);
    const leaf = await user.call<{ userId: string; sums: string }>('GET', '/proof/leaf');
    expect(leaf.userId).toBe(userId);
    const { items } = await user.call<{ items: { asset: string; available: string; held: string }[] }>(
      'GET',
      '/balances',
    );
    expect(leaf.sums).toBe(
      items
        .map((row) => `${row.asset}:${parseAmount(row.available) + parseAmount(row.held)}`)
        .toSorted()
        .join(','),
    );
    expect(await user.call('GET', '/proof')).toEqual(proof);
    expect(statement.assets.every(({ amount }) => !amount.startsWith('-'))).toBe(true);
    const files = { 'proof.json': proof, 'leaf.json': leaf, 'key.pem': proof.publicKey };
    for (const [file, content] of Object.entries(files))
      writeFileSync(join(address.dir, file), typeof content === 'string' ? content : JSON.stringify(content));
    const said = spawnSync(
      process.execPath,
      ['solvency/proof/verify.mjs', ...Object.keys(files).map((file) => join(address.dir, file))],
      { cwd: ROOT, encoding: 'utf8' },
    );
    expect([said.status, said.stderr]).toEqual([0, '']);
  } finally {
    await close();
  }
});

const absent = installBcoin(join(LOCAL, 'tools', 'bitcoin'));
if (absent) process.stderr.write(`${absent}\n`);
const onBitcoin = absent ? test.skip : test;

onBitcoin(
  'a life on Bitcoin: coins in, spent on to Binance, swapped, and coins out again, all on a real node',
  async () => {
    const result = await live(address, () => undefined, { network: 'bitcoin' });
    expect(result.steps).toBe(10);
    await balanced();
  },
);

const withoutTron = installTron(join(LOCAL, 'tools', 'tron'));
if (withoutTron) process.stderr.write(`${withoutTron}\n`);

(withoutTron ? test.skip : test)(
  'a life on TRON: TRX in, swept on to Binance, swapped, and dollars out to somebody who has none, on the emulator',
  async () => {
    const result = await live(address, () => undefined, { network: 'tron' });
    expect(result.steps).toBe(10);
    await balanced();
  },
);

/** By clicks: what comes in, what is swapped and what goes out, and where the outside shows it. */
interface Clicks {
  readonly coins: Pick<Life, 'pay' | 'swap' | 'withdraw'>;
  readonly txid: RegExp;
  arrived(txid: string): Promise<string>;
}

function onEthereum(): Clicks {
  const to = `0x${randomBytes(20).toString('hex')}`;
  return {
    coins: {
      pay: {
        asset: 'ETH',
        network: 'ethereum',
        into: async (deposit) => void (await faucet(chainOf(address), deposit, 'ETH', '2')),
      },
      swap: { from: 'ETH', to: 'USDT', amount: '1' },
      withdraw: { asset: 'USDT', network: 'ethereum', amount: '500', address: to },
    },
    txid: /^0x[0-9a-f]{64}$/,
    arrived: () => balanceOf(chainOf(address), to, 'USDT'),
  };
}

function onBitcoins(): Clicks {
  const to = strangersAddress();
  const url = address.bitcoinUrl ?? '';
  return {
    coins: {
      pay: {
        asset: 'BTC',
        network: 'bitcoin',
        into: async (deposit) => void (await bitcoinFaucet(url, deposit, '0.2')),
      },
      swap: { from: 'BTC', to: 'USDT', amount: '0.1' },
      withdraw: { asset: 'BTC', network: 'bitcoin', amount: '0.05', address: to },
    },
    txid: /^[0-9a-f]{64}$/,
    arrived: (txid) => paidBy(url, txid, to),
  };
}

function onTron(): Clicks {
  const { address: to } = freshTron();
  const url = address.tronUrl ?? '';
  return {
    coins: {
      pay: {
        asset: 'TRX',
        network: 'tron',
        into: async (deposit) => void (await tronFaucet(url, deposit, 'TRX', '5000')),
      },
      swap: { from: 'TRX', to: 'USDT', amount: '2000' },
      withdraw: { asset: 'USDT', network: 'tron', amount: '100', address: to },
    },
    txid: /^[0-9a-f]{64}$/,
    arrived: () => tronBalance(url, to, 'USDT'),
  };
}

async function byClicks({ coins, txid, arrived }: Clicks): Promise<void> {
  if (!chromium) throw new Error('no Chromium or Chrome was found; name one in CHROMIUM');
  const shots = join(LOCAL, 'test', 'life', coins.pay.network);
  const [user, admin] = [await openBrowser(chromium, shots), await openBrowser(chromium, shots)];
  try {
    const shown = await liveByClicks({
      url: address.url,
      user: {
        browser: user,
        email: `clicks-${randomBytes(3).toString('hex')}@example.org`,
        password: 'a life by clicks',
      },
      admin: { browser: admin, email: DEMO_ADMIN, password: address.adminPassword },
      mailDir: join(dir, 'mail'),
      document: DOCUMENT,
      ...coins,
      patienceMs: 90_000,
    });
    expect(shown.venueOrderId).toMatch(/^\d+$/);
    expect(shown.txid).toMatch(txid);
    expect(await arrived(shown.txid)).toBe(coins.withdraw.amount);
    // 409: the swap that was asked for while the coins were on their way to Binance. The browser notes it, the page
    // explains it.
    expect([...user.complaints, ...admin.complaints].filter((complaint) => !complaint.includes('409'))).toEqual([]);
  } finally {
    await user.close();
    await admin.close();
  }
}

inBrowser('the same life by clicks in two browsers', () => byClicks(onEthereum()));
(absent ? test.skip : inBrowser)('by clicks on Bitcoin', () => byClicks(onBitcoins()));
(withoutTron ? test.skip : inBrowser)('by clicks on TRON', () => byClicks(onTron()));

/** A verified user with two ether that have reached Binance. */
async function funded(): Promise<{ user: Client; admin: Client }> {
  const email = `fifty-${randomBytes(3).toString('hex')}@example.org`;
  const [user, admin] = [new Client(address.url), new Client(address.url)];
  await user.openAccount(address, email, 'fifty at once');
  await user.sendIdentity('Emmy Noether', DOCUMENT);
  await admin.logIn(DEMO_ADMIN, address.adminPassword);
  const { items } = await admin.call<{ items: { id: string; email: string }[] }>('GET', '/admin/kyc');
  await admin.call('POST', `/admin/kyc/${items.find((item) => item.email === email)?.id ?? ''}/approve`, {});
  const { address: deposit } = await user.call<{ address: string }>('POST', '/deposit-addresses', {
    network: 'ethereum',
  });
  await faucet(chainOf(address), deposit, 'ETH', '2');
  await until('the coins reach Binance', async () => {
    const { items: rows } = await user.call<{ items: { state: string }[] }>('GET', '/deposits');
    return rows.some((row) => row.state === 'SWEPT');
  });
  return { user, admin };
}

const fifty = <T>(send: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 50 }, send));
const same = (answers: readonly unknown[]): number => new Set(answers.map((answer) => JSON.stringify(answer))).size;

test('the same reference 50 times at once: one swap, one withdrawal, 50 equal answers; another body is refused', async () => {
  const { user } = await funded();
  const quote = async (): Promise<string> =>
    (await user.call<{ id: string }>('POST', '/quotes', { from: 'ETH', to: 'USDT', fromAmount: '0.5' })).id;
  const accepted = await until('a swap', async () => {
    const quoteId = await quote();
    const key = randomBytes(8).toString('hex');
    const answers = await fifty(() =>
      user.call<{ id: string }>('POST', '/swaps', { quoteId }, { 'idempotency-key': key }),
    );
    return { key, answers };
  });
  expect(new Set(accepted.answers.map((answer) => answer.id)).size).toBe(1);
  await expect(
    user.call('POST', '/swaps', { quoteId: await quote() }, { 'idempotency-key': accepted.key }),
  ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect((await user.call<{ items: unknown[] }>('GET', '/swaps')).items).toHaveLength(1);

  const body = { asset: 'ETH', network: 'ethereum', address: `0x${randomBytes(20).toString('hex')}`, amount: '0.1' };
  const answers = await fifty(() =>
    user.call('POST', '/withdrawals', body, { 'idempotency-key': 'fifty-withdrawals' }),
  );
  expect(same(answers)).toBe(1);
  await expect(
    user.call('POST', '/withdrawals', { ...body, amount: '0.2' }, { 'idempotency-key': 'fifty-withdrawals' }),
  ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect((await user.call<{ items: unknown[] }>('GET', '/withdrawals')).items).toHaveLength(1);
  await balanced();
});

test(
  'E24 to the deposit address of another user it is a transfer inside the books, looked at ' +
    'like any other: no transaction, no fee',
  async () => {
    const [{ user: payer, admin }, { user: payee }] = [await funded(), await funded()];
    const { address: to } = await payee.call<{ address: string }>('POST', '/deposit-addresses', {
      network: 'ethereum',
    });
    const asked = await payer.call<{ id: string }>(
      'POST',
      '/withdrawals',
      { asset: 'ETH', network: 'ethereum', address: to, amount: '1.25' },
      { 'idempotency-key': 'to-a-neighbour' },
    );
    // Whoever asks may be a thief with a session: a receiver that is new waits for a person, inside as outside.
    await approvePayout(address, admin, asked.id, true);
    const paid = await until('the transfer', async () => {
      const row = await payer.call<{ state: string; txid: string | null; reason: string | null }>(
        'GET',
        `/withdrawals/${asked.id}`,
      );
      return row.state === 'CONFIRMED' && row;
    });
    expect(paid).toMatchObject({ txid: null, reason: 'INTERNAL' });
    expect([await balances(payer), await balances(payee)]).toEqual(['0.75 ETH', '3.25 ETH']);
    await balanced();
  },
);

test('E28 fifty withdrawals of everything at once: one holds it, the others are refused', async () => {
  const { user } = await funded();
  const body = { asset: 'ETH', network: 'ethereum', address: `0x${randomBytes(20).toString('hex')}`, amount: '1.9' };
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, nth) =>
      user.call<{ id: string }>('POST', '/withdrawals', body, { 'idempotency-key': `everything-${nth}` }),
    ),
  );
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(made).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
  await user.call('DELETE', `/withdrawals/${made[0]?.id ?? ''}`);
  expect(await balances(user)).toBe('2 ETH');
  await balanced();
});

test('E33 a row that says APPROVED, and one with a signature by a stranger, move nothing: the engine has not approved it', async () => {
  const { user, admin } = await funded();
  const to = `0x${randomBytes(20).toString('hex')}`;
  const asked = await user.call<{ id: string }>(
    'POST',
    '/withdrawals',
    { asset: 'ETH', network: 'ethereum', address: to, amount: '0.1' },
    { 'idempotency-key': 'forged-approval' },
  );
  const dataSource = await openDatabase({ url: worldConfig(address).DATABASE_URL, poolSize: 2 });
  try {
    const { items } = await admin.call<{ items: { id: string; address: string; attempt: number }[] }>(
      'GET',
      '/admin/withdrawals?state=REQUESTED&limit=100',
    );
    const row = items.find(({ id }) => id === asked.id);
    const payment = {
      withdrawalId: asked.id,
      round: row?.attempt ?? 0,
      network: 'ethereum',
      asset: 'ETH',
      to: row?.address ?? '',
      amount: '0.1',
    };
    const { key, at, feeCap, signature } = signApproval(makeAdminKey().privateKey, payment, '0.06', Date.now());
    await dataSource.query(
      'INSERT INTO withdrawal_approvals (withdrawal_id, round, admin_id, key_id, at, fee_cap, signature) VALUES (?, 0, ?, ?, ?, ?, ?)',
      [asked.id, 'a-stranger', key, at, feeCap, signature],
    );
    await dataSource.query("UPDATE withdrawals SET state = 'APPROVED' WHERE id = ?", [asked.id]);
    // Two looks of the engine at the rows, and many rounds of the wallets.
    const logged = join(dir, 'logs', 'javizen.log');
    await until('the alert', async () =>
      readFileSync(logged, 'utf8')
        .split('\n')
        .some((line) => line.includes('WITHDRAWAL_CHANGED') && line.includes(asked.id)),
    );
    expect(await dataSource.query('SELECT 1 FROM chain_transactions WHERE subject = ?', [asked.id])).toEqual([]);
    expect(await balanceOf(chainOf(address), to, 'ETH')).toBe('0');
    expect(readFileSync(join(dir, 'keys', 'signed.jsonl'), 'utf8')).not.toContain(asked.id);
    // An admin looks, and it is paid as any other.
    await dataSource.query("UPDATE withdrawals SET state = 'REQUESTED' WHERE id = ?", [asked.id]);
    await approvePayout(address, admin, asked.id);
    await until(
      'the payout',
      async () => (await user.call<{ state: string }>('GET', `/withdrawals/${asked.id}`)).state === 'CONFIRMED',
    );
    expect(await balanceOf(chainOf(address), to, 'ETH')).toBe('0.1');
  } finally {
    await dataSource.destroy();
  }
  await balanced();
});

test('stopped and started again, everything goes on where it was: another life, still balanced', async () => {
  await world.stop();
  address = await world.start();
  await live(address, () => undefined);
  await balanced();
});
