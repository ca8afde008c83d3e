/**
 * The networks whose chains must keep the contract, each with a node to ask: a local one, or one that the environment
 * names.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { networkOf } from '../../domain/registry';
import type { Registry } from '../../domain/registry';
import { createBitcoinNode } from '../../wallets/chains/bitcoin/node';
import type { Chain } from '../../wallets/chains/chain';
import { createEvmChain } from '../../wallets/chains/evm';
import { createTronChain } from '../../wallets/chains/tron';
import { strangersAddress } from '../emulators/bitcoin/faucet';
import { installBcoin } from '../emulators/bitcoin/install';
import { askBitcoin, startBitcoin } from '../emulators/bitcoin/start';
import { startAnvil } from '../emulators/evm/anvil';
import { freshAddress, stranger } from '../emulators/evm/stranger';
import { LOCAL_TETHER } from '../emulators/tron/accounts';
import { faucetPayment, freshTron, payTron } from '../emulators/tron/faucet';
import { installTron } from '../emulators/tron/install';
import { askTron, startTron } from '../emulators/tron/start';
import { LOCAL } from '../../deploy/config/paths';
import { freePort } from '../services/process';

/** What every kind of network has. */
export type AnyChain = Pick<Chain, 'check' | 'head' | 'header' | 'transfers' | 'broadcast' | 'address'>;

export interface ChainUnderTest {
  readonly chain: AnyChain;
  readonly addresses: { readonly good: string; readonly bad: readonly string[] };
  /** Bytes, spelt as this network's are, that are no transaction. */
  readonly nonsense: string;
  /** The same node, with settings of another chain. */
  wrongChain(): AnyChain;
  /** Where nobody answers. */
  away(): AnyChain;
  /** Pays somebody once and mines; where coins can be had. */
  pay?(): Promise<{ to: string; amount: Units; asset: string }>;
  /** Signed bytes of a payment that can be mined. */
  sign?(): Promise<string>;
  mine?(): Promise<void>;
  close(): Promise<void>;
}

export interface NamedChain {
  readonly name: string;
  /** Why it cannot be asked here. */
  readonly absent?: string | undefined;
  open(): Promise<ChainUnderTest>;
}

const USDT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
const EVM_ADDRESSES = {
  good: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  bad: ['0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'vitalik.eth'],
};
const BITCOIN_ADDRESSES = {
  good: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  bad: [
    'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
    'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt081',
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  ],
};

const evmOf = (
  url: string,
  chainId: number,
  registry: Registry = firstListing({ ethereum: { chainId, usdt: USDT, confirmations: 3 } }),
): Chain =>
  createEvmChain(
    networkOf(registry, 'ethereum'),
    registry.rails.filter(({ network }) => network === 'ethereum'),
    { rpcUrl: url, traces: false },
  );

/** An EVM network at `url`. Everything that was opened is let go at the end. */
function evmUnderTest(url: string, chainId: number): Omit<ChainUnderTest, 'close'> & { release(): void } {
  const opened: Chain[] = [];
  const at = (place: string, id: number): Chain => {
    const chain = evmOf(place, id);
    opened.push(chain);
    return chain;
  };
  return {
    chain: at(url, chainId),
    addresses: EVM_ADDRESSES,
    nonsense: '0x02c0ffee',
    wrongChain: () => at(url, chainId + 1),
    away: () => at('http://127.0.0.1:9', chainId),
    release: () => opened.forEach((chain) => chain.close()),
  };
}

async function openAnvil(): Promise<ChainUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), 'contract-'));
  const anvil = await startAnvil({
    dir: join(dir, 'chain'),
    port: await freePort(),
    chainId: 31337,
    blockSeconds: 0,
    logFile: join(dir, 'log'),
  });
  const world = stranger(anvil);
  await world.mine(8);
  const { release, ...under } = evmUnderTest(anvil.url, anvil.chainId);
  return {
    ...under,
    pay: async () => {
      const to = freshAddress();
      await world.ether(to, '1.000000000000000001');
      await world.mine(2);
      return { to, amount: parseAmount('1.000000000000000001'), asset: 'ETH' };
    },
    sign: () => world.signed(freshAddress(), '0.5'),
    mine: () => world.mine(),
    close: async () => {
      release();
      await anvil.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const bitcoinUnderTest = (url: string): Omit<ChainUnderTest, 'close'> => ({
  chain: createBitcoinNode({ rpcUrl: url, network: 'regtest', asset: 'BTC' }),
  addresses: BITCOIN_ADDRESSES,
  nonsense: 'c0ffee',
  wrongChain: () => createBitcoinNode({ rpcUrl: url, network: 'mainnet', asset: 'BTC' }),
  away: () => createBitcoinNode({ rpcUrl: 'http://u:p@127.0.0.1:9', network: 'regtest', asset: 'BTC' }),
  pay: async () => {
    const to = strangersAddress();
    await askBitcoin<string>(url, 'sendtoaddress', to, '0.12345678');
    await mineOn(url);
    return { to, amount: parseAmount('0.12345678'), asset: 'BTC' };
  },
  mine: () => mineOn(url),
});

const mineOn = async (url: string): Promise<void> =>
  void (await askBitcoin(url, 'generatetoaddress', 1, strangersAddress()));

async function openBcoin(): Promise<ChainUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), 'contract-bitcoin-'));
  const node = await startBitcoin({
    dir: join(dir, 'chain'),
    port: await freePort(),
    packages: join(LOCAL, 'tools', 'bitcoin'),
    user: 'u',
    password: 'p',
    blockSeconds: 0,
    logFile: join(dir, 'log'),
  });
  const under = bitcoinUnderTest(node.url);
  const signed = async (): Promise<string> =>
    askBitcoin<string>(
      node.url,
      'getrawtransaction',
      await askBitcoin<string>(node.url, 'sendtoaddress', strangersAddress(), '0.5'),
    );
  return {
    ...under,
    sign: signed,
    mine: async () => void (await askBitcoin(node.url, 'mine')),
    pay: async () => {
      const to = strangersAddress();
      await askBitcoin<string>(node.url, 'sendtoaddress', to, '0.12345678');
      await askBitcoin(node.url, 'mine');
      return { to, amount: parseAmount('0.12345678'), asset: 'BTC' };
    },
    close: async () => {
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Its wallet makes and signs, so nothing of ours takes part. */
async function openCore(url: string): Promise<ChainUnderTest> {
  const sign = async (): Promise<string> => {
    const plain = await askBitcoin<string>(url, 'createrawtransaction', [], { [strangersAddress()]: '0.5' });
    const { hex: funded } = await askBitcoin<{ hex: string }>(url, 'fundrawtransaction', plain);
    return (await askBitcoin<{ hex: string }>(url, 'signrawtransactionwithwallet', funded)).hex;
  };
  return { ...bitcoinUnderTest(url), sign, close: async () => undefined };
}

async function openSepolia(url: string): Promise<ChainUnderTest> {
  const { release, ...under } = evmUnderTest(url, 11_155_111);
  return { ...under, close: async () => release() };
}

const SOLIDITY = 3;
const TRON_ADDRESSES = {
  good: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t',
  bad: [
    'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T',
    '41a614f803b6fd780986a42c78ec9c7f77e6ded13c',
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  ],
};

/** Blocks count once they are solid. */
async function openTronEmulator(): Promise<ChainUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), 'contract-tron-'));
  const node = await startTron({
    dir: join(dir, 'chain'),
    port: await freePort(),
    packages: join(LOCAL, 'tools', 'tron'),
    blockMs: 0,
    solidity: SOLIDITY,
    logFile: join(dir, 'log'),
  });
  const {
    networks: [network],
    rails,
  } = firstListing({}, undefined, { usdt: LOCAL_TETHER });
  if (!network) throw new Error('TRON is not listed');
  const at = (rpcUrl: string, tron: 'main' | 'local'): Chain => createTronChain(network, rails, { rpcUrl, tron });
  const mine = async (): Promise<void> => void (await askTron(node.url, 'control/mine', { blocks: SOLIDITY + 1 }));
  await mine();
  return {
    chain: at(node.url, 'local'),
    addresses: TRON_ADDRESSES,
    nonsense: 'c0ffee',
    wrongChain: () => at(node.url, 'main'),
    away: () => at('http://127.0.0.1:9', 'local'),
    pay: async () => {
      const to = freshTron().address;
      await payTron(node.url, to, 'TRX', '1.234567');
      await mine();
      return { to, amount: parseAmount('1.234567'), asset: 'TRX' };
    },
    sign: async () => (await faucetPayment(node.url, freshTron().address, 'TRX', '0.5')).hex,
    mine,
    close: async () => {
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Every network there is a chain for: the local ones, and those whose node the environment names. */
export function chainsUnderTest(env = process.env): NamedChain[] {
  const { TEST_SEPOLIA_RPC_URL: sepolia, TEST_BITCOIN_CORE_URL: core } = env;
  return [
    { name: 'ethereum on anvil', open: openAnvil },
    { name: 'bitcoin on bcoin', absent: installBcoin(join(LOCAL, 'tools', 'bitcoin')), open: openBcoin },
    { name: 'TRON on the emulator', absent: installTron(join(LOCAL, 'tools', 'tron')), open: openTronEmulator },
    ...(sepolia ? [{ name: 'Sepolia', open: () => openSepolia(sepolia) }] : []),
    ...(core ? [{ name: 'Bitcoin Core', open: () => openCore(core) }] : []),
  ];
}
