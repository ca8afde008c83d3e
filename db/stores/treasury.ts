import { In, IsNull } from 'typeorm';
import type { DataSource } from 'typeorm';
import { DepositEntity } from '../entities/deposits';
import { SweepEntity, VenueTransferEntity } from '../entities/treasury';
import type { SweepRow, VenueTransferRow } from '../entities/treasury';
import { WithdrawalEntity } from '../entities/withdrawals';
import type { WithdrawalRow } from '../entities/withdrawals';
import { formatAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { SweepEvent, VenueTransferEvent } from '../../domain/lifecycle/transfers';
import { DEPOSITS, SWEEPS, VENUE_TRANSFERS, advance, advancePayouts } from '../lifecycle';
import type { Besides } from '../lifecycle';
import { inTransaction } from '../transaction';

/** Credited coins of one address that wait to be swept. */
interface Unswept {
  readonly address: string;
  readonly addressIndex: number;
}

export interface TreasuryStore {
  /**
   * Plans one sweep for the credited coins of each address with at least `from` of them, except where one failed
   * since. Coins that are credited before
   * the sweep's own transaction is made join it. `deep`: coins in blocks above it wait.
   */
  planSweeps(
    network: string,
    asset: string,
    which: { from: Units; failedSince: number; deep: number },
    newId: () => string,
    now: number,
  ): Promise<void>;
  openSweeps(network: string): Promise<SweepRow[]>;
  findSweep(id: string): Promise<SweepRow | null>;
  /** What a sweep has to move now: a deposit of it may have left the chain again. Null when nothing is left. */
  sweepable(id: string): Promise<string | null>;
  /**
   * Takes a sweep through an event; false where its state does not accept it. Finished: its deposits are SWEPT.
   * Failed: they may be planned again.
   */
  advanceSweep(id: string, event: SweepEvent, now: number): Promise<boolean>;
  addTransfer(row: VenueTransferRow): Promise<void>;
  /** Takes a transfer through an event; false where its state does not accept it. */
  advanceTransfer(id: string, event: VenueTransferEvent, besides: Besides<VenueTransferRow>): Promise<boolean>;
  /** Changes what is known of a transfer, not its state. */
  amendTransfer(id: string, what: Besides<VenueTransferRow>): Promise<void>;
  openTransfers(network: string): Promise<VenueTransferRow[]>;
  /** The newest transfer of an asset in a direction; of a withdrawal, if one is named, or of none, if null is. */
  lastTransfer(
    network: string,
    asset: string,
    direction: VenueTransferRow['direction'],
    withdrawalId?: string | null,
  ): Promise<VenueTransferRow | null>;
  /** Withdrawals that have not been signed yet. */
  waitingWithdrawals(network: string): Promise<WithdrawalRow[]>;
  /** Those of them that are approved and not signed yet. */
  payableWithdrawals(network: string): Promise<WithdrawalRow[]>;
  /** Shows why a withdrawal waits; changes nothing once it was signed. */
  waits(id: string, reason: string, now: number): Promise<boolean>;
}

export function createTreasuryStore(dataSource: DataSource): TreasuryStore {
  const sweeps = dataSource.getRepository(SweepEntity);
  const transfers = dataSource.getRepository(VenueTransferEntity);
  const withdrawals = dataSource.getRepository(WithdrawalEntity);
  return {
    planSweeps: async (network, asset, { from, failedSince, deep }, newId, now) => {
      const waiting = (await dataSource.query(
        `SELECT d.address AS address, a.child_index AS addressIndex
         FROM deposits d JOIN deposit_addresses a ON a.network = d.network AND a.address = d.address
         WHERE d.network = ? AND d.asset = ? AND d.state = 'CREDITED' AND d.block_height <= ? AND d.sweep_id IS NULL AND NOT EXISTS (
           SELECT 1 FROM sweeps s WHERE s.network = d.network AND s.asset = d.asset AND s.address = d.address AND s.state = 'FAILED' AND s.updated_at > ?)
         GROUP BY d.address, a.child_index HAVING SUM(d.amount) >= ?`,
        [network, asset, deep, failedSince, formatAmount(from)],
      )) as Unswept[];
      for (const { address, addressIndex } of waiting) {
        await inTransaction(dataSource, async (manager) => {
          const [open] = (await manager.query(
            `SELECT s.id AS id FROM sweeps s WHERE s.network = ? AND s.asset = ? AND s.address = ? AND s.state NOT IN ('DONE', 'FAILED')
             AND NOT EXISTS (SELECT 1 FROM chain_transactions t WHERE t.subject = s.id AND t.purpose = 'sweep') ORDER BY s.created_at LIMIT 1`,
            [network, asset, address],
          )) as { id: string }[];
          const id = open?.id ?? newId();
          await manager.query(
            "UPDATE deposits SET sweep_id = ? WHERE network = ? AND asset = ? AND address = ? AND state = 'CREDITED' AND block_height <= ? AND sweep_id IS NULL",
            [id, network, asset, address, deep],
          );
          const [sum] = (await manager.query('SELECT SUM(amount) AS amount FROM deposits WHERE sweep_id = ?', [
            id,
          ])) as { amount: string | null }[];
          if (!sum?.amount) return;
          if (open) await manager.update(SweepEntity, { id }, { amount: sum.amount, updatedAt: now });
          else
            await manager.insert(SweepEntity, {
              id,
              network,
              asset,
              address,
              addressIndex,
              amount: sum.amount,
              state: 'PLANNED',
              createdAt: now,
              updatedAt: now,
            });
        });
      }
    },
    openSweeps: (network) =>
      sweeps.find({
        where: { network, state: In(['PLANNED', 'TOPPING_UP', 'SENDING', 'NEEDS_OPERATOR_FUNDS']) },
        order: { createdAt: 'ASC' },
      }),
    findSweep: (id) => sweeps.findOneBy({ id }),
    sweepable: async (id) => {
      // Taken back by a reorganisation before anything was sent: mined again, it belongs to another sweep.
      await dataSource.query("UPDATE deposits SET sweep_id = NULL WHERE sweep_id = ? AND state <> 'CREDITED'", [id]);
      const [sum] = (await dataSource.query(
        "SELECT SUM(amount) AS amount FROM deposits WHERE sweep_id = ? AND state = 'CREDITED'",
        [id],
      )) as { amount: string | null }[];
      if (sum?.amount) await sweeps.update({ id }, { amount: sum.amount });
      return sum?.amount ?? null;
    },
    advanceSweep: (id, event, now) =>
      inTransaction(dataSource, async (manager) => {
        if (!(await advance(manager, SWEEPS, { id }, event, { updatedAt: now }))) return false;
        if (event === 'finish') await advance(manager, DEPOSITS, { sweepId: id }, 'sweep');
        if (event === 'fail') await manager.update(DepositEntity, { sweepId: id }, { sweepId: null });
        return true;
      }),
    addTransfer: async (row) => {
      await transfers.insert(row);
    },
    advanceTransfer: (id, event, besides) => advance(dataSource.manager, VENUE_TRANSFERS, { id }, event, besides),
    amendTransfer: async (id, what) => {
      await transfers.update({ id }, what);
    },
    openTransfers: (network) =>
      transfers.find({
        where: {
          network,
          state: In(['RESERVED', 'REQUESTED', 'UNKNOWN', 'SENDING', 'IN_TRANSIT', 'NEEDS_OPERATOR_FUNDS']),
        },
        order: { createdAt: 'ASC' },
      }),
    lastTransfer: (network, asset, direction, withdrawalId) =>
      transfers.findOne({
        where: {
          network,
          asset,
          direction,
          ...(withdrawalId !== undefined && { withdrawalId: withdrawalId ?? IsNull() }),
        },
        order: { createdAt: 'DESC', id: 'DESC' },
      }),
    waitingWithdrawals: (network) =>
      withdrawals.find({
        where: { network, shownState: In(['REQUESTED', 'APPROVED', 'WAITING_FUNDS']) },
        order: { createdAt: 'ASC' },
      }),
    payableWithdrawals: (network) =>
      withdrawals.find({
        where: { network, shownState: In(['APPROVED', 'WAITING_FUNDS']) },
        order: { createdAt: 'ASC' },
      }),
    waits: (id, reason, now) => advancePayouts(dataSource.manager, [id], 'wait', { reason, updatedAt: now }),
  };
}
