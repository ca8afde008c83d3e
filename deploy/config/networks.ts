import { z } from 'zod';
import { KNOWN_NETWORKS } from '../../domain/networks';
import type { NetworkChoice } from '../../domain/networks';
import { isAmount } from '../../domain/money/amount';
import type { NodeHeaders } from '../../wallets/chains/address';

/** One network of the Ethereum kind by settings alone, for those that have no names of their own in the list below. */
const other = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{1,30}$/),
  name: z.string().min(1),
  chainId: z.number().int().positive(),
  gasAsset: z.string().regex(/^[A-Z0-9]{2,10}$/),
  /** Binance's word for it. */
  venueNetwork: z.string().min(1),
  /** One address, or several: the preferred one first. */
  rpcUrl: z.union([z.url(), z.array(z.url()).min(1)]),
  usdt: z
    .strictObject({
      contract: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
      decimals: z.number().int().min(0).max(18, 'tokens of more than 18 decimals cannot be kept exactly'),
    })
    .optional(),
  confirmations: z.number().int().positive(),
  traces: z.boolean().default(false),
  pollMs: z.number().int().min(50).default(1000),
  gasReserve: z.string().default('0'),
});

/** `BTC:0.5,ETH:10` as amounts by asset. */
const amounts = (text: string, context: z.RefinementCtx): Record<string, string> => {
  const pairs = text
    .split(',')
    .filter(Boolean)
    .map((pair) => pair.split(':').map((part) => part.trim()));
  const wrong = pairs.find(
    ([asset = '', amount, ...more]) => !/^[A-Z0-9]{2,10}$/.test(asset) || !isAmount(amount) || more.length > 0,
  );
  if (wrong) context.addIssue({ code: 'custom', message: `not an asset and an amount: ${wrong.join(':')}` });
  return Object.fromEntries(pairs.map(([asset = '', amount = '']) => [asset, amount]));
};

/** `https://a,https://b`: addresses of nodes, the preferred one first. */
const addresses = (text: string, context: z.RefinementCtx): string[] => {
  const urls = text
    .split(',')
    .map((url) => url.trim())
    .filter(Boolean);
  // Not shown: it may carry a password.
  for (const [at, url] of urls.entries())
    if (!URL.canParse(url))
      context.addIssue({ code: 'custom', message: `the address in place ${at + 1} cannot be read` });
  return urls;
};

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,60}$/);
/** `{"host:port": {"Header": "value"}}`. What is wrong with it is said without its values. */
const nodeHeaders = (text: string, context: z.RefinementCtx): NodeHeaders => {
  try {
    return z
      .record(z.string().min(1), z.record(headerName, z.string().regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/)))
      .parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'not headers by host: {"host:port": {"Header": "value"}}' });
    return z.NEVER;
  }
};

/** Settings of the networks; one without a node's address is not opened. Read by the exchange and by the signer. */
export const NETWORK_SETTINGS = {
  ETHEREUM_RPC_URL: z.string().default('').transform(addresses),
  ETHEREUM_CHAIN_ID: z.coerce.number().int().positive().default(1),
  ETHEREUM_USDT: z.string().default('0xdAC17F958D2ee523a2206206994597C13D831ec7'),
  ETHEREUM_CONFIRMATIONS: z.coerce.number().int().positive().default(12),
  ETHEREUM_TRACES: z.enum(['true', 'false']).default('true'),
  ETHEREUM_POLL_MS: z.coerce.number().int().min(50).default(1000),
  ETHEREUM_GAS_RESERVE: z.string().default('0.5'),
  BSC_RPC_URL: z.string().default('').transform(addresses),
  BSC_CHAIN_ID: z.coerce.number().int().positive().default(56),
  BSC_USDT: z.string().default('0x55d398326f99059fF775485246999027B3197955'),
  BSC_CONFIRMATIONS: z.coerce.number().int().positive().default(15),
  BSC_TRACES: z.enum(['true', 'false']).default('true'),
  BSC_POLL_MS: z.coerce.number().int().min(50).default(1000),
  BSC_GAS_RESERVE: z.string().default('0.5'),
  POLYGON_RPC_URL: z.string().default('').transform(addresses),
  POLYGON_CHAIN_ID: z.coerce.number().int().positive().default(137),
  POLYGON_USDT: z.string().default('0xc2132D05D31c914a87C6611C10748AEb04B58e8F'),
  POLYGON_CONFIRMATIONS: z.coerce.number().int().positive().default(128),
  POLYGON_TRACES: z.enum(['true', 'false']).default('true'),
  POLYGON_POLL_MS: z.coerce.number().int().min(50).default(1000),
  POLYGON_GAS_RESERVE: z.string().default('50'),
  /** With user and password: http://user:password@host:8332 */
  BITCOIN_RPC_URL: z.string().default('').transform(addresses),
  BITCOIN_NETWORK: z.enum(['main', 'test', 'regtest']).default('main'),
  BITCOIN_CONFIRMATIONS: z.coerce.number().int().positive().default(3),
  BITCOIN_POLL_MS: z.coerce.number().int().min(50).default(5000),
  BITCOIN_RESERVE: z.string().default('0.01'),
  BITCOIN_BATCH_MS: z.coerce.number().int().min(0).default(0),
  BITCOIN_CONSOLIDATE_AT: z.coerce.number().int().min(0).default(0),
  BITCOIN_CONSOLIDATE_ABOVE: z.coerce.number().int().min(2).max(10_000).default(100),
  LARGE_DEPOSITS: z.string().default('').transform(amounts),
  /** A full node with its solidity interface. */
  TRON_RPC_URL: z.string().default('').transform(addresses),
  TRON_NETWORK: z.enum(['main', 'nile', 'shasta', 'local']).default('main'),
  TRON_USDT: z.string().default('TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'),
  TRON_POLL_MS: z.coerce.number().int().min(50).default(1500),
  TRON_GAS_RESERVE: z.string().default('500'),
  /** Of TronGrid. Secret. */
  TRON_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{8,200}$/, 'not a key')
    .optional(),
  TRON_LEND_ENERGY: z.enum(['true', 'false']).default('true'),
  /** Headers that are sent to nodes, by their hosts. Secret. */
  NODE_HEADERS: z.string().default('{}').transform(nodeHeaders),
  /** A JSON list of further networks of the Ethereum kind. */
  EVM_NETWORKS: z
    .string()
    .default('[]')
    .transform((text, context) => {
      try {
        return z.array(other).parse(JSON.parse(text));
      } catch (error) {
        context.addIssue({
          code: 'custom',
          message: `not a list of networks: ${error instanceof Error ? error.message : String(error)}`,
        });
        return z.NEVER;
      }
    }),
} as const;

export type NetworkSettings = z.infer<z.ZodObject<typeof NETWORK_SETTINGS>>;

/** A network of the Ethereum kind as the settings say it: what is listed of it, and how its node is reached. */
export interface EvmNetwork extends NetworkChoice {
  readonly id: string;
  readonly gasAsset: string;
  readonly usdtDecimals: number;
  /** Of every node, the preferred one first. */
  readonly rpcUrls: readonly string[];
  /** The preferred node; empty where none is named. */
  readonly rpcUrl: string;
  readonly headers: NodeHeaders;
  readonly traces: boolean;
  readonly pollMs: number;
  /** Of the gas asset, kept in the hot wallet; a decimal string. */
  readonly gasReserve: string;
}

const PREFIXES = { ethereum: 'ETHEREUM', bsc: 'BSC', polygon: 'POLYGON' } as const;

/** Every network of the settings. The signer's settings name no nodes; the exchange opens those that have one. */
export function evmNetworks(settings: NetworkSettings): EvmNetwork[] {
  const known = Object.entries(PREFIXES).map(([id, prefix]) => ({
    id,
    gasAsset: KNOWN_NETWORKS[id]?.gasAsset ?? '',
    usdtDecimals: KNOWN_NETWORKS[id]?.usdtDecimals ?? 0,
    chainId: settings[`${prefix}_CHAIN_ID`],
    rpcUrls: settings[`${prefix}_RPC_URL`],
    rpcUrl: settings[`${prefix}_RPC_URL`][0] ?? '',
    usdt: settings[`${prefix}_USDT`],
    confirmations: settings[`${prefix}_CONFIRMATIONS`],
    traces: settings[`${prefix}_TRACES`] === 'true',
    pollMs: settings[`${prefix}_POLL_MS`],
    gasReserve: settings[`${prefix}_GAS_RESERVE`],
    headers: settings.NODE_HEADERS,
  }));
  const others = settings.EVM_NETWORKS.map(({ name, venueNetwork, usdt, rpcUrl, ...rest }) => ({
    ...rest,
    headers: settings.NODE_HEADERS,
    rpcUrls: [rpcUrl].flat(),
    rpcUrl: [rpcUrl].flat()[0] ?? '',
    ...(usdt && { usdt: usdt.contract }),
    usdtDecimals: usdt?.decimals ?? 0,
    kind: { name, venueNetwork, gasAsset: rest.gasAsset, usdtDecimals: usdt?.decimals ?? 0 },
  }));
  return [...known, ...others];
}

/** Those with a node, by their ids. */
export const openNetworks = (settings: NetworkSettings): EvmNetwork[] =>
  evmNetworks(settings).filter(({ rpcUrl }) => rpcUrl !== '');

/** Bitcoin as the settings say it. */
export interface BitcoinSettings {
  readonly id: 'bitcoin';
  readonly gasAsset: 'BTC';
  readonly bitcoin: 'mainnet' | 'testnet' | 'regtest';
  /** Of every node, the preferred one first. */
  readonly rpcUrls: readonly string[];
  /** The preferred node; empty where none is named. */
  readonly rpcUrl: string;
  readonly headers: NodeHeaders;
  readonly confirmations: number;
  readonly pollMs: number;
  /** A batch of withdrawals goes out at most so often; 0: whenever there is one to pay. */
  readonly batchEveryMs: number;
  /**
   * The rate, in satoshi a virtual byte, up to which small coins are gathered (0: never), and above how many of them.
   */
  readonly consolidation: { readonly at: number; readonly above: number };
  /** Of the operator's own coins, kept in the hot wallet for fees; a decimal string. */
  readonly gasReserve: string;
}

export function bitcoinOf(settings: NetworkSettings): BitcoinSettings {
  const {
    BITCOIN_RPC_URL: rpcUrls,
    BITCOIN_NETWORK,
    BITCOIN_CONFIRMATIONS: confirmations,
    BITCOIN_POLL_MS: pollMs,
    BITCOIN_RESERVE: gasReserve,
    BITCOIN_BATCH_MS: batchEveryMs,
    BITCOIN_CONSOLIDATE_AT: at,
    BITCOIN_CONSOLIDATE_ABOVE: above,
    NODE_HEADERS: headers,
  } = settings;
  const bitcoin = ({ main: 'mainnet', test: 'testnet', regtest: 'regtest' } as const)[BITCOIN_NETWORK];
  return {
    id: 'bitcoin',
    gasAsset: 'BTC',
    bitcoin,
    rpcUrls,
    rpcUrl: rpcUrls[0] ?? '',
    headers,
    confirmations,
    pollMs,
    gasReserve,
    batchEveryMs,
    consolidation: { at, above },
  };
}

/** Bitcoin, where the settings name a node. */
export function openBitcoin(settings: NetworkSettings): BitcoinSettings | undefined {
  const bitcoin = bitcoinOf(settings);
  return bitcoin.rpcUrl === '' ? undefined : bitcoin;
}

/** TRON as the settings say it. */
export interface TronSettings {
  readonly id: 'tron';
  readonly gasAsset: 'TRX';
  readonly tron: NetworkSettings['TRON_NETWORK'];
  /** Of every node, the preferred one first. */
  readonly rpcUrls: readonly string[];
  /** The preferred node; empty where none is named. */
  readonly rpcUrl: string;
  readonly headers: NodeHeaders;
  readonly usdt: string;
  readonly pollMs: number;
  /** Of the operator's own TRX, kept in the hot wallet for energy and bandwidth; a decimal string. */
  readonly gasReserve: string;
  readonly lendEnergy: boolean;
}

export function tronOf({
  TRON_RPC_URL: rpcUrls,
  TRON_NETWORK: tron,
  TRON_USDT: usdt,
  TRON_POLL_MS: pollMs,
  TRON_GAS_RESERVE: gasReserve,
  TRON_LEND_ENERGY,
  TRON_API_KEY,
  NODE_HEADERS,
}: NetworkSettings): TronSettings {
  return {
    id: 'tron',
    gasAsset: 'TRX',
    tron,
    rpcUrls,
    rpcUrl: rpcUrls[0] ?? '',
    headers: withApiKey(NODE_HEADERS, rpcUrls, TRON_API_KEY),
    usdt,
    pollMs,
    gasReserve,
    lendEnergy: TRON_LEND_ENERGY === 'true',
  };
}

/** A key is told to nodes over TLS and to those of this machine: not to everybody on the way to the others. */
function withApiKey(headers: NodeHeaders, rpcUrls: readonly string[], key: string | undefined): NodeHeaders {
  if (key === undefined) return headers;
  const safe = rpcUrls
    .map((url) => new URL(url))
    .filter(({ protocol, hostname }) => protocol === 'https:' || hostname === '127.0.0.1' || hostname === 'localhost');
  return {
    ...headers,
    ...Object.fromEntries(safe.map(({ host }) => [host, { 'TRON-PRO-API-KEY': key, ...headers[host] }])),
  };
}

/** TRON, where the settings name a node. */
export function openTron(settings: NetworkSettings): TronSettings | undefined {
  const tron = tronOf(settings);
  return tron.rpcUrl === '' ? undefined : tron;
}
