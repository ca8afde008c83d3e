import { id as keccak } from 'ethers';
import { fromChainUnits } from '../../../domain/money/amount';
import type { ChainTransfer } from '../chain';

/** keccak256("Transfer(address,address,uint256)") */
export const TRANSFER_TOPIC = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';

export interface RpcTransaction {
  readonly hash: string;
  readonly from: string;
  readonly to: string | null;
  readonly value: string;
}

export interface RpcLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  /** Its place among all logs of the block. */
  readonly logIndex?: string;
}

export interface RpcReceipt {
  readonly transactionHash: string;
  readonly blockHash: string;
  readonly status: string;
  readonly logs: readonly RpcLog[];
}

/** A frame of `callTracer`. */
export interface RpcFrame {
  readonly type: string;
  readonly from: string;
  readonly to?: string;
  readonly value?: string;
  readonly error?: string;
  readonly calls?: readonly RpcFrame[];
}

export interface BlockContent {
  readonly transactions: readonly RpcTransaction[];
  readonly receipts: readonly RpcReceipt[];
  /** By transaction hash; absent where the node has no traces: then coins sent by contracts are not seen. */
  readonly traces?: ReadonlyMap<string, RpcFrame>;
}

export interface Listed {
  readonly nativeAsset: string;
  /** By contract address in lower case: nothing else is a token to us, whatever it calls itself. */
  readonly tokens: ReadonlyMap<string, { asset: string; decimals: number }>;
}

/** Calls that carry coins. DELEGATECALL shows its parent's value and moves nothing. */
const PAYING = new Set(['CALL', 'CREATE', 'CREATE2', 'SELFDESTRUCT']);

/**
 * All coins that arrived at watched addresses in a block. Tokens by logs of successful transactions, never by call
 * data; native coins by call frames, where a failed frame undoes everything below it, or by top-level value without
 * traces.
 */
export function transfersIn(
  block: BlockContent,
  listed: Listed,
  watched: (address: string) => boolean,
): ChainTransfer[] {
  const receipts = new Map(block.receipts.map((receipt) => [receipt.transactionHash, receipt]));
  return block.transactions.flatMap((transaction) => {
    const receipt = receipts.get(transaction.hash);
    // A block without one of its receipts was not read whole.
    if (!receipt) throw new Error(`no receipt of ${transaction.hash}`);
    if (BigInt(receipt.status) !== 1n) return [];
    return [
      ...nativeTransfers(transaction, block.traces, listed, watched),
      ...tokenTransfers(receipt, listed, watched),
    ];
  });
}

function nativeTransfers(
  transaction: RpcTransaction,
  traces: ReadonlyMap<string, RpcFrame> | undefined,
  { nativeAsset }: Listed,
  watched: (address: string) => boolean,
): ChainTransfer[] {
  const found: ChainTransfer[] = [];
  const add = (from: string, to: string | null | undefined, value: string | undefined, position: string): void => {
    const amount = BigInt(value ?? '0x0');
    if (to && amount > 0n && watched(to))
      found.push({
        txid: transaction.hash,
        position,
        asset: nativeAsset,
        from,
        to,
        amount: fromChainUnits(amount, 18),
      });
  };
  if (!traces) {
    add(transaction.from, transaction.to, transaction.value, 'native');
    return found;
  }
  const root = traces.get(transaction.hash);
  if (!root) throw new Error(`no trace of ${transaction.hash}`);
  const walk = (frame: RpcFrame, path: readonly number[]): void => {
    if (frame.error) return;
    if (PAYING.has(frame.type)) add(frame.from, frame.to, frame.value, positionOf(path));
    frame.calls?.forEach((call, index) => walk(call, [...path, index]));
  };
  walk(root, []);
  return found;
}

/**
 * `native`, or `trace:<path>`: the way from call to call, hashed where calls are nested deeper than the column is
 * wide.
 */
function positionOf(path: readonly number[]): string {
  if (path.length === 0) return 'native';
  const way = path.join('.');
  return way.length <= 50 ? `trace:${way}` : `trace:${keccak(way).slice(0, 50)}`;
}

/** A Transfer log of a listed token. Addresses in lower case, the count in the token's smallest unit. */
export interface TokenMove {
  readonly contract: string;
  readonly ordinal: number;
  readonly from: string;
  readonly to: string;
  readonly count: bigint;
}

/** Every move of listed tokens that a transaction's logs tell of; none of a failed one. */
export function tokenMoves(receipt: RpcReceipt, { tokens }: Listed): TokenMove[] {
  if (BigInt(receipt.status) !== 1n) return [];
  return receipt.logs.flatMap((log, ordinal) => {
    const contract = log.address.toLowerCase();
    // Three topics: an NFT's Transfer has four.
    if (!tokens.has(contract) || log.topics.length !== 3 || log.topics[0] !== TRANSFER_TOPIC) return [];
    const count = /^0x[0-9a-f]{64}$/i.test(log.data) ? BigInt(log.data) : 0n;
    return [{ contract, ordinal, from: addressOf(log.topics[1]), to: addressOf(log.topics[2]), count }];
  });
}

/** `log:<n>`: the ordinal inside the receipt, which stays when the transaction is mined again in another block. */
function tokenTransfers(receipt: RpcReceipt, listed: Listed, watched: (address: string) => boolean): ChainTransfer[] {
  return tokenMoves(receipt, listed).flatMap(({ contract, ordinal, from, to, count }) => {
    const token = listed.tokens.get(contract);
    if (!token || count === 0n || !watched(to)) return [];
    return [
      {
        txid: receipt.transactionHash,
        position: `log:${ordinal}`,
        asset: token.asset,
        from,
        to,
        amount: fromChainUnits(count, token.decimals),
      },
    ];
  });
}

const addressOf = (topic: string | undefined): string => `0x${(topic ?? '').slice(-40).toLowerCase()}`;
