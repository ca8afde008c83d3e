import type { ChainTransactionRow } from '../../db/entities/treasury';
import { DomainError } from '../../domain/contract/errors';
import type { SignIntent } from '../../domain/contract/ports';
import { replacementId } from '../../domain/references';
import type { Nodes } from '../chains/nodes';
import type { TronChain } from '../chains/tron';
import { decodeSigned } from '../chains/tron/wire';
import { mustNotBeFrozen } from '../withdrawals/recorded';
import type { Substitutes, TransactionsDeps } from '../treasury/deps';

/** After so many a person has to look. */
const MOST = 8;
/** Rounds in a row in which it has ended and no part of the node knows it, before we believe it. */
const SURE = 3;

type RenewalDeps = Pick<TransactionsDeps, 'chainStore' | 'engine' | 'signer' | 'events' | 'clock' | 'logger'> & {
  readonly chain: Pick<TronChain, 'solidTime' | 'knows'>;
};

/**
 * Does any node know this transaction? What none knows is paid anew, so that where there are several one node's word
 * that there is no such thing is not enough: throws until two have said so.
 */
export const knownToAny =
  (network: string, nodes: Pick<Nodes<Pick<TronChain, 'knows'>>, 'each' | 'count'>): TronChain['knows'] =>
  async (txid) => {
    const said = await nodes.each((chain) => chain.knows(txid));
    if (said.some(({ answer }) => answer)) return true;
    if (said.length < (nodes.count === 1 ? 1 : 2))
      throw new Error(
        `${network}: that nobody knows ${txid} waits for ${nodes.count === 1 ? 'the' : 'a second'} node to say so`,
      );
    return false;
  };

/**
 * A transaction that ended without being mined is made anew, with another id. That it ended is known by a solid block
 * of a later time: no block that can still come holds it. Until then it is sent again as it is, and what it costs
 * never changes.
 */
export class Renewals implements Substitutes {
  private readonly gone = new Map<string, number>();
  private readonly told = new Set<string>();

  constructor(
    private readonly deps: RenewalDeps,
    private readonly intentOf: (row: ChainTransactionRow) => Promise<SignIntent>,
  ) {}

  mined(row: ChainTransactionRow): void {
    this.gone.delete(row.id);
  }

  async consider(row: ChainTransactionRow): Promise<void> {
    const { chain } = this.deps;
    const { expiration } = decodeSigned(row.rawTransaction).envelope;
    // The time first: what is not there after it will never be.
    const ended = (await chain.solidTime()) > expiration;
    if (!ended || (await chain.knows(row.txid))) {
      this.gone.delete(row.id);
      return;
    }
    const rounds = (this.gone.get(row.id) ?? 0) + 1;
    this.gone.set(row.id, rounds);
    if (rounds >= SURE) await this.renew(row);
  }

  private async renew(row: ChainTransactionRow): Promise<void> {
    const { chainStore, signer, clock, logger } = this.deps;
    const n = (await chainStore.replaced(row.id)).length + 1;
    if (n > MOST) return this.tell(row);
    const renewed = replacementId(row.id, n);
    try {
      const intent = await this.intentOf(row);
      // What has ended is paid by nobody: it waits until the account is opened again.
      if (row.purpose === 'withdrawal') await mustNotBeFrozen(this.deps, [row.id]);
      const signed = await signer.sign({ ...intent, intentId: renewed });
      const { maxFeePerGas, maxPriorityFeePerGas } = row;
      await chainStore.replace(row, renewed, signed, { maxFeePerGas, maxPriorityFeePerGas }, clock.now());
      this.gone.delete(row.id);
      logger.warn(
        { event: 'transaction.renewed', transaction: row.id, txid: signed.txid, replaces: row.txid },
        'ended without being mined, and made anew',
      );
    } catch (error) {
      // Its clock is behind the chain's: it signs a little later.
      if (!(error instanceof DomainError) || (error.code !== 'FORBIDDEN' && error.code !== 'ACCOUNT_FROZEN'))
        throw error;
      logger.warn(
        { event: 'transaction.not_renewed', transaction: row.id, code: error.code, ...error.details },
        'not signed anew yet',
      );
    }
  }

  private tell(row: ChainTransactionRow): void {
    if (!this.told.has(row.txid))
      this.deps.events.publish({
        name: 'alert',
        code: 'TRANSACTION_STUCK',
        message: 'A transaction of ours ends again and again without being mined.',
        details: { transaction: row.id, txid: row.txid },
      });
    this.told.add(row.txid);
  }
}
