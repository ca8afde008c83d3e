/** The local chain over stops, kills and a state that was cut off. */
import { existsSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { startAnvil } from './anvil';
import type { Anvil } from './anvil';
import { balanceOf } from './balance';
import { faucet } from './faucet';
import { prepareChain } from './prepare';

let dir: string;
let port: number;
let anvil: Anvil | undefined;

const start = async (blockSeconds = 1): Promise<Anvil> =>
  (anvil = await startAnvil({
    dir: join(dir, 'chain'),
    port,
    chainId: 31337,
    blockSeconds,
    logFile: join(dir, 'anvil.log'),
  }));
const rpc = async <T>(method: string, params: unknown[] = []): Promise<T> => {
  const response = await fetch(anvil?.url ?? '', {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    headers: { 'content-type': 'application/json' },
  });
  return ((await response.json()) as { result: T }).result;
};
const height = async (): Promise<number> => Number(await rpc<string>('eth_blockNumber'));
async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${what}`);
}
async function kill(): Promise<void> {
  const pid = anvil?.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  await anvil?.stop();
  await until('the end of the node', () => !isAlive(pid));
}
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'anvil-'));
  port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as AddressInfo;
      server.close(() => resolve(free));
    });
  });
});
afterEach(async () => {
  await anvil?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('prepared once; two faucets at once; all of it is there after a stop and after a kill', async () => {
  const { url } = await start();
  const [{ usdt }, again] = [await prepareChain(url), await prepareChain(url)];
  expect(again).toEqual({ chainId: 31337, usdt });
  const to = Wallet.createRandom().address;
  const given = await Promise.all([
    faucet({ rpcUrl: url, usdt }, to, 'USDT', '1.5'),
    faucet({ rpcUrl: url, usdt }, to, 'USDT', '2'),
    faucet({ rpcUrl: url, usdt }, to, 'ETH', '0.25'),
  ]);
  expect(new Set(given.map(({ txid }) => txid)).size).toBe(3);
  const look = async () => [
    await balanceOf({ rpcUrl: url, usdt }, to, 'USDT'),
    await balanceOf({ rpcUrl: url, usdt }, to, 'ETH'),
  ];
  expect(await look()).toEqual(['3.5', '0.25']);
  const before = await height();
  await anvil?.stop();
  await start();
  expect(await look()).toEqual(['3.5', '0.25']);
  expect(await prepareChain(url)).toEqual({ chainId: 31337, usdt });
  const mined = await height();
  expect(mined).toBeGreaterThanOrEqual(before);
  // What was written a second ago is there after a kill.
  await until('two more blocks', async () => (await height()) >= mined + 3);
  const reached = await height();
  await kill();
  await start();
  expect(await height()).toBeGreaterThanOrEqual(reached - 3);
  expect(await look()).toEqual(['3.5', '0.25']);
});

test('a state cut off by a kill gives way to the last whole one', async () => {
  const { url } = await start();
  const { usdt } = await prepareChain(url);
  const to = Wallet.createRandom().address;
  await faucet({ rpcUrl: url, usdt }, to, 'USDT', '7');
  const state = join(dir, 'chain', 'state.json');
  const given = Date.now();
  await until('a copy of it', () => existsSync(`${state}.whole`) && statSync(`${state}.whole`).mtimeMs > given + 1500);
  await kill();
  truncateSync(state, Math.floor(statSync(state).size * 0.7));
  await start();
  expect(await balanceOf({ rpcUrl: url, usdt }, to, 'USDT')).toBe('7');
});

test('a long chain stays small, and its newest states can be asked for, after a restart too', async () => {
  await start(0);
  for (let n = 0; n < 20; n++) await rpc('anvil_mine', ['0x32']);
  await anvil?.stop();
  expect(statSync(join(dir, 'chain', 'state.json')).size).toBeLessThan(15_000_000);
  await start(0);
  expect(await height()).toBe(1000);
  expect(
    await rpc('eth_getBalance', ['0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266', `0x${(1000 - 60).toString(16)}`]),
  ).toBeDefined();
});

test('its first block is the same after every start, whatever was lost in between', async () => {
  const first = async (): Promise<string> => (await rpc<{ hash: string }>('eth_getBlockByNumber', ['0x0', false])).hash;
  await start(0);
  const hash = await first();
  // Another second: a first block made anew would say so.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  for (let turn = 0; turn < 6; turn++) {
    await rpc('anvil_mine', ['0x4']);
    await rpc('anvil_reorg', [2, []]);
    await anvil?.stop();
    await start(0);
    expect(await first()).toBe(hash);
  }
});

test('only a chain on this machine is given coins', async () => {
  await expect(
    faucet({ rpcUrl: 'https://rpc.example.org', usdt: '0x' }, Wallet.createRandom().address, 'ETH', '1'),
  ).rejects.toThrow('not on this machine');
  await expect(prepareChain('http://10.0.0.1:8545')).rejects.toThrow('not on this machine');
});
