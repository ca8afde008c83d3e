/** Secrets of nodes: they arrive where they belong, and nowhere else. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstListing } from '../../db/seed';
import { reasonOf } from '../loop';
import { nodeAddress } from './address';
import { createBitcoinNode } from './bitcoin/node';
import { createEvmChain } from './evm';
import { createNodes, nodeName } from './nodes';
import { createTronChain } from './tron';

const SECRETS = ['us3r', 'pa55', 'key5ecret', 't0ken'];
const {
  networks: [network],
  rails,
} = firstListing({ ethereum: { chainId: 1, usdt: '0xdAC17F958D2ee523a2206206994597C13D831ec7', confirmations: 1 } });
let server: Server;
let seen: { url: string; headers: IncomingHttpHeaders }[];
/** What the node does with whoever asks. */
let status = 401;
let location: string | undefined;
beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    response.writeHead(status, location === undefined ? {} : { location }).end('no');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => server.close());
beforeEach(() => {
  [seen, status, location] = [[], 401, undefined];
});
const host = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;
const url = (path = '/key5ecret'): string => `http://us3r:pa55@${host()}${path}`;
const headers = () => ({ [host()]: { 'TRON-PRO-API-KEY': 't0ken' } });

/** Everything that an error says, and everything that is in it. */
const allOf = (error: unknown): string =>
  [
    String(error),
    reasonOf(error),
    (error as Error).message,
    (error as Error).stack ?? '',
    JSON.stringify(error),
    JSON.stringify(Object.getOwnPropertyDescriptors(error ?? {})),
    String((error as Error).cause ?? ''),
  ].join('\n');
const kinds = (at = url) => {
  if (!network) throw new Error('no network');
  return [
    ['evm', createEvmChain(network, rails, { rpcUrl: at(), headers: headers(), traces: false })],
    ['bitcoin', createBitcoinNode({ rpcUrl: at(), headers: headers(), network: 'regtest', asset: 'BTC' })],
    ['tron', createTronChain(network, rails, { rpcUrl: at(), headers: headers(), tron: 'local' })],
  ] as const;
};

test.each([401, 403, 500, 502, 200])(
  'a user, a password and a header reach the node; what it says of a call with status %s names none of them',
  async (answered) => {
    status = answered;
    for (const [kind, chain] of kinds()) {
      seen = [];
      const error: unknown = await chain.head().then(
        () => 'it answered',
        (fault: unknown) => fault,
      );
      expect([kind, error instanceof Error]).toEqual([kind, true]);
      expect(seen[0]?.headers).toMatchObject({
        authorization: `Basic ${Buffer.from('us3r:pa55').toString('base64')}`,
        'tron-pro-api-key': 't0ken',
      });
      expect(seen[0]?.url).toContain('/key5ecret');
      for (const secret of SECRETS) expect(`${kind}: ${allOf(error)}`).not.toContain(secret);
      if ('close' in chain) chain.close();
    }
  },
);

test('nobody there, and a name that is none: no word of them either', async () => {
  for (const at of ['http://us3r:pa55@127.0.0.1:1/key5ecret', 'http://us3r:pa55@no-such-host.invalid/key5ecret']) {
    for (const [kind, chain] of kinds(() => at)) {
      const error: unknown = await chain.head().then(
        () => 'it answered',
        (fault: unknown) => fault,
      );
      for (const secret of SECRETS) expect(`${kind}: ${allOf(error)}`).not.toContain(secret);
      if ('close' in chain) chain.close();
    }
  }
});

test('a node that points elsewhere is not followed: the secrets were for it', async () => {
  const other = createServer((request, response) => {
    elsewhere.push(request.headers);
    response.end('{}');
  });
  const elsewhere: IncomingHttpHeaders[] = [];
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  [status, location] = [307, `http://127.0.0.1:${(other.address() as AddressInfo).port}/`];
  for (const [, chain] of kinds()) {
    await expect(chain.head()).rejects.toThrow();
    if ('close' in chain) chain.close();
  }
  expect([seen.length, elsewhere.length]).toEqual([3, 0]);
  other.close();
});

test('what operators are shown of a node is its host, and a fault without its address', async () => {
  const warned: string[] = [];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields: object, text: string) => void warned.push(JSON.stringify(fields) + text),
    error: () => undefined,
  };
  const [, [, bitcoin]] = kinds();
  const nodes = createNodes(
    [
      { name: nodeName(url()), chain: bitcoin },
      { name: nodeName(url()), chain: bitcoin },
    ],
    { network: 'bitcoin', maxLag: 1, surveyMs: 1 },
    { clock: { now: () => 0 }, logger },
  );
  await expect(nodes.chain.head()).rejects.toThrow();
  const shown = JSON.stringify(nodes.states()) + warned.join('');
  expect(shown).toContain(host());
  for (const secret of SECRETS) expect(shown).not.toContain(secret);
  expect(nodeAddress('https://a.example:8545/v3/key/?x=1').url).toBe('https://a.example:8545/v3/key?x=1');
});
