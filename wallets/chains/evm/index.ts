import { FetchRequest, Interface, JsonRpcProvider, Transaction, getAddress, toQuantity } from 'ethers';
import { fromChainUnits, toChainUnits } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { floorToStep, stepOf } from '../../../domain/money/rounding';
import type { Network, Rail } from '../../../domain/registry';
import { nodeAddress, withoutAddress } from '../address';
import type { NodeHeaders } from '../address';
import { TransferRefused, WrongChain } from '../chain';
import type { BlockHeader, Chain, GasQuote } from '../chain';
import { transfersIn } from './transfers';
import { checkArrivals } from './true-transfers';
import { mustHaveEveryLog } from './whole';
import type { RpcFrame, RpcReceipt, RpcTransaction } from './transfers';

const ERC20 = new Interface([
  'function transfer(address to, uint256 value)',
  'function balanceOf(address owner) view returns (uint256)',
]);
/** What a node says of bytes that it has already. */
const HAS_IT = /already known|already imported|known transaction/i;
/** How the library names a call that would fail. */
const WOULD_FAIL = new Set(['CALL_EXCEPTION', 'INSUFFICIENT_FUNDS', 'UNPREDICTABLE_GAS_LIMIT']);
const TIP = 1_000_000_000n;
const CALL_TIMEOUT_MS = 10_000;

export interface EvmConfig {
  readonly rpcUrl: string;
  readonly headers?: NodeHeaders;
  /** Does the node have debug_traceBlockByHash? Without it coins sent by contracts are in no transfer. */
  readonly traces: boolean;
}

interface RpcBlock {
  readonly hash: string;
  readonly parentHash: string;
  readonly transactions: readonly RpcTransaction[];
  readonly logsBloom?: string;
}

export type EvmChain = Required<Omit<Chain, 'staked'>>;

type Rpc = <T>(method: string, params: unknown[]) => Promise<T>;

/** What the parts of a chain share. */
interface EvmNode {
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly rpc: Rpc;
}

/** An EVM network through its JSON-RPC. */
export function createEvmChain(network: Network, rails: readonly Rail[], config: EvmConfig): EvmChain {
  // staticNetwork: the library would otherwise accept a node of another chain; check() asks by itself.
  const provider = new JsonRpcProvider(requestTo(config), network.chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
    batchMaxCount: 20,
    batchStallTime: 0,
  });
  const node: EvmNode = { network, rails, rpc: rpcOf(provider, network) };
  return {
    ...headsOf(node),
    transfers: transfersOf(node, config.traces),
    ...transactionsOf(node),
    gas: gasOf(node),
    ...balancesOf(node),
    address: canonicalAddress,
    close: () => provider.destroy(),
  };
}

/** Calls of the node that end in time, and whose errors do not name it. */
const rpcOf =
  (provider: JsonRpcProvider, network: Network): Rpc =>
  async <T>(method: string, params: unknown[]) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${network.id}: no answer to ${method}`)), CALL_TIMEOUT_MS);
    });
    try {
      return (await Promise.race([provider.send(method, params), late])) as T;
    } catch (error) {
      throw withoutAddress(error);
    } finally {
      clearTimeout(timer);
    }
  };

const headsOf = ({ network, rpc }: EvmNode): Pick<EvmChain, 'check' | 'head' | 'header'> => ({
  check: async () => {
    const id = Number(await rpc<string>('eth_chainId', []));
    if (id !== network.chainId)
      throw new WrongChain(`${network.id}: the node is on chain ${id}, not ${network.chainId}`);
  },
  head: async () => Number(await rpc<string>('eth_blockNumber', [])),
  header: async (height) => {
    const found = await rpc<RpcBlock | null>('eth_getBlockByNumber', [toQuantity(height), false]);
    if (!found) throw new Error(`${network.id}: no block ${height}`);
    return { height, hash: found.hash, parentHash: found.parentHash };
  },
});

function transfersOf({ network, rails, rpc }: EvmNode, hasTraces: boolean): EvmChain['transfers'] {
  const tokens = new Map(
    rails
      .filter((rail) => rail.contract)
      .map((rail) => [rail.contract?.toLowerCase() ?? '', { asset: rail.asset, decimals: rail.decimals }]),
  );
  const traces = async (hash: string): Promise<ReadonlyMap<string, RpcFrame>> => {
    const rows = await rpc<{ txHash: string; result: RpcFrame }[]>('debug_traceBlockByHash', [
      hash,
      { tracer: 'callTracer' },
    ]);
    return new Map(rows.map((row) => [row.txHash, row.result]));
  };
  const tokensOf = async (contract: string, owner: string, blockHash: string): Promise<bigint> =>
    BigInt(
      await rpc<string>('eth_call', [
        { to: contract, data: ERC20.encodeFunctionData('balanceOf', [owner]) },
        { blockHash },
      ]),
    );
  return async (header: BlockHeader, watched) => {
    const [full, receipts] = await Promise.all([
      rpc<RpcBlock | null>('eth_getBlockByHash', [header.hash, true]),
      rpc<RpcReceipt[] | null>('eth_getBlockReceipts', [header.hash]),
    ]);
    const isWhole = full?.hash === header.hash && receipts?.every(({ blockHash }) => blockHash === header.hash);
    if (!full || !receipts || !isWhole) throw new Error(`${network.id}: block ${header.height} is gone`);
    const content = {
      transactions: full.transactions,
      receipts,
      ...(hasTraces && full.transactions.length > 0 && { traces: await traces(header.hash) }),
    };
    mustHaveEveryLog(full.logsBloom, receipts);
    const listed = { nativeAsset: network.gasAsset, tokens };
    return checkArrivals(transfersIn(content, listed, watched), receipts, listed, header, tokensOf);
  };
}

interface RpcFound {
  readonly blockNumber: string;
  readonly status: string;
  readonly gasUsed: string;
  readonly effectiveGasPrice: string;
  readonly from: string;
}

const transactionsOf = ({ rpc }: EvmNode): Pick<EvmChain, 'receipt' | 'broadcast' | 'nonce'> => ({
  receipt: async (txid) => {
    const found = await rpc<RpcFound | null>('eth_getTransactionReceipt', [txid]);
    if (!found) return undefined;
    const fee = fromChainUnits(BigInt(found.gasUsed) * BigInt(found.effectiveGasPrice), 18);
    return {
      height: Number(found.blockNumber),
      succeeded: BigInt(found.status) === 1n,
      fee,
      sender: getAddress(found.from),
    };
  },
  broadcast: async (rawTransaction) => {
    try {
      await rpc('eth_sendRawTransaction', [rawTransaction]);
      return { taken: true };
    } catch (error) {
      const reason = String((error as { message?: string }).message ?? error).slice(0, 200);
      if (HAS_IT.test(reason)) return { taken: true };
      // "Nonce too low", "underpriced" and the like may speak of these bytes or of others: ask for these.
      const known = await rpc<unknown>('eth_getTransactionByHash', [Transaction.from(rawTransaction).hash]);
      return known === null ? { taken: false, reason } : { taken: true };
    }
  },
  nonce: async (address) => Number(await rpc<string>('eth_getTransactionCount', [address, 'latest'])),
});

/** The rail of an asset. Throws where it is not listed here. */
function railOf({ network, rails }: EvmNode, asset: string): Rail {
  const rail = rails.find((candidate) => candidate.asset === asset);
  if (!rail) throw new Error(`${asset} is not listed on ${network.id}`);
  return rail;
}

function gasOf(node: EvmNode): EvmChain['gas'] {
  const { network, rpc } = node;
  const call = (asset: string, to: string, amount: Units): { to: string; value: bigint; data: string } => {
    const rail = railOf(node, asset);
    // A quote is of about so much: what is finer than the token has changes no gas.
    const units = toChainUnits(floorToStep(amount, stepOf(rail.decimals)), rail.decimals);
    return rail.contract
      ? { to: rail.contract, value: 0n, data: ERC20.encodeFunctionData('transfer', [to, units]) }
      : { to, value: units, data: '0x' };
  };
  const estimateGas = async (transaction: Record<string, string>): Promise<bigint> => {
    try {
      return BigInt(await rpc<string>('eth_estimateGas', [transaction]));
    } catch (error) {
      const { code, shortMessage } = error as { code?: string; shortMessage?: string };
      if (WOULD_FAIL.has(code ?? '')) throw new TransferRefused(`${network.id}: ${shortMessage ?? code}`);
      throw error;
    }
  };
  return async ({ from, to, asset, amount }): Promise<GasQuote> => {
    const { to: target, value, data } = call(asset, to, amount);
    // Never a constant: 21,000 is too little for contracts, delegated accounts and, after coming forks, for new ones.
    const estimate = await estimateGas({ from, to: target, value: toQuantity(value), data });
    const latest = await rpc<{ baseFeePerGas: string }>('eth_getBlockByNumber', ['latest', false]);
    const base = BigInt(latest.baseFeePerGas);
    const gasLimit = (estimate * 120n) / 100n;
    const maxFeePerGas = base * 2n + TIP;
    return { gasLimit, maxFeePerGas, maxPriorityFeePerGas: TIP, maxCost: fromChainUnits(gasLimit * maxFeePerGas, 18) };
  };
}

function balancesOf(node: EvmNode): Pick<EvmChain, 'balance' | 'nativeBalances'> {
  const { rpc } = node;
  return {
    balance: async (address, asset, height) => {
      const rail = railOf(node, asset);
      const at = height === undefined ? 'latest' : toQuantity(height);
      if (!rail.contract) return fromChainUnits(BigInt(await rpc<string>('eth_getBalance', [address, at])), 18);
      const data = ERC20.encodeFunctionData('balanceOf', [address]);
      return fromChainUnits(BigInt(await rpc<string>('eth_call', [{ to: rail.contract, data }, at])), rail.decimals);
    },
    nativeBalances: (addresses, blockHash) =>
      Promise.all(
        addresses.map(async (address) =>
          fromChainUnits(BigInt(await rpc<string>('eth_getBalance', [address, { blockHash }])), 18),
        ),
      ),
  };
}

function requestTo({ rpcUrl, headers: known }: EvmConfig): FetchRequest {
  const { url, headers } = nodeAddress(rpcUrl, known);
  const request = new FetchRequest(url);
  // Given up here, it is given up there too: what a hanging node never answers does not pile up.
  request.timeout = CALL_TIMEOUT_MS;
  for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
  const ask = FetchRequest.createGetUrlFunc();
  // What is sent besides is for the node that was named, and not for whoever it points to.
  request.getUrlFunc = async (asked, signal) => {
    const answer = await ask(asked, signal);
    if (answer.statusCode >= 300 && answer.statusCode < 400)
      throw new Error('the node points elsewhere, and is not followed');
    return answer;
  };
  return request;
}

/** EIP-55 spelling. Mixed case must carry a right checksum; ICAP and names are no addresses to us. */
export function canonicalAddress(text: string): string | undefined {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return undefined;
  try {
    return getAddress(text);
  } catch {
    return undefined;
  }
}
