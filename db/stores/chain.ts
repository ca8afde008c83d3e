import { In, IsNull, MoreThan, Not } from 'typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { ChainTransactionEntity, NonceEntity } from '../entities/treasury';
import type { ChainTransactionRow } from '../entities/treasury';
import { BatchPaymentEntity, UtxoEntity } from '../entities/utxos';
import { WithdrawalEntity } from '../entities/withdrawals';
import type { Approval } from '../../domain/contract/api/approvals';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { isReplacement, readPayoutId, replacementRange } from '../../domain/references';
import { CHAIN_TRANSACTIONS, advance, advancePayouts } from '../lifecycle';
import { inTransaction } from '../transaction';
import { approvalsOf } from './approvals';
import { frozenAmong } from './users';

export type NewTransaction = Omit<
  ChainTransactionRow,
  'nonce' | 'txid' | 'rawTransaction' | 'state' | 'blockHeight' | 'feePaid'
>;
export type Fees = Pick<ChainTransactionRow, 'maxFeePerGas' | 'maxPriorityFeePerGas'>;
export type Signed = Pick<ChainTransactionRow, 'txid' | 'rawTransaction'>;

const FINAL = ['CONFIRMED', 'FAILED'] as const;

export interface ChainStore {
  find(id: string): Promise<ChainTransactionRow | null>;
  /** Those of one purpose for one subject, oldest first; without replaced ones. */
  bySubject(purpose: ChainTransactionRow['purpose'], subject: string): Promise<ChainTransactionRow[]>;
  /**
   * Writes the plan down with the account's next nonce; the plan keeps that nonce for ever. `floor`: the chain's own
   * count. A plan that was given up (VOID) is made anew. Throws while another plan of the account is not signed yet:
   * only the newest nonce can be given back, so that no gap ever stays.
   */
  plan(row: NewTransaction, floor: number): Promise<ChainTransactionRow>;
  /** Stores the signed bytes, and shows them on the withdrawals they pay, before anything is broadcast. */
  signed(row: ChainTransactionRow, signed: Signed, now: number): Promise<void>;
  broadcast(row: ChainTransactionRow, now: number): Promise<void>;
  /** What admins signed for this payout, of a network of accounts; nothing for what is no withdrawal. */
  approvals(row: ChainTransactionRow): Promise<Approval[]>;
  /** Those of these users from whose accounts nothing leaves now. */
  frozen(userIds: readonly string[]): Promise<Set<string>>;
  /** The signer refused: gives the nonce back. Answers whether it could. */
  void(row: ChainTransactionRow, now: number): Promise<boolean>;
  /**
   * The row goes on with bytes that pay higher fees; the former ones stay beside it, for either may be mined. Throws
   * when something of ours was built on these.
   */
  replace(row: ChainTransactionRow, replacement: string, signed: Signed, fees: Fees, now: number): Promise<void>;
  /** Bytes that a row had before. */
  replaced(id: string): Promise<ChainTransactionRow[]>;
  /** Final, for the first time or again. `row.txid` is the one that was mined, which may be a former one. */
  finish(
    row: ChainTransactionRow,
    state: 'CONFIRMED' | 'FAILED',
    blockHeight: number,
    feePaid: string,
    now: number,
  ): Promise<void>;
  open(network: string): Promise<ChainTransactionRow[]>;
  /** Final ones whose block is above this height. */
  finalAbove(network: string, height: number): Promise<ChainTransactionRow[]>;
  /** They stay final, and are in no block of the chain any more. */
  unplace(rows: readonly ChainTransactionRow[]): Promise<void>;
  /** Final ones that are in no block of the chain. */
  unplaced(network: string): Promise<ChainTransactionRow[]>;
  /** Those of these purposes that came to nothing, with a reservation that was not given back yet. */
  unreleased(network: string, purposes: readonly ChainTransactionRow['purpose'][]): Promise<ChainTransactionRow[]>;
  released(id: string): Promise<void>;
  /**
   * What our own final transactions brought to an address less what they took, fees too; undefined while one is under
   * way there.
   */
  finishedAt(network: string, address: string, gasAsset: string): Promise<Units | undefined>;
  /** Shows the confirmations of payouts; answers those of which the number changed. */
  confirmations(withdrawalIds: readonly string[], confirmations: number): Promise<{ id: string; userId: string }[]>;
}

/** Locks the account's nonce and reads it. */
async function lockNonce(
  manager: EntityManager,
  { network, fromAddress }: Pick<NewTransaction, 'network' | 'fromAddress'>,
  floor: number,
): Promise<number> {
  await manager.query('INSERT IGNORE INTO nonces (network, address, next_nonce) VALUES (?, ?, ?)', [
    network,
    fromAddress,
    floor,
  ]);
  const [locked] = (await manager.query(
    'SELECT next_nonce AS next FROM nonces WHERE network = ? AND address = ? FOR UPDATE',
    [network, fromAddress],
  )) as { next: string }[];
  return Number(locked?.next);
}

/** `ChainStore.plan` inside a transaction of the caller. */
export async function planIn(manager: EntityManager, row: NewTransaction, floor: number): Promise<ChainTransactionRow> {
  const known = await manager.findOneBy(ChainTransactionEntity, { id: row.id });
  if (known && known.state !== 'VOID') return known;
  const { network, fromAddress } = row;
  // Never below what the chain has counted: after a restored backup our own count may lie behind.
  const next = await lockNonce(manager, row, floor);
  const nonce = next > floor ? next : floor;
  const waiting = await manager.findOneBy(ChainTransactionEntity, { network, fromAddress, state: 'PLANNED' });
  if (waiting) throw new Error(`${waiting.id} is to be signed before ${row.id}`);
  await manager.update(NonceEntity, { network, address: fromAddress }, { next: nonce + 1 });
  const planned: ChainTransactionRow = {
    ...row,
    nonce,
    txid: `planned:${row.id}`,
    rawTransaction: '',
    state: 'PLANNED',
    blockHeight: null,
    feePaid: null,
  };
  const { state: _state, id: _id, ...besides } = planned;
  if (known) await advance(manager, CHAIN_TRANSACTIONS, { id: row.id }, 'plan', besides);
  else await manager.insert(ChainTransactionEntity, planned);
  return planned;
}

/** `ChainStore.void` inside a transaction of the caller. */
export async function voidIn(manager: EntityManager, row: ChainTransactionRow, now: number): Promise<boolean> {
  if ((await lockNonce(manager, row, row.nonce)) !== row.nonce + 1) return false;
  // Signed by another process meanwhile, or given up already: nothing of it is free.
  if (!(await advance(manager, CHAIN_TRANSACTIONS, { id: row.id }, 'void', { updatedAt: now }))) return false;
  await manager.update(NonceEntity, { network: row.network, address: row.fromAddress }, { next: row.nonce });
  return true;
}

/** Withdrawals that a transaction pays: its subject, or those of its batch. */
async function paidBy(manager: EntityManager, { id, subject }: ChainTransactionRow): Promise<string[]> {
  const batch = await manager.findBy(BatchPaymentEntity, { transactionId: id });
  return batch.length === 0 ? [subject] : batch.map(({ withdrawalId }) => withdrawalId);
}

/** Is an output of this transaction, on a network of coins, an input of another one of ours? */
export const hasChild = (manager: EntityManager, network: string, txid: string): Promise<boolean> =>
  manager.existsBy(UtxoEntity, { network, txid, spentBy: Not(IsNull()) });

export function createChainStore(dataSource: DataSource): ChainStore {
  const transactions = dataSource.getRepository(ChainTransactionEntity);
  const replaced = async (id: string): Promise<ChainTransactionRow[]> => {
    const { above, below } = replacementRange(id);
    const rows = (await dataSource.query('SELECT id FROM chain_transactions WHERE id > ? AND id < ?', [
      above,
      below,
    ])) as { id: string }[];
    return rows.length === 0 ? [] : transactions.findBy({ id: In(rows.map((row) => row.id)) });
  };
  return {
    find: (id) => transactions.findOneBy({ id }),
    bySubject: async (purpose, subject) =>
      (await transactions.find({ where: { purpose, subject }, order: { createdAt: 'ASC', id: 'ASC' } })).filter(
        (row) => !isReplacement(row.id),
      ),
    plan: (row, floor) => inTransaction(dataSource, (manager) => planIn(manager, row, floor)),
    signed: (row, signed, now) =>
      inTransaction(dataSource, async (manager) => {
        await advance(manager, CHAIN_TRANSACTIONS, { id: row.id }, 'sign', { ...signed, updatedAt: now });
        if (row.purpose !== 'withdrawal') return;
        const shown = { txid: signed.txid, reason: null, updatedAt: now };
        await advancePayouts(manager, await paidBy(manager, row), 'sign', shown);
      }),
    broadcast: (row, now) =>
      inTransaction(dataSource, async (manager) => {
        await advance(manager, CHAIN_TRANSACTIONS, { id: row.id }, 'broadcast', { updatedAt: now });
        if (row.purpose === 'withdrawal')
          await advancePayouts(manager, await paidBy(manager, row), 'broadcast', { updatedAt: now });
      }),
    approvals: async ({ id, purpose, subject }) => {
      const payout = purpose === 'withdrawal' ? readPayoutId(id) : undefined;
      if (!payout) return [];
      return (await approvalsOf(dataSource, subject, payout.round)).map(({ keyId: key, at, feeCap, signature }) => ({
        key,
        at,
        feeCap,
        signature,
      }));
    },
    frozen: (userIds) => frozenAmong(dataSource, userIds),
    void: (row, now) => inTransaction(dataSource, (manager) => voidIn(manager, row, now)),
    replace: (row, replacement, signed, fees, now) =>
      inTransaction(dataSource, async (manager) => {
        const changed = await manager.update(
          ChainTransactionEntity,
          { id: row.id, txid: row.txid, state: In(['SIGNED', 'BROADCAST']) },
          { ...signed, ...fees, updatedAt: now },
        );
        if (changed.affected !== 1) throw new Error(`${row.id} was changed meanwhile`);
        if (await hasChild(manager, row.network, row.txid)) throw new Error(`${row.id} has a child by now`);
        await manager.insert(ChainTransactionEntity, { ...row, id: replacement, reservation: null, state: 'VOID' });
        if (row.purpose === 'withdrawal')
          await manager.update(
            WithdrawalEntity,
            { id: In(await paidBy(manager, row)), shownState: In(['SIGNED', 'BROADCAST']) },
            { txid: signed.txid, updatedAt: now },
          );
      }),
    replaced,
    finish: (row, state, blockHeight, feePaid, now) =>
      inTransaction(dataSource, async (manager) => {
        const current = await manager.findOneBy(ChainTransactionEntity, { id: row.id });
        const former =
          current && current.txid !== row.txid
            ? await manager.findOneBy(ChainTransactionEntity, { network: row.network, txid: row.txid })
            : null;
        if (current && former) {
          // A former one was mined: the two change places, through a name that is nobody's, for a txid is unique.
          const bytes = ({ txid, rawTransaction, maxFeePerGas, maxPriorityFeePerGas }: ChainTransactionRow) => ({
            txid,
            rawTransaction,
            maxFeePerGas,
            maxPriorityFeePerGas,
          });
          await manager.update(ChainTransactionEntity, { id: former.id }, { txid: `replaced:${former.id}` });
          await manager.update(ChainTransactionEntity, { id: row.id }, bytes(former));
          await manager.update(ChainTransactionEntity, { id: former.id }, bytes(current));
        }
        const event = state === 'CONFIRMED' ? 'confirm' : 'fail';
        // Not one that is final in a block; one that fell out of the chain is in it again.
        const which = { id: row.id, blockHeight: IsNull() };
        await advance(manager, CHAIN_TRANSACTIONS, which, event, { blockHeight, feePaid, updatedAt: now });
      }),
    finalAbove: (network, height) => transactions.findBy({ network, state: In(FINAL), blockHeight: MoreThan(height) }),
    unplace: async (rows) => {
      if (rows.length > 0)
        await transactions.update({ id: In(rows.map(({ id }) => id)), state: In(FINAL) }, { blockHeight: null });
    },
    unplaced: (network) =>
      transactions.find({ where: { network, state: In(FINAL), blockHeight: IsNull() }, order: { nonce: 'ASC' } }),
    open: (network) =>
      transactions.find({
        where: { network, state: In(['PLANNED', 'SIGNED', 'BROADCAST']) },
        order: { createdAt: 'ASC', nonce: 'ASC' },
      }),
    unreleased: (network, purposes) =>
      transactions.find({
        where: { network, purpose: In([...purposes]), state: In(['VOID', 'FAILED']), reservation: Not(IsNull()) },
      }),
    released: async (id) => {
      await transactions.update({ id, state: In(['VOID', 'FAILED']) }, { reservation: null });
    },
    finishedAt: async (network, address, gasAsset) => {
      const rows = (
        await transactions.find({
          where: [
            { network, fromAddress: address },
            { network, toAddress: address },
          ],
        })
      ).filter(({ id, state }) => state !== 'VOID' && !isReplacement(id));
      if (rows.some(({ state, blockHeight }) => (state !== 'CONFIRMED' && state !== 'FAILED') || blockHeight === null))
        return undefined;
      return rows.reduce((sum, { fromAddress, asset, amount, state, feePaid }) => {
        const moved = state === 'CONFIRMED' && asset === gasAsset ? parseAmount(amount) : 0n;
        return fromAddress === address ? sum - moved - parseAmount(feePaid ?? '0') : sum + moved;
      }, 0n);
    },
    confirmations: async (withdrawalIds, confirmations) => {
      const withdrawals = dataSource.getRepository(WithdrawalEntity);
      const changed = await withdrawals.findBy({ id: In([...withdrawalIds]), confirmations: Not(confirmations) });
      if (changed.length > 0) await withdrawals.update({ id: In(changed.map(({ id }) => id)) }, { confirmations });
      return changed.map(({ id, userId }) => ({ id, userId }));
    },
  };
}
