import { In } from 'typeorm';
import type { DataSource } from 'typeorm';
import type { AdminAuditRow } from '../entities/accounts';
import { StakeEntity } from '../entities/stakes';
import type { StakeRow } from '../entities/stakes';
import { ChainTransactionEntity } from '../entities/treasury';
import type { ChainTransactionRow } from '../entities/treasury';
import type { StakeEvent } from '../../domain/lifecycle/transfers';
import { STAKES, advance } from '../lifecycle';
import type { Besides } from '../lifecycle';
import { inTransaction } from '../transaction';
import { recordAdminAction } from './admin-audit';

export interface StakeStore {
  /** The wish and what the operator did, in one transaction. */
  add(row: StakeRow, action: AdminAuditRow): Promise<void>;
  find(id: string): Promise<StakeRow | null>;
  /** Those that have not ended, oldest first. */
  open(network: string): Promise<StakeRow[]>;
  newest(limit: number): Promise<StakeRow[]>;
  /** Takes a wish through an event; false where its state does not accept it. */
  advance(id: string, event: StakeEvent, besides: Besides<StakeRow>, action?: AdminAuditRow): Promise<boolean>;
  /** Shows what a planned wish waits for. */
  waits(id: string, reason: string, now: number): Promise<void>;
  /** Energy that was lent and is not ours again: the transactions that lent it. */
  lent(network: string): Promise<ChainTransactionRow[]>;
}

export function createStakeStore(dataSource: DataSource): StakeStore {
  const stakes = dataSource.getRepository(StakeEntity);
  return {
    add: (row, action) =>
      inTransaction(dataSource, async (manager) => {
        await manager.insert(StakeEntity, row);
        await recordAdminAction(manager, action);
      }),
    find: (id) => stakes.findOneBy({ id }),
    open: (network) =>
      stakes.find({
        where: { network, state: In(['PLANNED', 'SENDING', 'UNSTAKING']) },
        order: { createdAt: 'ASC', id: 'ASC' },
      }),
    newest: (limit) => stakes.find({ order: { createdAt: 'DESC', id: 'DESC' }, take: limit }),
    advance: (id, event, besides, action) =>
      inTransaction(dataSource, async (manager) => {
        if (!(await advance(manager, STAKES, { id }, event, besides))) return false;
        if (action) await recordAdminAction(manager, action);
        return true;
      }),
    waits: async (id, reason, now) => {
      await stakes.update({ id, state: 'PLANNED' }, { reason, updatedAt: now });
    },
    lent: async (network) => {
      const rows = (await dataSource.query(
        `SELECT l.id FROM chain_transactions l WHERE l.network = ? AND l.purpose = 'delegate' AND l.state = 'CONFIRMED'
         AND NOT EXISTS (SELECT 1 FROM chain_transactions b WHERE b.subject = l.subject AND b.purpose = 'undelegate' AND b.state = 'CONFIRMED')`,
        [network],
      )) as { id: string }[];
      return rows.length === 0
        ? []
        : dataSource.getRepository(ChainTransactionEntity).findBy({ id: In(rows.map(({ id }) => id)) });
    },
  };
}
