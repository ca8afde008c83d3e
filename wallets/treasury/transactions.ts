import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { ChainStore } from '../../db/stores/chain';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, EventBus, Logger, Signer } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network } from '../../domain/registry';
import type { Chain, ChainReceipt, GasQuote } from '../chains/chain';

export interface Outgoing {
  /** The intent's id, unique for ever. */
  readonly id: string;
  readonly purpose: ChainTransactionRow['purpose'];
  readonly subject: string;
  readonly from: 'hot' | { index: number; address: string };
  readonly to: string;
  readonly toIndex?: number;
  readonly asset: string;
  readonly amount: Units;
  readonly gas: GasQuote;
  /** Cost reservation, or null when the entry that settles it pays for itself. */
  readonly reservation: string | null;
}

/** What a final transaction means to the one who sent it. Called at least once; must bear repeating. */
export type Settle = (row: ChainTransactionRow, receipt: ChainReceipt) => Promise<void>;

export interface TransactionsDeps {
  readonly chain: Chain;
  readonly network: Network;
  readonly store: ChainStore;
  readonly signer: Signer;
  readonly hotAddress: string;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Our own transactions: planned with a nonce, signed, stored, only then broadcast, and followed until they are final.
 * Each step is a row's state, so that a kill between any two leaves something that goes on.
 */
export class Transactions {
  private readonly settlers = new Map<ChainTransactionRow['purpose'], Settle>();

  constructor(private readonly deps: TransactionsDeps) {}

  onFinal(purpose: ChainTransactionRow['purpose'], settle: Settle): void {
    this.settlers.set(purpose, settle);
  }

  /** Writes the transaction down; it is signed and sent by the next rounds. The same id is the same transaction. */
  async send(out: Outgoing): Promise<ChainTransactionRow> {
    const { network, chain, store, hotAddress, clock } = this.deps;
    const fromAddress = out.from === 'hot' ? hotAddress : out.from.address;
    const now = clock.now();
    const row = {
      id: out.id,
      network: network.id,
      purpose: out.purpose,
      subject: out.subject,
      fromAddress,
      toAddress: out.to,
      asset: out.asset,
      amount: formatAmount(out.amount),
      gasLimit: out.gas.gasLimit.toString(),
      maxFeePerGas: out.gas.maxFeePerGas.toString(),
      maxPriorityFeePerGas: out.gas.maxPriorityFeePerGas.toString(),
      reservation: out.reservation,
      createdAt: now,
      updatedAt: now,
    };
    const planned = await store.plan(row, await chain.nonce(fromAddress));
    await this.sign(planned, out.from === 'hot' ? 'hot' : out.from.index, out.toIndex);
    return planned;
  }

  private async sign(row: ChainTransactionRow, from: 'hot' | number, toIndex: number | undefined): Promise<void> {
    if (row.state !== 'PLANNED') return;
    const { signer, store, clock, events } = this.deps;
    const { id: intentId, network, purpose, asset, toAddress: to, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = row;
    const amount = formatAmount(parseAmount(row.amount));
    try {
      const intent = { intentId, network, purpose, asset, from, to, ...(toIndex !== undefined && { toIndex }), amount, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
      const { txid, rawTransaction } = await signer.sign(intent);
      await store.signed(row, txid, rawTransaction, clock.now());
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const freed = await store.void(row, clock.now());
      const details = { intentId, freed, ...error.details };
      events.publish({ name: 'alert', code: 'SIGNER_REFUSED', message: 'The signer refused a transaction.', details });
      throw error;
    }
  }

  /** One round over everything that is not final: sends what is signed, settles what is deep enough. */
  async round(head: number): Promise<void> {
    const { store, network, chain, clock } = this.deps;
    for (const row of await store.open(network.id)) {
      if (row.state === 'PLANNED') continue;
      const receipt = await chain.receipt(row.txid);
      if (!receipt) {
        if (await chain.broadcast(row.rawTransaction)) await store.broadcast(row, clock.now());
        continue;
      }
      const confirmations = head - receipt.height + 1;
      if (row.purpose === 'withdrawal') await this.showConfirmations(row, confirmations);
      if (confirmations >= network.confirmations) await this.settle(row, receipt);
    }
  }

  /** Planned rows whose signing was cut off by a kill: signed again with exactly what was planned. */
  async resume(row: ChainTransactionRow, from: 'hot' | number, toIndex?: number): Promise<void> {
    await this.sign(row, from, toIndex);
  }

  private async showConfirmations(row: ChainTransactionRow, confirmations: number): Promise<void> {
    const { store, events } = this.deps;
    const userId = await store.confirmations(row.subject, confirmations);
    if (userId) events.publish({ name: 'withdrawal.changed', userId, withdrawalId: row.subject, state: 'BROADCAST' });
  }

  private async settle(row: ChainTransactionRow, receipt: ChainReceipt): Promise<void> {
    const settler = this.settlers.get(row.purpose);
    if (!settler) throw new Error(`nobody settles ${row.purpose}`);
    await settler(row, receipt);
    await this.deps.store.finish(row, receipt.succeeded ? 'CONFIRMED' : 'FAILED', receipt.height, formatAmount(receipt.fee), this.deps.clock.now());
    if (receipt.succeeded) return;
    const { id, txid, purpose } = row;
    this.deps.events.publish({ name: 'alert', code: 'TRANSACTION_FAILED', message: 'A transaction of ours was mined and failed.', details: { id, txid, purpose } });
  }

  /** Coins that leave (or will leave) the hot wallet by transactions that are not settled yet, per asset. */
  async leavingHot(): Promise<(asset: string) => Units> {
    const { store, network, hotAddress } = this.deps;
    const rows = (await store.open(network.id)).filter((row) => row.fromAddress === hotAddress);
    return (asset) =>
      rows.reduce((sum, row) => {
        const gas = asset === network.gasAsset ? BigInt(row.gasLimit) * BigInt(row.maxFeePerGas) : 0n;
        return sum + (row.asset === asset ? parseAmount(row.amount) : 0n) + gas;
      }, 0n);
  }
}

/** Reserves a cost from the operator's position; false when it is not covered, and the step has to wait. */
export async function reserveCost(engine: Engine, reference: string, asset: string, amount: Units, purpose: string): Promise<boolean> {
  try {
    await engine.submit({ kind: 'cost.reserve', reference, asset, amount: formatAmount(amount), purpose });
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NEEDS_OPERATOR_FUNDS') return false;
    // Reserved in an earlier try, at another gas price: the reservation stands, and the cost is booked as it was.
    if (error instanceof DomainError && error.code === 'REFERENCE_REUSED') return true;
    throw error;
  }
}
