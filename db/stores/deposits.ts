import { And, In, IsNull, LessThan, MoreThan } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { ChainBlockEntity, DepositAddressEntity, DepositEntity } from '../entities/deposits';
import type { UtxoRow } from '../entities/utxos';
import type { ChainBlockRow, DepositAddressRow, DepositRow } from '../entities/deposits';
import type { DepositEvent, DepositState } from '../../domain/lifecycle/deposit';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { reversalRange } from '../../domain/references';
import { CommandEntity } from '../entities/ledger';
import { DEPOSITS, advance } from '../lifecycle';
import type { Besides } from '../lifecycle';
import { idFrom } from '../references';
import { inTransaction } from '../transaction';
import { recordAdminAction } from './admin-audit';
import { fillAddresses, issueAddress } from './child-numbers';
import type { KeySpace } from './child-numbers';

/** Where the ring keeps the first block's hash: below every height there is. */
const GENESIS = -1;

export interface DepositStore {
  /** Issued addresses with a place above `place` (-1 for all), in the order of issue. */
  addresses(network: string, place?: number): Promise<DepositAddressRow[]>;
  ownerOf(network: string, address: string): Promise<DepositAddressRow | null>;
  /**
   * The user's address, issued on every network of its key at first ask; two at once get one. `derive` makes the
   * address of an index.
   */
  issue(space: KeySpace, userId: string, derive: (index: number) => string, now: number): Promise<DepositAddressRow>;
  /** Issues on a network what users have on others of the same key. */
  fill(space: KeySpace, now: number): Promise<void>;
  /** Whose else a deposit's address is on other networks; empty unless numbers were counted per network once. */
  otherOwners(row: Pick<DepositRow, 'address' | 'userId'>): Promise<string[]>;
  /** Those that wait for a person, on all networks, the oldest first. */
  held(): Promise<DepositRow[]>;
  /**
   * A person said whose a held deposit is: it is credited to that user like any other. Writes it down beside what
   * admins do. Answers false where it is not held, or the user is none of those whose address it is.
   */
  release(id: string, userId: string, why: string, now: number): Promise<boolean>;
  /** Nothing more is credited to this address: marks it, once, and writes it down beside what admins do. */
  freeze(network: string, address: string, why: string, now: number): Promise<void>;
  /**
   * Sum of an asset's deposits at an address, as a decimal string: those that are in the books, those that need no
   * further proof, and these.
   */
  arrivedAt(
    network: string,
    address: string,
    asset: string,
    without: string,
    believed: readonly string[],
  ): Promise<string>;
  ring(network: string): Promise<ChainBlockRow[]>;
  /** Hash of the network's first block, as it was when we first saw it. */
  genesis(network: string): Promise<string | undefined>;
  pinGenesis(network: string, hash: string): Promise<void>;
  /**
   * One block's findings and the block itself, in one transaction: a block is scanned whole or not at all. `coins`:
   * see UtxoRow.
   */
  saveBlock(
    block: ChainBlockRow,
    found: readonly DepositRow[],
    keep: number,
    coins?: readonly UtxoRow[],
  ): Promise<void>;
  /** Deposits that are in no transaction of their own, found in a block that was saved before. */
  saveDeposits(found: readonly DepositRow[]): Promise<void>;
  /**
   * By address, what our rows say there is of the network's own coin (`asset`) after the block at `height`: what came,
   * by deposits and top-ups, less what we sent and its gas. Left out where a transaction of ours is under way.
   */
  explained(network: string, asset: string, addresses: readonly string[], height: number): Promise<Map<string, Units>>;
  /** Deposits in blocks above `height` that are not taken back yet. */
  above(network: string, height: number): Promise<DepositRow[]>;
  /** Forgets blocks above `height`, once everything in them was taken back. */
  forgetAbove(network: string, height: number): Promise<void>;
  /** How many credits of this output were taken back so far. */
  reversals(row: DepositRow): Promise<number>;
  /** Was the credit with this reference carried out? */
  isCredited(reference: string): Promise<boolean>;
  inStates(network: string, states: readonly DepositRow['state'][]): Promise<DepositRow[]>;
  /**
   * Takes a deposit through an event; false where its state does not accept it, or is not the one that is asked for.
   */
  advance(
    which: { readonly id: string; readonly state?: DepositState },
    event: DepositEvent,
    besides?: Besides<DepositRow>,
  ): Promise<boolean>;
}

export function createDepositStore(dataSource: DataSource): DepositStore {
  const deposits = dataSource.getRepository(DepositEntity);
  const addresses = dataSource.getRepository(DepositAddressEntity);
  const blocks = dataSource.getRepository(ChainBlockEntity);

  return {
    addresses: (network, place = -1) =>
      addresses.find({ where: { network, place: MoreThan(place) }, order: { place: 'ASC' } }),
    ownerOf: (network, address) => addresses.findOneBy({ network, address }),
    issue: (space, userId, derive, now) => issueAddress(dataSource, space, userId, derive, now),
    fill: (space, now) => fillAddresses(dataSource, space, now),
    otherOwners: async ({ address, userId }) => {
      const rows = (await dataSource.query(
        'SELECT DISTINCT user_id AS owner FROM deposit_addresses WHERE address = ? AND user_id <> ?',
        [address, userId],
      )) as { owner: string }[];
      return rows.map(({ owner }) => owner);
    },
    held: () => deposits.find({ where: { state: 'HELD' }, order: { createdAt: 'ASC' } }),
    release: (id, userId, why, now) =>
      inTransaction(dataSource, async (manager) => {
        const row = await manager.findOneBy(DepositEntity, { id });
        if (!row || !(await manager.existsBy(DepositAddressEntity, { address: row.address, userId }))) return false;
        if (!(await advance(manager, DEPOSITS, { id }, 'release', { userId, releasedAt: now }))) return false;
        await recordAdminAction(manager, {
          id: idFrom('aud', `deposit-released:${id}`),
          adminId: 'operator',
          action: 'deposit.released',
          subject: id,
          details: { userId, why },
          at: now,
        });
        return true;
      }),
    freeze: (network, address, why, now) =>
      inTransaction(dataSource, async (manager) => {
        const { affected } = await manager.update(
          DepositAddressEntity,
          { network, address, frozenAt: IsNull() },
          { frozenAt: now },
        );
        if (affected === 1)
          await recordAdminAction(manager, {
            id: idFrom('aud', `address-frozen:${network}:${address}:${now}`),
            adminId: 'wallets',
            action: 'address.frozen',
            subject: `${network}/${address}`,
            details: { why },
            at: now,
          });
      }),
    arrivedAt: async (network, address, asset, without, believed) => {
      const [sum] = (await dataSource.query(
        `SELECT SUM(amount) AS amount FROM deposits WHERE network = ? AND address = ? AND asset = ? AND id <> ? AND
         (state IN ('CREDITED', 'SWEPT', 'IGNORED') OR (state IN ('SEEN', 'CONFIRMING') AND position NOT LIKE 'internal:%') OR (state <> 'ORPHANED' AND id IN (?)))`,
        [network, address, asset, without, ['', ...believed]],
      )) as { amount: string | null }[];
      return sum?.amount ?? '0';
    },
    ring: (network) => blocks.find({ where: { network, height: MoreThan(GENESIS) }, order: { height: 'ASC' } }),
    genesis: async (network) => (await blocks.findOneBy({ network, height: GENESIS }))?.hash,
    pinGenesis: async (network, hash) => {
      // Two processes may begin at once; whoever comes second holds the chain against what the first one wrote.
      await dataSource.query(
        'INSERT IGNORE INTO chain_blocks (network, height, hash, parent_hash) VALUES (?, ?, ?, ?)',
        [network, GENESIS, hash, ''],
      );
    },
    saveBlock: (block, found, keep, coins = []) =>
      inTransaction(dataSource, async (manager) => {
        await saveFound(manager, found);
        await saveUtxos(manager, coins);
        await manager.insert(ChainBlockEntity, block);
        await manager.query('DELETE FROM chain_blocks WHERE network = ? AND height > ? AND height < ?', [
          block.network,
          GENESIS,
          block.height - keep,
        ]);
      }),
    saveDeposits: (found) => inTransaction(dataSource, (manager) => saveFound(manager, found)),
    explained: (network, asset, wanted, height) => explainedBy(dataSource, network, asset, wanted, height),
    above: async (network, height) => {
      const rows = (await dataSource.query(
        "SELECT id FROM deposits WHERE network = ? AND block_height > ? AND state <> 'ORPHANED'",
        [network, height],
      )) as { id: string }[];
      return rows.length === 0 ? [] : deposits.findBy({ id: In(rows.map((row) => row.id)) });
    },
    forgetAbove: (network, height) =>
      inTransaction(dataSource, async (manager) => {
        await manager.query('DELETE FROM chain_blocks WHERE network = ? AND height > ?', [network, height]);
        await manager.query('UPDATE utxos SET height = NULL WHERE network = ? AND height > ?', [network, height]);
      }),
    reversals: async (row) => {
      // By range and not by pattern: it reads the primary key, and nothing in a reference is a wildcard.
      const { above, below } = reversalRange(row);
      return dataSource.getRepository(CommandEntity).countBy({ reference: And(MoreThan(above), LessThan(below)) });
    },
    isCredited: (reference) => dataSource.getRepository(CommandEntity).existsBy({ reference }),
    inStates: (network, states) =>
      deposits.find({ where: { network, state: In([...states]) }, order: { createdAt: 'ASC' } }),
    advance: (which, event, besides) => advance(dataSource.manager, DEPOSITS, which, event, besides),
  };
}

interface OwnMove {
  readonly sender: string;
  readonly receiver: string;
  readonly asset: string;
  readonly amount: string;
  readonly state: string;
  readonly fee: string | null;
  readonly height: string | null;
}

async function explainedBy(
  dataSource: DataSource,
  network: string,
  asset: string,
  addresses: readonly string[],
  height: number,
): Promise<Map<string, Units>> {
  const known = new Map(addresses.map((address) => [address, 0n]));
  const add = (address: string, amount: Units): void => {
    const before = known.get(address);
    if (before !== undefined) known.set(address, before + amount);
  };
  const came = (await dataSource.query(
    "SELECT address, amount FROM deposits WHERE network = ? AND asset = ? AND address IN (?) AND block_height <= ? AND state <> 'ORPHANED'",
    [network, asset, addresses, height],
  )) as { address: string; amount: string }[];
  for (const { address, amount } of came) add(address, parseAmount(amount));
  const moves = (await dataSource.query(
    `SELECT from_address AS sender, to_address AS receiver, asset, amount, state, fee_paid AS fee, block_height AS height FROM chain_transactions
     WHERE network = ? AND (from_address IN (?) OR to_address IN (?)) AND state <> 'VOID' AND (block_height IS NULL OR block_height <= ?)`,
    [network, addresses, addresses, height],
  )) as OwnMove[];
  for (const { sender, receiver, asset: moved, amount, state, fee } of moves) {
    if (state === 'CONFIRMED' && moved === asset)
      [sender, receiver].forEach((address, side) =>
        add(address, side === 0 ? -parseAmount(amount) : parseAmount(amount)),
      );
    add(sender, -parseAmount(fee ?? '0'));
  }
  // Under way, or fallen out of the chain: what lies at both ends is not known now.
  for (const { sender, receiver, state, height: placed } of moves)
    if ((state !== 'CONFIRMED' && state !== 'FAILED') || placed === null)
      [sender, receiver].forEach((address) => known.delete(address));
  return known;
}

/**
 * A transfer that is there already is seen again. After its block was lost it counts as what it is in the new one: a
 * contract may pay another amount, or somebody else, when the same transaction is mined again elsewhere.
 */
async function saveFound(manager: EntityManager, found: readonly DepositRow[]): Promise<void> {
  for (const rows of inParts(found)) {
    const before = await manager.findBy(DepositEntity, {
      network: rows[0]?.network ?? '',
      txid: In([...new Set(rows.map(({ txid }) => txid))]),
    });
    const known = new Map(before.map((row) => [`${row.txid} ${row.position}`, row]));
    const fresh = new Map<string, DepositRow>();
    for (const row of rows) {
      const name = `${row.txid} ${row.position}`;
      const old = known.get(name);
      if (old) await seenAgain(manager, old, row);
      else fresh.set(name, row);
    }
    if (fresh.size > 0) await manager.insert(DepositEntity, [...fresh.values()]);
  }
}

async function seenAgain(manager: EntityManager, known: DepositRow, row: DepositRow): Promise<void> {
  const { blockHeight, blockHash, userId, address, asset, amount, confirmationsNeeded } = row;
  if (known.state !== 'ORPHANED') {
    await manager.update(DepositEntity, { id: known.id }, { blockHeight, blockHash });
    return;
  }
  await advance(manager, DEPOSITS, { id: known.id }, row.state === 'IGNORED' ? 'ignore' : 'reappear', {
    blockHeight,
    blockHash,
    userId,
    address,
    asset,
    amount,
    confirmations: 1,
    confirmationsNeeded,
    releasedAt: null,
  });
}

/** Coins that are there already were mined again, in another block. */
async function saveUtxos(manager: EntityManager, coins: readonly UtxoRow[]): Promise<void> {
  for (const some of inParts(coins)) {
    await manager.query(
      `INSERT INTO utxos (network, txid, output_index, branch, child_index, amount, height) VALUES ${some.map(() => '(?, ?, ?, ?, ?, ?, ?)').join(', ')} ON DUPLICATE KEY UPDATE height = VALUES(height)`,
      some.flatMap(({ network, txid, index, branch, child, amount, height }) => [
        network,
        txid,
        index,
        branch,
        child,
        amount,
        height,
      ]),
    );
  }
}

/** One statement for each: a block may hold ten thousand outputs of dust. */
const A_STATEMENT = 500;
function inParts<Row>(rows: readonly Row[]): Row[][] {
  const parts: Row[][] = [];
  for (let at = 0; at < rows.length; at += A_STATEMENT) parts.push(rows.slice(at, at + A_STATEMENT));
  return parts;
}
