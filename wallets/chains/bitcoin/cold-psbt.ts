/**
 * What goes out to those who hold the keys of cold storage, and what comes back from them (BIP 174). One payment to
 * the hot wallet, the rest to cold storage again. What comes back is believed in nothing but its signatures. Pure.
 */
import { Psbt } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import { TransferRefused } from '../chain';
import { parametersOf } from './addresses';
import type { BitcoinNetwork } from './addresses';
import { dustOf, feeFor } from './coins';
import type { Payment } from './coins';
import type { Multisig } from './multisig';
import { PsbtRefused } from './psbt';

const SEQUENCE = 0xfffffffd;
const OVERHEAD = 11n;
const WITNESS_SCRIPT_OUTPUT = 43n;

export interface ColdCoin {
  readonly txid: string;
  readonly index: number;
  /** Satoshi. */
  readonly value: bigint;
  /** Number of the cold address it lies at. */
  readonly child: number;
}

export interface ColdPlan {
  readonly inputs: readonly ColdCoin[];
  readonly payment: Payment;
  readonly change: bigint;
  readonly fee: bigint;
}

const lengthOf = (script: Uint8Array): bigint => BigInt(script.length);

/** An input with its script and m signatures, at most so many virtual bytes. */
function inputSize({ required, total }: Pick<Multisig, 'required' | 'total'>): bigint {
  const witness = 6n + 73n * BigInt(required) + 3n + 34n * BigInt(total);
  return 41n + (witness + 3n) / 4n;
}

/**
 * The largest coins first, until they pay it and the fee. Throws TransferRefused when all of them do not, or the
 * payment is dust.
 */
export function planCold(
  coins: readonly ColdCoin[],
  payment: Payment,
  rate: bigint,
  keys: Pick<Multisig, 'required' | 'total'>,
): ColdPlan {
  if (payment.value < dustOf(payment.script))
    throw new TransferRefused('bitcoin: a payment is too small to be passed on');
  const sorted = coins.toSorted((a, b) =>
    a.value === b.value ? (a.txid < b.txid ? -1 : 1) : a.value > b.value ? -1 : 1,
  );
  const inputs: ColdCoin[] = [];
  let sum = 0n;
  for (const coin of sorted) {
    inputs.push(coin);
    sum += coin.value;
    const bare = OVERHEAD + BigInt(inputs.length) * inputSize(keys) + 9n + lengthOf(payment.script);
    const change = sum - payment.value - feeFor(bare + WITNESS_SCRIPT_OUTPUT, rate);
    if (change > feeFor(inputSize(keys), rate) && change > 330n)
      return { inputs, payment, change, fee: sum - payment.value - change };
    const fee = sum - payment.value;
    if (fee >= feeFor(bare, rate)) return { inputs, payment, change: 0n, fee };
  }
  throw new TransferRefused('bitcoin: the coins of cold storage do not suffice');
}

/** The plan as a PSBT in base64, for any device or program that knows one of the keys. */
export function buildColdPsbt(
  plan: ColdPlan,
  keys: Multisig,
  network: BitcoinNetwork,
  changeIndex: number,
  transaction: (txid: string) => string,
): string {
  const psbt = new Psbt({ network: parametersOf(network) }).setVersion(2).setLocktime(0);
  for (const { txid, index, value, child } of plan.inputs) {
    const { script, witnessScript, derivations } = keys.at(child);
    psbt.addInput({
      hash: txid,
      index,
      sequence: SEQUENCE,
      witnessUtxo: { script, value },
      nonWitnessUtxo: Buffer.from(transaction(txid), 'hex'),
      witnessScript,
      bip32Derivation: [...derivations],
    });
  }
  psbt.addOutput({ script: plan.payment.script, value: plan.payment.value });
  if (plan.change > 0n) {
    const { script, witnessScript, derivations } = keys.at(changeIndex);
    psbt.addOutput({ script, value: plan.change, witnessScript, bip32Derivation: [...derivations] });
  }
  return psbt.toBase64();
}

export interface Gathered {
  /** Ours with every valid signature so far. */
  readonly psbt: string;
  /** Signatures of the input that has the fewest. */
  readonly signatures: number;
  /** Once there are enough. */
  readonly signed?: { readonly rawTransaction: string; readonly txid: string };
}

/**
 * Adds the signatures of what came back to ours. Throws PsbtRefused when it is of another transaction, or a signature
 * is not valid or of a key that is not one of cold storage's.
 */
export function gatherSignatures(ours: string, theirs: string, keys: Multisig, network: BitcoinNetwork): Gathered {
  const options = { network: parametersOf(network) };
  const psbt = Psbt.fromBase64(ours, options);
  const back = parsed(theirs, options);
  if (Buffer.compare(psbt.data.getTransaction(), back.data.getTransaction()) !== 0)
    throw new PsbtRefused('this is another transaction');
  for (const [at, { partialSig = [] }] of back.data.inputs.entries()) {
    const known = psbt.data.inputs[at];
    for (const { pubkey, signature } of partialSig) {
      const isOurs = known?.bip32Derivation?.some((derivation) => Buffer.compare(derivation.pubkey, pubkey) === 0);
      if (!isOurs) throw new PsbtRefused('a signature of a key that is not of cold storage');
      if (known?.partialSig?.some((have) => Buffer.compare(have.pubkey, pubkey) === 0)) continue;
      psbt.updateInput(at, { partialSig: [{ pubkey, signature }] });
      if (!isValid(psbt, at, pubkey)) throw new PsbtRefused('a signature that is not valid');
    }
  }
  const signatures = psbt.data.inputs.reduce(
    (least, { partialSig = [] }) => (partialSig.length < least ? partialSig.length : least),
    keys.total,
  );
  if (signatures < keys.required) return { psbt: psbt.toBase64(), signatures };
  const finished = psbt.clone();
  // No more than the script asks for: one signature too many would make it invalid.
  for (const input of finished.data.inputs) input.partialSig = (input.partialSig ?? []).slice(0, keys.required);
  const transaction = finished.finalizeAllInputs().extractTransaction(true);
  return {
    psbt: psbt.toBase64(),
    signatures,
    signed: { rawTransaction: transaction.toHex(), txid: transaction.getId() },
  };
}

function isValid(psbt: Psbt, at: number, pubkey: Uint8Array): boolean {
  try {
    return psbt.validateSignaturesOfInput(
      at,
      (publicKey, message, signature) => secp256k1.verify(message, publicKey, signature),
      pubkey,
    );
  } catch {
    return false;
  }
}

function parsed(base64: string, options: { network: ReturnType<typeof parametersOf> }): Psbt {
  try {
    return Psbt.fromBase64(base64.trim(), options);
  } catch (error) {
    throw new PsbtRefused(error instanceof Error ? error.message : 'not a PSBT');
  }
}
