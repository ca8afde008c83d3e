/**
 * Between who builds a transaction and who signs it (BIP 174). The builder knows public keys alone; the signer
 * believes nothing that is written in it: every input must be a coin of ours by the transaction that made it, every
 * output a payment of the intent or our own change. Pure.
 */
import type { BIP32Interface } from 'bip32';
import { Psbt, Transaction, script as codec } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import { accountPath, hexOf, parametersOf, sameBytes } from './addresses';
import type { Account, BitcoinNetwork, Branch } from './addresses';
import type { Payment, Plan } from './coins';

/** Says that it may be replaced at a higher fee, and that no lock time counts. */
const SEQUENCE = 0xfffffffd;
const VERSION = 2;

export interface Builder {
  readonly account: Account;
  readonly network: BitcoinNetwork;
  /** Of the seed's own key, four bytes. */
  readonly fingerprint: Uint8Array;
  /** Where change goes: the child of branch 1. */
  readonly changeIndex: number;
  /** The bytes of the transactions whose coins are spent, by id. */
  readonly transaction: (txid: string) => string;
}

/** The plan as a PSBT in base64; outputs by value and script, so that change does not stand out. */
export function buildPsbt(plan: Plan, { account, network, fingerprint, changeIndex, transaction }: Builder): string {
  const psbt = new Psbt({ network: parametersOf(network) }).setVersion(VERSION).setLocktime(0);
  const derivation = (branch: Branch, index: number) => [
    {
      masterFingerprint: fingerprint,
      pubkey: account.own(branch, index).publicKey,
      path: `${accountPath(network)}/${branch}/${index}`,
    },
  ];
  for (const { txid, index, value, branch, child } of plan.inputs) {
    const own = account.own(branch, child);
    psbt.addInput({
      hash: txid,
      index,
      sequence: SEQUENCE,
      witnessUtxo: { script: own.script, value },
      nonWitnessUtxo: Buffer.from(transaction(txid), 'hex'),
      bip32Derivation: derivation(branch, child),
    });
  }
  const outputs = plan.payments.map(({ script, value }) => ({ script, value, ours: false }));
  if (plan.change > 0n) outputs.push({ script: account.own(1, changeIndex).script, value: plan.change, ours: true });
  outputs.sort((a, b) => (a.value === b.value ? Buffer.compare(a.script, b.script) : a.value < b.value ? -1 : 1));
  for (const { script, value, ours } of outputs)
    psbt.addOutput({ script, value, ...(ours && { bip32Derivation: derivation(1, changeIndex) }) });
  return psbt.toBase64();
}

/** What the signer knows by itself. */
export interface Expectation {
  readonly account: Account;
  readonly network: BitcoinNetwork;
  readonly payments: readonly Payment[];
  readonly mostFee: bigint;
}

export interface Checked {
  readonly psbt: Psbt;
  readonly fee: bigint;
  readonly keys: readonly { readonly branch: Branch; readonly index: number }[];
}

export class PsbtRefused extends Error {
  override readonly name = 'PsbtRefused';
}

/**
 * Throws PsbtRefused unless it is exactly the expected payments from our coins, with at most one change of ours and no
 * more than the fee.
 */
export function checkPsbt(base64: string, expected: Expectation): Checked {
  const psbt = parsed(base64, expected.network);
  demand(psbt.version === VERSION && psbt.locktime === 0, 'another version or a lock time');
  demand(psbt.inputCount > 0, 'no inputs');
  const seen = new Set<string>();
  let left = 0n;
  const keys = psbt.data.inputs.map((_, at) => {
    const { outpoint, value, key } = checkInput(psbt, at, expected);
    demand(!seen.has(outpoint), 'a coin twice');
    seen.add(outpoint);
    left += value;
    return key;
  });
  checkOutputs(psbt, expected);
  for (const { value } of psbt.txOutputs) left -= value;
  demand(left > 0n && left <= expected.mostFee, 'a fee that is none or too high');
  return { psbt, fee: left, keys };
}

/** The coins that it spends: `txid:index`. */
export const outpointsOf = (psbt: Psbt): string[] =>
  psbt.txInputs.map(({ hash, index }) => `${hexOf(hash.toReversed())}:${index}`);

function parsed(base64: string, network: BitcoinNetwork): Psbt {
  try {
    return Psbt.fromBase64(base64, { network: parametersOf(network) });
  } catch (error) {
    throw new PsbtRefused(error instanceof Error ? error.message : 'not a PSBT');
  }
}

function demand(condition: boolean, fault: string): asserts condition {
  if (!condition) throw new PsbtRefused(fault);
}

function checkInput(
  psbt: Psbt,
  at: number,
  { account, network }: Expectation,
): { outpoint: string; value: bigint; key: { branch: Branch; index: number } } {
  const { hash, index, sequence } = psbt.txInputs[at] ?? {};
  const input = psbt.data.inputs[at];
  demand(hash !== undefined && index !== undefined && input !== undefined, 'an input without a coin');
  demand(sequence === SEQUENCE, 'another sequence');
  const known = new Set(['witnessUtxo', 'nonWitnessUtxo', 'bip32Derivation']);
  demand(
    Object.keys(input).every((name) => known.has(name)),
    'an input that says more than it should',
  );
  // The whole transaction, not only the value it is said to have: a signer was tricked into fees by less.
  demand(input.nonWitnessUtxo !== undefined, 'an input without the transaction that made it');
  const made = transactionIn(input.nonWitnessUtxo);
  demand(sameBytes(made.getHash(), hash), 'an input of another transaction');
  const coin = made.outs[index];
  demand(coin !== undefined, 'an input that does not exist');
  const key = keyIn(input.bip32Derivation, network);
  const own = account.own(key.branch, key.index);
  demand(
    sameBytes(own.script, coin.script) &&
      sameBytes(own.publicKey, input.bip32Derivation?.[0]?.pubkey ?? new Uint8Array()),
    'an input that is not ours',
  );
  demand(
    input.witnessUtxo === undefined ||
      (sameBytes(input.witnessUtxo.script, coin.script) && input.witnessUtxo.value === coin.value),
    'an input of another value',
  );
  return { outpoint: `${hexOf(hash)}:${index}`, value: coin.value, key };
}

function transactionIn(bytes: Uint8Array): Transaction {
  try {
    return Transaction.fromBuffer(bytes);
  } catch {
    throw new PsbtRefused('an input whose transaction cannot be read');
  }
}

function keyIn(
  derivation: readonly { path: string }[] | undefined,
  network: BitcoinNetwork,
): { branch: Branch; index: number } {
  demand(derivation?.length === 1, 'no key, or several');
  const path = derivation[0]?.path ?? '';
  const [, branch, index] =
    /^\/([01])\/(0|[1-9]\d{0,9})$/.exec(
      path.startsWith(accountPath(network)) ? path.slice(accountPath(network).length) : '',
    ) ?? [];
  demand(
    branch !== undefined && index !== undefined && BigInt(index) < 0x80000000n,
    'a key that is not of our account',
  );
  return { branch: branch === '0' ? 0 : 1, index: Number(index) };
}

function checkOutputs(psbt: Psbt, { account, network, payments }: Expectation): void {
  const wanted = [...payments];
  let changes = 0;
  for (const [at, { script, value }] of psbt.txOutputs.entries()) {
    const found = wanted.findIndex((payment) => payment.value === value && sameBytes(payment.script, script));
    if (found >= 0) {
      wanted.splice(found, 1);
      continue;
    }
    demand(++changes === 1, 'an output that nobody asked for');
    const key = keyIn(psbt.data.outputs[at]?.bip32Derivation, network);
    demand(key.branch === 1 && sameBytes(account.own(1, key.index).script, script), 'change that is not ours');
  }
  demand(wanted.length === 0, 'a payment is missing');
  demand(payments.length + changes > 0, 'nothing comes back to us');
}

/** Where a transaction pays this script first; undefined where it does not. */
export function outputTo(
  rawTransaction: string,
  script: Uint8Array,
): { txid: string; index: number; value: bigint } | undefined {
  const transaction = Transaction.fromHex(rawTransaction);
  const index = transaction.outs.findIndex((output) => sameBytes(output.script, script));
  const output = transaction.outs[index];
  return output && { txid: transaction.getId(), index, value: output.value };
}

/** The r of each input's signature, hexadecimal. */
export function signatureNumbers(rawTransaction: string): string[] {
  return Transaction.fromHex(rawTransaction).ins.map(({ witness: [signature] }) => {
    if (!signature) throw new Error('an input without a signature');
    return hexOf(codec.signature.decode(signature).signature.subarray(0, 32));
  });
}

/**
 * Signs what was checked, with the account's private key, and verifies each signature. The same PSBT gives the same
 * bytes.
 */
export function signPsbt({ psbt, keys }: Checked, account: BIP32Interface): { rawTransaction: string; txid: string } {
  for (const [at, { branch, index }] of keys.entries()) psbt.signInput(at, account.derive(branch).derive(index));
  const valid = psbt.validateSignaturesOfAllInputs((publicKey, message, signature) =>
    secp256k1.verify(message, publicKey, signature),
  );
  demand(valid, 'a signature that is not valid');
  const transaction = psbt.finalizeAllInputs().extractTransaction(true);
  return { rawTransaction: transaction.toHex(), txid: transaction.getId() };
}
