import { isReplacement } from '../../domain/references';
import { In, Not } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { BatchPaymentEntity, UtxoEntity } from '../entities/utxos';
import type { BatchPaymentRow, UtxoRow } from '../entities/utxos';
import { ChainTransactionEntity, NonceEntity } from '../entities/treasury';
import type { ChainTransactionRow } from '../entities/treasury';
import { WithdrawalEntity } from '../entities/withdrawals';
import { CHAIN_TRANSACTIONS, DEPOSITS, advance } from '../lifecycle';
import { isReplacementSql, replacesSql } from '../references';
import { inTransaction } from '../transaction';
import { hasChild, planIn, voidIn } from './chain';
import type { NewTransaction } from './chain';

export type Outpoint = Pick<UtxoRow, 'txid' | 'index'>;
export type NewPayment = Omit<BatchPaymentRow, 'transactionId' | 'position' | 'live' | 'refused'>;

/** Blocks at this height and below lie deep enough for everything, and for our own change. */
export interface Depth {
  readonly deep: number;
  readonly young: number;
}

/** Made by bytes of ours that others have replaced, or that did. */
const FORMER = `EXISTS (SELECT 1 FROM chain_transactions f WHERE f.network = c.network AND f.txid = c.txid AND ${isReplacementSql('f')})`;
/**
 * Made by a transaction of ours that no other one of ours can take the place of; a child's place is its parent's to
 * lose.
 */
const FIRM_CHANGE = `c.branch = 1 AND EXISTS (SELECT 1 FROM chain_transactions t WHERE t.network = c.network AND t.txid = c.txid AND t.purpose <> 'cpfp'
  AND NOT EXISTS (SELECT 1 FROM chain_transactions r WHERE ${replacesSql('r', 't.id')}))`;

/** Our coins on a network where money is outputs of transactions. */
export interface UtxoStore {
  /**
   * Coins that may be spent, the largest first, or the smallest: nobody's input yet, mined at `deep` or below, and of
   * a deposit address only when the deposit was credited: what is not in the books is not ours to spend. Change of our
   * own transactions counts from `young` on, where nothing else of ours can take that transaction's place: a
   * reorganisation puts both back, and both are sent again. Where there are former bytes of it, one of these may be
   * mined instead, and what was built on it would never be. At most `limit`.
   */
  spendable(network: string, depth: Depth, limit: number, order?: 'DESC' | 'ASC'): Promise<UtxoRow[]>;
  /**
   * Coins in the books in blocks above `height` (the house's own, and credited early), but for change of what is under
   * way itself: they will be spendable.
   */
  ripening(network: string, height: number): Promise<UtxoRow[]>;
  /** Those that nothing final has spent, for who compares them with the chain. */
  unspent(network: string): Promise<UtxoRow[]>;
  /** Inputs of a transaction of ours, in one order for ever. */
  inputsOf(id: string): Promise<UtxoRow[]>;
  /**
   * `ChainStore.plan`, and its coins and the withdrawals that it pays are its own in the same transaction. Throws when
   * one of them is somebody else's by now, or made by bytes that were replaced, and when a withdrawal is not to be
   * paid any more. `unmined`: an output of ours that no block holds yet, one of the inputs.
   */
  plan(
    row: NewTransaction,
    inputs: readonly Outpoint[],
    payments?: readonly NewPayment[],
    unmined?: UtxoRow,
  ): Promise<ChainTransactionRow>;
  /** Is an output of this transaction an input of another one of ours? Then it is not replaced. */
  hasChild(network: string, txid: string): Promise<boolean>;
  /**
   * A transaction can never be mined, for `lost` will never be: it has FAILED by the block at this height, and its
   * other coins are free again.
   */
  abandon(row: ChainTransactionRow, lost: string, blockHeight: number | null, now: number): Promise<void>;
  /**
   * `ChainStore.void`, and its coins and withdrawals are free again. `refused`: the withdrawal because of which it was
   * given up, if it is known.
   */
  void(row: ChainTransactionRow, now: number, refused?: string): Promise<boolean>;
  /** How many transactions of this address were planned: each has a change address of its own. */
  planned(network: string, address: string): Promise<number>;
  /** A transaction is final: deposits whose coins it spent are SWEPT. */
  swept(id: string): Promise<void>;
}

async function take(
  manager: EntityManager,
  network: string,
  id: string,
  inputs: readonly Outpoint[],
  unmined?: UtxoRow,
): Promise<void> {
  // Locked: whoever replaces one of the transactions that made them comes before this or after it, never between.
  const makers = (await manager.query(
    'SELECT id FROM chain_transactions WHERE network = ? AND txid IN (?) FOR UPDATE',
    [network, inputs.map(({ txid }) => txid)],
  )) as { id: string }[];
  if (makers.some(({ id: maker }) => isReplacement(maker)))
    throw new Error(`a coin for ${id} is of a transaction that was replaced`);
  if (unmined)
    await manager.query(
      'INSERT IGNORE INTO utxos (network, txid, output_index, branch, child_index, amount, height) VALUES (?, ?, ?, ?, ?, ?, NULL)',
      [network, unmined.txid, unmined.index, unmined.branch, unmined.child, unmined.amount],
    );
  for (const { txid, index } of inputs) {
    const mined = txid === unmined?.txid && index === unmined.index ? '' : ' AND height IS NOT NULL';
    const taken = await manager
      .createQueryBuilder()
      .update(UtxoEntity)
      .set({ spentBy: id })
      .where({ network, txid, index })
      .andWhere(`spent_by IS NULL${mined}`)
      .execute();
    if (taken.affected !== 1) throw new Error(`the coin ${txid}:${index} is not free any more`);
  }
}

/** The house's own, or of a deposit that is in the books. */
const OURS =
  "(c.branch = 1 OR EXISTS (SELECT 1 FROM deposits d WHERE d.network = c.network AND d.txid = c.txid AND d.position = CONCAT('out:', c.output_index) AND d.state = 'CREDITED'))";
/**
 * An index refuses a second live batch of a withdrawal; its row is locked, so that nobody settles it otherwise
 * meanwhile.
 */
async function addPayments(
  manager: EntityManager,
  transactionId: string,
  payments: readonly NewPayment[],
): Promise<void> {
  for (const [position, payment] of payments.entries()) {
    const { withdrawalId: id, attempt } = payment;
    const due = await manager.findOne(WithdrawalEntity, {
      where: { id, attempt, shownState: In(['APPROVED', 'WAITING_FUNDS']) },
      lock: { mode: 'pessimistic_write' },
    });
    if (!due) throw new Error(`the withdrawal ${id} is not to be paid any more`);
    await manager.insert(BatchPaymentEntity, { ...payment, transactionId, position, live: 1, refused: false });
  }
}

export function createUtxoStore(dataSource: DataSource): UtxoStore {
  const coins = dataSource.getRepository(UtxoEntity);
  const select = (alias: string) => coins.createQueryBuilder(alias);
  return {
    spendable: (network, { deep, young }, limit, order = 'DESC') =>
      select('c')
        .where(
          `c.network = :network AND c.spent_by IS NULL AND NOT ${FORMER} AND (c.height <= :deep OR (c.height <= :young AND ${FIRM_CHANGE}))`,
          { network, deep, young },
        )
        .andWhere(OURS)
        .orderBy('c.amount', order)
        .addOrderBy('c.txid')
        .addOrderBy('c.index')
        .take(limit)
        .getMany(),
    ripening: (network, height) =>
      select('c')
        .where('c.network = :network AND c.spent_by IS NULL AND c.height > :height', { network, height })
        .andWhere(OURS)
        .andWhere(
          "NOT EXISTS (SELECT 1 FROM chain_transactions t WHERE t.network = c.network AND t.txid = c.txid AND t.state IN ('SIGNED', 'BROADCAST'))",
        )
        .getMany(),
    unspent: (network) =>
      select('c')
        .where('c.network = :network AND c.height IS NOT NULL', { network })
        .andWhere("NOT EXISTS (SELECT 1 FROM chain_transactions t WHERE t.id = c.spent_by AND t.state = 'CONFIRMED')")
        .andWhere("NOT EXISTS (SELECT 1 FROM cold_transfers s WHERE s.id = c.spent_by AND s.state = 'DONE')")
        .getMany(),
    inputsOf: (id) => coins.find({ where: { spentBy: id }, order: { txid: 'ASC', index: 'ASC' } }),
    plan: (row, inputs, payments = [], unmined) =>
      inTransaction(dataSource, async (manager) => {
        const known = await manager.findOneBy(ChainTransactionEntity, { id: row.id });
        if (known && known.state !== 'VOID') return known;
        const planned = await planIn(manager, row, 0);
        await take(manager, row.network, row.id, inputs, unmined);
        await addPayments(manager, row.id, payments);
        return planned;
      }),
    void: (row, now, refused) =>
      inTransaction(dataSource, async (manager) => {
        if (!(await voidIn(manager, row, now))) return false;
        await manager.update(UtxoEntity, { spentBy: row.id }, { spentBy: null });
        await manager.update(BatchPaymentEntity, { transactionId: row.id }, { live: null });
        if (refused !== undefined)
          await manager.update(BatchPaymentEntity, { transactionId: row.id, withdrawalId: refused }, { refused: true });
        return true;
      }),
    hasChild: (network, txid) => hasChild(dataSource.manager, network, txid),
    abandon: (row, lost, blockHeight, now) =>
      inTransaction(dataSource, async (manager) => {
        const which = { id: row.id, state: row.state };
        const failed = { blockHeight, feePaid: '0', updatedAt: now };
        // It has gone on meanwhile: its inputs stay its own, and the next round looks again.
        if (!(await advance(manager, CHAIN_TRANSACTIONS, which, 'fail', failed))) return;
        await manager.update(UtxoEntity, { spentBy: row.id, txid: Not(lost) }, { spentBy: null });
      }),
    planned: async (network, address) =>
      (await dataSource.getRepository(NonceEntity).findOneBy({ network, address }))?.next ?? 0,
    swept: (id) =>
      inTransaction(dataSource, async (manager) => {
        const spent = (await manager.query(
          `SELECT d.id FROM deposits d JOIN utxos c ON c.network = d.network AND c.txid = d.txid AND d.position = CONCAT('out:', c.output_index)
           WHERE c.spent_by = ? AND d.state = 'CREDITED'`,
          [id],
        )) as { id: string }[];
        if (spent.length > 0) await advance(manager, DEPOSITS, { id: In(spent.map((deposit) => deposit.id)) }, 'sweep');
      }),
  };
}
