import { In } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { ChainBlockEntity, DepositAddressEntity, DepositEntity } from '../entities/deposits';
import type { ChainBlockRow, DepositAddressRow, DepositRow } from '../entities/deposits';
import { inTransaction, isDuplicate } from '../transaction';

export interface DepositStore {
  addresses(network: string): Promise<DepositAddressRow[]>;
  addressOf(network: string, userId: string): Promise<DepositAddressRow | null>;
  ownerOf(network: string, address: string): Promise<DepositAddressRow | null>;
  /** Issues the next child number to the user; two at once get one address. `derive` makes the address of an index. */
  issue(network: string, userId: string, derive: (index: number) => string, now: number): Promise<DepositAddressRow>;
  ring(network: string): Promise<ChainBlockRow[]>;
  /** One block's findings and the block itself, in one transaction: a block is scanned whole or not at all. */
  saveBlock(block: ChainBlockRow, found: readonly DepositRow[], keep: number): Promise<void>;
  /** Deposits in blocks above `height` that are not taken back yet. */
  above(network: string, height: number): Promise<DepositRow[]>;
  /** Forgets blocks above `height`, once everything in them was taken back. */
  forgetAbove(network: string, height: number): Promise<void>;
  inStates(network: string, states: readonly DepositRow['state'][]): Promise<DepositRow[]>;
  /** Changes a row only if it is still in one of the states. Answers whether it was. */
  move(id: string, from: readonly DepositRow['state'][], set: Partial<DepositRow>): Promise<boolean>;
}

export function createDepositStore(dataSource: DataSource): DepositStore {
  const deposits = dataSource.getRepository(DepositEntity);
  const addresses = dataSource.getRepository(DepositAddressEntity);
  const blocks = dataSource.getRepository(ChainBlockEntity);

  return {
    addresses: (network) => addresses.findBy({ network }),
    addressOf: (network, userId) => addresses.findOneBy({ network, userId }),
    ownerOf: (network, address) => addresses.findOneBy({ network, address }),
    issue: async (network, userId, derive, now) => {
      for (;;) {
        const known = await addresses.findOneBy({ network, userId });
        if (known) return known;
        const [last] = await addresses.find({ where: { network }, order: { index: 'DESC' }, take: 1 });
        const index = last ? last.index + 1 : 0;
        const row = { network, index, address: derive(index), userId, createdAt: now };
        try {
          await addresses.insert(row);
          return row;
        } catch (error) {
          // Somebody else took the number, or this user asked twice: look again.
          if (!isDuplicate(error)) throw error;
        }
      }
    },
    ring: (network) => blocks.find({ where: { network }, order: { height: 'ASC' } }),
    saveBlock: (block, found, keep) =>
      inTransaction(dataSource, async (manager) => {
        for (const row of found) await saveFound(manager, row);
        await manager.insert(ChainBlockEntity, block);
        await manager.query('DELETE FROM chain_blocks WHERE network = ? AND height < ?', [block.network, block.height - keep]);
      }),
    above: async (network, height) => {
      const rows = (await dataSource.query("SELECT id FROM deposits WHERE network = ? AND block_height > ? AND state <> 'ORPHANED'", [network, height])) as { id: string }[];
      return rows.length === 0 ? [] : deposits.findBy({ id: In(rows.map((row) => row.id)) });
    },
    forgetAbove: async (network, height) => {
      await dataSource.query('DELETE FROM chain_blocks WHERE network = ? AND height > ?', [network, height]);
    },
    inStates: (network, states) => deposits.find({ where: { network, state: In([...states]) }, order: { createdAt: 'ASC' } }),
    move: async (id, from, set) => (await deposits.update({ id, state: In([...from]) }, set)).affected === 1,
  };
}

/** A transfer that is there already is the same output seen again: it only moves to the block it is in now. */
async function saveFound(manager: EntityManager, row: DepositRow): Promise<void> {
  const known = await manager.findOneBy(DepositEntity, { network: row.network, txid: row.txid, position: row.position });
  if (!known) {
    await manager.insert(DepositEntity, row);
    return;
  }
  const place = { blockHeight: row.blockHeight, blockHash: row.blockHash };
  await manager.update(DepositEntity, { id: known.id }, known.state === 'ORPHANED' ? { ...place, state: row.state, confirmations: 1 } : place);
}
