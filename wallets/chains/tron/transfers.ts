import { fromChainUnits } from '../../../domain/money/amount';
import type { ChainTransfer } from '../chain';
import { addressOf } from './addresses';
import { countOf } from './json';

/** keccak256("Transfer(address,address,uint256)") */
const TRANSFER_TOPIC = 'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
export const SUN_DECIMALS = 6;

export interface TronTransaction {
  readonly txID: string;
  readonly ret?: readonly { readonly contractRet?: string }[];
  readonly raw_data: {
    readonly contract: readonly {
      readonly type: string;
      readonly parameter: { readonly value: Readonly<Record<string, unknown>> };
    }[];
  };
}

export interface TronLog {
  /** Twenty bytes, without 41. */
  readonly address: string;
  readonly topics?: readonly string[];
  readonly data?: string;
}

export interface InternalTransaction {
  readonly caller_address: string;
  readonly transferTo_address?: string;
  readonly callValueInfo?: readonly { readonly callValue?: unknown; readonly tokenId?: unknown }[];
  readonly rejected?: boolean;
}

/** What a node says of a transaction that is in a block. Zero, empty and SUCCESS are left out by it. */
export interface TronInfo {
  readonly id: string;
  readonly fee?: unknown;
  readonly blockNumber: number;
  readonly blockTimeStamp?: number;
  /** Unstaked TRX that became a balance. */
  readonly withdraw_expire_amount?: unknown;
  readonly result?: string;
  readonly receipt?: { readonly result?: string };
  readonly log?: readonly TronLog[];
  readonly internal_transactions?: readonly InternalTransaction[];
}

export interface TronListed {
  readonly nativeAsset: string;
  /** By contract address in base 58: nothing else is a token to us, whatever it calls itself. */
  readonly tokens: ReadonlyMap<string, { asset: string; decimals: number }>;
}

/** Did it do what it says? All three places must say so. */
export const succeeded = (transaction: TronTransaction, info: TronInfo): boolean =>
  transaction.ret?.[0]?.contractRet === 'SUCCESS' &&
  info.result !== 'FAILED' &&
  (info.receipt?.result ?? 'SUCCESS') === 'SUCCESS';

/**
 * All coins that arrived at watched addresses in a block. TRX by a transfer's own fields and by calls inside
 * contracts, tokens by logs; never by call data, and nothing of what failed. Throws when the block was not read whole.
 */
export function transfersIn(
  transactions: readonly TronTransaction[],
  infos: readonly TronInfo[],
  listed: TronListed,
  watched: (address: string) => boolean,
): ChainTransfer[] {
  const byId = new Map(infos.map((info) => [info.id, info]));
  return transactions.flatMap((transaction) => {
    const info = byId.get(transaction.txID);
    if (!info) throw new Error(`no receipt of ${transaction.txID}`);
    if (!succeeded(transaction, info)) return [];
    return [...direct(transaction, listed), ...inner(info, listed), ...tokens(info, listed)].filter(
      ({ to, amount }) => amount > 0n && watched(to),
    );
  });
}

function direct(
  { txID: txid, raw_data: { contract } }: TronTransaction,
  { nativeAsset: asset }: TronListed,
): ChainTransfer[] {
  const [only, ...more] = contract;
  // TRC-10 tokens are another type, whatever name they bear.
  if (only?.type !== 'TransferContract' || more.length > 0) return [];
  const { owner_address: from, to_address: to, amount } = only.parameter.value;
  return [
    {
      txid,
      position: 'native',
      asset,
      from: addressOf(String(from)),
      to: addressOf(String(to)),
      amount: fromChainUnits(countOf(amount), SUN_DECIMALS),
    },
  ];
}

/** `internal:<n>`: its place among the calls of the transaction. */
function inner(
  { id: txid, internal_transactions: calls = [] }: TronInfo,
  { nativeAsset: asset }: TronListed,
): ChainTransfer[] {
  const dead = undone(calls);
  return calls.flatMap(({ caller_address, transferTo_address, callValueInfo = [] }, index) => {
    if (dead.has(index) || !transferTo_address) return [];
    const sun = callValueInfo.reduce(
      (sum, { callValue, tokenId }) => (tokenId === undefined ? sum + countOf(callValue) : sum),
      0n,
    );
    return [
      {
        txid,
        position: `internal:${index}`,
        asset,
        from: addressOf(caller_address),
        to: addressOf(transferTo_address),
        amount: fromChainUnits(sun, SUN_DECIMALS),
      },
    ];
  });
}

/**
 * Calls that were undone: those that are marked, and those made by a contract that was entered by a call which was
 * undone. A node lists calls flat and does not say which stands inside which; where a contract was entered twice and
 * one of the two calls was undone, all of its payments are left out here, and its coins show as a difference between
 * chain and books.
 */
function undone(calls: readonly InternalTransaction[]): ReadonlySet<number> {
  const dead = new Set<number>();
  const deadContracts = new Set<string>();
  calls.forEach(({ rejected, caller_address, transferTo_address }, index) => {
    if (rejected !== true && !deadContracts.has(caller_address)) return;
    dead.add(index);
    if (transferTo_address) deadContracts.add(transferTo_address);
  });
  return dead;
}

/** `log:<n>`: the ordinal inside the transaction. */
function tokens({ id: txid, log = [] }: TronInfo, { tokens: known }: TronListed): ChainTransfer[] {
  return log.flatMap(({ address, topics = [], data = '' }, index) => {
    const token = known.get(addressOf(address));
    // Three topics: an NFT's Transfer has four.
    if (!token || topics.length !== 3 || topics[0] !== TRANSFER_TOPIC || !/^[0-9a-f]{64}$/i.test(data)) return [];
    const [from, to] = [addressOf((topics[1] ?? '').slice(-40)), addressOf((topics[2] ?? '').slice(-40))];
    return [
      {
        txid,
        position: `log:${index}`,
        asset: token.asset,
        from,
        to,
        amount: fromChainUnits(BigInt(`0x${data}`), token.decimals),
      },
    ];
  });
}
