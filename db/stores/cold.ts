import { In, IsNull } from 'typeorm';
import type { DataSource } from 'typeorm';
import { UtxoEntity } from '../entities/utxos';
import type { UtxoRow } from '../entities/utxos';
import { ColdTransferEntity } from '../entities/cold';
import type { ColdTransferRow } from '../entities/cold';
import { VenueTransferEntity } from '../entities/treasury';
import type { ColdTransferEvent, ColdTransferState } from '../../domain/lifecycle/transfers';
import { COLD_TRANSFERS, advance } from '../lifecycle';
import type { Besides } from '../lifecycle';
import { inTransaction } from '../transaction';
import { recordAdminAction } from './admin-audit';
import type { AdminAuditRow } from '../entities/accounts';

/** Outputs that cold storage holds are coins of this branch. */
export const COLD_BRANCH = 2;

export interface ColdStore {
  /**
   * The transfer, what the admin did, and the coins that are its inputs now: all or nothing. Throws when a coin is
   * somebody else's.
   */
  add(row: ColdTransferRow, action: AdminAuditRow, inputs: readonly Pick<UtxoRow, 'txid' | 'index'>[]): Promise<void>;
  find(id: string): Promise<ColdTransferRow | null>;
  /** Those that have not ended, oldest first. */
  open(network: string): Promise<ColdTransferRow[]>;
  newest(limit: number): Promise<ColdTransferRow[]>;
  /**
   * Takes a transfer through an event; false where its state does not accept it, or is not the one that is asked for.
   * One that is canceled frees its coins.
   */
  advance(
    which: { readonly id: string; readonly state?: ColdTransferState },
    event: ColdTransferEvent,
    besides: Besides<ColdTransferRow>,
    action?: AdminAuditRow,
  ): Promise<boolean>;
  /** Writes down what is known of a transfer that is in this state still; false when it is not. */
  note(
    which: { readonly id: string; readonly state: ColdTransferState },
    what: Besides<ColdTransferRow>,
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
    advance: (which, event, besides, action) =>
      inTransaction(dataSource, async (manager) => {
        if (!(await advance(manager, COLD_TRANSFERS, which, event, besides))) return false;
        if (event === 'cancel') await manager.update(UtxoEntity, { spentBy: which.id }, { spentBy: null });
        if (action) await recordAdminAction(manager, action);
        return true;
      }),
    note: (which, what, action) =>
      inTransaction(dataSource, async (manager) => {
        if ((await manager.update(ColdTransferEntity, which, what)).affected !== 1) return false;
        if (action) await recordAdminAction(manager, action);
        return true;
      }),
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
