import type { DepositStore } from '../../db/stores/deposits';
import type { ChainBlockRow, DepositRow } from '../../db/entities/deposits';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, EventBus, Logger } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Network, Rail } from '../../domain/registry';
import type { BlockHeader, Chain, ChainTransfer } from '../chains/chain';
import type { OwnAddresses } from './addresses';

/** Hashes kept per network: deeper changes of the chain than this stop the network. */
export const RING = 256;
/** A new network is followed from this many blocks below its head. */
const FIRST_DEPTH = 64;
/** Blocks scanned in one round, so that stopping never waits long. */
const BLOCKS_A_ROUND = 100;

export interface ScannerDeps {
  readonly chain: Chain;
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly store: DepositStore;
  readonly own: OwnAddresses;
  readonly hotAddress: string;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

/** The chain changed deeper than we remember, or is another one: a person must look. */
export class NetworkHalted extends Error {
  override readonly name = 'NetworkHalted';
}

/**
 * Follows a chain block by block, by hash. Each block's deposits and the block itself are saved together; when the next
 * block does not stand on the last one, it walks back to where both agree, takes back what lay in the lost blocks, and
 * goes on from there. No block is ever skipped.
 */
export function createScanner(deps: ScannerDeps): { round(): Promise<number> } {
  const { chain, network, store, logger } = deps;
  let ring: ChainBlockRow[] | undefined;

  const scanBlock = async (header: BlockHeader): Promise<void> => {
    const transfers = await chain.transfers(header, (address) => deps.own.isOurs(address));
    const rows = transfers.map((transfer) => depositRow(deps, header, transfer)).filter((row) => row !== undefined);
    const block = { network: network.id, height: header.height, hash: header.hash, parentHash: header.parentHash };
    await store.saveBlock(block, rows, RING);
    ring = [...(ring ?? []).slice(-RING), block];
  };

  /** Goes back to the newest block that the chain and we agree on. */
  const rollBack = async (): Promise<void> => {
    const known = ring ?? [];
    let at = known.length - 1;
    const head = await chain.head();
    while (at >= 0) {
      const block = known[at] as ChainBlockRow;
      if (block.height <= head && (await chain.header(block.height)).hash === block.hash) break;
      at--;
    }
    const common = known[at];
    if (!common) throw new NetworkHalted(`${network.id}: the chain differs from ours deeper than ${known.length} blocks`);
    logger.warn({ network: network.id, from: known.at(-1)?.height, to: common.height }, 'the chain was reorganised');
    // First the deposits, then the blocks: killed in between, the next round finds the same difference again.
    for (const row of await store.above(network.id, common.height)) await orphan(deps, row);
    await store.forgetAbove(network.id, common.height);
    ring = known.slice(0, at + 1);
  };

  return {
    round: async () => {
      ring ??= await store.ring(network.id);
      const head = await chain.head();
      const last = ring.at(-1);
      if (!last) {
        // Not at the head: a reorganisation in the first minutes must find a block that both sides agree on.
        await scanBlock(await chain.header(head > FIRST_DEPTH ? head - FIRST_DEPTH : 0));
        return head;
      }
      // The tip itself may have been replaced by another of the same height.
      if (head < last.height || (await chain.header(last.height)).hash !== last.hash) await rollBack();
      const from = (ring.at(-1)?.height ?? 0) + 1;
      for (let height = from; height <= Math.min(head, from + BLOCKS_A_ROUND - 1); height++) {
        const header = await chain.header(height);
        if (header.parentHash !== ring.at(-1)?.hash) return head;
        await scanBlock(header);
      }
      await settle(deps, ring.at(-1)?.height ?? head);
      logger.debug({ network: network.id, height: ring.at(-1)?.height }, 'scanned');
      return head;
    },
  };
}

function depositRow({ own, hotAddress, rails, network, ids, clock }: ScannerDeps, header: BlockHeader, transfer: ChainTransfer): DepositRow | undefined {
  const owner = own.ownerOf(transfer.to);
  const rail = rails.find((candidate) => candidate.asset === transfer.asset);
  // Gas that we sent to an address of ours is not a deposit.
  if (!owner || !rail || transfer.from.toLowerCase() === hotAddress.toLowerCase()) return undefined;
  return {
    id: ids.next(),
    network: network.id,
    txid: transfer.txid,
    position: transfer.position,
    userId: owner.userId,
    address: owner.address,
    asset: transfer.asset,
    amount: formatAmount(transfer.amount),
    blockHeight: header.height,
    blockHash: header.hash,
    confirmations: 1,
    state: transfer.amount < parseAmount(rail.minDeposit) ? 'IGNORED' : 'SEEN',
    createdAt: clock.now(),
    creditedAt: null,
    sweepId: null,
  };
}

/** Its block left the chain. What was credited for it is taken back by the engine. */
async function orphan({ engine, store, events }: ScannerDeps, row: DepositRow): Promise<void> {
  if (row.state === 'CREDITED' || row.state === 'SWEPT') {
    const { id: depositId, userId, network, asset } = row;
    const amount = formatAmount(parseAmount(row.amount));
    await engine.submit({ kind: 'deposit.reverse', reference: `${creditReference(row)}:reverse`, depositId, userId, network, asset, amount });
    return;
  }
  if (await store.move(row.id, [row.state], { state: 'ORPHANED', confirmations: 0 })) {
    events.publish({ name: 'deposit.changed', userId: row.userId, depositId: row.id, state: 'ORPHANED', confirmations: 0 });
  }
}

/** One credit for each output in each block it was final in: mined again elsewhere after a reversal, it is credited again. */
const creditReference = (row: DepositRow): string => `deposit:${row.network}:${row.txid}:${row.position}:${row.blockHash.slice(2, 18)}`;

/** Counts confirmations and credits what has enough. */
async function settle({ engine, store, events, network, logger }: ScannerDeps, height: number): Promise<void> {
  for (const row of await store.inStates(network.id, ['SEEN', 'CONFIRMING'])) {
    const confirmations = height - row.blockHeight + 1;
    if (confirmations !== row.confirmations || row.state === 'SEEN') {
      await store.move(row.id, ['SEEN', 'CONFIRMING'], { state: 'CONFIRMING', confirmations });
      events.publish({ name: 'deposit.changed', userId: row.userId, depositId: row.id, state: 'CONFIRMING', confirmations });
    }
    if (confirmations < network.confirmations) continue;
    const { id: depositId, userId, asset } = row;
    const amount = formatAmount(parseAmount(row.amount));
    try {
      await engine.submit({ kind: 'deposit.credit', reference: creditReference(row), depositId, userId, network: network.id, asset, amount });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      logger.error({ deposit: depositId, code: error.code }, 'a deposit could not be credited');
    }
  }
}
