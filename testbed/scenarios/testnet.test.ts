/**
 * The Spot testnet has no /sapi: here the emulator behind a proxy that answers its paths as the testnet does, with 404
 * and no body.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { testDatabase } from '../../db/testing';
import { startEmulator } from '../emulators/binance/main';
import type { Emulator } from '../emulators/binance/main';
import { walkTestnet } from './testnet';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let dir: string;
let emulator: Emulator;
let proxy: Server;
let sapiAsked: string[] = [];

/** Everything goes on to the emulator, sockets too, but what begins with /sapi. */
async function withoutSapi(target: string): Promise<Server> {
  const { port } = new URL(target);
  const server = createServer((incoming: IncomingMessage, response) => {
    if (incoming.url?.startsWith('/sapi')) {
      sapiAsked.push(incoming.url.split('?')[0] ?? '');
      return void response.writeHead(404).end();
    }
    const { method, url: path, headers } = incoming;
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on('upgrade', (incoming, socket, head) => {
    const through = connect(Number(port), '127.0.0.1', () => {
      const lines = incoming.rawHeaders.flatMap((name, at, all) => (at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : []));
      through.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      through.write(head);
      through.pipe(socket).pipe(through);
    });
    for (const end of [through, socket]) end.on('error', () => [through, socket].forEach((one) => one.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'testnet-'));
  const apiKeys = [{ apiKey: 'trading', secret: 'trading-secret', type: 'hmac', permissions: ['TRADE'] }] as const;
  emulator = await startEmulator({
    port: 0,
    dir,
    apiKeys: [...apiKeys],
    chains: [],
    balances: { ETH: '5', USDT: '5000', BTC: '1' },
  });
  proxy = await withoutSapi(emulator.url);
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

test('without /sapi the exchange starts, trades with every order type, swaps, and its books are the account', async () => {
  const database = await testDatabase();
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const warnings: string[] = [];
  const keys = {
    tradingKey: { key: 'trading', secret: 'trading-secret' },
    treasuryKey: { key: 'trading', secret: 'trading-secret' },
  };
  const result = await walkTestnet({
    dataSource: database.dataSource,
    registry: firstListing({ ethereum: { chainId: 1, confirmations: 12 } }),
    binance: { restUrl: url, streamUrl: url.replace('http', 'ws'), wsApiUrl: url.replace('http', 'ws'), ...keys },
    logger: { ...silent, warn: (_, message) => void warnings.push(message) },
    say: () => undefined,
  });
  await database.close();
  expect(result.steps.filter(({ ok }) => !ok)).toEqual([]);
  expect(result.steps).toHaveLength(14);
  expect(result).toMatchObject({ treasury: false, findings: [], good: true });
  // It is found out once, said, and not asked again.
  expect(sapiAsked).toEqual(['/sapi/v1/account/apiRestrictions']);
  expect(warnings.join('\n')).toContain('no treasury interface');
}, 120_000);
