import type { CoinRow } from '../../db/entities/coins';
import type { ChainTransactionRow } from '../../db/entities/treasury';
import { DomainError } from '../../domain/contract/errors';
import type { CoinIntent } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Plan } from '../chains/bitcoin/coins';
import { buildPsbt } from '../chains/bitcoin/psbt';
import type { ChainReceipt } from '../chains/chain';
import { releaseCost } from '../treasury/costs';
import type { Mined, Outgoing, Sender, Settle } from '../treasury/sender';
import type { CoinDeps } from './deps';
import { changeIndexOf } from './house-addresses';
import type { Purse } from './purse';
import { satoshiOf, toCoin, unitsOf } from './purse';
import { CoinReplacements } from './replacements';

/** A plan that the signer refused is made again after this. */
const AFTER_REFUSAL_MS = 60_000;

/**
 * Our own transactions where money is coins: planned with the coins they spend, signed, stored, only then broadcast, and followed
 * until they are final. Coins of deposits are spent where they lie: they count as moved to the hot wallet by the transaction
 * that spends them, and as gone from there.
 */
export class CoinTransactions implements Sender {
  private readonly settlers = new Map<ChainTransactionRow['purpose'], Settle>();
  private readonly replacements: CoinReplacements;

  constructor(
    private readonly deps: CoinDeps,
    private readonly purse: Purse,
  ) {
    this.replacements = new CoinReplacements(deps, (row) => this.planOf(row), (row, plan, id) => this.intentOf(row, plan, id));
  }

  onFinal(purpose: ChainTransactionRow['purpose'], settle: Settle): void {
    this.settlers.set(purpose, settle);
  }

  mayTryAgain(row: ChainTransactionRow): boolean {
    return row.state === 'VOID' && this.deps.clock.now() - row.updatedAt > AFTER_REFUSAL_MS;
  }

  async send(out: Outgoing): Promise<void> {
    const { network, coinStore, hotAddress: fromAddress, clock } = this.deps;
    const { id, purpose, subject, to: toAddress, asset, reservation } = out;
    const rate = out.gas.maxPriorityFeePerGas;
    const plan = await this.purse.plan(toAddress, out.amount, rate);
    if (unitsOf(plan.fee) > out.gas.maxCost) throw new Error(`${id} would cost more than was said`);
    const now = clock.now();
    const figures = { amount: formatAmount(out.amount), gasLimit: plan.vsize.toString(), maxFeePerGas: plan.fee.toString(), maxPriorityFeePerGas: rate.toString() };
    const row = { id, network: network.id, purpose, subject, fromAddress, toAddress, asset, ...figures, reservation, createdAt: now, updatedAt: now };
    const planned = await coinStore.plan(row, plan.inputs);
    if (planned.state === 'PLANNED') await this.sign(planned);
  }

  free(asset: string): Promise<Units> {
    return this.purse.free(asset);
  }

  coming(): Promise<Units> {
    return this.purse.coming();
  }

  most(to: string, _asset: string, free: Units): Promise<Units> {
    return this.purse.most(to, free);
  }

  /** Made from the row and its coins alone: after a kill it is the same plan. */
  private async planOf(row: ChainTransactionRow): Promise<Plan> {
    const inputs = (await this.deps.coinStore.inputsOf(row.id)).map(toCoin);
    const [value, fee] = [satoshiOf(parseAmount(row.amount)), BigInt(row.maxFeePerGas)];
    const change = inputs.reduce((total, coin) => total + coin.value, 0n) - value - fee;
    return { inputs, payments: [{ script: this.purse.script(row.toAddress), value }], change, fee, vsize: BigInt(row.gasLimit) };
  }

  private async intentOf(row: ChainTransactionRow, plan: Plan, intentId = row.id): Promise<CoinIntent> {
    const { account, parameters, fingerprint, node } = this.deps;
    const makers = new Map(await Promise.all([...new Set(plan.inputs.map(({ txid }) => txid))].map(async (txid) => [txid, await node.transaction(txid)] as const)));
    const psbt = buildPsbt(plan, { account, network: parameters, fingerprint, changeIndex: changeIndexOf(row.nonce), transaction: (txid) => makers.get(txid) ?? '' });
    const { network, purpose, asset, toAddress: to } = row;
    if (purpose !== 'withdrawal' && purpose !== 'venue' && purpose !== 'cold') throw new Error(`${row.id}: nothing of coins is a ${purpose}`);
    const approvals = purpose === 'withdrawal' && { approvals: await this.deps.chainStore.approvals(row) };
    return { intentId, network, purpose, asset, to, amount: formatAmount(parseAmount(row.amount)), psbt, ...approvals };
  }

  private async sign(row: ChainTransactionRow): Promise<void> {
    const { signer, chainStore, coinStore, clock, events } = this.deps;
    try {
      await chainStore.signed(row, await signer.signCoins(await this.intentOf(row, await this.planOf(row))), clock.now());
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // Signed before with other figures: its coins may be spent on the chain, so it stays until a person has looked.
      const freed = error.code !== 'REFERENCE_REUSED' && (await coinStore.void(row, clock.now()));
      events.publish({ name: 'alert', code: 'SIGNER_REFUSED', message: 'The signer refused a transaction.', details: { intentId: row.id, freed, ...error.details } });
      throw error;
    }
  }

  /** One round over everything that is not final. */
  async round(head: number): Promise<void> {
    const { chainStore, network, logger } = this.deps;
    for (const row of await chainStore.open(network.id)) {
      try {
        await this.step(row, head);
      } catch (error) {
        logger.warn({ transaction: row.id, error: error instanceof Error ? error.message : String(error) }, 'a transaction could not be taken further');
      }
    }
  }

  private async step(row: ChainTransactionRow, head: number): Promise<void> {
    if (row.state === 'PLANNED') return this.sign(row);
    const found = await this.mined(row);
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
      if (place) return { row: { ...row, txid, maxFeePerGas }, receipt: { height: place.height, succeeded: true, fee: unitsOf(BigInt(maxFeePerGas)) } };
    }
    return undefined;
  }

  private async resend(row: ChainTransactionRow, head: number): Promise<void> {
    const { chainStore, clock, logger, node } = this.deps;
    const sent = await node.broadcast(row.rawTransaction);
    if (sent.taken) await chainStore.broadcast(row, clock.now());
    else logger.warn({ transaction: row.id, reason: sent.reason }, 'the node did not take a transaction');
    await this.replacements.consider(row, head, sent);
  }

  private async showConfirmations(row: ChainTransactionRow, confirmations: number): Promise<void> {
    const { chainStore, events } = this.deps;
    const userId = await chainStore.confirmations(row.subject, confirmations);
    if (userId) events.publish({ name: 'withdrawal.changed', userId, withdrawalId: row.subject, state: 'BROADCAST' });
  }

  private async settle(row: ChainTransactionRow, receipt: ChainReceipt): Promise<void> {
    const { chainStore, coinStore, clock, engine, network } = this.deps;
    const settler = this.settlers.get(row.purpose);
    if (!settler) throw new Error(`nobody settles ${row.purpose}`);
    const fromDeposits = depositsIn(await coinStore.inputsOf(row.id));
    if (fromDeposits > 0n) {
      await engine.submit({ kind: 'custody.move', reference: `tx:${row.id}:coins`, asset: row.asset, amount: formatAmount(fromDeposits), from: `deposit/${network.id}`, to: `hot/${network.id}` });
    }
    // What was set aside for a higher fee goes back first: the cost itself is booked in one piece.
    for (let n = 1; await releaseCost(engine, `cost:${row.id}#${n}`, network.gasAsset, `hot/${network.id}`, row.purpose); ) n++;
    await settler(row, receipt);
    await coinStore.swept(row.id);
    await chainStore.finish(row, 'CONFIRMED', receipt.height, formatAmount(receipt.fee), clock.now());
  }
}

const depositsIn = (inputs: readonly CoinRow[]): Units => inputs.filter(({ branch }) => branch === 0).reduce((total, { amount }) => total + parseAmount(amount), 0n);
