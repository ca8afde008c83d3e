import type { CoinRow } from '../../db/entities/coins';
import type { ChainTransactionRow } from '../../db/entities/treasury';
import { fromChainUnits, parseAmount, parseSigned, toChainUnits } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { scriptOf } from '../chains/bitcoin/addresses';
import { SATOSHI_DECIMALS } from '../chains/bitcoin/blocks';
import { INCREMENT, feeFor, planPayments, vsizeOf } from '../chains/bitcoin/coins';
import type { Coin, Plan } from '../chains/bitcoin/coins';
import type { BitcoinNode } from '../chains/bitcoin/node';
import { TransferRefused } from '../chains/chain';
import type { GasQuote } from '../chains/chain';
import type { CoinDeps } from './deps';

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
const total = (rows: readonly CoinRow[]): Units => sum(rows.map(({ amount }) => parseAmount(amount)));

export const toCoin = ({ txid, index, amount, branch, child }: CoinRow): Coin => ({ txid, index, value: satoshiOf(parseAmount(amount)), branch: branch === 0 ? 0 : 1, child });

/** Satoshi a thousand virtual bytes that a transaction should offer now. */
export async function feeRate(node: Pick<BitcoinNode, 'feeRate'>): Promise<bigint> {
  const rate = (await node.feeRate(TARGET_BLOCKS)) ?? USUAL_RATE;
  return rate > INCREMENT ? rate : INCREMENT;
}

/** The coins of a network: what lies there, and what a payment of them would be. */
export class Purse {
  constructor(private readonly deps: CoinDeps) {}

  /** Enough blocks lie on and above it. */
  private deep(): number {
    return this.deps.scanned() - this.deps.network.confirmations + 1;
  }

  /** Coins that may be spent now, the largest first. */
  coins(): Promise<CoinRow[]> {
    return this.deps.coinStore.spendable(this.deps.network.id, this.deep(), MOST_INPUTS);
  }

  rate(): Promise<bigint> {
    return feeRate(this.deps.node);
  }

  script(address: string): Uint8Array {
    const script = scriptOf(address, this.deps.parameters);
    if (!script) throw new TransferRefused(`${this.deps.network.id}: ${address} is no address`);
    return script;
  }

  /** Which coins pay, at this rate. Throws when they do not suffice. */
  async plan(to: string, amount: Units, rate: bigint): Promise<Plan> {
    return planPayments((await this.coins()).map(toCoin), [{ script: this.script(to), value: satoshiOf(amount) }], rate);
  }

  /** What a payment would need now. The shape is that of gas; see ChainTransactionRow. */
  async quote({ to, amount }: { to: string; amount: Units }): Promise<GasQuote> {
    const rate = await this.rate();
    const { vsize, fee } = await this.plan(to, amount, rate);
    return { gasLimit: vsize, maxFeePerGas: fee, maxPriorityFeePerGas: rate, maxCost: unitsOf(fee) };
  }

  /** Booked, less every coin that is an input of something under way; and no more than the coins that may be spent. */
  async free(asset: string): Promise<Units> {
    const { engine, network } = this.deps;
    const places = [`hot/${network.id}`, `deposit/${network.id}`];
    const booked = sum((await engine.custody()).filter((row) => row.asset === asset && places.includes(row.place)).map(({ amount }) => parseSigned(amount)));
    const locked = sum((await this.underWay()).map(({ inputs }) => total(inputs)));
    const [there, rest] = [await this.balance(), booked - locked];
    const free = there < rest ? there : rest;
    return free > 0n ? free : 0n;
  }

  async balance(): Promise<Units> {
    return total(await this.coins());
  }

  async coming(): Promise<Units> {
    const change = sum((await this.underWay()).map(({ row, inputs }) => total(inputs) - parseAmount(row.amount) - unitsOf(BigInt(row.maxFeePerGas))));
    return change + total(await this.deps.coinStore.ripening(this.deps.network.id, this.deep()));
  }

  /** As if every coin were an input and something came back: what is left in the end is no less. */
  async most(to: string, free: Units): Promise<Units> {
    const count = (await this.coins()).length;
    const bytes = BigInt(this.script(to).length);
    return free - unitsOf(feeFor(vsizeOf(count, [bytes, CHANGE_SCRIPT_BYTES]), await this.rate()));
  }

  private async underWay(): Promise<{ row: ChainTransactionRow; inputs: CoinRow[] }[]> {
    const { chainStore, coinStore, network } = this.deps;
    return Promise.all((await chainStore.open(network.id)).map(async (row) => ({ row, inputs: await coinStore.inputsOf(row.id) })));
  }
}
