import { In } from 'typeorm';
import type { DataSource } from 'typeorm';
import { DepositEntity } from '../entities/deposits';
import { SweepEntity, VenueTransferEntity } from '../entities/treasury';
import type { SweepRow, VenueTransferRow } from '../entities/treasury';
import { WithdrawalEntity } from '../entities/withdrawals';
import type { WithdrawalRow } from '../entities/withdrawals';
import { inTransaction } from '../transaction';

/** Credited coins of one address that wait to be swept. */
interface Unswept {
  readonly asset: string;
  readonly address: string;
  readonly addressIndex: number;
}

export interface TreasuryStore {
  /** Plans one sweep for the credited coins of each address, except where one failed since. */
  planSweeps(network: string, failedSince: number, newId: () => string, now: number): Promise<void>;
  openSweeps(network: string): Promise<SweepRow[]>;
  setSweep(id: string, state: SweepRow['state'], now: number): Promise<void>;
  /** DONE: its deposits are SWEPT. FAILED: they may be planned again. */
  endSweep(id: string, state: 'DONE' | 'FAILED', now: number): Promise<void>;
  addTransfer(row: VenueTransferRow): Promise<void>;
  setTransfer(id: string, set: Partial<VenueTransferRow>): Promise<void>;
  openTransfers(network: string): Promise<VenueTransferRow[]>;
  transfer(id: string): Promise<VenueTransferRow | null>;
  /** Withdrawals that have not been signed yet. */
  waitingWithdrawals(network: string): Promise<WithdrawalRow[]>;
  /** Shows why a withdrawal waits; changes nothing once it was signed. */
  waits(id: string, reason: string, now: number): Promise<boolean>;
}

export function createTreasuryStore(dataSource: DataSource): TreasuryStore {
  const sweeps = dataSource.getRepository(SweepEntity);
  const transfers = dataSource.getRepository(VenueTransferEntity);
  const withdrawals = dataSource.getRepository(WithdrawalEntity);
  return {
    planSweeps: async (network, failedSince, newId, now) => {
      const waiting = (await dataSource.query(
        `SELECT DISTINCT d.asset AS asset, d.address AS address, a.child_index AS addressIndex
         FROM deposits d JOIN deposit_addresses a ON a.network = d.network AND a.address = d.address
         WHERE d.network = ? AND d.state = 'CREDITED' AND d.sweep_id IS NULL AND NOT EXISTS (
           SELECT 1 FROM sweeps s WHERE s.network = d.network AND s.asset = d.asset AND s.address = d.address AND s.state = 'FAILED' AND s.updated_at > ?)`,
        [network, failedSince],
      )) as Unswept[];
      for (const { asset, address, addressIndex } of waiting) {
        const id = newId();
        await inTransaction(dataSource, async (manager) => {
          // Which deposits belong to it is decided here, once; later ones wait for the next sweep.
          await manager.query("UPDATE deposits SET sweep_id = ? WHERE network = ? AND asset = ? AND address = ? AND state = 'CREDITED' AND sweep_id IS NULL", [id, network, asset, address]);
          const [sum] = (await manager.query('SELECT SUM(amount) AS amount FROM deposits WHERE sweep_id = ?', [id])) as { amount: string | null }[];
          if (!sum?.amount) return;
          await manager.insert(SweepEntity, { id, network, asset, address, addressIndex, amount: sum.amount, state: 'PLANNED', createdAt: now, updatedAt: now });
        });
      }
    },
    openSweeps: (network) => sweeps.find({ where: { network, state: In(['PLANNED', 'TOPPING_UP', 'SENDING', 'NEEDS_OPERATOR_FUNDS']) }, order: { createdAt: 'ASC' } }),
    setSweep: async (id, state, now) => {
      await sweeps.update({ id }, { state, updatedAt: now });
    },
    endSweep: (id, state, now) =>
      inTransaction(dataSource, async (manager) => {
        await manager.update(SweepEntity, { id }, { state, updatedAt: now });
        if (state === 'DONE') await manager.update(DepositEntity, { sweepId: id, state: 'CREDITED' }, { state: 'SWEPT' });
        else await manager.update(DepositEntity, { sweepId: id }, { sweepId: null });
      }),
    addTransfer: async (row) => {
      await transfers.insert(row);
    },
    setTransfer: async (id, set) => {
      await transfers.update({ id }, set);
    },
    openTransfers: (network) =>
      transfers.find({ where: { network, state: In(['RESERVED', 'REQUESTED', 'UNKNOWN', 'SENDING', 'IN_TRANSIT', 'NEEDS_OPERATOR_FUNDS']) }, order: { createdAt: 'ASC' } }),
    transfer: (id) => transfers.findOneBy({ id }),
    waitingWithdrawals: (network) => withdrawals.find({ where: { network, state: In(['REQUESTED', 'APPROVED', 'WAITING_FUNDS']) }, order: { createdAt: 'ASC' } }),
    waits: async (id, reason, now) => (await withdrawals.update({ id, state: In(['APPROVED', 'WAITING_FUNDS']) }, { state: 'WAITING_FUNDS', reason, updatedAt: now })).affected === 1,
  };
}
