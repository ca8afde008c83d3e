import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { AlertCode } from '../../domain/alerts';
import { DomainError } from '../../domain/contract/errors';
import type { SignIntent } from '../../domain/contract/ports';
import { fromChainUnits } from '../../domain/money/amount';
import { mulDivUp } from '../../domain/money/rounding';
import { costReference, replacementId } from '../../domain/references';
import { reserveCost } from './costs';
import type { Substitutes, TransactionsDeps } from './deps';

/** After so many replacements a person has to look. */
const MOST = 8;
/** Rounds in which our nonce is used and none of our bytes is in the chain, before we believe it. */
const SURE = 5;

/**
 * Replaces a transaction of the hot wallet that is next in turn and is not mined by one with the same nonce that pays
 * more. Nodes want a tenth more of both fees, some an eighth; half as much again soon reaches any price. Sweeps are
 * never replaced: their gas lies at the deposit address, and they have time.
 */
export class Replacements implements Substitutes {
  private readonly waitingSince = new Map<string, number>();
  private readonly taken = new Map<string, number>();
  private readonly told = new Set<string>();

  constructor(
    private readonly deps: TransactionsDeps,
    private readonly intentOf: (row: ChainTransactionRow) => Promise<SignIntent>,
  ) {}

  mined(row: ChainTransactionRow): void {
    this.waitingSince.delete(row.id);
    this.taken.delete(row.id);
  }

  /** Called for a transaction that is not in the chain at height `head`. */
  async consider(row: ChainTransactionRow, head: number): Promise<void> {
    const since = this.waitingSince.get(row.id) ?? head;
    this.waitingSince.set(row.id, since);
    const next = await this.deps.chain.nonce(row.fromAddress);
    if (next > row.nonce) return this.nonceIsTaken(row);
    this.taken.delete(row.id);
    if (head - since < this.deps.replaceAfter || next < row.nonce || row.fromAddress !== this.deps.hotAddress) return;
    if (await this.replace(row)) this.waitingSince.set(row.id, head);
  }

  private async replace(row: ChainTransactionRow): Promise<boolean> {
    const { chainStore, clock, engine, logger, network, signer } = this.deps;
    const n = (await chainStore.replaced(row.id)).length + 1;
    if (n > MOST) return this.tell(row, 'TRANSACTION_STUCK', 'A transaction of ours is not mined at any price.');
    // From the row alone, so that a try that was cut off asks the signer for the same bytes again.
    const more = (fee: string): string => mulDivUp(BigInt(fee), 3n, 2n).toString();
    const fees = { maxFeePerGas: more(row.maxFeePerGas), maxPriorityFeePerGas: more(row.maxPriorityFeePerGas) };
    const extra = fromChainUnits(BigInt(row.gasLimit) * (BigInt(fees.maxFeePerGas) - BigInt(row.maxFeePerGas)), 18);
    const replacement = replacementId(row.id, n);
    if (!(await reserveCost(engine, costReference(replacement), network.gasAsset, extra, 'higher fees'))) {
      return this.tell(
        row,
        'NEEDS_OPERATOR_FUNDS',
        'The position does not cover higher fees of a transaction that waits.',
      );
    }
    const signed = await signer
      .sign({ ...(await this.intentOf({ ...row, ...fees })), intentId: replacement })
      .catch((error: unknown) => this.refused(row, error));
    if (!signed) return false;
    await chainStore.replace(row, replacement, signed, fees, clock.now());
    logger.warn(
      { event: 'transaction.replaced', transaction: row.id, txid: signed.txid, replaces: row.txid },
      'replaced by one with higher fees',
    );
    return true;
  }

  /** Above what its approvals or the signer's own limits allow. What waits behind it waits too. */
  private refused(row: ChainTransactionRow, error: unknown): undefined {
    if (!(error instanceof DomainError)) throw error;
    this.tell(row, 'TRANSACTION_STUCK', 'A transaction of ours is not mined, and the signer refuses a higher fee.');
  }

  /** Somebody else used our nonce, or our key: never paid a second time by ourselves, a person must look. */
  private nonceIsTaken(row: ChainTransactionRow): void {
    const rounds = (this.taken.get(row.id) ?? 0) + 1;
    this.taken.set(row.id, rounds);
    if (rounds >= SURE) this.tell(row, 'NONCE_TAKEN', 'Another transaction has used the nonce of ours.');
  }

  private tell(row: ChainTransactionRow, code: AlertCode, message: string): false {
    const key = `${code} ${row.txid}`;
    if (!this.told.has(key))
      this.deps.events.publish({
        name: 'alert',
        code,
        message,
        details: { transaction: row.id, txid: row.txid, nonce: row.nonce },
      });
    this.told.add(key);
    return false;
  }
}
