import type { UtxoRow } from '../../db/entities/utxos';
import type { ChainTransactionRow } from '../../db/entities/treasury';
import type { Depth } from '../../db/stores/utxos';
import { formatAmount, fromChainUnits, parseAmount, parseSigned, toChainUnits } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { scriptOf } from '../chains/bitcoin/addresses';
import { SATOSHI_DECIMALS } from '../chains/bitcoin/blocks';
import { INCREMENT, dustOf, feeFor, planPayments, vsizeOf } from '../chains/bitcoin/coins';
import type { Coin, Payment, Plan } from '../chains/bitcoin/coins';
import type { BitcoinNode } from '../chains/bitcoin/node';
import { TransferRefused } from '../chains/chain';
import type { GasQuote } from '../chains/chain';
import type { UtxoDeps } from './deps';

/** The most coins of one transaction: its bytes stay far below what nodes pass on. */
export const MOST_INPUTS = 100;
/** Blocks within which a transaction should be mined. */
const TARGET_BLOCKS = 6;
/** Where the node has seen too little to say a rate: ten satoshi a byte. */
const USUAL_RATE = 10_000n;
const CHANGE_SCRIPT_BYTES = 22n;

export const satoshiOf = (amount: Units): bigint => toChainUnits(amount, SATOSHI_DECIMALS);
export const unitsOf = (satoshi: bigint): Units => fromChainUnits(satoshi, SATOSHI_DECIMALS);
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
const total = (rows: readonly UtxoRow[]): Units => sum(rows.map(({ amount }) => parseAmount(amount)));

export const toCoin = ({ txid, index, amount, branch, child }: UtxoRow): Coin => ({
  txid,
  index,
  value: satoshiOf(parseAmount(amount)),
  branch: branch === 0 ? 0 : 1,
  child,
});

export interface Receiver {
  readonly to: string;
  readonly amount: Units;
}

/** Satoshi a thousand virtual bytes that a transaction should offer now. */
export async function feeRate(node: Pick<BitcoinNode, 'feeRate'>): Promise<bigint> {
  const rate = (await node.feeRate(TARGET_BLOCKS)) ?? USUAL_RATE;
  return rate > INCREMENT ? rate : INCREMENT;
}

/** The coins of a network: what lies there, and what a payment of them would be. */
export class UtxoSet {
  constructor(private readonly deps: UtxoDeps) {}

  /** Enough blocks lie on and above `deep`; our own change needs one. */
  private depth(): Depth {
    const young = this.deps.scanned();
    return { deep: young - this.deps.network.confirmations + 1, young };
  }

  /** Coins that may be spent now, the largest first. */
  coins(): Promise<UtxoRow[]> {
    return this.deps.utxoStore.spendable(this.deps.network.id, this.depth(), MOST_INPUTS);
  }

  /** Coins that lie deep, the smallest first. */
  smallest(limit: number): Promise<UtxoRow[]> {
    const { deep } = this.depth();
    return this.deps.utxoStore.spendable(this.deps.network.id, { deep, young: deep }, limit, 'ASC');
  }

  rate(): Promise<bigint> {
    return feeRate(this.deps.node);
  }

  script(address: string): Uint8Array {
    const script = scriptOf(address, this.deps.parameters);
    if (!script) throw new TransferRefused(`${this.deps.network.id}: ${address} is no address`);
    return script;
  }

  /** Which coins pay, at this rate. Throws TransferRefused when they do not suffice. */
  async plan(payments: readonly Receiver[], rate: bigint): Promise<Plan> {
    return planPayments(
      (await this.coins()).map(toCoin),
      payments.map((payment) => this.output(payment)),
      rate,
    );
  }

  /** Throws TransferRefused where the network passes no such output on. */
  output({ to, amount }: Receiver): Payment {
    const output = { script: this.script(to), value: satoshiOf(amount) };
    if (output.value < dustOf(output.script))
      throw new TransferRefused(`${this.deps.network.id}: ${formatAmount(amount)} is too small to be passed on`);
    return output;
  }

  /** What a payment would need now. The shape is that of gas; see ChainTransactionRow. */
  async quote(payment: Receiver): Promise<GasQuote> {
    const rate = await this.rate();
    const { vsize, fee } = await this.plan([payment], rate);
    return { gasLimit: vsize, maxFeePerGas: fee, maxPriorityFeePerGas: rate, maxCost: unitsOf(fee) };
  }

  /**
   * Booked, less every coin that is an input of something under way, with its change as soon as that may be spent; and
   * no more than the coins that may be spent. A coin made by something under way is part of that one's inputs: it is
   * not counted twice.
   */
  async free(asset: string): Promise<Units> {
    const { engine, network } = this.deps;
    const places = [`hot/${network.id}`, `deposit/${network.id}`];
    const booked = sum(
      (await engine.custody())
        .filter((row) => row.asset === asset && places.includes(row.place))
        .map(({ amount }) => parseSigned(amount)),
    );
    const { open, isNew } = await this.underWay();
    const locked = total(open.flatMap(({ inputs }) => inputs.filter((coin) => !isNew(coin))));
    const coins = await this.coins();
    const [there, rest] = [total(coins), booked - locked + total(coins.filter(isNew))];
    const free = there < rest ? there : rest;
    return free > 0n ? free : 0n;
  }

  async balance(): Promise<Units> {
    return total(await this.coins());
  }

  /**
   * Change of what is under way, unless it may be spent already or something of ours spends it; and coins of the house
   * that ripen.
   */
  async coming(): Promise<Units> {
    const { open, isNew } = await this.underWay();
    const change = sum(
      open.map(({ row, inputs }) => total(inputs) - parseAmount(row.amount) - unitsOf(BigInt(row.maxFeePerGas))),
    );
    const taken = total([...open.flatMap(({ inputs }) => inputs), ...(await this.coins())].filter(isNew));
    return change - taken + total(await this.deps.utxoStore.ripening(this.deps.network.id, this.depth().deep));
  }

  /** As if every coin were an input and something came back: what is left in the end is no less. */
  async most(to: string, free: Units): Promise<Units> {
    const count = (await this.coins()).length;
    const bytes = BigInt(this.script(to).length);
    return free - unitsOf(feeFor(vsizeOf(count, [bytes, CHANGE_SCRIPT_BYTES]), await this.rate()));
  }

  private async underWay(): Promise<{
    open: { row: ChainTransactionRow; inputs: UtxoRow[] }[];
    isNew: (coin: UtxoRow) => boolean;
  }> {
    const { chainStore, utxoStore, network } = this.deps;
    const open = await Promise.all(
      (await chainStore.open(network.id)).map(async (row) => ({ row, inputs: await utxoStore.inputsOf(row.id) })),
    );
    const made = new Set(open.map(({ row }) => row.txid));
    return { open, isNew: ({ txid }) => made.has(txid) };
  }
}
