import type { UtxoRow } from '../../db/entities/utxos';
import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { Signed } from '../../db/stores/chain';
import type { AlertCode } from '../../domain/alerts';
import { DomainError } from '../../domain/contract/errors';
import type { UtxoIntent } from '../../domain/contract/ports';
import { formatAmount } from '../../domain/money/amount';
import { childId, costReference, replacementId } from '../../domain/references';
import { bumped, planChild } from '../chains/bitcoin/coins';
import type { Plan } from '../chains/bitcoin/coins';
import { outputTo } from '../chains/bitcoin/psbt';
import { TransferRefused } from '../chains/chain';
import type { Broadcast } from '../chains/chain';
import { reserveCost } from '../treasury/costs';
import type { Outgoing } from '../treasury/sender';
import type { UtxoDeps } from './deps';
import { changeIndexOf } from './own-addresses';
import { toCoin, unitsOf } from './utxo-set';
import type { UtxoSet } from './utxo-set';

/** After so many replacements a person has to look. */
const MOST = 8;
/** Rounds in which the node says that our coins are gone, before we believe it. */
const SURE = 5;

/** In the words of nodes: they would take it at a higher fee. */
const TOO_CHEAP = /fee not met|insufficient fee|insufficient priority/i;

/** What is asked of the transactions themselves. */
export interface Hands {
  planOf(row: ChainTransactionRow): Promise<Plan>;
  intentOf(row: ChainTransactionRow, plan: Plan, intentId: string): Promise<UtxoIntent>;
  mayTryAgain(row: ChainTransactionRow): boolean;
  sendHome(out: Pick<Outgoing, 'id' | 'purpose' | 'subject'>, plan: Plan, rate: bigint, parent: UtxoRow): Promise<void>;
}

/**
 * Replaces a transaction that is not mined by one that spends the same coins for the same payments and leaves half as
 * much again to the miners, out of its change. Where the change does not suffice, a child of it pays for both, with
 * other coins of ours. Where there is no change, or nothing to pay with, it waits, and a person is told.
 */
export class CoinReplacements {
  private readonly waitingSince = new Map<string, number>();
  private readonly missing = new Map<string, number>();
  private readonly told = new Set<string>();

  constructor(
    private readonly deps: UtxoDeps,
    private readonly utxoSet: UtxoSet,
    private readonly hands: Hands,
  ) {}

  mined(row: ChainTransactionRow): void {
    this.waitingSince.delete(row.id);
    this.missing.delete(row.id);
  }

  /** Called for a transaction that is not in the chain at height `head`, with what the node just said to its bytes. */
  async consider(row: ChainTransactionRow, head: number, sent: Broadcast): Promise<void> {
    const since = this.waitingSince.get(row.id) ?? head;
    this.waitingSince.set(row.id, since);
    if (!sent.taken && !TOO_CHEAP.test(sent.reason)) return this.refused(row, sent.reason);
    this.missing.delete(row.id);
    if (head - since < this.deps.replaceAfter) return;
    if (await this.replace(row, sent.taken)) this.waitingSince.set(row.id, head);
  }

  /** `waits`: nodes have it, so that a child of it would be taken. */
  private async replace(row: ChainTransactionRow, waits: boolean): Promise<boolean> {
    const { chainStore, clock, utxoStore, engine, logger, network } = this.deps;
    // What was built on it would be lost with it; the child raises its own fee, and that lifts both.
    if (await utxoStore.hasChild(network.id, row.txid)) return false;
    const n = (await chainStore.replaced(row.id)).length + 1;
    if (n > MOST) return this.tell(row, 'TRANSACTION_STUCK', 'A transaction of ours is not mined at any price.');
    // From the row alone, so that a try that was cut off asks the signer for the same bytes again.
    const now = await this.hands.planOf(row);
    const rate = (now.fee * 1500n) / now.vsize + 1n;
    const plan = await orNone(async () => bumped(now, [], rate));
    if (!plan) return this.help(row, now, rate, waits);
    const id = replacementId(row.id, n);
    if (!(await reserveCost(engine, costReference(id), network.gasAsset, unitsOf(plan.fee - now.fee), 'higher fees'))) {
      return this.tell(
        row,
        'NEEDS_OPERATOR_FUNDS',
        'The position does not cover a higher fee of a transaction that waits.',
      );
    }
    const signed = await this.signed(await this.hands.intentOf(row, plan, id));
    // An approval allows the network no more, for example: what is ours alone needs none.
    if (!signed) return this.help(row, now, rate, waits);
    await chainStore.replace(
      row,
      id,
      signed,
      { maxFeePerGas: plan.fee.toString(), maxPriorityFeePerGas: rate.toString() },
      clock.now(),
    );
    logger.warn(
      { event: 'transaction.replaced', transaction: row.id, txid: signed.txid, replaces: row.txid },
      'replaced by one with a higher fee',
    );
    return true;
  }

  /** Undefined when the signer lets no such thing through. */
  private async signed(intent: UtxoIntent): Promise<Signed | undefined> {
    try {
      return await this.deps.signer.signUtxo(intent);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'FORBIDDEN') throw error;
      this.deps.logger.warn(
        { event: 'transaction.replacement_refused', intent: intent.intentId, ...error.details },
        'the signer refused a higher fee',
      );
      return undefined;
    }
  }

  /** A child that pays for both. It is a transaction of its own from then on. */
  private async help(row: ChainTransactionRow, now: Plan, rate: bigint, waits: boolean): Promise<boolean> {
    const { account, chainStore, logger, network } = this.deps;
    const id = childId(row.id);
    const before = await chainStore.find(id);
    if (before && (!this.hands.mayTryAgain(before) || before.reservation !== null)) return false;
    const child = changeIndexOf(row.nonce);
    const output =
      row.purpose === 'cpfp' || !waits ? undefined : outputTo(row.rawTransaction, account.own(1, child).script);
    if (!output)
      return this.tell(
        row,
        'TRANSACTION_STUCK',
        'A transaction of ours is not mined, and cannot be given a higher fee.',
      );
    const change: UtxoRow = {
      network: network.id,
      txid: output.txid,
      index: output.index,
      branch: 1,
      child,
      amount: formatAmount(unitsOf(output.value)),
      height: null,
      spentBy: null,
    };
    // Higher than what is offered now, and no less than what others offer.
    const usual = await this.utxoSet.rate();
    const wanted = usual > rate ? usual : rate;
    const coins = (await this.utxoSet.coins()).map(toCoin);
    const plan = await orNone(async () => planChild(now, toCoin(change), coins, wanted));
    if (!plan)
      return this.tell(
        row,
        'TRANSACTION_STUCK',
        'A transaction of ours is not mined, and our coins do not pay for a child of it.',
      );
    await this.hands.sendHome({ id, purpose: 'cpfp', subject: row.id }, plan, wanted, change);
    logger.warn(
      { event: 'transaction.child_sent', transaction: row.id, txid: row.txid, child: id },
      'a child pays for a transaction that waits',
    );
    return true;
  }

  /**
   * Somebody else spent our coins, with our key; or the chain lost them. Never paid a second time by ourselves: a
   * person must look.
   */
  private refused(row: ChainTransactionRow, reason: string): void {
    if (!/missing|spent|inputs/i.test(reason)) return;
    const rounds = (this.missing.get(row.id) ?? 0) + 1;
    this.missing.set(row.id, rounds);
    if (rounds >= SURE) this.tell(row, 'COINS_TAKEN', 'The coins of a transaction of ours are spent or gone.');
  }

  private tell(row: ChainTransactionRow, code: AlertCode, message: string): false {
    const key = `${code} ${row.txid}`;
    if (!this.told.has(key))
      this.deps.events.publish({ name: 'alert', code, message, details: { transaction: row.id, txid: row.txid } });
    this.told.add(key);
    return false;
  }
}

async function orNone(work: () => Promise<Plan>): Promise<Plan | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TransferRefused) return undefined;
    throw error;
  }
}
