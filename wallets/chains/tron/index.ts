import { fromChainUnits } from '../../../domain/money/amount';
import type { Network, Rail } from '../../../domain/registry';
import { nodeAddress } from '../address';
import type { NodeAddress, NodeHeaders } from '../address';
import { WrongChain } from '../chain';
import type { Broadcast, Chain, ChainReceipt } from '../chain';
import { addressOf, canonicalAddress, hexOf } from './addresses';
import type { Ask, ConstantCall, NodeAccount } from './asking';
import { createCosts } from './costs';
import type { Costs } from './costs';
import { countOf, parseExact } from './json';
import { lendableOf, resourcesOf, stakeOf } from './stake';
import type { TronResources, TronStake } from './stake';
import { SUN_DECIMALS, succeeded, transfersIn } from './transfers';
import type { TronInfo, TronTransaction } from './transfers';
import type { Envelope } from './wire';

export type TronNetwork = 'main' | 'nile' | 'shasta' | 'local';

export interface TronConfig {
  /** A full node with its solidity interface: `/wallet/...` and `/walletsolidity/...` below this address. */
  readonly rpcUrl: string;
  readonly headers?: NodeHeaders;
  readonly tron: TronNetwork;
  /** Milliseconds for which a transaction of ours is good; five minutes otherwise. */
  readonly goodForMs?: number;
}

/**
 * A chain of the third kind: no nonces. A transaction stands on a block, ends at a time, and is known by its id before
 * it is signed.
 */
export interface TronChain extends Chain, Pick<Costs, 'ownGas' | 'stakeCost' | 'energyFor'> {
  /** For a transaction that is made now: it stands on a block that cannot be lost. No two are alike. */
  envelope(): Promise<Envelope>;
  /** Time of the newest block that cannot be lost. */
  solidTime(): Promise<number>;
  /** Does any part of the node know this transaction, waiting or in a block? */
  knows(txid: string): Promise<boolean>;
  /** Whoever may sign for an account besides its own key; empty when nobody may. */
  strangersOf(address: string): Promise<string[]>;
  stake(address: string): Promise<TronStake>;
  resources(address: string): Promise<TronResources>;
  /** Sun of an account's own stake whose energy can be lent now. */
  lendable(address: string): Promise<bigint>;
  /** Is there such an account? One that was only ever paid in tokens is none. */
  exists(address: string): Promise<boolean>;
}

const TIMEOUT_MS = 10_000;
const GOOD_FOR_MS = 300_000;
/** The first block of each network: who shares it is on the same chain, whatever it calls itself. */
const GENESIS: Readonly<Record<Exclude<TronNetwork, 'local'>, string>> = {
  main: '00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc',
  nile: '0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc',
  shasta: '0000000000000000de1aa88295e1fcf982742f773e0419c5a9c134c994a9059e',
};

interface NodeBlock {
  readonly blockID?: string;
  readonly block_header: {
    readonly raw_data: { readonly number?: number; readonly timestamp: number; readonly parentHash: string };
  };
  readonly transactions?: readonly TronTransaction[];
}
/**
 * TRON through the HTTP interface of a full node. What is read of balances, blocks and receipts is read of solid
 * blocks alone, which no reorganisation reaches; a height here is a height there.
 */
export function createTronChain(network: Network, rails: readonly Rail[], config: TronConfig): TronChain {
  const ask = caller(network.id, nodeAddress(config.rpcUrl, config.headers));
  const listed = {
    nativeAsset: network.gasAsset,
    tokens: new Map(
      rails.flatMap(({ asset, contract, decimals }) => (contract ? [[contract, { asset, decimals }] as const] : [])),
    ),
  };
  const railOf = (asset: string): Rail =>
    rails.find((rail) => rail.asset === asset) ?? fail(`${asset} is not listed on ${network.id}`);
  const blockAt = async (height: number): Promise<NodeBlock & { blockID: string }> => {
    const block = await ask<NodeBlock>('walletsolidity/getblockbynum', { num: height });
    if (block.blockID === undefined || (block.block_header.raw_data.number ?? 0) !== height)
      throw new Error(`${network.id}: no block ${height}`);
    return { ...block, blockID: block.blockID };
  };
  const newest = async (): Promise<{ id: string; number: number; timestamp: number }> => {
    const { blockID: id = '', block_header } = await ask<NodeBlock>('walletsolidity/getnowblock');
    const { number = 0, timestamp } = block_header.raw_data;
    return { id, number, timestamp };
  };
  let lastTime = 0;
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
      const [block, infos] = [
        await blockAt(height),
        await ask<TronInfo[]>('walletsolidity/gettransactioninfobyblocknum', { num: height }),
      ];
      if (block.blockID !== hash || !Array.isArray(infos)) throw new Error(`${network.id}: block ${height} is gone`);
      return transfersIn(block.transactions ?? [], infos, listed, watched);
    },
    receipt: (txid) => receiptOf(ask, txid),
    broadcast: (rawTransaction) => broadcast(ask, rawTransaction),
    ...createCosts(ask, network, railOf),
    stake: (address) => stakeOf(ask, address),
    staked: async (address) => (await stakeOf(ask, address)).total,
    resources: (address) => resourcesOf(ask, address),
    lendable: (address) => lendableOf(ask, address),
    exists: async (address) =>
      (await ask<NodeAccount>('wallet/getaccount', { address: hexOf(address) })).address !== undefined,
    nonce: async () => 0,
    balance: async (address, asset) => {
      const { contract, decimals } = railOf(asset);
      if (contract) return fromChainUnits(await tokenBalance(ask, contract, address), decimals);
      return fromChainUnits(
        countOf((await ask<NodeAccount>('walletsolidity/getaccount', { address: hexOf(address) })).balance),
        SUN_DECIMALS,
      );
    },
    address: canonicalAddress,
    close: () => undefined,
    envelope: async () => {
      const { id, number, timestamp: solid } = await newest();
      const { timestamp } = (await ask<NodeBlock>('wallet/getnowblock')).block_header.raw_data;
      if (timestamp < solid) throw new Error(`${network.id}: the node's newest block is older than its solid one`);
      // Never the same time twice: two equal payments would be one transaction.
      lastTime = timestamp > lastTime ? timestamp : lastTime + 1;
      return {
        blockBytes: (number & 0xffff).toString(16).padStart(4, '0'),
        blockHash: id.slice(16, 32),
        timestamp: lastTime,
        expiration: lastTime + (config.goodForMs ?? GOOD_FOR_MS),
      };
    },
    solidTime: async () => (await newest()).timestamp,
    knows: async (txid) => {
      const found = await Promise.all(
        ['wallet', 'walletsolidity'].map((part) =>
          ask<{ txID?: string }>(`${part}/gettransactionbyid`, { value: txid }),
        ),
      );
      return found.some(({ txID }) => txID !== undefined);
    },
    strangersOf: async (address) => {
      const { owner_permission: owner, active_permission: actives = [] } = await ask<NodeAccount>('wallet/getaccount', {
        address: hexOf(address),
      });
      const keys = [...(owner ? [owner] : []), ...actives].flatMap((permission) => permission.keys ?? []);
      // Our own key may be missing, or not be enough by itself any more.
      const ours =
        !owner ||
        (owner.keys ?? []).some(
          (key) => addressOf(key.address) === address && countOf(key.weight) >= countOf(owner.threshold),
        );
      return [
        ...new Set([
          ...keys.map((key) => addressOf(key.address)).filter((other) => other !== address),
          ...(ours ? [] : ['not by our own key alone']),
        ]),
      ];
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
function caller(id: string, { url, headers }: NodeAddress): Ask {
  return async <T>(path: string, asked: object = {}): Promise<T> => {
    const response = await fetch(`${url}/${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(asked),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
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
  const [contract] = (transaction as TronTransaction).raw_data.contract;
  return {
    height: info.blockNumber,
    ...(contract && { sender: addressOf(String(contract.parameter.value.owner_address)) }),
    succeeded: succeeded(transaction as TronTransaction, info as TronInfo),
    fee: fromChainUnits(countOf(info.fee), SUN_DECIMALS),
    released: fromChainUnits(countOf(info.withdraw_expire_amount), SUN_DECIMALS),
    at: info.blockTimeStamp,
  };
}

async function broadcast(ask: Ask, transaction: string): Promise<Broadcast> {
  const {
    result,
    code = '',
    message = '',
    txid,
  } = await ask<{ result?: boolean; code?: string; message?: string; txid?: string }>('wallet/broadcasthex', {
    transaction,
  });
  if (result === true) return { taken: true };
  // It has these bytes: or says so. What it has can be asked for.
  if (
    code === 'DUP_TRANSACTION_ERROR' &&
    txid &&
    (await ask<{ txID?: string }>('wallet/gettransactionbyid', { value: txid })).txID === txid
  )
    return { taken: true };
  return { taken: false, reason: `${code}: ${Buffer.from(message, 'hex').toString('utf8')}`.slice(0, 200) };
}

async function tokenBalance(ask: Ask, contract: string, address: string): Promise<bigint> {
  const owner = hexOf(address);
  const asked = {
    owner_address: owner,
    contract_address: hexOf(contract),
    function_selector: 'balanceOf(address)',
    parameter: owner.slice(2).padStart(64, '0'),
  };
  const { constant_result: [word] = [], result } = await ask<ConstantCall>(
    'walletsolidity/triggerconstantcontract',
    asked,
  );
  if (result?.result !== true || !word || !/^[0-9a-f]{64}$/i.test(word))
    throw new Error(`the node does not say what ${address} has`);
  return BigInt(`0x${word}`);
}
