import type { ChainTransactionRow } from '../../db/entities/treasury';
import { DomainError } from '../../domain/contract/errors';
import type { SignIntent } from '../../domain/contract/ports';
import { formatAmount, fromChainUnits, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { createApart } from '../apart';
import type { Apart } from '../apart';
import type { ChainReceipt } from '../chains/chain';
import { mustBeRecorded, mustNotBeFrozen } from '../withdrawals/recorded';
import { releaseHigherFees } from './costs';
import type { Substitutes, TransactionsDeps } from './deps';
import { Replacements } from './replacements';
import type { Mined, Outgoing, Sender, Settle } from './sender';

/** A plan that the signer refused is made again after this: a gas price above its limit passes. */
const AFTER_REFUSAL_MS = 60_000;
/** From the hot wallet to a deposit address: the signer wants to know which one it is. */
const TO_DEPOSITS: readonly string[] = ['topup', 'delegate', 'undelegate'];

/**
 * Our own transactions: planned with a nonce, signed, stored, only then broadcast, and followed until they are final.
 * Each step is a row's state, so that a kill between any two leaves something that goes on.
 */
export class Transactions implements Sender {
  private readonly settlers = new Map<ChainTransactionRow['purpose'], Settle>();
  private readonly substitutes: Substitutes;
  private readonly apart: Apart;
  /** Failures of this round that are not believed yet. */
  private readonly objections = new Set<string>();

  /** `substitutesOf`: how one that is not mined is dealt with, where it is not by a higher price. */
  constructor(
    private readonly deps: TransactionsDeps,
    substitutesOf: (intentOf: (row: ChainTransactionRow) => Promise<SignIntent>) => Substitutes = (intentOf) =>
      new Replacements(deps, intentOf),
  ) {
    this.apart = createApart(deps, 'transaction');
    this.substitutes = substitutesOf((row) => this.intentOf(row));
  }

  onFinal(purpose: ChainTransactionRow['purpose'], settle: Settle): void {
    this.settlers.set(purpose, settle);
  }

  mayTryAgain(row: ChainTransactionRow): boolean {
    return row.state === 'VOID' && this.deps.clock.now() - row.updatedAt > AFTER_REFUSAL_MS;
  }

  async send(out: Outgoing): Promise<void> {
    const { network, chain, chainStore, hotAddress, clock } = this.deps;
    const fromAddress = out.from === 'hot' ? hotAddress : out.from;
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
    const planned = await chainStore.plan(row, await chain.nonce(fromAddress));
    if (planned.state === 'PLANNED') await this.sign(planned);
  }

  /** What the signer is asked, made from rows alone: after a kill it is the same question. */
  private async intentOf(row: ChainTransactionRow): Promise<SignIntent> {
    const approvals = await this.deps.chainStore.approvals(row);
    const {
      id: intentId,
      network,
      purpose,
      asset,
      fromAddress,
      toAddress: to,
      nonce,
      gasLimit,
      maxFeePerGas,
      maxPriorityFeePerGas,
    } = row;
    const from = fromAddress === this.deps.hotAddress ? 'hot' : this.deps.indexOf(fromAddress);
    if (from === undefined) throw new Error(`${fromAddress} is not an address of ours`);
    if (purpose === 'consolidation' || purpose === 'cpfp') throw new Error(`${intentId}: an account has no coins`);
    const toIndex = TO_DEPOSITS.includes(purpose) ? this.deps.indexOf(to) : undefined;
    const amount = formatAmount(parseAmount(row.amount));
    const owner =
      purpose === 'withdrawal'
        ? await mustBeRecorded(this.deps, 'chain_transactions', intentId, { network, asset, address: to, amount })
        : {};
    return {
      intentId,
      network,
      purpose,
      asset,
      from,
      to,
      ...(toIndex !== undefined && { toIndex }),
      amount,
      nonce,
      gasLimit,
      maxFeePerGas,
      maxPriorityFeePerGas,
      ...(purpose === 'withdrawal' && { approvals, ...owner }),
    };
  }

  private async sign(row: ChainTransactionRow): Promise<void> {
    const { signer, chainStore, clock, events } = this.deps;
    try {
      const intent = await this.intentOf(row);
      if (row.purpose === 'withdrawal') await mustNotBeFrozen(this.deps, [row.id]);
      await chainStore.signed(row, await signer.sign(intent), clock.now());
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error.code === 'ACCOUNT_FROZEN') return this.stopped(row, error);
      // Signed before with other figures: its nonce may be used on the chain, so it stays until a person has looked.
      const freed = error.code !== 'IDEMPOTENCY_KEY_REUSED' && (await chainStore.void(row, clock.now()));
      const details = { intentId: row.id, freed, ...error.details };
      events.publish({ name: 'alert', code: 'SIGNER_REFUSED', message: 'The signer refused a transaction.', details });
      throw error;
    }
  }

  /** Nobody was asked for a signature: the nonce is free, and the withdrawal goes back to review. */
  private async stopped(row: ChainTransactionRow, { details }: DomainError): Promise<void> {
    const { chainStore, clock, logger } = this.deps;
    await chainStore.void(row, clock.now());
    logger.warn(
      { event: 'transaction.account_frozen', transaction: row.id, ...details },
      'not signed: its account was frozen',
    );
  }

  /**
   * One round over everything that is not final: signs what is planned, sends what is signed, settles what is deep
   * enough.
   */
  async round(head: number): Promise<void> {
    const { chainStore, network } = this.deps;
    // The others are not to wait for one that fails.
    this.objections.clear();
    for (const row of await chainStore.open(network.id)) await this.apart(row.id, () => this.step(row, head));
    if (this.objections.size > 0) throw new Error(`${network.id}: ${[...this.objections].join('; ')}`);
  }

  private async step(row: ChainTransactionRow, head: number): Promise<void> {
    const { network } = this.deps;
    if (row.state === 'PLANNED') return this.sign(row);
    const found = await this.mined(row);
    if (!found) return this.resend(row, head);
    this.substitutes.mined(row);
    const confirmations = head - found.receipt.height + 1;
    if (row.purpose === 'withdrawal') await this.showConfirmations(row, confirmations);
    if (confirmations >= network.confirmations) await this.settle(found.row, found.receipt);
  }

  async mined(row: ChainTransactionRow): Promise<Mined | undefined> {
    const { chain, chainStore } = this.deps;
    const receipt = await chain.receipt(row.txid);
    if (receipt) return { row, receipt };
    for (const former of await chainStore.replaced(row.id)) {
      const earlier = await chain.receipt(former.txid);
      if (earlier) return { row: { ...row, txid: former.txid }, receipt: earlier };
    }
    return undefined;
  }

  private async resend(row: ChainTransactionRow, head: number): Promise<void> {
    const { chain, chainStore, clock, logger } = this.deps;
    const sent = await chain.broadcast(row.rawTransaction);
    if (sent.taken) await chainStore.broadcast(row, clock.now());
    else
      logger.warn(
        { event: 'transaction.not_accepted', transaction: row.id, reason: sent.reason },
        'the node did not take a transaction',
      );
    // Higher fees do not help an account that cannot pay these: it waits for coins, with its price unchanged.
    if (sent.taken || !/insufficient funds/i.test(sent.reason)) await this.substitutes.consider(row, head);
  }

  private async showConfirmations(row: ChainTransactionRow, confirmations: number): Promise<void> {
    const { chainStore, events } = this.deps;
    for (const { id, userId } of await chainStore.confirmations([row.subject], confirmations))
      events.publish({ name: 'withdrawal.changed', userId, withdrawalId: id, state: 'BROADCAST' });
  }

  private async settle(row: ChainTransactionRow, receipt: ChainReceipt): Promise<void> {
    const { chainStore, clock, engine, events, network } = this.deps;
    const settler = this.settlers.get(row.purpose);
    if (!settler) throw new Error(`nobody settles ${row.purpose}`);
    const objection = receipt.succeeded ? undefined : await this.deps.failureObjection(row.txid, receipt.height);
    // What failed may be paid again: one node's word is not enough. The row stays as it is, and is asked about in each
    // round.
    if (objection !== undefined) return void this.objections.add(objection);
    // What was set aside for higher fees goes back first: the cost itself is booked in one piece.
    await releaseHigherFees(engine, row, network);
    await settler(row, receipt);
    await chainStore.finish(
      row,
      receipt.succeeded ? 'CONFIRMED' : 'FAILED',
      receipt.height,
      formatAmount(receipt.fee),
      clock.now(),
    );
    if (receipt.succeeded) return;
    const { id, txid, purpose } = row;
    events.publish({
      name: 'alert',
      code: 'TRANSACTION_FAILED',
      message: 'A transaction of ours was mined and failed.',
      details: { id, txid, purpose },
    });
  }

  /** Booked in the hot wallet, less what leaves by transactions under way. */
  async free(asset: string): Promise<Units> {
    const row = (await this.deps.engine.custody()).find(
      (candidate) => candidate.place === `hot/${this.deps.network.id}` && candidate.asset === asset,
    );
    const booked = row && !row.amount.startsWith('-') ? parseAmount(row.amount) : 0n;
    return booked - (await this.leavingHot())(asset);
  }

  /** An account has no change: what it has it can spend. */
  async coming(): Promise<Units> {
    return 0n;
  }

  async most(to: string, asset: string, free: Units): Promise<Units> {
    const { chain, hotAddress, network } = this.deps;
    const gas = await chain.gas({ from: hotAddress, to, asset, amount: free / 2n });
    return asset === network.gasAsset ? free - gas.maxCost : free;
  }

  /** Coins that leave (or will leave) the hot wallet by transactions that are not settled yet, per asset. */
  private async leavingHot(): Promise<(asset: string) => Units> {
    const { chainStore, network, hotAddress } = this.deps;
    const rows = (await chainStore.open(network.id)).filter((row) => row.fromAddress === hotAddress);
    return (asset) =>
      rows.reduce((sum, row) => {
        const gas =
          asset === network.gasAsset ? fromChainUnits(BigInt(row.gasLimit) * BigInt(row.maxFeePerGas), 18) : 0n;
        return sum + (row.asset === asset ? parseAmount(row.amount) : 0n) + gas;
      }, 0n);
  }
}
