import type { BatchPaymentRow, UtxoRow } from '../../db/entities/utxos';
import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { NewPayment } from '../../db/stores/utxos';
import { DomainError } from '../../domain/contract/errors';
import type { UtxoIntent, CoinPayment } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { payoutId, retriedCostReference, transactionId, transactionReference } from '../../domain/references';
import { createApart } from '../apart';
import type { Apart } from '../apart';
import { splitFee } from '../chains/bitcoin/coins';
import type { Plan } from '../chains/bitcoin/coins';
import { buildPsbt } from '../chains/bitcoin/psbt';
import type { ChainReceipt } from '../chains/chain';
import { releaseCost, releaseHigherFees, reserveCost } from '../treasury/costs';
import { mustBeRecorded, mustNotBeFrozen } from '../withdrawals/recorded';
import type { Mined, Outgoing, Sender, Settle } from '../treasury/sender';
import type { UtxoDeps } from './deps';
import { changeIndexOf } from './own-addresses';
import type { UtxoSet, Receiver } from './utxo-set';
import { satoshiOf, toCoin, unitsOf } from './utxo-set';
import { CoinReplacements } from './replacements';

/** Withdrawals that are paid together. */
export interface Batch {
  /** Of no batch before. */
  readonly id: string;
  readonly payments: readonly NewPayment[];
}

/** What brings everything back to us: its whole cost is the operator's. */
const HOME = ['consolidation', 'cpfp'] as const;
const isHome = ({ purpose }: Pick<ChainTransactionRow, 'purpose'>): boolean => HOME.some((home) => home === purpose);

type Beginning = Pick<Outgoing, 'id' | 'purpose' | 'subject' | 'to' | 'amount' | 'reservation'>;

/** The id under which a withdrawal is approved and signed. */
export const payoutOf = ({ withdrawalId, attempt }: Pick<BatchPaymentRow, 'withdrawalId' | 'attempt'>): string =>
  payoutId({ withdrawalId, round: attempt });

/** A plan that the signer refused is made again after this. */
const AFTER_REFUSAL_MS = 60_000;

const PURPOSES: readonly string[] = ['withdrawal', 'venue', 'cold', ...HOME] satisfies UtxoIntent['purpose'][];
const isOfCoins = (purpose: string): purpose is UtxoIntent['purpose'] => PURPOSES.includes(purpose);

/**
 * Our own transactions where money is coins: planned with the coins they spend, signed, stored, only then broadcast,
 * and followed until they are final. Coins of deposits are spent where they lie: they count as moved to the hot wallet
 * by the transaction that spends them, and as gone from there.
 */
export class UtxoTransactions implements Sender {
  private readonly settlers = new Map<ChainTransactionRow['purpose'], Settle>();
  private readonly replacements: CoinReplacements;
  private readonly apart: Apart;

  constructor(
    private readonly deps: UtxoDeps,
    private readonly utxoSet: UtxoSet,
  ) {
    this.apart = createApart(deps, 'transaction');
    this.replacements = new CoinReplacements(deps, utxoSet, {
      planOf: (row) => this.planOf(row),
      intentOf: (row, plan, id) => this.intentOf(row, plan, id),
      mayTryAgain: (row) => this.mayTryAgain(row),
      sendHome: (out, plan, rate, parent) => this.sendHome(out, plan, rate, parent),
    });
    for (const purpose of HOME) this.onFinal(purpose, (row, receipt) => this.bookCost(row, receipt.fee));
  }

  onFinal(purpose: ChainTransactionRow['purpose'], settle: Settle): void {
    this.settlers.set(purpose, settle);
  }

  private async bookCost({ id, reservation, purpose }: ChainTransactionRow, fee: Units): Promise<void> {
    const { engine, network } = this.deps;
    const paid = {
      reservation: reservation ?? '',
      asset: network.gasAsset,
      actual: formatAmount(fee),
      from: `hot/${network.id}` as const,
    };
    await engine.submit({ kind: 'cost.settle', reference: transactionReference(id, 'final'), paid, purpose });
  }

  mayTryAgain(row: ChainTransactionRow): boolean {
    return row.state === 'VOID' && this.deps.clock.now() - row.updatedAt > AFTER_REFUSAL_MS;
  }

  async send(out: Outgoing): Promise<void> {
    const { id, to, amount } = out;
    const rate = out.gas.maxPriorityFeePerGas;
    const plan = await this.utxoSet.plan([{ to, amount }], rate);
    if (unitsOf(plan.fee) > out.gas.maxCost) throw new Error(`${id} would cost more than was said`);
    await this.begin({ ...out, to, amount }, plan, rate);
  }

  /**
   * Writes one transaction of several withdrawals down and signs it; it is sent by the next rounds. Every id is of one
   * batch for ever.
   */
  async sendBatch({ id, payments }: Batch, plan: Plan, rate: bigint): Promise<void> {
    const amount = payments.reduce((total, payment) => total + parseAmount(payment.amount), 0n);
    await this.begin(
      { id: transactionId('batch', id), purpose: 'withdrawal', subject: id, to: '', amount, reservation: null },
      plan,
      rate,
      payments,
    );
  }

  /**
   * Writes a transaction down that brings everything back to us, and signs it. `parent`: it spends this output of a
   * transaction of ours that is not mined. One that came to nothing before is made anew.
   */
  async sendHome(
    { id, purpose, subject }: Pick<Outgoing, 'id' | 'purpose' | 'subject'>,
    plan: Plan,
    rate: bigint,
    parent?: UtxoRow,
  ): Promise<void> {
    // Each try reserves under a name of its own: what was given back cannot be taken again.
    await this.begin(
      { id, purpose, subject, to: '', amount: 0n, reservation: retriedCostReference(id, this.deps.clock.now()) },
      plan,
      rate,
      [],
      parent,
    );
  }

  private async begin(
    { id, purpose, subject, to: toAddress, amount, reservation }: Beginning,
    plan: Plan,
    rate: bigint,
    payments: readonly NewPayment[] = [],
    unmined?: UtxoRow,
  ): Promise<void> {
    const { network, utxoStore, hotAddress: fromAddress, clock } = this.deps;
    const now = clock.now();
    const figures = {
      amount: formatAmount(amount),
      gasLimit: plan.vsize.toString(),
      maxFeePerGas: plan.fee.toString(),
      maxPriorityFeePerGas: rate.toString(),
    };
    const row = {
      id,
      network: network.id,
      purpose,
      subject,
      fromAddress,
      toAddress,
      asset: network.gasAsset,
      ...figures,
      reservation,
      createdAt: now,
      updatedAt: now,
    };
    const planned = await utxoStore.plan(row, plan.inputs, payments, unmined);
    if (planned.state === 'PLANNED') await this.sign(planned);
  }

  free(asset: string): Promise<Units> {
    return this.utxoSet.free(asset);
  }

  coming(): Promise<Units> {
    return this.utxoSet.coming();
  }

  most(to: string, _asset: string, free: Units): Promise<Units> {
    return this.utxoSet.most(to, free);
  }

  /** Whom it pays, from its rows alone. */
  private async receivers(row: ChainTransactionRow): Promise<(Receiver & { readonly payment?: BatchPaymentRow })[]> {
    if (row.purpose === 'venue' || row.purpose === 'cold')
      return [{ to: row.toAddress, amount: parseAmount(row.amount) }];
    const payments = await this.deps.batchStore.payments(row.id);
    return payments.map((payment) => ({ to: payment.address, amount: parseAmount(payment.amount), payment }));
  }

  /** Made from the row, its payments and its coins alone: after a kill it is the same plan. */
  private async planOf(row: ChainTransactionRow): Promise<Plan> {
    const inputs = (await this.deps.utxoStore.inputsOf(row.id)).map(toCoin);
    const payments = (await this.receivers(row)).map(({ to, amount }) => ({
      script: this.utxoSet.script(to),
      value: satoshiOf(amount),
    }));
    const [value, fee] = [satoshiOf(parseAmount(row.amount)), BigInt(row.maxFeePerGas)];
    if (payments.reduce((total, payment) => total + payment.value, 0n) !== value)
      throw new Error(`${row.id}: its payments are not what it was planned with`);
    const change = inputs.reduce((total, coin) => total + coin.value, 0n) - value - fee;
    return { inputs, payments, change, fee, vsize: BigInt(row.gasLimit) };
  }

  private async intentOf(row: ChainTransactionRow, plan: Plan, intentId = row.id): Promise<UtxoIntent> {
    const { account, parameters, fingerprint, node } = this.deps;
    const makers = new Map(
      await Promise.all(
        [...new Set(plan.inputs.map(({ txid }) => txid))].map(
          async (txid) => [txid, await node.transaction(txid)] as const,
        ),
      ),
    );
    const psbt = buildPsbt(plan, {
      account,
      network: parameters,
      fingerprint,
      changeIndex: changeIndexOf(row.nonce),
      transaction: (txid) => makers.get(txid) ?? '',
    });
    const { network, purpose, asset } = row;
    if (!isOfCoins(purpose)) throw new Error(`${row.id}: nothing of coins is a ${purpose}`);
    const payments = await Promise.all((await this.receivers(row)).map((receiver) => this.coinPayment(receiver)));
    return { intentId, network, purpose, asset, payments, psbt };
  }

  private async coinPayment({
    to,
    amount,
    payment,
  }: Receiver & { readonly payment?: BatchPaymentRow }): Promise<CoinPayment> {
    const shown = { to, amount: formatAmount(amount) };
    if (!payment) return shown;
    const { network } = this.deps;
    const owner = await mustBeRecorded(this.deps, 'batch_payments', payoutOf(payment), {
      network: network.id,
      asset: network.gasAsset,
      address: to,
      amount: shown.amount,
    });
    return { ...shown, payout: payoutOf(payment), approvals: await this.deps.batchStore.approvals(payment), ...owner };
  }

  /**
   * Before anything is signed: each payment whose own fee does not bear its part of the cost. By the row's references,
   * so that it may be done again.
   */
  private async reserve(row: ChainTransactionRow): Promise<boolean> {
    const { batchStore, engine, network } = this.deps;
    if (isHome(row))
      return reserveCost(
        engine,
        row.reservation ?? '',
        network.gasAsset,
        unitsOf(BigInt(row.maxFeePerGas)),
        row.purpose,
      );
    const payments = await batchStore.payments(row.id);
    const shares =
      payments.length === 0
        ? []
        : splitFee(
            BigInt(row.maxFeePerGas),
            payments.map(({ address }) => this.utxoSet.script(address)),
          );
    for (const [at, { reservation }] of payments.entries()) {
      if (
        reservation !== null &&
        !(await reserveCost(engine, reservation, network.gasAsset, unitsOf(shares[at] ?? 0n), 'withdrawal'))
      )
        return false;
    }
    return true;
  }

  private async sign(row: ChainTransactionRow): Promise<void> {
    const { signer, chainStore, utxoStore, clock, events, logger } = this.deps;
    // The position was taken by somebody else since it was planned: the signer was never asked, for then it was
    // reserved before.
    if (!(await this.reserve(row))) {
      await utxoStore.void(row, clock.now());
      if (isHome(row))
        events.publish({
          name: 'alert',
          code: 'NEEDS_OPERATOR_FUNDS',
          message: 'The position does not cover the fee of a transaction of our own.',
          details: { transaction: row.id },
        });
      return;
    }
    try {
      const intent = await this.intentOf(row, await this.planOf(row));
      await mustNotBeFrozen(
        this.deps,
        intent.payments.flatMap(({ payout }) => payout ?? []),
      );
      await chainStore.signed(row, await signer.signUtxo(intent), clock.now());
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // Signed before with other figures: its coins may be spent on the chain, so it stays until a person has looked.
      const freed =
        error.code !== 'IDEMPOTENCY_KEY_REUSED' &&
        (await utxoStore.void(row, clock.now(), await this.culprit(row, error)));
      // The signer was not asked. That withdrawal goes back to review, and the others into the next batch.
      if (error.code === 'ACCOUNT_FROZEN')
        return logger.warn(
          { event: 'transaction.account_frozen', transaction: row.id, ...error.details },
          'not signed: an account was frozen',
        );
      events.publish({
        name: 'alert',
        code: 'SIGNER_REFUSED',
        message: 'The signer refused a transaction.',
        details: { intentId: row.id, freed, ...error.details },
      });
      throw error;
    }
  }

  /** The withdrawal because of which a batch was refused: the one that the signer names, or the only one. */
  private async culprit(row: ChainTransactionRow, { details }: DomainError): Promise<string | undefined> {
    const payments = await this.deps.batchStore.payments(row.id);
    return (
      payments.find((payment) => payoutOf(payment) === details?.payout) ??
      (payments.length === 1 ? payments[0] : undefined)
    )?.withdrawalId;
  }

  /** One round over everything that is not final. */
  async round(head: number): Promise<void> {
    const { chainStore, engine, network } = this.deps;
    for (const { id, reservation, purpose } of await chainStore.unreleased(network.id, HOME)) {
      await releaseHigherFees(engine, { id, purpose }, network);
      await releaseCost(engine, reservation ?? '', network.gasAsset, `hot/${network.id}`, purpose);
      await chainStore.released(id);
    }
    // The others are not to wait for one that fails.
    for (const row of await chainStore.open(network.id)) await this.apart(row.id, () => this.step(row, head));
  }

  private async step(row: ChainTransactionRow, head: number): Promise<void> {
    const { clock, utxoStore } = this.deps;
    if (row.state === 'PLANNED') return this.sign(row);
    const found = await this.mined(row);
    const lost = found ? undefined : await this.lostInput(row);
    if (lost) return utxoStore.abandon(row, lost.txid, lost.height, clock.now());
    if (!found) return this.resend(row, head);
    this.replacements.mined(row);
    const confirmations = head - found.receipt.height + 1;
    if (row.purpose === 'withdrawal') await this.showConfirmations(row, confirmations);
    if (confirmations >= this.deps.network.confirmations) await this.settle(found.row, found.receipt);
  }

  async mined(row: ChainTransactionRow): Promise<Mined | undefined> {
    const { chainStore, node } = this.deps;
    for (const { txid, maxFeePerGas } of [row, ...(await chainStore.replaced(row.id))]) {
      const place = await node.confirmedIn(txid);
      if (place)
        return {
          row: { ...row, txid, maxFeePerGas },
          receipt: { height: place.height, succeeded: true, fee: unitsOf(BigInt(maxFeePerGas)) },
        };
    }
    return undefined;
  }

  /**
   * Of a child: the parent that it was made for, when other bytes took that one's place for good, and where those lie.
   */
  private async lostInput({
    id,
    purpose,
    subject,
  }: ChainTransactionRow): Promise<{ txid: string; height: number } | undefined> {
    const { chainStore, utxoStore } = this.deps;
    const parent = purpose === 'cpfp' ? await chainStore.find(subject) : null;
    // A final parent in no block fell out of the chain: which of its bytes are mined next is not known.
    if (parent?.state !== 'CONFIRMED' || parent.blockHeight === null) return undefined;
    const former = new Set((await chainStore.replaced(subject)).map(({ txid }) => txid));
    const lost = (await utxoStore.inputsOf(id)).find(({ txid }) => former.has(txid));
    return lost && { txid: lost.txid, height: parent.blockHeight };
  }

  private async resend(row: ChainTransactionRow, head: number): Promise<void> {
    const { chainStore, clock, logger, node } = this.deps;
    const sent = await node.broadcast(row.rawTransaction);
    if (sent.taken) await chainStore.broadcast(row, clock.now());
    else
      logger.warn(
        { event: 'transaction.not_accepted', transaction: row.id, reason: sent.reason },
        'the node did not take a transaction',
      );
    await this.replacements.consider(row, head, sent);
  }

  private async showConfirmations(row: ChainTransactionRow, confirmations: number): Promise<void> {
    const { batchStore, chainStore, events } = this.deps;
    const paid = (await batchStore.payments(row.id)).map(({ withdrawalId }) => withdrawalId);
    for (const { id, userId } of await chainStore.confirmations(paid, confirmations))
      events.publish({ name: 'withdrawal.changed', userId, withdrawalId: id, state: 'BROADCAST' });
  }

  private async settle(row: ChainTransactionRow, receipt: ChainReceipt): Promise<void> {
    const { chainStore, utxoStore, clock, engine, network } = this.deps;
    const settler = this.settlers.get(row.purpose);
    if (!settler) throw new Error(`nobody settles ${row.purpose}`);
    const fromDeposits = depositsIn(await utxoStore.inputsOf(row.id));
    if (fromDeposits > 0n) {
      await engine.submit({
        kind: 'custody.move',
        reference: transactionReference(row.id, 'coins'),
        asset: row.asset,
        amount: formatAmount(fromDeposits),
        from: `deposit/${network.id}`,
        to: `hot/${network.id}`,
      });
    }
    // What was set aside for a higher fee goes back first: the cost itself is booked in one piece.
    await releaseHigherFees(engine, row, network);
    await settler(row, receipt);
    await utxoStore.swept(row.id);
    await chainStore.finish(row, 'CONFIRMED', receipt.height, formatAmount(receipt.fee), clock.now());
  }
}

const depositsIn = (inputs: readonly UtxoRow[]): Units =>
  inputs.filter(({ branch }) => branch === 0).reduce((total, { amount }) => total + parseAmount(amount), 0n);
