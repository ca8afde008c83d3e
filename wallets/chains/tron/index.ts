import { fromChainUnits, toChainUnits } from '../../../domain/money/amount';
import { mulDivUp } from '../../../domain/money/rounding';
import type { Network, Rail } from '../../../domain/registry';
import { TransferRefused, WrongChain } from '../chain';
import type { Broadcast, Chain, ChainReceipt, GasQuote } from '../chain';
import { addressOf, canonicalAddress, hexOf } from './addresses';
import { countOf, parseExact } from './json';
import { SUN_DECIMALS, succeeded, transfersIn } from './transfers';
import type { TronInfo, TronTransaction } from './transfers';
import { transferData } from './wire';
import type { Envelope } from './wire';

export type TronNetwork = 'main' | 'nile' | 'shasta' | 'local';

export interface TronConfig {
  /** A full node with its solidity interface: `/wallet/...` and `/walletsolidity/...` below this address. */
  readonly rpcUrl: string;
  readonly tron: TronNetwork;
  /** Milliseconds for which a transaction of ours is good; five minutes otherwise. */
  readonly goodForMs?: number;
}

/** A chain of the third kind: no nonces. A transaction stands on a block, ends at a time, and is known by its id before it is signed. */
export interface TronChain extends Chain {
  /** For a transaction that is made now: it stands on a block that cannot be lost. No two are alike. */
  envelope(): Promise<Envelope>;
  /** Time of the newest block that cannot be lost. */
  solidTime(): Promise<number>;
  /** Does any part of the node know this transaction, waiting or in a block? */
  knows(txid: string): Promise<boolean>;
  /** Whoever may sign for an account besides its own key; empty when nobody may. */
  strangersOf(address: string): Promise<string[]>;
}

const TIMEOUT_MS = 10_000;
const GOOD_FOR_MS = 300_000;
/** Energy prices change by vote, seldom. */
const PRICES_FOR_MS = 60_000;
/** More than our two kinds of transaction have, with their result: 268 and 345 in life. */
const COIN_BYTES = 290n;
const TOKEN_BYTES = 370n;
/** Costs are said in whole hundredths of a TRX. */
const ROUND_SUN = 10_000n;
/** The first block of each network: who shares it is on the same chain, whatever it calls itself. */
const GENESIS: Readonly<Record<Exclude<TronNetwork, 'local'>, string>> = {
  main: '00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc',
  nile: '0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc',
  shasta: '0000000000000000de1aa88295e1fcf982742f773e0419c5a9c134c994a9059e',
};

interface NodeBlock {
  readonly blockID?: string;
  readonly block_header: { readonly raw_data: { readonly number?: number; readonly timestamp: number; readonly parentHash: string } };
  readonly transactions?: readonly TronTransaction[];
}
interface Permission {
  readonly threshold?: unknown;
  readonly keys?: readonly { readonly address: string; readonly weight?: unknown }[];
}
interface NodeAccount {
  readonly address?: string;
  readonly balance?: unknown;
  readonly type?: string;
  readonly owner_permission?: Permission;
  readonly active_permission?: readonly Permission[];
}
interface ConstantCall {
  readonly result?: { readonly result?: boolean; readonly code?: string; readonly message?: string };
  readonly energy_required?: unknown;
  readonly energy_used?: unknown;
  readonly constant_result?: readonly string[];
  readonly transaction?: { readonly ret?: readonly { readonly ret?: string }[] };
}
interface Prices {
  readonly energy: bigint;
  readonly bandwidth: bigint;
  readonly account: bigint;
}

type Ask = <T>(path: string, asked?: object) => Promise<T>;

/**
 * TRON through the HTTP interface of a full node. What is read of balances, blocks and receipts is read of solid blocks alone,
 * which no reorganisation reaches; a height here is a height there.
 */
export function createTronChain(network: Network, rails: readonly Rail[], config: TronConfig): TronChain {
  const ask = caller(network.id, config.rpcUrl);
  const listed = { nativeAsset: network.gasAsset, tokens: new Map(rails.flatMap(({ asset, contract, decimals }) => (contract ? [[contract, { asset, decimals }] as const] : []))) };
  const railOf = (asset: string): Rail => rails.find((rail) => rail.asset === asset) ?? fail(`${asset} is not listed on ${network.id}`);
  const blockAt = async (height: number): Promise<NodeBlock & { blockID: string }> => {
    const block = await ask<NodeBlock>('walletsolidity/getblockbynum', { num: height });
    if (block.blockID === undefined || (block.block_header.raw_data.number ?? 0) !== height) throw new Error(`${network.id}: no block ${height}`);
    return { ...block, blockID: block.blockID };
  };
  const newest = async (): Promise<{ id: string; number: number; timestamp: number }> => {
    const { blockID: id = '', block_header } = await ask<NodeBlock>('walletsolidity/getnowblock');
    const { number = 0, timestamp } = block_header.raw_data;
    return { id, number, timestamp };
  };
  let lastTime = 0;
  const { quote } = createQuotes(ask, network, railOf);
  return {
    check: () => checkChain(network.id, config.tron, async () => (await blockAt(0)).blockID),
    head: async () => (await newest()).number,
    header: async (height) => {
      const { blockID: hash, block_header } = await blockAt(height);
      return { height, hash, parentHash: block_header.raw_data.parentHash };
    },
    transfers: async ({ height, hash }, watched) => {
      // The first block makes the coins; nobody is paid in it.
      if (height === 0) return [];
      const [block, infos] = [await blockAt(height), await ask<TronInfo[]>('walletsolidity/gettransactioninfobyblocknum', { num: height })];
      if (block.blockID !== hash || !Array.isArray(infos)) throw new Error(`${network.id}: block ${height} is gone`);
      return transfersIn(block.transactions ?? [], infos, listed, watched);
    },
    receipt: (txid) => receiptOf(ask, txid),
    broadcast: (rawTransaction) => broadcast(ask, rawTransaction),
    gas: quote,
    nonce: async () => 0,
    balance: async (address, asset) => {
      const { contract, decimals } = railOf(asset);
      if (contract) return fromChainUnits(await tokenBalance(ask, contract, address), decimals);
      return fromChainUnits(countOf((await ask<NodeAccount>('walletsolidity/getaccount', { address: hexOf(address) })).balance), SUN_DECIMALS);
    },
    address: canonicalAddress,
    close: () => undefined,
    envelope: async () => {
      const { id, number, timestamp: solid } = await newest();
      const { timestamp } = (await ask<NodeBlock>('wallet/getnowblock')).block_header.raw_data;
      if (timestamp < solid) throw new Error(`${network.id}: the node's newest block is older than its solid one`);
      // Never the same time twice: two equal payments would be one transaction.
      lastTime = timestamp > lastTime ? timestamp : lastTime + 1;
      return { blockBytes: (number & 0xffff).toString(16).padStart(4, '0'), blockHash: id.slice(16, 32), timestamp: lastTime, expiration: lastTime + (config.goodForMs ?? GOOD_FOR_MS) };
    },
    solidTime: async () => (await newest()).timestamp,
    knows: async (txid) => {
      const found = await Promise.all(['wallet', 'walletsolidity'].map((part) => ask<{ txID?: string }>(`${part}/gettransactionbyid`, { value: txid })));
      return found.some(({ txID }) => txID !== undefined);
    },
    strangersOf: async (address) => {
      const { owner_permission: owner, active_permission: actives = [] } = await ask<NodeAccount>('wallet/getaccount', { address: hexOf(address) });
      const keys = [...(owner ? [owner] : []), ...actives].flatMap((permission) => permission.keys ?? []);
      // Our own key may be missing, or not be enough by itself any more.
      const ours = !owner || (owner.keys ?? []).some((key) => addressOf(key.address) === address && countOf(key.weight) >= countOf(owner.threshold));
      return [...new Set([...keys.map((key) => addressOf(key.address)).filter((other) => other !== address), ...(ours ? [] : ['not by our own key alone'])])];
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}

async function checkChain(id: string, tron: TronNetwork, first: () => Promise<string>): Promise<void> {
  const found = await first();
  const known = Object.entries(GENESIS).find(([, hash]) => hash === found)?.[0] ?? 'local';
  if (known !== tron) throw new WrongChain(`${id}: the node's first block is ${found}, which is not ${tron}`);
}

/** Questions to a node. It says what is wrong in its answer; that and no answer throw. */
function caller(id: string, url: string): Ask {
  const base = url.replace(/\/$/, '');
  return async <T>(path: string, asked: object = {}): Promise<T> => {
    const response = await fetch(`${base}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked), signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${id}: the node answers ${response.status} to ${path}`);
    const said = parseExact(text) as T & { Error?: string };
    if (typeof said !== 'object' || said === null) throw new Error(`${id}: no answer to ${path}`);
    if (said.Error !== undefined) throw new Error(`${id}: ${path}: ${said.Error}`);
    return said;
  };
}

async function receiptOf(ask: Ask, txid: string): Promise<ChainReceipt | undefined> {
  const info = await ask<Partial<TronInfo>>('walletsolidity/gettransactioninfobyid', { value: txid });
  if (info.id === undefined || info.blockNumber === undefined) return undefined;
  const transaction = await ask<Partial<TronTransaction>>('walletsolidity/gettransactionbyid', { value: txid });
  if (transaction.txID !== txid) throw new Error(`the node knows what became of ${txid}, and not what it is`);
  return { height: info.blockNumber, succeeded: succeeded(transaction as TronTransaction, info as TronInfo), fee: fromChainUnits(countOf(info.fee), SUN_DECIMALS) };
}

async function broadcast(ask: Ask, transaction: string): Promise<Broadcast> {
  const { result, code = '', message = '', txid } = await ask<{ result?: boolean; code?: string; message?: string; txid?: string }>('wallet/broadcasthex', { transaction });
  if (result === true) return { taken: true };
  // It has these bytes: or says so. What it has can be asked for.
  if (code === 'DUP_TRANSACTION_ERROR' && txid && (await ask<{ txID?: string }>('wallet/gettransactionbyid', { value: txid })).txID === txid) return { taken: true };
  return { taken: false, reason: `${code}: ${Buffer.from(message, 'hex').toString('utf8')}`.slice(0, 200) };
}

async function tokenBalance(ask: Ask, contract: string, address: string): Promise<bigint> {
  const owner = hexOf(address);
  const asked = { owner_address: owner, contract_address: hexOf(contract), function_selector: 'balanceOf(address)', parameter: owner.slice(2).padStart(64, '0') };
  const { constant_result: [word] = [], result } = await ask<ConstantCall>('walletsolidity/triggerconstantcontract', asked);
  if (result?.result !== true || !word || !/^[0-9a-f]{64}$/i.test(word)) throw new Error(`the node does not say what ${address} has`);
  return BigInt(`0x${word}`);
}

/** What transfers would cost: bandwidth, energy, and the making of an account. */
function createQuotes(ask: Ask, network: Network, railOf: (asset: string) => Rail): { quote: Chain['gas'] } {
  let known: { prices: Prices; at: number } | undefined;
  const prices = async (): Promise<Prices> => {
    if (known && Date.now() - known.at < PRICES_FOR_MS) return known.prices;
    const { chainParameter } = await ask<{ chainParameter: { key: string; value?: unknown }[] }>('wallet/getchainparameters');
    const value = (key: string): bigint => countOf(chainParameter.find((row) => row.key === key)?.value);
    const read = { energy: value('getEnergyFee'), bandwidth: value('getTransactionFee'), account: value('getCreateAccountFee') + value('getCreateNewAccountFeeInSystemContract') };
    if (read.energy <= 0n || read.bandwidth <= 0n) throw new Error(`${network.id}: the node does not say its prices`);
    known = { prices: read, at: Date.now() };
    return read;
  };
  const quoteOf = (sun: bigint, feeLimit: bigint): GasQuote => {
    const maxCost = fromChainUnits(mulDivUp(sun, 1n, ROUND_SUN) * ROUND_SUN, SUN_DECIMALS);
    return { gasLimit: 1n, maxFeePerGas: maxCost, maxPriorityFeePerGas: feeLimit, maxCost };
  };
  const quote: Chain['gas'] = async ({ from, to, asset, amount }) => {
    const { energy, bandwidth, account } = await prices();
    const { contract, decimals } = railOf(asset);
    if (!contract) {
      const receiver = await ask<NodeAccount>('wallet/getaccount', { address: hexOf(to) });
      if (receiver.type === 'Contract') throw new TransferRefused(`${network.id}: TRX is not sent to a contract`);
      return quoteOf(COIN_BYTES * bandwidth + (receiver.address === undefined ? account : 0n), 0n);
    }
    // Half an amount may be finer than the token counts: what is asked here is only what it takes.
    const step = fromChainUnits(1n, decimals);
    const units = toChainUnits(amount - (amount % step), decimals);
    const asked = { owner_address: hexOf(from), contract_address: hexOf(contract), function_selector: 'transfer(address,uint256)', parameter: transferData(hexOf(to), units).slice(8) };
    // A fifth more than it would take now: the receiver may have spent his last coin by then, and a contract in demand takes more.
    const feeLimit = mulDivUp((await energyOf(ask, network.id, asked)) * energy, 6n, 5n);
    return quoteOf(feeLimit + TOKEN_BYTES * bandwidth, feeLimit);
  };
  return { quote };
}

/** Throws TransferRefused when the call would fail. Nodes that do not estimate say what the call has used. */
async function energyOf(ask: Ask, id: string, asked: object): Promise<bigint> {
  const called = await ask<ConstantCall>('wallet/triggerconstantcontract', asked);
  const { result, transaction } = called;
  const message = Buffer.from(result?.message ?? '', 'hex').toString('utf8');
  if (result?.result !== true) throw new Error(`${id}: ${result?.code ?? 'no answer'}: ${message}`);
  if (message !== '' || transaction?.ret?.[0]?.ret === 'FAILED') throw new TransferRefused(`${id}: ${message || 'the call fails'}`);
  const estimated = await ask<ConstantCall>('wallet/estimateenergy', asked).catch(() => undefined);
  const [used, required] = [countOf(called.energy_used), estimated?.result?.result === true ? countOf(estimated.energy_required) : 0n];
  return required > used ? required : used;
}
