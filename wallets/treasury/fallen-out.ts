import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { ChainStore } from '../../db/stores/chain';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, EventBus, Logger } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Network } from '../../domain/registry';
import { correctionCostReference, correctionReference, transactionReference } from '../../domain/references';
import type { TransactionStep } from '../../domain/references';
import { createApart } from '../apart';
import type { Apart } from '../apart';
import type { Chain, ChainReceipt } from '../chains/chain';
import { reserveCost } from './costs';
import type { Mined, Sender } from './sender';

export interface FallenOutDeps {
  readonly chain: Pick<Chain, 'broadcast'>;
  readonly network: Network;
  readonly chainStore: ChainStore;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Our own transactions that were final and whose block has left the chain: a reorganisation deeper than the
 * confirmations that count. What they settled stays booked, and the same bytes are sent again until they are final
 * once more. What they cost may differ then, and is booked; that they end otherwise (one that was paid now fails, or
 * the other way) only a person can judge.
 */
export class FallenOut {
  private readonly apart: Apart;

  constructor(private readonly deps: FallenOutDeps) {
    this.apart = createApart(deps, 'transaction that fell out');
  }

  /** The chain agrees with ours up to this height alone. Bears repeating. */
  async above(height: number): Promise<void> {
    const { chainStore, events, network } = this.deps;
    const rows = await chainStore.finalAbove(network.id, height);
    for (const row of rows)
      if (mayBePaidAnew(row))
        await this.pause(
          row,
          'fell-out',
          `The failed payout ${row.txid} fell out of the chain, and may succeed there.`,
        );
    await chainStore.unplace(rows);
    for (const { id, txid, purpose, state } of rows) {
      events.publish({
        name: 'alert',
        code: 'TX_REORGED',
        message: 'The block of a final transaction of ours has left the chain.',
        details: { network: network.id, id, txid, purpose, state },
      });
    }
  }

  async round(head: number, transactions: Pick<Sender, 'mined'>): Promise<void> {
    const { chainStore, network } = this.deps;
    for (const row of await chainStore.unplaced(network.id))
      await this.apart(row.id, () => this.step(row, head, transactions));
  }

  private async step(row: ChainTransactionRow, head: number, transactions: Pick<Sender, 'mined'>): Promise<void> {
    const { chain, network } = this.deps;
    const found = await transactions.mined(row);
    if (found && head - found.receipt.height + 1 >= network.confirmations) await this.settle(row, found);
    else if (!found && !mayBePaidAnew(row)) await chain.broadcast(row.rawTransaction);
  }

  private async settle(before: ChainTransactionRow, { row, receipt }: Mined): Promise<void> {
    const { chainStore, clock } = this.deps;
    const state = receipt.succeeded ? 'CONFIRMED' : 'FAILED';
    if (state === before.state) await this.bookDifference(before, receipt);
    else await this.stop(before, state);
    await chainStore.finish({ ...row, state }, state, receipt.height, formatAmount(receipt.fee), clock.now());
  }

  /**
   * Dearer: the operator's cost. Cheaper: what lies there beyond the books is the operator's. Named after the
   * settlement that it corrects, so that one is corrected once: killed just after and mined elsewhere at another
   * price, it is refused and told, not booked again.
   */
  private async bookDifference(
    { id, purpose, feePaid, updatedAt }: ChainTransactionRow,
    { fee }: ChainReceipt,
  ): Promise<void> {
    const { engine, network } = this.deps;
    const more = fee - parseAmount(feePaid ?? '0');
    const [reference, asset] = [correctionReference(id, updatedAt), network.gasAsset];
    const place = purpose === 'sweep' ? (`deposit/${network.id}` as const) : (`hot/${network.id}` as const);
    if (more < 0n)
      await engine.submit({
        kind: 'operator.contribute',
        reference,
        asset,
        amount: formatAmount(-more),
        custody: place,
      });
    if (more <= 0n) return;
    const reservation = correctionCostReference(id, updatedAt);
    if (!(await reserveCost(engine, reservation, asset, more, purpose)))
      throw new DomainError('NEEDS_OPERATOR_FUNDS', { transaction: id, asset, amount: formatAmount(more) });
    await engine.submit({
      kind: 'cost.settle',
      reference,
      paid: { reservation, asset, actual: formatAmount(more), from: place },
      purpose,
    });
  }

  private async stop(
    { id, asset, txid, state: was, purpose }: ChainTransactionRow,
    is: 'CONFIRMED' | 'FAILED',
  ): Promise<void> {
    await this.pause(
      { id, asset },
      `otherwise:${is}`,
      `The transaction ${txid} was ${was} and is ${is} after a reorganisation.`,
    );
    this.deps.events.publish({
      name: 'alert',
      code: 'TX_OUTCOME_CHANGED',
      message: 'A transaction of ours ended otherwise after a reorganisation; the books say what it was before.',
      details: { id, txid, purpose, was, is },
    });
  }

  private async pause(
    { id, asset }: Pick<ChainTransactionRow, 'id' | 'asset'>,
    what: TransactionStep,
    why: string,
  ): Promise<void> {
    await this.deps.engine.submit({
      kind: 'asset.pause',
      reference: transactionReference(id, what),
      asset,
      why,
      adminId: null,
    });
  }
}

/**
 * A payout that failed went back to review, and may have been paid by another transaction since: its bytes are never
 * sent again.
 */
const mayBePaidAnew = ({ purpose, state }: ChainTransactionRow): boolean =>
  purpose === 'withdrawal' && state === 'FAILED';
