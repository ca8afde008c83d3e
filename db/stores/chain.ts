import { In, Not } from 'typeorm';
import type { DataSource } from 'typeorm';
import { ChainTransactionEntity, NonceEntity } from '../entities/treasury';
import type { ChainTransactionRow } from '../entities/treasury';
import { WithdrawalEntity } from '../entities/withdrawals';
import { inTransaction } from '../transaction';

export type NewTransaction = Omit<ChainTransactionRow, 'nonce' | 'txid' | 'rawTransaction' | 'state' | 'blockHeight' | 'feePaid'>;

export interface ChainStore {
  find(id: string): Promise<ChainTransactionRow | null>;
  /** Writes the plan down with the account's next nonce; the plan keeps that nonce for ever. `floor`: the chain's own count. */
  plan(row: NewTransaction, floor: number): Promise<ChainTransactionRow>;
  /** Stores the signed bytes, and shows them on the withdrawal they pay, before anything is broadcast. */
  signed(row: ChainTransactionRow, txid: string, rawTransaction: string, now: number): Promise<void>;
  broadcast(row: ChainTransactionRow, now: number): Promise<void>;
  /** The signer refused: gives the nonce back if no later one was handed out. Answers whether it could. */
  void(row: ChainTransactionRow, now: number): Promise<boolean>;
  finish(row: ChainTransactionRow, state: 'CONFIRMED' | 'FAILED', blockHeight: number, feePaid: string, now: number): Promise<void>;
  open(network: string): Promise<ChainTransactionRow[]>;
  /** Shows a payout's confirmations; answers the user's id when the number changed. */
  confirmations(withdrawalId: string, confirmations: number): Promise<string | undefined>;
}

export function createChainStore(dataSource: DataSource): ChainStore {
  const transactions = dataSource.getRepository(ChainTransactionEntity);
  return {
    find: (id) => transactions.findOneBy({ id }),
    plan: (row, floor) =>
      inTransaction(dataSource, async (manager) => {
        const known = await manager.findOneBy(ChainTransactionEntity, { id: row.id });
        if (known) return known;
        const { network, fromAddress: address } = row;
        await manager.query('INSERT IGNORE INTO nonces (network, address, next_nonce) VALUES (?, ?, ?)', [network, address, floor]);
        const [locked] = (await manager.query('SELECT next_nonce AS next FROM nonces WHERE network = ? AND address = ? FOR UPDATE', [network, address])) as { next: string }[];
        const nonce = Number(locked?.next);
        await manager.update(NonceEntity, { network, address }, { next: nonce + 1 });
        const planned: ChainTransactionRow = { ...row, nonce, txid: `planned:${row.id}`, rawTransaction: '', state: 'PLANNED', blockHeight: null, feePaid: null };
        await manager.insert(ChainTransactionEntity, planned);
        return planned;
      }),
    signed: (row, txid, rawTransaction, now) =>
      inTransaction(dataSource, async (manager) => {
        await manager.update(ChainTransactionEntity, { id: row.id, state: 'PLANNED' }, { txid, rawTransaction, state: 'SIGNED', updatedAt: now });
        if (row.purpose !== 'withdrawal') return;
        await manager.update(WithdrawalEntity, { id: row.subject, state: In(['APPROVED', 'WAITING_FUNDS']) }, { state: 'SIGNED', txid, reason: null, updatedAt: now });
      }),
    broadcast: (row, now) =>
      inTransaction(dataSource, async (manager) => {
        await manager.update(ChainTransactionEntity, { id: row.id, state: 'SIGNED' }, { state: 'BROADCAST', updatedAt: now });
        if (row.purpose === 'withdrawal') await manager.update(WithdrawalEntity, { id: row.subject, state: 'SIGNED' }, { state: 'BROADCAST', updatedAt: now });
      }),
    void: (row, now) =>
      inTransaction(dataSource, async (manager) => {
        const { network, fromAddress: address, nonce } = row;
        const [locked] = (await manager.query('SELECT next_nonce AS next FROM nonces WHERE network = ? AND address = ? FOR UPDATE', [network, address])) as { next: string }[];
        if (Number(locked?.next) !== nonce + 1) return false;
        await manager.update(NonceEntity, { network, address }, { next: nonce });
        await manager.update(ChainTransactionEntity, { id: row.id, state: 'PLANNED' }, { state: 'VOID', updatedAt: now });
        return true;
      }),
    finish: async (row, state, blockHeight, feePaid, now) => {
      await transactions.update({ id: row.id, state: In(['SIGNED', 'BROADCAST']) }, { state, blockHeight, feePaid, updatedAt: now });
    },
    open: (network) => transactions.find({ where: { network, state: In(['PLANNED', 'SIGNED', 'BROADCAST']) }, order: { createdAt: 'ASC', nonce: 'ASC' } }),
    confirmations: async (withdrawalId, confirmations) => {
      const withdrawals = dataSource.getRepository(WithdrawalEntity);
      const changed = await withdrawals.update({ id: withdrawalId, confirmations: Not(confirmations) }, { confirmations });
      return changed.affected === 1 ? (await withdrawals.findOneBy({ id: withdrawalId }))?.userId : undefined;
    },
  };
}
