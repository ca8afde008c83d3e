/**
 * Did the tokens that logs tell of really arrive? A token that lies, or keeps a part as a fee, moves less than it
 * says.
 */
import type { ChainTransfer } from '../chain';
import { tokenMoves } from './transfers';
import type { Listed, RpcReceipt } from './transfers';

/** Balance of an address in a token's smallest unit, after the block with this hash. */
export type BalanceAfter = (contract: string, address: string, blockHash: string) => Promise<bigint>;

/**
 * Marks token transfers of whose address the balance rose by less, over the whole block, than the logs say.
 * `parentHash`: the block before it.
 */
export async function checkArrivals(
  transfers: readonly ChainTransfer[],
  receipts: readonly RpcReceipt[],
  listed: Listed,
  block: { hash: string; parentHash: string },
  balanceAfter: BalanceAfter,
): Promise<ChainTransfer[]> {
  const doubted = new Set<string>();
  const tokens = transfers.filter(({ position }) => position.startsWith('log:'));
  const pairs = new Map(tokens.map(({ asset, to }) => [`${asset} ${to}`, { asset, to }]));
  const moves = pairs.size === 0 ? [] : receipts.flatMap((receipt) => tokenMoves(receipt, listed));
  for (const [pair, { asset, to }] of pairs) {
    const contract = [...listed.tokens].find(([, token]) => token.asset === asset)?.[0] ?? '';
    const own = moves.filter((move) => move.contract === contract);
    const told = own.reduce(
      (sum, move) => sum + (move.to === to ? move.count : 0n) - (move.from === to ? move.count : 0n),
      0n,
    );
    const [after, before] = await Promise.all([
      balanceAfter(contract, to, block.hash),
      balanceAfter(contract, to, block.parentHash),
    ]);
    if (after - before < told) doubted.add(pair);
  }
  return transfers.map((transfer) =>
    transfer.position.startsWith('log:') && doubted.has(`${transfer.asset} ${transfer.to}`)
      ? { ...transfer, doubt: 'the balance rose by less than the log says' }
      : transfer,
  );
}
