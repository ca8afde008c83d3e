import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Mnemonic } from 'ethers';
import { DomainError } from '../../domain/contract/errors';
import type { UtxoIntent, CoinPayment, Identity } from '../../domain/contract/ports';
import { fromChainUnits, isAmount, parseAmount, toChainUnits } from '../../domain/money/amount';
import { originalOf, readPayoutId } from '../../domain/references';
import { accountKeysOf, accountOf, canonicalAddress, sameBytes, scriptOf } from '../chains/bitcoin/addresses';
import type { AccountKeys, Account } from '../chains/bitcoin/addresses';
import { MULTISIG_ADDRESSES } from '../chains/bitcoin/multisig';
import type { Multisig } from '../chains/bitcoin/multisig';
import { coldKeys } from '../chains/cold-places';
import type { ColdPlace } from '../chains/cold-places';
import { SATOSHI_DECIMALS } from '../chains/bitcoin/blocks';
import { splitFee } from '../chains/bitcoin/coins';
import { checkPsbt, outpointsOf, PsbtRefused, signPsbt, signatureNumbers } from '../chains/bitcoin/psbt';
import type { Checked } from '../chains/bitcoin/psbt';
import { openLog } from './append-log';
import type { Asked, Gate } from './approvals';
import type { Fee, FeeBudget } from './fees';
import { createNonceIndex } from './nonces';
import type { NonceIndex } from './nonces';
import type { Pins } from './pins';
import { entryOf, ofPayout, readOwnersWord, refuse } from './policy';
import type { SignerCoins, SignerPolicy } from './policy';

type Paid = Pick<CoinPayment, 'to' | 'amount' | 'payout'>;

/** What was signed: one line for each intent, on the disk before the bytes are given away. */
interface Signed {
  readonly intentId: string;
  readonly bodyHash: string;
  readonly txid: string;
  readonly rawTransaction: string;
  readonly network: string;
  readonly purpose: UtxoIntent['purpose'];
  readonly payments: readonly Paid[];
  /** Satoshi. */
  readonly fee: string;
  /** `txid:index`, sorted. */
  readonly inputs: readonly string[];
  /** When, in milliseconds since 1970. */
  readonly at?: number;
}

/** A line as it was written while a transaction paid one receiver. */
type Line = Omit<Signed, 'payments'> &
  (
    | { readonly payments: readonly Paid[] }
    | { readonly payments?: undefined; readonly to: string; readonly amount: string }
  );

interface Keys extends SignerCoins, AccountKeys {
  readonly account: Account;
  readonly hotAddress: string;
  readonly cold?: Multisig;
}

/** So many payments there are at most in one transaction. */
const MOST_PAYMENTS = 200;

/** The withdrawal itself, whichever payout of it this is. */
const withdrawalOf = (payout: string): string => readPayoutId(payout)?.withdrawalId ?? '';

/** What all networks share. */
interface CoinGuards {
  readonly pins: Pins;
  readonly gate: Gate;
  readonly fees: FeeBudget;
  readonly cold?: SignerPolicy['cold'];
  readonly now: () => number;
}

export interface UtxoSigner {
  identity(network: string): Promise<Identity>;
  sign(intent: UtxoIntent): Promise<{ rawTransaction: string; txid: string }>;
  close(): void;
}

/**
 * Signs on networks of coins. It takes apart what it is handed: inputs are ours by its own derivation and by the
 * transactions that made them, the outputs are exactly the payments of the intent, what is left but the fee comes back
 * to us. A coin is signed away for one intent alone, and a withdrawal is paid by one intent alone, whatever its round:
 * again only by a replacement that spends the same coins for the same payments at a higher fee, so that one of the two
 * is mined and never both.
 */
export function createUtxoSigner(
  mnemonic: Mnemonic,
  policy: Readonly<Record<string, SignerCoins>>,
  dir: string,
  { pins, gate, fees, cold = {}, now }: CoinGuards,
): UtxoSigner {
  const seed = Buffer.from(mnemonic.computeSeed().slice(2), 'hex');
  const networks = Object.fromEntries(
    Object.entries(policy).map(([id, rules]) => [id, keysOf(seed, id, rules, cold[id])]),
  );
  const log = openLog(join(dir, 'signed-coins.jsonl'));
  const signed = new Map<string, Signed>();
  /** Which intent a coin was signed away for, and which one pays a withdrawal. */
  const holders = new Map<string, string>();
  const payers = new Map<string, string>();
  const remember = (line: Signed): void => {
    signed.set(line.intentId, line);
    for (const input of line.inputs) holders.set(`${line.network}/${input}`, originalOf(line.intentId));
    for (const { payout } of line.payments)
      if (payout !== undefined) payers.set(withdrawalOf(payout), originalOf(line.intentId));
    fees.add(feeOf(line, BigInt(line.fee)), line.at);
  };
  const nonces = createNonceIndex();
  log.lines.forEach((text) => {
    const line = lineIn(text);
    checkNonces(nonces, line);
    remember(line);
  });

  const checkHistory = ({ network, payments }: UtxoIntent, original: string, inputs: readonly string[]): void => {
    for (const input of inputs) {
      const holder = holders.get(`${network}/${input}`);
      if (holder !== undefined && holder !== original) refuse(`the coin ${input} was signed away for ${holder}`);
    }
    for (const { payout = '' } of payments) {
      const payer = payers.get(withdrawalOf(payout));
      if (payer !== undefined && payer !== original) ofPayout(payout, () => refuse(`${payout} is paid by ${payer}`));
    }
  };

  const sign = async (raw: UtxoIntent): Promise<{ rawTransaction: string; txid: string }> => {
    const intent = readIntent(raw);
    const keys = entryOf(networks, intent.network) ?? refuse(`network ${intent.network}`);
    const checked = check(intent, keys, pins);
    const bodyHash = hashOf(intent, checked);
    const before = signed.get(intent.intentId);
    if (before && before.bodyHash !== bodyHash)
      throw new DomainError('IDEMPOTENCY_KEY_REUSED', { signer: 'this intent was signed before with another body' });
    if (before) return { rawTransaction: before.rawTransaction, txid: before.txid };
    const inputs = outpointsOf(checked.psbt).toSorted();
    const original = originalOf(intent.intentId);
    checkHistory(intent, original, inputs);
    if (original !== intent.intentId)
      checkReplacement(intent, inputs, checked.fee, signed.get(original) ?? refuse('there is nothing to replace'));
    fees.check(feeOf(intent, checked.fee));
    if (intent.purpose === 'withdrawal') gate.admitAll(askedOf(intent, keys, checked.fee));
    const done = signPsbt(checked, keys.key);
    checkNonces(nonces, done);
    const { intentId, network, purpose } = intent;
    const payments = intent.payments.map(({ to, amount, payout }) => ({
      to,
      amount,
      ...(payout !== undefined && { payout }),
    }));
    const line: Signed = {
      intentId,
      bodyHash,
      ...done,
      network,
      purpose,
      payments,
      fee: checked.fee.toString(),
      inputs,
      at: now(),
    };
    log.append(JSON.stringify(line));
    remember(line);
    return done;
  };

  // One at a time: two intents must not both find that a coin is free.
  let last: Promise<unknown> = Promise.resolve();
  return {
    identity: async (network) => {
      const { xpub, hotAddress, fingerprint } = entryOf(networks, network) ?? refuse(`network ${network}`);
      return { depositXpub: xpub, hotAddress, fingerprint: Buffer.from(fingerprint).toString('hex') };
    },
    sign: (intent) => {
      const next = last.then(() => sign(intent));
      last = next.catch(() => undefined);
      return next;
    },
    close: log.close,
  };
}

/** A replacement spends the same coins: at most one of them is mined. */
const feeOf = ({ network, intentId }: Pick<Signed, 'network' | 'intentId'>, fee: bigint): Fee => ({
  network,
  payment: originalOf(intentId),
  cost: fromChainUnits(fee, SATOSHI_DECIMALS),
});

/** Each input's signature; a transaction's id names what was signed. */
function checkNonces(
  nonces: NonceIndex,
  { rawTransaction, txid }: { readonly rawTransaction: string; readonly txid: string },
): void {
  for (const [at, r] of signatureNumbers(rawTransaction).entries()) nonces.add(r, `${txid}:${at}`);
}

function keysOf(seed: Uint8Array, network: string, rules: SignerCoins, cold: ColdPlace | undefined): Keys {
  const keys = accountKeysOf(seed, rules.chain);
  const account = accountOf(keys.xpub, rules.chain);
  return {
    ...rules,
    ...keys,
    account,
    hotAddress: account.own(1, 0).address,
    ...(cold && { cold: coldKeys(network, cold, rules.chain) }),
  };
}

/** A line of the log. Older ones have one receiver, and where it is a withdrawal its name is the intent's. */
function lineIn(text: string): Signed {
  const line = JSON.parse(text) as Line;
  if (line.payments) return line;
  const { to, amount, ...rest } = line;
  return {
    ...rest,
    payments: [{ to, amount, ...(line.purpose === 'withdrawal' && { payout: originalOf(line.intentId) }) }],
  };
}

/** What came over the socket, as an intent and nothing more. Refuses what is not one. */
function readIntent(raw: UtxoIntent): UtxoIntent {
  const { intentId, network, purpose, asset, payments: listed, psbt } = raw;
  const texts = [intentId, network, asset].every(
    (value) => typeof value === 'string' && value !== '' && value.length <= 190,
  );
  const counts: Readonly<Record<UtxoIntent['purpose'], readonly [number, number]>> = {
    withdrawal: [1, MOST_PAYMENTS],
    venue: [1, 1],
    cold: [1, 1],
    consolidation: [0, 0],
    cpfp: [0, 0],
  };
  const [least, most] = entryOf(counts, purpose) ?? refuse('this is not an intent');
  if (!texts || typeof psbt !== 'string' || !Array.isArray(listed) || listed.length < least || listed.length > most)
    refuse('this is not an intent');
  const payments = listed.map((payment) => readPayment(payment, purpose === 'withdrawal'));
  const withdrawals = payments.map(({ payout = '' }) => withdrawalOf(payout));
  if (purpose === 'withdrawal' && new Set(withdrawals).size !== withdrawals.length) refuse('a withdrawal twice');
  return { intentId, network, purpose, asset, payments, psbt };
}

function readPayment(raw: CoinPayment | null, isPayout: boolean): CoinPayment {
  const { to = '', amount = '', payout, approvals, ...rest } = raw ?? {};
  const texts = typeof to === 'string' && to !== '' && to.length <= 190 && isAmount(amount);
  if (!texts || (isPayout ? typeof payout !== 'string' || !readPayoutId(payout) : payout !== undefined))
    refuse('this is not an intent');
  return {
    to,
    amount,
    ...(payout !== undefined && {
      payout,
      approvals: Array.isArray(approvals) ? approvals : [],
      ...readOwnersWord(rest),
    }),
  };
}

/** The intent against the rules, and the transaction against the intent. */
function check(intent: UtxoIntent, keys: Keys, pins: Pins): Checked {
  if (intent.asset !== keys.asset) refuse(`${intent.asset} is not listed on ${intent.network}`);
  const payments = intent.payments.map((payment) => {
    const read = () => ({ script: scriptTo(payment, intent, keys), value: satoshi(payment.amount) });
    return payment.payout === undefined ? read() : ofPayout(payment.payout, read);
  });
  const checked = checkedOf(() =>
    checkPsbt(intent.psbt, {
      account: keys.account,
      network: keys.chain,
      payments,
      mostFee: mostFee(keys, payments.length),
    }),
  );
  const to = intent.payments[0]?.to ?? '';
  if (intent.purpose === 'cold' && !isCold(keys.cold, to)) refuse('this is no address of cold storage');
  // Last: a pin is written down at its first use, and nothing that is refused may be the first.
  if (intent.purpose === 'venue' && !pins.allows(`${intent.network}/${intent.asset}`, to))
    refuse('this is not the pinned address of the venue (SIGNER_VENUE_ADDRESSES)');
  return checked;
}

/** For one payment; each further one makes a transaction larger, and may add a tenth of it. */
function mostFee({ maxFee }: Keys, payments: number): bigint {
  const most = satoshi(maxFee);
  return payments > 1 ? most + (most * BigInt(payments - 1)) / 10n : most;
}

function scriptTo({ to, amount }: CoinPayment, { purpose, asset }: UtxoIntent, keys: Keys): Uint8Array {
  const script = scriptOf(to, keys.chain);
  if (!script || canonicalAddress(to, keys.chain) !== to)
    return refuse('the receiver is no address, or not in its one spelling');
  if (purpose === 'withdrawal' && keys.maxPayout !== undefined && parseAmount(amount) > parseAmount(keys.maxPayout))
    refuse(`above ${keys.maxPayout} ${asset}`);
  if (sameBytes(script, keys.account.own(1, 0).script)) refuse('coins do not go from us to us');
  return script;
}

/** Each payout with its approvals and its part of the fee. */
function askedOf({ network, asset, payments }: UtxoIntent, { chain }: Keys, fee: bigint): Asked[] {
  const shares = splitFee(
    fee,
    payments.map(({ to }) => scriptOf(to, chain) ?? refuse('no address')),
  );
  return payments.map(({ to, amount, payout = '', approvals = [], ...owner }, at) => ({
    payment: { intentId: payout, network, asset, to, amount, ...owner },
    approvals,
    cost: fromChainUnits(shares[at] ?? fee, SATOSHI_DECIMALS),
  }));
}

function isCold(cold: Multisig | undefined, address: string): boolean {
  for (let index = 0; cold && index < MULTISIG_ADDRESSES; index++) if (cold.at(index).address === address) return true;
  return false;
}

function satoshi(amount: string): bigint {
  try {
    return toChainUnits(parseAmount(amount), SATOSHI_DECIMALS);
  } catch {
    return refuse('finer than a satoshi');
  }
}

function checkedOf(work: () => Checked): Checked {
  try {
    return work();
  } catch (error) {
    if (error instanceof PsbtRefused) return refuse(error.message);
    throw error;
  }
}

/**
 * A replacement spends the same coins for the same payments and leaves more to the miners: one of the two is mined,
 * never both.
 */
function checkReplacement(intent: UtxoIntent, inputs: readonly string[], fee: bigint, original: Signed): void {
  const samePayments =
    original.payments.length === intent.payments.length &&
    intent.payments.every(({ to, amount, payout }, at) => {
      const former = original.payments[at];
      return former !== undefined && former.to === to && former.amount === amount && former.payout === payout;
    });
  const same = original.network === intent.network && original.purpose === intent.purpose && samePayments;
  const coins = inputs.length === original.inputs.length && inputs.every((input, at) => input === original.inputs[at]);
  if (!same || !coins || fee <= BigInt(original.fee))
    refuse('a replacement pays the same with the same coins, at a higher fee');
}

/** By what is to be signed alone: two PSBTs of one unsigned transaction are one body. */
function hashOf({ intentId, network, purpose, asset, payments }: UtxoIntent, { psbt }: Checked): string {
  const unsigned = Buffer.from(psbt.data.getTransaction()).toString('hex');
  const [only, ...more] = payments;
  // One receiver under the intent's own name is written as it was before there were batches: an older signature is
  // found again.
  const alone = only && more.length === 0 && (only.payout ?? originalOf(intentId)) === originalOf(intentId);
  const body = alone
    ? [intentId, network, purpose, asset, only.to, only.amount, unsigned]
    : [intentId, network, purpose, asset, payments.map(({ to, amount, payout }) => [to, amount, payout]), unsigned];
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
