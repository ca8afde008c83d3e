/**
 * Which coins pay, and what it costs: whole satoshi, whole weights. Everything we spend is
 * pay-to-witness-public-key-hash.
 * Rates are satoshi a thousand virtual bytes. Pure.
 */
import { TransferRefused } from '../chain';
import type { Branch } from './addresses';

export interface Coin {
  readonly txid: string;
  readonly index: number;
  readonly value: bigint;
  /** Whose key it is. */
  readonly branch: Branch;
  readonly child: number;
}

export interface Payment {
  readonly script: Uint8Array;
  readonly value: bigint;
}

export interface Plan {
  readonly inputs: readonly Coin[];
  readonly payments: readonly Payment[];
  /** What comes back to us; 0 where nothing does. */
  readonly change: bigint;
  readonly fee: bigint;
  /** At most so many virtual bytes: a signature may be a byte shorter. */
  readonly vsize: bigint;
}

/** 41 bytes, and a witness of 108: a signature of 72 and a key of 33, each with its length, and their count. */
const INPUT_WEIGHT = 4n * 41n + 108n;
export const INPUT_VSIZE = INPUT_WEIGHT / 4n;
const CHANGE_SCRIPT_BYTES = 22n;
/** A replacement pays this more than what it replaces, for all of its own bytes. Nodes ask for at most so much. */
export const INCREMENT = 1000n;
const TRIES = 20_000;

const counted = (n: bigint): bigint => (n < 0xfdn ? 1n : n <= 0xffffn ? 3n : 5n);
const outputBytes = (scriptBytes: bigint): bigint => 8n + counted(scriptBytes) + scriptBytes;
const ceil = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const lengthOf = (script: Uint8Array): bigint => BigInt(script.length);
const sum = (values: readonly { value: bigint }[]): bigint => values.reduce((total, { value }) => total + value, 0n);

/** The most virtual bytes of a transaction with so many inputs and these outputs. */
export function vsizeOf(inputs: number, scripts: readonly bigint[]): bigint {
  const bytes =
    8n +
    counted(BigInt(inputs)) +
    counted(BigInt(scripts.length)) +
    scripts.reduce((total, length) => total + outputBytes(length), 0n);
  return ceil(4n * bytes + 2n + BigInt(inputs) * INPUT_WEIGHT, 4n);
}

export const feeFor = (vsize: bigint, rate: bigint): bigint => ceil(vsize * rate, 1000n);

/** Below this an output costs more to spend than it is worth, and nodes pass no such transaction on. */
export function dustOf(script: Uint8Array): bigint {
  const witness = script[0] === 0x00 || script[0] === 0x51;
  return 3n * (outputBytes(lengthOf(script)) + (witness ? 67n : 148n));
}
const CHANGE_DUST = 3n * (outputBytes(CHANGE_SCRIPT_BYTES) + 67n);

/**
 * Chooses coins for these payments at this rate. Where some of them fit without change, those; else the largest. The
 * same coins give the same plan. Throws TransferRefused when they do not suffice, or a payment is dust.
 */
export function planPayments(coins: readonly Coin[], payments: readonly Payment[], rate: bigint): Plan {
  if (payments.length === 0 || payments.some(({ script, value }) => value < dustOf(script)))
    throw new TransferRefused('bitcoin: a payment is too small to be passed on');
  const worth = coins.filter(({ value }) => value > feeFor(INPUT_VSIZE, rate)).toSorted(largestFirst);
  const feeOf = (vsize: bigint): bigint => feeFor(vsize, rate);
  const exact = withoutChange(worth, payments, rate);
  if (exact)
    return {
      inputs: exact,
      payments,
      change: 0n,
      fee: sum(exact) - sum(payments),
      vsize: sizeOf(exact, payments, false),
    };
  for (let count = 1; count <= worth.length; count++) {
    const plan = fit(worth.slice(0, count), payments, feeOf);
    // Nothing back means something to the miners that the next coin would save.
    if (plan && (plan.change > 0n || count === worth.length)) return plan;
  }
  throw new TransferRefused('bitcoin: the coins at hand do not suffice');
}

/**
 * What each payment bears of a fee, in satoshi: by the size of its output, rounded down, and the first one bears what
 * is left over. Their sum is the fee.
 */
export function splitFee(fee: bigint, scripts: readonly Uint8Array[]): bigint[] {
  const sizes = scripts.map((script) => outputBytes(lengthOf(script)));
  const whole = sizes.reduce((total, size) => total + size, 0n);
  const shares = sizes.map((size) => (fee * size) / whole);
  const rest = fee - shares.reduce((total, share) => total + share, 0n);
  return shares.map((share, at) => (at === 0 ? share + rest : share));
}

/** All of these coins into one of ours. Throws TransferRefused where the fee leaves nothing worth a coin. */
export function planGathering(coins: readonly Coin[], rate: bigint): Plan {
  const plan = fit(coins, [], (vsize) => feeFor(vsize, rate));
  if (!plan?.change) throw new TransferRefused('bitcoin: the coins are not worth their own fee');
  return plan;
}

/**
 * A child of a transaction that waits: spends its change, and as few other coins as it takes, back to us, with a fee
 * that lifts both together to the rate (miners reckon a child with its parents). Throws TransferRefused when the coins
 * do not suffice.
 */
export function planChild(
  parent: Pick<Plan, 'fee' | 'vsize'>,
  change: Coin,
  more: readonly Coin[],
  rate: bigint,
): Plan {
  const spare = more.filter((coin) => outpointOf(coin) !== outpointOf(change)).toSorted(largestFirst);
  const feeOf = (vsize: bigint): bigint =>
    [feeFor(parent.vsize + vsize, rate) - parent.fee, feeFor(vsize, rate)].reduce((most, wish) =>
      wish > most ? wish : most,
    );
  for (let count = 0; count <= spare.length; count++) {
    const plan = fit([change, ...spare.slice(0, count)], [], feeOf);
    if (plan?.change) return plan;
  }
  throw new TransferRefused('bitcoin: the coins at hand do not suffice for a child');
}

/**
 * These inputs and payments: what is left over comes back where it is worth a coin, else it goes to the fee. Undefined
 * when they do not suffice.
 */
function fit(
  inputs: readonly Coin[],
  payments: readonly Payment[],
  feeOf: (vsize: bigint) => bigint,
): Plan | undefined {
  const left = sum(inputs) - sum(payments);
  const full = sizeOf(inputs, payments, true);
  const change = left - feeOf(full);
  if (change >= CHANGE_DUST) return { inputs, payments, change, fee: left - change, vsize: full };
  const bare = sizeOf(inputs, payments, false);
  return left >= feeOf(bare) ? { inputs, payments, change: 0n, fee: left, vsize: bare } : undefined;
}

const largestFirst = (a: Coin, b: Coin): number =>
  a.value === b.value ? (outpointOf(a) < outpointOf(b) ? -1 : 1) : a.value > b.value ? -1 : 1;

export const outpointOf = ({ txid, index }: Pick<Coin, 'txid' | 'index'>): string => `${txid}:${index}`;

const sizeOf = (inputs: readonly Coin[], payments: readonly Payment[], change: boolean): bigint =>
  vsizeOf(inputs.length, [...payments.map(({ script }) => lengthOf(script)), ...(change ? [CHANGE_SCRIPT_BYTES] : [])]);

/**
 * Coins that pay with less left over than a change output and its spending would cost; the least left over of those
 * tried.
 */
function withoutChange(coins: readonly Coin[], payments: readonly Payment[], rate: bigint): Coin[] | undefined {
  const input = feeFor(INPUT_VSIZE, rate);
  const target =
    sum(payments) +
    feeFor(
      vsizeOf(
        0,
        payments.map(({ script }) => lengthOf(script)),
      ),
      rate,
    );
  const most = target + feeFor(outputBytes(CHANGE_SCRIPT_BYTES), rate) + input;
  const values = coins.map(({ value }) => value - input);
  const rest = values.map((_, at) => values.slice(at).reduce((total, value) => total + value, 0n));
  let best: { coins: Coin[]; total: bigint } | undefined;
  let tries = 0;
  const walk = (at: number, total: bigint, chosen: readonly Coin[]): void => {
    if (++tries > TRIES || total > most || (best && total >= best.total)) return;
    if (total >= target) {
      best = { coins: [...chosen], total };
      return;
    }
    const coin = coins[at];
    if (!coin || total + (rest[at] ?? 0n) < target) return;
    walk(at + 1, total + (values[at] ?? 0n), [...chosen, coin]);
    walk(at + 1, total, chosen);
  };
  walk(0, 0n, []);
  // Each input's fee was rounded up by itself; together they must still pay the whole.
  return best && sum(best.coins) >= sum(payments) + feeFor(sizeOf(best.coins, payments, false), rate)
    ? best.coins
    : undefined;
}

/**
 * The same payments with the same inputs, and more coins only if it must be, at a higher fee: more than the old rate,
 * and the old fee plus `INCREMENT` for all of its bytes (BIP 125). Throws TransferRefused when the coins do not
 * suffice.
 */
export function bumped(plan: Plan, more: readonly Coin[], rate: bigint): Plan {
  const known = new Set(plan.inputs.map(outpointOf));
  const spare = more.filter((coin) => !known.has(outpointOf(coin))).toSorted(largestFirst);
  for (let count = 0; count <= spare.length; count++) {
    const dear = fit([...plan.inputs, ...spare.slice(0, count)], plan.payments, (vsize) => dearer(plan, vsize, rate));
    if (dear) return dear;
  }
  throw new TransferRefused('bitcoin: the coins at hand do not suffice for a higher fee');
}

/** The least fee with which so many bytes replace the plan. */
function dearer({ fee, vsize }: Plan, size: bigint, rate: bigint): bigint {
  const wishes = [feeFor(size, rate), fee + feeFor(size, INCREMENT), (fee * size) / vsize + 1n];
  return wishes.reduce((most, wish) => (wish > most ? wish : most));
}
