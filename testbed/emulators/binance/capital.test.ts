/** Deposits to and withdrawals from the emulator on a real local chain, whose blocks we mine ourselves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MainClient } from 'binance';
import { HDNodeWallet, Interface, Wallet } from 'ethers';
import { LOCAL_MNEMONIC, startAnvil } from '../evm/anvil';
import type { Anvil } from '../evm/anvil';
import { balanceOf } from '../evm/balance';
import { faucet } from '../evm/faucet';
import { prepareChain } from '../evm/prepare';
import { must, show } from './decimal';
import { startEmulator } from './main';
import type { Emulator } from './main';

let dir: string;
let anvil: Anvil;
let usdt: string;
let emulator: Emulator;
let treasury: MainClient;

const rpc = async (method: string, params: unknown[] = []): Promise<unknown> => {
  const response = await fetch(anvil.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return ((await response.json()) as { result: unknown }).result;
};
const mine = (blocks = 1): Promise<unknown> => rpc('anvil_mine', [`0x${blocks.toString(16)}`]);
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
/** Waits for something that happens by itself; `meanwhile` lets the chain go on. */
async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<T> {
  for (let tries = 0; tries < 300; tries++) {
    const found = await check();
    if (found) return found;
    await meanwhile();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${what}`);
}
/** Runs something that waits for its transaction, mining on. */
async function mining<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const end = (): void => void (done = true);
  work.then(end, end);
  while (!done) {
    await mine();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return work;
}

const start = async (): Promise<void> => {
  emulator = await startEmulator({
    port: 0,
    dir: join(dir, 'emulator'),
    apiKeys: [
      { apiKey: 'trading', secret: 'trading-secret', type: 'hmac', permissions: ['TRADE'] },
      { apiKey: 'treasury', secret: 'treasury-secret', type: 'hmac', permissions: ['WITHDRAW'] },
    ],
    chains: [
      {
        network: 'ETH',
        rpcUrl: anvil.url,
        chainId: anvil.chainId,
        tokens: { USDT: { contract: usdt, decimals: 6 } },
        confirmations: 3,
      },
    ],
  });
  emulator.exchange.freeze(true);
  treasury = clientOf('treasury');
};
const clientOf = (key: string): MainClient =>
  new MainClient(
    {
      api_key: key,
      api_secret: `${key}-secret`,
      baseUrl: emulator.url,
      filterUndefinedParams: true,
      disableTimeSync: true,
    },
    { timeout: 5000 },
  );
const give = (to: string, asset: string, amount: string) =>
  mining(faucet({ rpcUrl: anvil.url, usdt }, to, asset, amount));
const free = (asset: string): string => show(emulator.exchange.account.balance(asset).free);
const history = async (coin: string) =>
  (await treasury.getDepositHistory({ coin })) as unknown as {
    txId: string;
    amount: string;
    status: number;
    confirmTimes: string;
  }[];
const asked = async (id: string) =>
  (
    (await treasury.getWithdrawHistory({ withdrawOrderId: id } as never)) as unknown as {
      status: number;
      txId: string;
    }[]
  )[0];
/** The same without asking: its question is too dear (18,000 of 180,000 a minute) to be asked many times a second. */
const withdrawal = async (id: string) =>
  [...emulator.exchange.account.withdrawals.values()].filter(({ withdrawOrderId }) => withdrawOrderId === id)[0];
const has = (address: string, asset: 'ETH' | 'USDT'): Promise<string> =>
  balanceOf({ rpcUrl: anvil.url, usdt }, address, asset);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'capital-'));
  anvil = await startAnvil({
    dir: join(dir, 'chain'),
    port: await freePort(),
    chainId: 31337,
    blockSeconds: 0,
    logFile: join(dir, 'anvil.log'),
  });
  ({ usdt } = await mining(prepareChain(anvil.url)));
  await start();
});
afterAll(async () => {
  await emulator.close();
  await anvil.stop();
  rmSync(dir, { recursive: true, force: true });
});

test.each([
  ['ETH', '3.123456789123456789', '3.12345678'],
  ['USDT', '1234.567891', '1234.56789100'],
])('%s deposited: seen, then credited after three blocks, once', async (coin, amount, credited) => {
  const { address } = await treasury.getDepositAddress({ coin, network: 'ETH' });
  const before = free(coin);
  const { txid } = await give(address, coin, amount);
  const seen = await until('seen', async () => (await history(coin))[0]);
  expect(seen).toMatchObject({ txId: txid, amount: credited, status: 0 });
  expect(free(coin)).toBe(before);
  const done = await until(
    'credited',
    async () => (await history(coin)).find((row) => row.status === 1),
    () => mine(),
  );
  expect(done).toMatchObject({ txId: txid, amount: credited });
  expect(free(coin)).toBe(show(must(before) + must(credited)));
  await mine(5);
  await emulator.close();
  await start();
  expect(await history(coin)).toHaveLength(1);
  expect(free(coin)).toBe(show(must(before) + must(credited)));
});

test.each([
  ['ETH', '1', '0.9995'],
  ['USDT', '100', '99'],
] as const)('%s withdrawn: a real transaction of the amount less the fee', async (coin, amount, arrives) => {
  const to = Wallet.createRandom().address;
  const before = free(coin);
  const id = `first${coin}`;
  const { id: venueId } = (await treasury.withdraw({
    coin,
    network: 'ETH',
    address: to,
    amount: Number(amount),
    withdrawOrderId: id,
  })) as unknown as { id: string };
  expect(venueId).toMatch(/^[0-9a-f]{32}$/);
  expect(await asked(id)).toMatchObject({ status: 4, txId: '' });
  expect(free(coin)).toBe(show(must(before) - must(amount)));
  await expect(
    treasury.withdraw({ coin, network: 'ETH', address: to, amount: Number(amount), withdrawOrderId: id }),
  ).rejects.toMatchObject({ code: -4104 });
  const done = await until(
    'completed',
    async () => ((row) => row?.status === 6 && row)(await withdrawal(id)),
    () => mine(),
  );
  expect(must(done.amount)).toBe(must(arrives));
  expect(await has(to, coin)).toBe(arrives === '99' ? '99' : '0.9995');
  const receipt = (await rpc('eth_getTransactionReceipt', [done.txId])) as { status: string };
  expect(receipt.status).toBe('0x1');
  expect(free(coin)).toBe(show(must(before) - must(amount)));
});

test('what the venue refuses takes nothing', async () => {
  const before = free('USDT');
  const to = Wallet.createRandom().address;
  const ask = (more: Record<string, unknown>, by = treasury) =>
    by.withdraw({ coin: 'USDT', network: 'ETH', address: to, amount: 100, ...more } as never);
  await expect(ask({}, clientOf('trading'))).rejects.toMatchObject({ code: -2015 });
  await expect(ask({ amount: 1 })).rejects.toMatchObject({ code: -4005 });
  await expect(ask({ amount: 10.0000001 })).rejects.toMatchObject({ code: -4029 });
  await expect(ask({ amount: 900_000 })).rejects.toMatchObject({ code: -4026 });
  await expect(ask({ address: '0x12' })).rejects.toMatchObject({ code: -4008 });
  await expect(ask({ coin: 'DOGE' })).rejects.toMatchObject({ code: -4018 });
  await expect(ask({ network: 'TRX' })).rejects.toMatchObject({ code: -4019 });
  expect(free('USDT')).toBe(before);
});

test('ended between the request and the payout, and again while it is unmined: paid once', async () => {
  const to = Wallet.createRandom().address;
  await treasury.withdraw({ coin: 'ETH', network: 'ETH', address: to, amount: 1, withdrawOrderId: 'kill' });
  await emulator.close();
  await start();
  // Signed and sent, but in no block yet.
  await until('signed', async () =>
    [...emulator.exchange.account.withdrawals.values()].some((row) => row.withdrawOrderId === 'kill' && row.raw !== ''),
  );
  await emulator.close();
  await start();
  await until(
    'completed',
    async () => (await withdrawal('kill'))?.status === 6,
    () => mine(),
  );
  await mine(3);
  expect(await has(to, 'ETH')).toBe('0.9995');
  expect(await rpc('eth_getTransactionCount', [to, 'latest'])).toBe('0x0');
});

test('a deposit that a reorganisation puts elsewhere in a later block is credited once', async () => {
  const { address } = await treasury.getDepositAddress({ coin: 'USDT', network: 'ETH' });
  const holder = HDNodeWallet.fromPhrase(LOCAL_MNEMONIC, undefined, "m/44'/60'/0'/0/5");
  await give(holder.address, 'USDT', '70');
  const data = new Interface(['function transfer(address to, uint256 value)']).encodeFunctionData('transfer', [
    address,
    25_000_000n,
  ]);
  const fees = {
    type: 2,
    chainId: anvil.chainId,
    gasLimit: 200_000,
    maxFeePerGas: 50_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    to: usdt,
    data,
  };
  const raw = await holder.signTransaction({ ...fees, nonce: 0 });
  const before = free('USDT');
  const txid = (await rpc('eth_sendRawTransaction', [raw])) as string;
  await mine();
  const row = async () => (await history('USDT')).find((found) => found.txId === txid);
  expect(await until('seen', row)).toMatchObject({ status: 0 });
  // The same transaction again, behind another transfer: its log has another number in the block.
  await rpc('anvil_reorg', [1, []]);
  const other = HDNodeWallet.fromPhrase(LOCAL_MNEMONIC, undefined, "m/44'/60'/0'/0/6");
  await give(other.address, 'USDT', '1');
  await rpc('eth_sendRawTransaction', [
    await other.signTransaction({
      ...fees,
      nonce: 0,
      maxPriorityFeePerGas: 20_000_000_000n,
      data: data.slice(0, -64) + 1_000_000n.toString(16).padStart(64, '0'),
    }),
  ]);
  await rpc('eth_sendRawTransaction', [raw]);
  await mine();
  const receipt = (await rpc('eth_getTransactionReceipt', [txid])) as { logs: { logIndex: string }[] };
  expect(receipt.logs[0]?.logIndex).toBe('0x1');
  await until(
    'credited',
    async () => (await row())?.status === 1,
    () => mine(),
  );
  await mine(5);
  await until('both', async () => free('USDT') === show(must(before) + must('26')));
  expect((await history('USDT')).filter((found) => found.txId === txid)).toHaveLength(1);
});

test('many withdrawals at once go out one after another, each once', async () => {
  const targets = Array.from({ length: 6 }, () => Wallet.createRandom().address);
  await Promise.all(
    targets.map((address, n) =>
      treasury.withdraw({ coin: 'USDT', network: 'ETH', address, amount: 10 + n, withdrawOrderId: `many${n}` }),
    ),
  );
  await until(
    'all completed',
    async () =>
      (await Promise.all(targets.map((_, n) => withdrawal(`many${n}`)))).every((found) => found?.status === 6),
    () => mine(),
  );
  for (const [n, address] of targets.entries()) expect(await has(address, 'USDT')).toBe(String(9 + n));
});

test('executed and never told: the answer to a withdrawal is lost, and asking finds it', async () => {
  emulator.exchange.faults.arm('reset-after', { match: 'withdraw/apply' });
  const address = Wallet.createRandom().address;
  await expect(
    treasury.withdraw({ coin: 'USDT', network: 'ETH', address, amount: 10, withdrawOrderId: 'lost' }),
  ).rejects.toBeDefined();
  expect(await asked('lost')).toMatchObject({ status: 4 });
  await until(
    'completed',
    async () => (await withdrawal('lost'))?.status === 6,
    () => mine(),
  );
  expect(await has(address, 'USDT')).toBe('9');
});
