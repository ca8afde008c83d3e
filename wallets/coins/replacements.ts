import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { CoinIntent } from '../../domain/contract/ports';
import { bumped } from '../chains/bitcoin/coins';
import type { Plan } from '../chains/bitcoin/coins';
import { TransferRefused } from '../chains/chain';
import type { Broadcast } from '../chains/chain';
import { reserveCost } from '../treasury/costs';
import type { CoinDeps } from './deps';
import { unitsOf } from './purse';

/** After so many replacements a person has to look. */
const MOST = 8;
/** Rounds in which the node says that our coins are gone, before we believe it. */
const SURE = 5;

/**
 * Replaces a transaction that is not mined by one that spends the same coins for the same payment and leaves half as much again
 * to the miners, out of its change. Where the change does not suffice it waits, and a person is told.
 */
export class CoinReplacements {
  private readonly waitingSince = new Map<string, number>();
  private readonly missing = new Map<string, number>();
  private readonly told = new Set<string>();

  constructor(
    private readonly deps: CoinDeps,
    private readonly planOf: (row: ChainTransactionRow) => Promise<Plan>,
    private readonly intentOf: (row: ChainTransactionRow, plan: Plan, intentId: string) => Promise<CoinIntent>,
  ) {}

  mined(row: ChainTransactionRow): void {
    this.waitingSince.delete(row.id);
    this.missing.delete(row.id);
  }

  /** Called for a transaction that is not in the chain at height `head`, with what the node just said to its bytes. */
  async consider(row: ChainTransactionRow, head: number, sent: Broadcast): Promise<void> {
    const since = this.waitingSince.get(row.id) ?? head;
    this.waitingSince.set(row.id, since);
    if (!sent.taken) return this.refused(row, sent.reason);
    this.missing.delete(row.id);
    if (head - since < this.deps.replaceAfter) return;
    if (await this.replace(row)) this.waitingSince.set(row.id, head);
  }

  private async replace(row: ChainTransactionRow): Promise<boolean> {
    const { chainStore, clock, engine, logger, network, signer } = this.deps;
    const n = (await chainStore.replaced(row.id)).length + 1;
    if (n > MOST) return this.tell(row, 'TRANSACTION_STUCK', 'A transaction of ours is not mined at any price.');
    // From the row alone, so that a try that was cut off asks the signer for the same bytes again.
    const now = await this.planOf(row);
    const rate = (now.fee * 1500n) / now.vsize + 1n;
    const plan = dearer(now, rate);
    if (!plan) return this.tell(row, 'TRANSACTION_STUCK', 'A transaction of ours is not mined, and its change does not pay for a higher fee.');
    const id = `${row.id}#${n}`;
    if (!(await reserveCost(engine, `cost:${id}`, network.gasAsset, unitsOf(plan.fee - now.fee), 'higher fees'))) {
      return this.tell(row, 'NEEDS_OPERATOR_FUNDS', 'The position does not cover a higher fee of a transaction that waits.');
    }
    const signed = await signer.signCoins(await this.intentOf(row, plan, id));
    await chainStore.replace(row, id, signed, { maxFeePerGas: plan.fee.toString(), maxPriorityFeePerGas: rate.toString() }, clock.now());
    logger.warn({ transaction: row.id, txid: signed.txid, replaces: row.txid }, 'replaced by one with a higher fee');
    return true;
  }

  /** Somebody else spent our coins, with our key; or the chain lost them. Never paid a second time by ourselves: a person must look. */
  private refused(row: ChainTransactionRow, reason: string): void {
    if (!/missing|spent|inputs/i.test(reason)) return;
    const rounds = (this.missing.get(row.id) ?? 0) + 1;
    this.missing.set(row.id, rounds);
    if (rounds >= SURE) this.tell(row, 'COINS_TAKEN', 'The coins of a transaction of ours are spent or gone.');
  }

  private tell(row: ChainTransactionRow, code: string, message: string): false {
    const key = `${code} ${row.txid}`;
    if (!this.told.has(key)) this.deps.events.publish({ name: 'alert', code, message, details: { transaction: row.id, txid: row.txid } });
    this.told.add(key);
    return false;
  }
}

function dearer(plan: Plan, rate: bigint): Plan | undefined {
  try {
    return bumped(plan, [], rate);
  } catch (error) {
    if (error instanceof TransferRefused) return undefined;
    throw error;
  }
}
