import type { DepositStore } from '../../db/stores/deposits';
import type { ChainBlockRow, DepositRow } from '../../db/entities/deposits';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, EventBus, Logger } from '../../domain/contract/ports';
import { MAX_UNITS, formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { confirmationsFor, depositParts, mostConfirmations } from '../../domain/registry';
import type { Asset, Network, Rail } from '../../domain/registry';
import { creditReference, reversalReference } from '../../domain/references';
import type { BlockHeader, Chain, ChainTransfer } from '../chains/chain';
import type { UtxoRow } from '../../db/entities/utxos';
import type { OwnAddresses } from './addresses';
import type { Agreement } from './agreement';
import type { BalanceWatch } from './balances';

/**
 * Hashes kept per network, and twice as many as the deepest deposit waits for where that is more: deeper changes of
 * the chain stop the network.
 */
export const RING = 256;
/**
 * A new network is followed from this many blocks below its head: a reorganisation in the first minutes must find a
 * block that both sides have.
 */
const FIRST_DEPTH = 64;
/** Blocks scanned in one round, so that stopping never waits long. */
const BLOCKS_A_ROUND = 100;

/** On a network of coins: the house's own addresses are watched too, and every coin of ours is written down. */
export interface OwnUtxos {
  refresh(): Promise<void>;
  isOurs(address: string): boolean;
  coinsIn(block: BlockHeader, transfers: readonly ChainTransfer[]): UtxoRow[];
}

export interface ScannerDeps {
  readonly chain: Pick<Chain, 'head' | 'header' | 'transfers'>;
  readonly house?: OwnUtxos;
  /**
   * Asked before each credit: a deposit that may not be credited waits. Of networks where a deposit needs a further
   * look.
   */
  readonly mayCredit?: (row: DepositRow) => Promise<boolean>;
  /** Told of the height above which the chain is another one; bears being told twice. */
  readonly reorganised?: (height: number) => Promise<void>;
  /** Where transfers may be in no transaction: what the balances say. */
  readonly balances?: BalanceWatch;
  /** What other nodes say; without it the one node is believed. */
  readonly agreement?: Agreement;
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly assets: readonly Asset[];
  readonly store: DepositStore;
  readonly own: OwnAddresses;
  readonly hotAddress: string;
  /** First block to scan on a network that was never scanned; a little below its head otherwise. */
  readonly scanFrom?: number;
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

export interface Scanner {
  /**
   * Remembers where to start and which chain this is. Before it no address may be given out: deposits to it could be
   * missed.
   */
  anchor(): Promise<void>;
  round(): Promise<void>;
  /** The newest block that was scanned. */
  height(): number | undefined;
}

/**
 * Follows a chain block by block, by hash. Each block's deposits and the block itself are saved together; when the next
 * block does not stand on the last one, it walks back to where both agree, takes back what lay in the lost blocks, and
 * goes on from there. No block is ever skipped.
 */
export function createScanner(deps: ScannerDeps): Scanner {
  const { chain, network, store, logger } = deps;
  const most = mostConfirmations(network, deps.rails);
  const depth = most * 2 > RING ? most * 2 : RING;
  let ring: ChainBlockRow[] = [];
  let anchored = false;
  /** Was everything above the ring's tip taken back? Not known after a start: a kill may have come between. */
  let clean = false;

  const scanBlock = async (header: BlockHeader): Promise<void> => {
    const transfers = await chain.transfers(
      header,
      (address) => deps.own.isOurs(address) || deps.house?.isOurs(address) === true,
    );
    const rows = withNeeds(
      deps,
      transfers.map((transfer) => depositRow(deps, header, transfer)).filter((row) => row !== undefined),
    );
    for (const transfer of transfers) if (doubtOf(transfer) !== undefined) tellOfDoubt(deps, transfer);
    const block = { network: network.id, height: header.height, hash: header.hash, parentHash: header.parentHash };
    try {
      await store.saveBlock(block, rows, depth, deps.house?.coinsIn(header, transfers));
    } catch (error) {
      // Perhaps it is saved: the answer was lost, or another process was first. What there is is read anew.
      anchored = clean = false;
      throw error;
    }
    ring = [...ring.slice(-depth), block];
  };

  const checkGenesis = async (): Promise<void> => {
    const { hash } = await chain.header(0);
    const pinned = await store.genesis(network.id);
    if (!pinned) await store.pinGenesis(network.id, hash);
    else if (pinned !== hash)
      throw new NetworkHalted(`${network.id}: this chain began with block ${hash}, ours with ${pinned}`);
  };

  /** Does the chain still hold our newest block? A node that is merely behind says so too: it holds a former one. */
  const onOurChain = async (head: number): Promise<boolean> => {
    const at = ring.findLast((block) => block.height <= head);
    if (!at) {
      await checkGenesis();
      return true;
    }
    return (await chain.header(at.height)).hash === at.hash;
  };

  /** Forgets the blocks that the chain no longer has. */
  const rollBack = async (head: number): Promise<void> => {
    let at = ring.findLastIndex((block) => block.height <= head);
    while (at >= 0 && (await chain.header(ring[at]?.height ?? 0)).hash !== ring[at]?.hash) at--;
    const common = ring[at];
    const lost = ring[at + 1];
    // Asked of the oldest one that is gone: it is the last of which an honest node is in doubt.
    if (lost) await deps.agreement?.mustBeLost(lost);
    if (!common)
      throw new NetworkHalted(`${network.id}: the chain differs from ours deeper than ${ring.length} blocks`);
    logger.warn(
      { event: 'chain.reorganised', network: network.id, from: ring.at(-1)?.height, to: common.height },
      'the chain was reorganised',
    );
    await store.forgetAbove(network.id, common.height);
    ring = ring.slice(0, at + 1);
    clean = false;
  };

  /**
   * First forgotten, then taken back, then scanned again: killed in between, a start takes back what lies above the
   * tip.
   */
  const takeBack = async (): Promise<void> => {
    const tip = ring.at(-1)?.height ?? 0;
    for (const row of await store.above(network.id, tip)) await orphan(deps, row);
    await deps.reorganised?.(tip);
    clean = true;
  };

  const anchor = async (): Promise<void> => {
    if (anchored) return;
    ring = await store.ring(network.id);
    await checkGenesis();
    if (ring.length === 0) {
      const head = await chain.head();
      const first = most > FIRST_DEPTH ? most : FIRST_DEPTH;
      await scanBlock(await chain.header(deps.scanFrom ?? (head > first ? head - first : 0)));
    }
    anchored = true;
  };

  return {
    anchor,
    height: () => ring.at(-1)?.height,
    round: async () => {
      await anchor();
      const head = await chain.head();
      // After the head: whoever was paid in a block up to it had the address before.
      await deps.own.refresh();
      await deps.house?.refresh();
      if (!(await onOurChain(head))) await rollBack(head);
      if (!clean) await takeBack();
      const from = (ring.at(-1)?.height ?? 0) + 1;
      for (let height = from; height <= Math.min(head, from + BLOCKS_A_ROUND - 1); height++) {
        const header = await chain.header(height);
        if (header.parentHash !== ring.at(-1)?.hash) return;
        await scanBlock(header);
      }
      await findUnexplained(deps, ring);
      await settle(deps, ring, ring.at(-1)?.height ?? head);
      logger.debug({ network: network.id, height: ring.at(-1)?.height }, 'scanned');
    },
  };
}

function depositRow(deps: ScannerDeps, header: BlockHeader, transfer: ChainTransfer): DepositRow | undefined {
  const { own, hotAddress, rails, network, ids, clock } = deps;
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
    amount: formatAmount(transfer.amount > MAX_UNITS ? MAX_UNITS : transfer.amount),
    blockHeight: header.height,
    blockHash: header.hash,
    confirmations: 1,
    confirmationsNeeded: network.confirmations,
    state:
      doubtOf(transfer) !== undefined ||
      transfer.amount < parseAmount(rail.minDeposit) ||
      isNothing(deps, rail, transfer.amount)
        ? 'IGNORED'
        : 'SEEN',
    createdAt: clock.now(),
    creditedAt: null,
    credited: null,
    fee: null,
    sweepId: null,
  };
}

/** Would the commission leave nothing of it? Then the coins stay the sender's mistake and not our revenue. */
function isNothing({ assets }: ScannerDeps, rail: Rail, amount: Units): boolean {
  const asset = assets.find(({ code }) => code === rail.asset);
  return asset !== undefined && depositParts(rail, asset, amount).credited === 0n;
}

/**
 * Who sends one sum in many pieces waits as long as for the whole: what counts is what a transaction brought to a
 * user, of an asset.
 */
function withNeeds(
  { network, rails }: Pick<ScannerDeps, 'network' | 'rails'>,
  rows: readonly DepositRow[],
): DepositRow[] {
  const group = ({ txid, userId, asset }: DepositRow): string => `${txid} ${userId} ${asset}`;
  const sums = new Map<string, Units>();
  for (const row of rows)
    if (row.state !== 'IGNORED') sums.set(group(row), (sums.get(group(row)) ?? 0n) + parseAmount(row.amount));
  return rows.map((row) => ({
    ...row,
    confirmationsNeeded: confirmationsFor(
      network,
      rails.find(({ asset }) => asset === row.asset),
      sums.get(group(row)) ?? 0n,
    ),
  }));
}

/** Deposits that only the balances show, at the newest block that counts. */
async function findUnexplained(deps: ScannerDeps, ring: readonly ChainBlockRow[]): Promise<void> {
  const block = ring.at(-deps.network.confirmations);
  if (!deps.balances || !block) return;
  const rows = withNeeds(
    deps,
    (await deps.balances(block))
      .map((transfer) => depositRow(deps, block, transfer))
      .filter((row) => row !== undefined),
  );
  if (rows.length > 0) await deps.store.saveDeposits(rows);
}

/** Why a transfer is written down and never credited. */
const doubtOf = ({ doubt, amount }: ChainTransfer): string | undefined =>
  doubt ?? (amount > MAX_UNITS ? 'more than any coin has' : undefined);

function tellOfDoubt({ events, network }: ScannerDeps, transfer: ChainTransfer): void {
  const { txid, position, asset, to } = transfer;
  const details = { network: network.id, txid, position, asset, to, why: doubtOf(transfer) };
  events.publish({
    name: 'alert',
    code: 'DEPOSIT_SUSPECT',
    message: 'A deposit is not what its transaction says; it is not credited.',
    details,
  });
}

/** Its block left the chain. What was credited for it is taken back by the engine. */
async function orphan({ engine, store, events }: ScannerDeps, row: DepositRow): Promise<void> {
  if (row.state === 'CREDITED' || row.state === 'SWEPT') {
    const { id: depositId, userId, network, asset } = row;
    const amount = formatAmount(parseAmount(row.amount));
    const reversals = await store.reversals(row);
    // Another process may have taken it back since the row was read: a credit that was never made must not be reversed.
    if (!(await store.isCredited(creditReference(row, reversals)))) return;
    const fee = row.fee !== null && { fee: formatAmount(parseAmount(row.fee)) };
    await engine.submit({
      kind: 'deposit.reverse',
      reference: reversalReference(row, reversals),
      depositId,
      userId,
      network,
      asset,
      amount,
      ...fee,
    });
    return;
  }
  if (await store.advance({ id: row.id, state: row.state }, 'orphan', { confirmations: 0 })) {
    events.publish({
      name: 'deposit.changed',
      userId: row.userId,
      depositId: row.id,
      state: 'ORPHANED',
      confirmations: 0,
    });
  }
}

/** Deposits taken further at a time: the engine commits them together. */
const AT_A_TIME = 50;

/** Counts confirmations and credits what has enough. Throws after all of them what keeps some waiting. */
async function settle(deps: ScannerDeps, ring: readonly ChainBlockRow[], height: number): Promise<void> {
  const { store, network } = deps;
  const waits: string[] = [];
  const found = await store.inStates(network.id, ['SEEN', 'CONFIRMING']);
  // By the steps as they are now: an operator who asks for more means what is on its way, too.
  const rows = withNeeds(deps, found).map((row, at) => ({
    row,
    changed: row.confirmationsNeeded !== found[at]?.confirmationsNeeded,
  }));
  for (let at = 0; at < rows.length; at += AT_A_TIME) {
    const results = await Promise.allSettled(
      rows.slice(at, at + AT_A_TIME).map(({ row, changed }) => settleOne(deps, ring, row, { height, changed })),
    );
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
      if (result.value !== undefined) waits.push(result.value);
    }
  }
  if (waits.length > 0) throw new Error(`${network.id}: ${waits.join('; ')}`);
}

/** Answers why it waits though it is deep enough. */
async function settleOne(
  deps: ScannerDeps,
  ring: readonly ChainBlockRow[],
  row: DepositRow,
  { height, changed }: { height: number; changed: boolean },
): Promise<string | undefined> {
  const { store, events } = deps;
  const { confirmationsNeeded } = row;
  const confirmations = height - row.blockHeight + 1;
  if (confirmations !== row.confirmations || changed || row.state === 'SEEN') {
    await store.advance({ id: row.id }, 'confirm', { confirmations, confirmationsNeeded });
    events.publish({
      name: 'deposit.changed',
      userId: row.userId,
      depositId: row.id,
      state: 'CONFIRMING',
      confirmations,
    });
  }
  if (confirmations < confirmationsNeeded) return undefined;
  // A person looked: its block may be too old by now to be compared.
  const why = row.releasedAt == null ? await objection(deps, ring, row) : undefined;
  if (why === undefined && (await (deps.mayCredit?.(row) ?? true))) await credit(deps, row);
  return why;
}

/** Why a deposit may not be credited yet, by what other nodes say of its block. */
async function objection(
  { agreement }: ScannerDeps,
  ring: readonly ChainBlockRow[],
  row: DepositRow,
): Promise<string | undefined> {
  if (!agreement) return undefined;
  const block = ring.find(({ height, hash }) => height === row.blockHeight && hash === row.blockHash);
  return block
    ? agreement.objection(row, block)
    : `the block of a deposit of ${row.amount} ${row.asset} is too old to be compared; a person must look`;
}

async function credit({ engine, store, network, logger }: ScannerDeps, row: DepositRow): Promise<void> {
  const { id: depositId, userId, asset } = row;
  const amount = formatAmount(parseAmount(row.amount));
  try {
    await engine.submit({
      kind: 'deposit.credit',
      reference: creditReference(row, await store.reversals(row)),
      depositId,
      userId,
      network: network.id,
      asset,
      amount,
    });
  } catch (error) {
    // One deposit that is refused must not keep the others waiting.
    if (!(error instanceof DomainError)) throw error;
    logger.error(
      { event: 'deposit.not_credited', deposit: depositId, code: error.code },
      'a deposit could not be credited',
    );
  }
}
