/**
 * kill -9 of the emulator at random moments while it trades and pays out on a real chain: nothing is lost, nothing
 * happens twice.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MainClient } from 'binance';
import { Wallet } from 'ethers';
import { startAnvil } from '../evm/anvil';
import type { Anvil } from '../evm/anvil';
import { balanceOf } from '../evm/balance';
import { prepareChain } from '../evm/prepare';
import { must, show } from './decimal';

const KILLS = 6;
const START = { ETH: '100', USDT: '500000' };

let dir: string;
let anvil: Anvil;
let child: ChildProcess | undefined;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

async function start(file: string): Promise<void> {
  child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'main.ts'), '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'test' },
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
}

/** Does it until it is known to be done; what nobody answered is asked for before it is sent again. */
async function surely<T>(send: () => Promise<T>, find: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    try {
      return (await find()) ?? (await send());
    } catch {
      await pause(50);
    }
  }
  throw new Error('never done');
}

beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'emulator-storm-'));
  anvil = await startAnvil({
    dir: join(dir, 'chain'),
    port: await freePort(),
    chainId: 31337,
    blockSeconds: 1,
    logFile: join(dir, 'anvil.log'),
  });
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await anvil.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('every order and every withdrawal once', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31) || 1;
  process.stdout.write(`emulator storm seed ${seed}\n`);
  let state = seed;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const { usdt } = await prepareChain(anvil.url);
  const port = await freePort();
  const file = join(dir, 'config.json');
  const apiKeys = [{ apiKey: 'k', secret: 's', type: 'hmac', permissions: ['TRADE', 'WITHDRAW'] }];
  const chains = [
    {
      network: 'ETH',
      rpcUrl: anvil.url,
      chainId: anvil.chainId,
      tokens: { USDT: { contract: usdt, decimals: 6 } },
      confirmations: 3,
    },
  ];
  writeFileSync(file, JSON.stringify({ port, dir: join(dir, 'state'), apiKeys, chains, balances: START }));
  await start(file);
  const client = new MainClient(
    {
      api_key: 'k',
      api_secret: 's',
      baseUrl: `http://127.0.0.1:${port}`,
      filterUndefinedParams: true,
      disableTimeSync: true,
    },
    { timeout: 3000 },
  );

  const order = (id: string, side: 'BUY' | 'SELL') =>
    surely<unknown>(
      () => client.submitNewOrder({ symbol: 'ETHUSDT', side, type: 'MARKET', quantity: 0.1, newClientOrderId: id }),
      () =>
        client
          .getOrder({ symbol: 'ETHUSDT', origClientOrderId: id })
          .catch((error: { code?: number }) => (error.code === -2013 ? undefined : Promise.reject(error))),
    );
  const targets = Array.from({ length: 12 }, () => Wallet.createRandom().address);
  const found = async (id: string) =>
    ((await client.getWithdrawHistory({ withdrawOrderId: id } as never)) as unknown as { status: number }[])[0];
  const withdraw = (n: number) =>
    surely<unknown>(
      () =>
        client.withdraw({
          coin: 'USDT',
          network: 'ETH',
          address: targets[n] ?? '',
          amount: 20 + n,
          withdrawOrderId: `w${n}`,
        }),
      () => found(`w${n}`),
    );

  let over = false;
  const killer = (async () => {
    for (let n = 0; n < KILLS; n++) {
      await pause(300 + random() * 1500);
      child?.kill('SIGKILL');
      if (child) await once(child, 'exit');
      await start(file);
    }
    over = true;
  })();
  let orders = 0;
  const trading = (async () => {
    for (; !over; await pause(20)) await order(`order-${orders++}`, random() < 0.5 ? 'BUY' : 'SELL');
  })();
  for (let n = 0; n < targets.length; n++) await withdraw(n);
  await Promise.all([killer, trading]);
  // The chain is asked: the venue would count 18,000 for each question, of 180,000 a minute.
  for (let n = 0; n < targets.length; n++) {
    while ((await balanceOf({ rpcUrl: anvil.url, usdt }, targets[n] ?? '', 'USDT')) === '0') await pause(100);
    expect(await balanceOf({ rpcUrl: anvil.url, usdt }, targets[n] ?? '', 'USDT')).toBe(String(19 + n));
  }

  const trades = (await client.getAccountTradeList({ symbol: 'ETHUSDT', fromId: 0, limit: 1000 })) as unknown as {
    id: number;
    orderId: number;
    qty: string;
    quoteQty: string;
    commission: string;
    isBuyer: boolean;
  }[];
  const all = (await client.getAllOrders({ symbol: 'ETHUSDT', limit: 1000 })) as unknown as {
    clientOrderId: string;
    executedQty: string;
    orderId: number;
  }[];
  expect(all.map((row) => row.clientOrderId).sort()).toEqual(
    Array.from({ length: orders }, (_, n) => `order-${n}`).sort(),
  );
  expect(new Set(trades.map(({ id }) => id)).size).toBe(trades.length);
  let [eth, money] = [must(START.ETH), must(START.USDT)];
  for (const { qty, quoteQty, commission, isBuyer } of trades) {
    eth += isBuyer ? must(qty) - must(commission) : -must(qty);
    money += isBuyer ? -must(quoteQty) : must(quoteQty) - must(commission);
  }
  targets.forEach((_, n) => (money -= must(String(20 + n))));
  const { balances } = await client.getAccountInformation();
  const free = (asset: string) => String(balances.find((row) => row.asset === asset)?.free);
  expect([free('ETH'), free('USDT')]).toEqual([show(eth), show(money)]);
}, 180_000);
