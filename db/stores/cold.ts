import { In, IsNull } from 'typeorm';
import type { DataSource } from 'typeorm';
import { UtxoEntity } from '../entities/utxos';
import type { UtxoRow } from '../entities/utxos';
import { ColdTransferEntity } from '../entities/cold';
import type { ColdTransferRow } from '../entities/cold';
import { VenueTransferEntity } from '../entities/treasury';
import { inTransaction } from '../transaction';
import { recordAdminAction } from './admin-audit';
import type { AdminAuditRow } from '../entities/accounts';

/** Outputs that cold storage holds are coins of this branch. */
export const COLD_BRANCH = 2;

export interface ColdStore {
  /** The transfer, what the admin did, and the coins that are its inputs now: all or nothing. Throws when a coin is somebody else's. */
  add(row: ColdTransferRow, action: AdminAuditRow, inputs: readonly Pick<UtxoRow, 'txid' | 'index'>[]): Promise<void>;
  find(id: string): Promise<ColdTransferRow | null>;
  /** Those that have not ended, oldest first. */
  open(network: string): Promise<ColdTransferRow[]>;
  newest(limit: number): Promise<ColdTransferRow[]>;
  /** Changes a transfer that is in this state still; false when it is not. */
  move(
    id: string,
    from: ColdTransferRow['state'],
    set: Partial<ColdTransferRow>,
    action?: AdminAuditRow,
  ): Promise<boolean>;
  /** Given up: its coins are free again. */
  cancel(
    id: string,
    from: ColdTransferRow['state'],
    set: Partial<ColdTransferRow>,
    action?: AdminAuditRow,
  ): Promise<boolean>;
  /** Coins of cold storage in the chain that nothing is planned with. */
  coins(network: string): Promise<UtxoRow[]>;
  /** So many transfers went to cold storage or came from it: the next one uses an address of its own. */
  issued(network: string): Promise<number>;
  txidKnown(network: string, txid: string): Promise<boolean>;
}

export function createColdStore(dataSource: DataSource): ColdStore {
  const transfers = dataSource.getRepository(ColdTransferEntity);
  const change = (
    id: string,
    from: ColdTransferRow['state'],
    set: Partial<ColdTransferRow>,
    action: AdminAuditRow | undefined,
    free: boolean,
  ): Promise<boolean> =>
    inTransaction(dataSource, async (manager) => {
      if ((await manager.update(ColdTransferEntity, { id, state: from }, set)).affected !== 1) return false;
      if (free) await manager.update(UtxoEntity, { spentBy: id }, { spentBy: null });
      if (action) await recordAdminAction(manager, action);
      return true;
    });
  return {
    add: (row, action, inputs) =>
      inTransaction(dataSource, async (manager) => {
        await manager.insert(ColdTransferEntity, row);
        await recordAdminAction(manager, action);
        for (const { txid, index } of inputs) {
          const taken = await manager.update(
            UtxoEntity,
            { network: row.network, txid, index, branch: COLD_BRANCH, spentBy: IsNull() },
            { spentBy: row.id },
          );
          if (taken.affected !== 1) throw new Error(`the coin ${txid}:${index} is not free any more`);
        }
      }),
    find: (id) => transfers.findOneBy({ id }),
    open: (network) =>
      transfers.find({ where: { network, state: In(['WAITING_SIGNATURES', 'SENDING']) }, order: { createdAt: 'ASC' } }),
    newest: (limit) => transfers.find({ order: { createdAt: 'DESC', id: 'DESC' }, take: limit }),
    move: (id, from, set, action) => change(id, from, set, action, false),
    cancel: (id, from, set, action) => change(id, from, set, action, true),
    coins: async (network) =>
      (await dataSource.getRepository(UtxoEntity).findBy({ network, branch: COLD_BRANCH, spentBy: IsNull() })).filter(
        ({ height }) => height !== null,
      ),
    issued: async (network) =>
      (await dataSource.getRepository(VenueTransferEntity).countBy({ network, direction: 'to-cold' })) +
      (await transfers.countBy({ network })),
    txidKnown: (network, txid) => transfers.existsBy({ network, txid }),
  };
}
