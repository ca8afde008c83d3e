/**
 * A Bitcoin node through the JSON-RPC of Bitcoin Core. Blocks are read from their bytes; no amount is ever a floating
 * number.
 */
import { nodeAddress } from '../address';
import type { NodeAddress, NodeHeaders } from '../address';
import { WrongChain } from '../chain';
import type { BlockHeader, Broadcast, Chain } from '../chain';
import { canonicalAddress, ownKind } from './addresses';
import type { BitcoinNetwork } from './addresses';
import { readBlock, transfersIn } from './blocks';

export interface BitcoinNodeConfig {
  /** `http://user:password@host:port` */
  readonly rpcUrl: string;
  readonly headers?: NodeHeaders;
  readonly network: BitcoinNetwork;
  /** What its coins are called in our books. */
  readonly asset: string;
}

/**
 * What of `Chain` a network of coins has: no nonce, and no gas of one transfer alone. Every method throws when the
 * node cannot answer.
 */
export interface BitcoinNode extends Pick<Chain, 'check' | 'head' | 'header' | 'transfers' | 'broadcast' | 'address'> {
  /** Satoshi a thousand virtual bytes for so many blocks, or undefined where the node has seen too little to say. */
  feeRate(blocks: number): Promise<bigint | undefined>;
  /** The block that a transaction is in, or undefined. The node must index transactions (`txindex=1`). */
  confirmedIn(txid: string): Promise<{ height: number; hash: string } | undefined>;
  /** Is this output in the chain and unspent there? What waits to be mined does not count. */
  holds(txid: string, index: number): Promise<boolean>;
  /** The bytes of a transaction, waiting or confirmed. */
  transaction(txid: string): Promise<string>;
}

const TIMEOUT_MS = 10_000;
/** The first block of each network: who shares it is on the same chain, whatever it calls itself. */
const GENESIS: Readonly<Record<BitcoinNetwork, string>> = {
  mainnet: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  testnet: '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
  regtest: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
};
/**
 * Core's numbers: no such thing; not taken (inputs are missing or spent, its rules, cannot be read); in the chain
 * already.
 */
const NOT_FOUND = -5;
const NOT_TAKEN: ReadonlySet<number> = new Set([-22, -25, -26]);
const MINED_ALREADY = -27;

/** The node's own refusal of one call. */
class NodeRefusal extends Error {
  override readonly name = 'NodeRefusal';
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export function createBitcoinNode({ rpcUrl, headers, network, asset }: BitcoinNodeConfig): BitcoinNode {
  const ask = caller(nodeAddress(rpcUrl, headers));
  const call = async <T>(method: string, ...params: unknown[]): Promise<T> => (await ask(method, params)).result as T;
  const known = async (txid: string): Promise<{ blockhash?: string } | undefined> =>
    call<{ blockhash?: string }>('getrawtransaction', txid, true).catch((error: unknown) => {
      if (error instanceof NodeRefusal && error.code === NOT_FOUND) return undefined;
      throw error;
    });
  return {
    check: async () => {
      const first = await call<string>('getblockhash', 0);
      if (first !== GENESIS[network])
        throw new WrongChain(`bitcoin: the node's first block is ${first}, which is not ${network}`);
    },
    head: async () => call<number>('getblockcount'),
    header: async (height) => {
      const hash = await call<string>('getblockhash', height);
      const { previousblockhash = '' } = await call<{ previousblockhash?: string }>('getblockheader', hash, true);
      return { height, hash, parentHash: previousblockhash };
    },
    transfers: async ({ hash, height, parentHash }: BlockHeader, watched) => {
      const block = readBlock(await call<string>('getblock', hash, 0), hash);
      if (block.parentHash !== parentHash) throw new Error(`bitcoin: block ${height} stands on another one`);
      return transfersIn(block, asset, (script) => {
        const address = ownKind(script, network);
        return address !== undefined && watched(address) ? address : undefined;
      });
    },
    broadcast: async (rawTransaction): Promise<Broadcast> => {
      try {
        await call('sendrawtransaction', rawTransaction);
        return { taken: true };
      } catch (error) {
        if (!(error instanceof NodeRefusal)) throw error;
        if (error.code === MINED_ALREADY) return { taken: true };
        if (NOT_TAKEN.has(error.code)) return { taken: false, reason: error.message.slice(0, 200) };
        throw error;
      }
    },
    address: (text) => canonicalAddress(text, network),
    feeRate: async (blocks) => rateIn((await ask('estimatesmartfee', [blocks])).text),
    confirmedIn: async (txid) => {
      const { blockhash } = (await known(txid)) ?? {};
      if (blockhash === undefined) return undefined;
      const { height, confirmations } = await call<{ height: number; confirmations: number }>(
        'getblockheader',
        blockhash,
        true,
      );
      // A block that was left by the chain is remembered with -1.
      return confirmations > 0 ? { height, hash: blockhash } : undefined;
    },
    holds: async (txid, index) => (await call<object | null>('gettxout', txid, index, false)) !== null,
    transaction: async (txid) => call<string>('getrawtransaction', txid, false),
  };
}

/** BTC a thousand virtual bytes, taken from the answer's own digits: 0.00012345 is 12345 satoshi. */
function rateIn(text: string): bigint | undefined {
  const [, whole, part] = /"feerate":\s*(\d+)\.(\d{1,8})\s*[,}]/.exec(text) ?? [];
  return whole === undefined || part === undefined ? undefined : BigInt(whole + part.padEnd(8, '0'));
}

type Ask = (method: string, params: unknown[]) => Promise<{ result: unknown; text: string }>;

function caller({ url, headers }: NodeAddress): Ask {
  return async (method, params) => {
    const body = JSON.stringify({ jsonrpc: '1.0', id: method, method, params });
    // A password is for the node that was named, and not for whoever it points to.
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 401 || response.status === 403)
      throw new Error('bitcoin: the node does not know our password');
    const text = await response.text();
    const { result, error } = answerIn(text, response.status);
    if (error) throw new NodeRefusal(error.code, error.message);
    return { result, text };
  };
}

/** Refusals come with a status of 500 and a body; a status without a body of Core's is no answer at all. */
function answerIn(text: string, status: number): { result: unknown; error: { code: number; message: string } | null } {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`bitcoin: the node answered ${status} and no JSON`);
  }
  if (typeof answer !== 'object' || answer === null || !('error' in answer))
    throw new Error(`bitcoin: the node answered ${status} and nothing of Core's`);
  return answer as { result: unknown; error: { code: number; message: string } | null };
}
