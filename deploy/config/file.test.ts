/** Settings files: what is read, and what is refused with the line it stands on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '.';
import { readSettingsFile } from './file';
import type { FileKind } from './file';
import { exchangeExample, signerExample } from './papers';
import { EXCHANGE_SECTIONS, NETWORK_FIELDS, NODE_HEADERS, SIGNER_SECTIONS } from './reference';

const dir = mkdtempSync(join(tmpdir(), 'settings-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = join(dir, 'settings.yaml');
const read = (text: string, env: NodeJS.ProcessEnv = {}, kind: FileKind = 'exchange') => {
  writeFileSync(file, text);
  return readSettingsFile(file, kind, env);
};

test('words, numbers, lists, maps, networks and secrets that stand elsewhere', () => {
  writeFileSync(join(dir, 'treasury.pem'), 'a key\n');
  const { values, places } = read(
    `site:
  port: 8443
  trustedProxies: [10.0.0.0/8, 203.0.113.7]
venue:
  tradingKey: env:KEY
  treasurySecret: file:${join(dir, 'treasury.pem')}
withdrawals:
  tiers:
    - { perDay: "50000", small: "0.10" }
networks:
  - id: ethereum
    nodes: env:NODES
    confirmations: 12
    traces: false
    gasReserve: 0.10
  - { id: base, name: Base, chainId: 8453, confirmations: 20 }
`,
    { KEY: 'k', NODES: 'https://a.example,https://b.example' },
  );
  expect(values).toEqual({
    PORT: '8443',
    TRUSTED_PROXIES: '10.0.0.0/8,203.0.113.7',
    BINANCE_TRADING_KEY: 'k',
    BINANCE_TREASURY_SECRET: 'a key',
    WITHDRAWAL_LIMITS: '[{"perDay":"50000","small":"0.10"}]',
    ETHEREUM_RPC_URL: 'https://a.example,https://b.example',
    ETHEREUM_CONFIRMATIONS: '12',
    ETHEREUM_TRACES: 'false',
    ETHEREUM_GAS_RESERVE: '0.10',
    EVM_NETWORKS: '[{"id":"base","name":"Base","chainId":8453,"confirmations":20}]',
  });
  expect(places.get('PORT')).toBe(`${file} line 2 (site.port)`);
});

test.each([
  ['a name that is no setting', 'site:\n  prot: 1\n', 'line 2: site.prot is no setting; there are: port, host'],
  ['a section that is none', 'sight: {}\n', 'line 1: sight is no setting; there are: site, stores'],
  ['a secret in clear', 'stores:\n  kycKey: abc\n', 'line 2: stores.kycKey is a secret: write env:NAME or file:/path'],
  ['a secret that is not set', 'stores:\n\n  kycKey: env:NOPE\n', 'line 3: NOPE is not set in the environment'],
  ['a file that is not there', 'stores:\n  kycKey: file:/nowhere\n', 'line 2: /nowhere cannot be read (ENOENT)'],
  ['the same name twice', 'site:\n  port: 1\n  port: 2\n', 'line 3: Map keys must be unique'],
  ['a list for a word', 'site:\n  port: [1]\n', 'line 2: site.port is one value'],
  ['a word for a list', 'treasury:\n  policies: all\n', 'line 2: treasury.policies is a list or a map'],
  [
    'a word for yes or no',
    'networks:\n  - id: bsc\n    traces: maybe\n',
    'line 3: networks.bsc.traces is true or false',
  ],
  ['a network without a name', 'networks:\n  - chainId: 1\n', 'line 2: a network needs an id'],
  ['networks as a map', 'networks:\n  bsc: {}\n', 'line 2: networks is a list'],
  ['what is no YAML', 'site: [1\n', 'line 2:'],
])('refused with its line: %s', (_what, text, why) => {
  expect(() => read(text)).toThrow(why);
});

test('a signer is told no nodes, and knows none of the sections of the exchange', () => {
  expect(() => read('networks:\n  - id: bsc\n    nodes: env:A\n', { A: 'x' }, 'signer')).toThrow(
    'the signer is told no nodes',
  );
  expect(() => read('site: {}\n', {}, 'signer')).toThrow('site is no setting');
});

test('only what is wanted is looked up: a further API process has none of the keys of the venue', () => {
  writeFileSync(file, 'site:\n  port: 1\nvenue:\n  tradingKey: env:NOT_HERE\n');
  expect(readSettingsFile(file, 'exchange', {}, (name) => name === 'PORT').values).toEqual({ PORT: '1' });
});

test('what is wrong in a value is said with the place in the file, and what is missing with the place it belongs to', () => {
  expect(() => readConfig({ PORT: 'many' })).toThrow('DATABASE_URL is not set (stores.database in javizen.yaml)');
});

/** The example with the comment taken off every setting. */
const uncommented = (text: string): string =>
  text.replaceAll(/^( *)# (- id: [a-z]+$|  [a-z][a-zA-Z0-9]*: \S.*$|[a-z][a-zA-Z0-9]*: \S.*$)/gm, '$1$2');

test.each([
  ['exchange', exchangeExample(), [...EXCHANGE_SECTIONS.flatMap(({ settings }) => settings), NODE_HEADERS]],
  ['signer', signerExample(), SIGNER_SECTIONS.flatMap(({ settings }) => settings)],
] as const)('the example of the %s is a file that can be read, with every setting in it', (kind, text, settings) => {
  const fields = NETWORK_FIELDS.flatMap((network) => network.fields).filter(
    ({ key }) => kind === 'exchange' || ['chainId', 'usdt', 'network'].includes(key),
  );
  const wanted = [...settings, ...fields].filter(({ example }) => example).map(({ name }) => name);
  writeFileSync(file, uncommented(text));
  const { places } = readSettingsFile(file, kind, {}, () => false);
  expect(wanted.filter((name) => !places.has(name))).toEqual([]);
});
