import type { DataSource, EntityManager } from 'typeorm';
import { CoinEntity } from '../entities/coins';
import type { CoinRow } from '../entities/coins';
import { ChainTransactionEntity, NonceEntity } from '../entities/treasury';
import type { ChainTransactionRow } from '../entities/treasury';
import { inTransaction } from '../transaction';
import { planIn, voidIn } from './chain';
import type { NewTransaction } from './chain';

export type Outpoint = Pick<CoinRow, 'txid' | 'index'>;

/** Our coins on a network where money is outputs of transactions. */
export interface CoinStore {
  /**
   * Coins that may be spent, the largest first: mined at `height` or below, nobody's input yet, and of a deposit address only
   * when the deposit was credited: what is not in the books is not ours to spend. At most `limit`.
   */
  spendable(network: string, height: number, limit: number): Promise<CoinRow[]>;
  /** Coins in the books in blocks above `height` (the house's own, and credited early), but for change of what is under way itself: they will be spendable. */
  ripening(network: string, height: number): Promise<CoinRow[]>;
  /** Those that nothing final has spent, for who compares them with the chain. */
  unspent(network: string): Promise<CoinRow[]>;
  /** Inputs of a transaction of ours, in one order for ever. */
  inputsOf(id: string): Promise<CoinRow[]>;
  /** `ChainStore.plan`, and its coins are its own in the same transaction. Throws when one of them is somebody else's by now. */
  plan(row: NewTransaction, inputs: readonly Outpoint[]): Promise<ChainTransactionRow>;
  /** `ChainStore.void`, and its coins are free again. */
  void(row: ChainTransactionRow, now: number): Promise<boolean>;
  /** How many transactions of this address were planned: each has a change address of its own. */
  planned(network: string, address: string): Promise<number>;
  /** A transaction is final: deposits whose coins it spent are SWEPT. */
  swept(id: string): Promise<void>;
}

async function take(manager: EntityManager, network: string, id: string, inputs: readonly Outpoint[]): Promise<void> {
  for (const { txid, index } of inputs) {
    const taken = await manager.createQueryBuilder().update(CoinEntity).set({ spentBy: id }).where({ network, txid, index }).andWhere('spent_by IS NULL AND height IS NOT NULL').execute();
    if (taken.affected !== 1) throw new Error(`the coin ${txid}:${index} is not free any more`);
  }
}

/** The house's own, or of a deposit that is in the books. */
const OURS = "(c.branch = 1 OR EXISTS (SELECT 1 FROM deposits d WHERE d.network = c.network AND d.txid = c.txid AND d.position = CONCAT('out:', c.output_index) AND d.state = 'CREDITED'))";

export function createCoinStore(dataSource: DataSource): CoinStore {
  const coins = dataSource.getRepository(CoinEntity);
  const select = (alias: string) => coins.createQueryBuilder(alias);
  return {
    spendable: (network, height, limit) =>
      select('c')
        .where('c.network = :network AND c.spent_by IS NULL AND c.height <= :height', { network, height })
        .andWhere(OURS)
        .orderBy('c.amount', 'DESC')
        .addOrderBy('c.txid')
        .addOrderBy('c.index')
        .take(limit)
        .getMany(),
    ripening: (network, height) =>
      select('c')
        .where('c.network = :network AND c.spent_by IS NULL AND c.height > :height', { network, height })
        .andWhere(OURS)
        .andWhere("NOT EXISTS (SELECT 1 FROM chain_transactions t WHERE t.network = c.network AND t.txid = c.txid AND t.state IN ('SIGNED', 'BROADCAST'))")
        .getMany(),
    unspent: (network) =>
      select('c')
        .where('c.network = :network AND c.height IS NOT NULL', { network })
        .andWhere("NOT EXISTS (SELECT 1 FROM chain_transactions t WHERE t.id = c.spent_by AND t.state = 'CONFIRMED')")
        .andWhere("NOT EXISTS (SELECT 1 FROM cold_transfers s WHERE s.id = c.spent_by AND s.state = 'DONE')")
        .getMany(),
    inputsOf: (id) => coins.find({ where: { spentBy: id }, order: { txid: 'ASC', index: 'ASC' } }),
    plan: (row, inputs) =>
      inTransaction(dataSource, async (manager) => {
        const known = await manager.findOneBy(ChainTransactionEntity, { id: row.id });
        if (known && known.state !== 'VOID') return known;
        const planned = await planIn(manager, row, 0);
        await take(manager, row.network, row.id, inputs);
        return planned;
      }),
    void: (row, now) =>
      inTransaction(dataSource, async (manager) => {
        if (!(await voidIn(manager, row, now))) return false;
        await manager.update(CoinEntity, { spentBy: row.id }, { spentBy: null });
        return true;
      }),
    planned: async (network, address) => (await dataSource.getRepository(NonceEntity).findOneBy({ network, address }))?.next ?? 0,
    swept: async (id) => {
      await dataSource.query(
        `UPDATE deposits d JOIN coins c ON c.network = d.network AND c.txid = d.txid AND d.position = CONCAT('out:', c.output_index)
         SET d.state = 'SWEPT' WHERE c.spent_by = ? AND d.state = 'CREDITED'`,
        [id],
      );
    },
  };
}
