import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { HDNodeWallet, SigningKey } from 'ethers';
import type { Mnemonic } from 'ethers';
import { DomainError } from '../../domain/contract/errors';
import type { Identity, TronIntent } from '../../domain/contract/ports';
import { formatAmount, fromChainUnits, isAmount, parseAmount, toChainUnits } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { originalOf } from '../../domain/references';
import { addressOfKey, canonicalAddress, hexOf } from '../chains/tron/addresses';
import { NotExact, buildTron } from '../chains/tron/transaction';
import { SUN_DECIMALS } from '../chains/tron/transfers';
import { decodeSigned, encodeSigned } from '../chains/tron/wire';
import type { Payment } from '../chains/tron/wire';
import { openLog } from './append-log';
import type { Gate } from './approvals';
import type { FeeBudget } from './fees';
import { createNonceIndex } from './nonces';
import type { NonceIndex } from './nonces';
import type { Pins } from './pins';
import { PURPOSES, entryOf, isCount, isIndex, readOwnersWord, refuse } from './policy';
import type { SignerPolicy, SignerTron } from './policy';
import { createStakeSum, isStake, stakePaymentOf, sunOf } from './tron-stake';
import type { SignedStake } from './tron-stake';

const HOT_PATH = "m/44'/195'/1'/0/0";
const DEPOSIT_PATH = "m/44'/195'/0'/0";
const INTEGER = /^(0|[1-9][0-9]{0,18})$/;
/** No transaction of ours is good for longer. */
const LONGEST_LIFE_MS = 3_600_000;
/** After its end by our own clock, before another one is signed in its place: clocks of block makers differ. */
const SURELY_ENDED_MS = 30_000;
/** 41 and twenty zeros: nobody has its key. */
const NOBODY = `41${'0'.repeat(40)}`;

/** What was signed: one line for each intent, on the disk before the bytes are given away. */
interface Signed {
  readonly intentId: string;
  /** Of the payment alone: when it ends and what it stands on are not the caller's to change later. */
  readonly bodyHash: string;
  readonly txid: string;
  readonly rawTransaction: string;
  readonly expiration: number;
  /** Of a stake. */
  readonly stake?: SignedStake;
  /** The most that it takes for its network, in units of the gas asset; and when it was signed. Not in older lines. */
  readonly fee?: { readonly network: string; readonly cost: string; readonly at: number };
}

/** What all networks share. */
interface TronGuards {
  readonly pins: Pins;
  readonly gate: Gate;
  readonly fees: FeeBudget;
  readonly cold?: SignerPolicy['cold'];
  readonly now: () => number;
}

export interface TronSigner {
  identity(network: string): Promise<Identity>;
  sign(intent: TronIntent): Promise<{ rawTransaction: string; txid: string }>;
  close(): void;
}

/**
 * Signs on TRON. It builds the transaction from the intent, twice and alike, checks purpose, destination, asset and
 * cost against its own rules, and writes what it signed to an append-only log before it gives the bytes away. One
 * intent has one transaction; the same payment is signed anew only when every transaction before it has ended, by the
 * signer's own clock.
 */
export function createTronSigner(
  mnemonic: Mnemonic,
  policy: Readonly<Record<string, SignerTron>>,
  dir: string,
  { pins, gate, fees, cold = {}, now }: TronGuards,
): TronSigner {
  const hot = HDNodeWallet.fromMnemonic(mnemonic, HOT_PATH);
  const deposits = HDNodeWallet.fromMnemonic(mnemonic, DEPOSIT_PATH);
  const own: Own = {
    hotAddress: addressOfKey(hot.publicKey),
    depositAddress: (index) => addressOfKey(deposits.deriveChild(index).publicKey),
  };
  const log = openLog(join(dir, 'signed-tron.jsonl'));
  const signed = new Map<string, Signed>();
  const ids = new Set<string>();
  /** By original: everything that was signed for one payment. */
  const family = new Map<string, Signed[]>();
  const stakes = createStakeSum();
  const remember = (line: Signed): void => {
    signed.set(line.intentId, line);
    ids.add(line.txid);
    const original = originalOf(line.intentId);
    family.set(original, [...(family.get(original) ?? []), line]);
    if (line.stake) stakes.add(original, line.stake, line.expiration);
    if (line.fee)
      fees.add({ network: line.fee.network, payment: line.intentId, cost: parseAmount(line.fee.cost) }, line.fee.at);
  };
  const nonces = createNonceIndex();
  log.lines.forEach((text) => {
    const line = JSON.parse(text) as Signed;
    checkNonce(nonces, line);
    remember(line);
  });

  const sign = async (raw: TronIntent): Promise<{ rawTransaction: string; txid: string }> => {
    const intent = readIntent(raw);
    const bodyHash = hashOf(intent);
    const before = signed.get(intent.intentId);
    // Another word than every other refusal: here something was signed, and may be mined.
    if (before && before.bodyHash !== bodyHash)
      throw new DomainError('IDEMPOTENCY_KEY_REUSED', { signer: 'this intent was signed before with another body' });
    if (before) return { rawTransaction: before.rawTransaction, txid: before.txid };
    checkEnded(intent, bodyHash, family.get(originalOf(intent.intentId)) ?? [], now());
    checkLife(intent, now());
    const key = intent.from === 'hot' ? hot : deposits.deriveChild(intent.from);
    const network = entryOf(policy, intent.network) ?? refuse(`network ${intent.network}`);
    const payment = isStake(intent.purpose)
      ? stakePaymentOf(intent, network, own)
      : paymentOf(intent, network, own, addressOfKey(key.publicKey));
    // One that is made anew was counted before.
    if (
      payment.kind === 'stake' &&
      originalOf(intent.intentId) === intent.intentId &&
      stakes.total(now()) + payment.sun > sunOf(network.maxStake ?? '0')
    )
      refuse(`more staked than ${network.maxStake} ${network.gasAsset}`);
    const { raw: bytes, txid } = exactly(() => buildTron(payment, intent.envelope));
    // Equal payments on one block and of one time are one transaction: it would be paid once for two of ours.
    if (ids.has(txid)) refuse('these bytes were signed for another intent');
    if (intent.purpose === 'cold' && !isCold(cold, intent)) refuse('this is no address of cold storage');
    // One that is made anew counts anew: what it replaces may have been mined, and failed at our cost.
    const cost = mostOf(intent);
    fees.check({ network: intent.network, payment: intent.intentId, cost });
    // Last: what is let through and what is pinned is written down, and nothing that is refused may be.
    if (intent.purpose === 'withdrawal')
      gate.admit({ ...intent, ...readOwnersWord(raw) }, Array.isArray(raw.approvals) ? raw.approvals : [], cost);
    if (intent.purpose === 'venue' && !pins.allows(`${intent.network}/${intent.asset}`, intent.to))
      refuse('this is not the pinned address of the venue (SIGNER_VENUE_ADDRESSES)');
    const { r, s, v } = key.signingKey.sign(`0x${txid}`);
    if (addressOfKey(SigningKey.recoverPublicKey(`0x${txid}`, { r, s, v })) !== addressOfKey(key.publicKey))
      throw new Error('the signature is not of what was asked');
    const rawTransaction = encodeSigned(bytes, `${r.slice(2)}${s.slice(2)}${v.toString(16)}`);
    checkNonce(nonces, { rawTransaction, txid });
    const line: Signed = {
      intentId: intent.intentId,
      bodyHash,
      txid,
      rawTransaction,
      expiration: intent.envelope.expiration,
      fee: { network: intent.network, cost: formatAmount(cost), at: now() },
      ...(isStake(intent.purpose) && { stake: { purpose: intent.purpose, sun: sunOf(intent.amount).toString() } }),
    };
    log.append(JSON.stringify(line));
    remember(line);
    return { rawTransaction, txid };
  };

  // One at a time: two questions of one intent must not both find that nothing was signed yet.
  let last: Promise<unknown> = Promise.resolve();
  return {
    identity: async (network) => {
      if (!entryOf(policy, network)) refuse(`network ${network}`);
      return { depositXpub: deposits.neuter().extendedKey, hotAddress: own.hotAddress };
    },
    sign: (intent) => {
      const next = last.then(() => sign(intent));
      last = next.catch(() => undefined);
      return next;
    },
    close: log.close,
  };
}

/** Bandwidth and the making of an account together are less, in sun. */
const BESIDES_ENERGY = 2_000_000n;
/** The most that the network may take, in the gas asset. */
const mostOf = ({ feeLimit }: TronIntent): Units => fromChainUnits(BigInt(feeLimit) + BESIDES_ENERGY, SUN_DECIMALS);

function isCold(cold: NonNullable<SignerPolicy['cold']>, { network, to }: TronIntent): boolean {
  const place = entryOf(cold, network);
  return place !== undefined && 'addresses' in place && place.addresses.includes(to);
}

interface Own {
  readonly hotAddress: string;
  depositAddress(index: number): string;
}

/** What came over the socket, as an intent and nothing more. Refuses what is not one. */
function readIntent(raw: TronIntent): TronIntent {
  const { intentId, network, purpose, asset, from, to, toIndex, amount, feeLimit } = raw;
  const { blockBytes, blockHash, timestamp, expiration } = raw.envelope ?? {};
  const texts = [intentId, network, asset, to].every(
    (value) => typeof value === 'string' && value !== '' && value.length <= 190,
  );
  const places = (from === 'hot' || isIndex(from)) && (toIndex === undefined || isIndex(toIndex));
  const envelope =
    /^[0-9a-f]{4}$/.test(String(blockBytes)) &&
    /^[0-9a-f]{16}$/.test(String(blockHash)) &&
    isCount(timestamp) &&
    isCount(expiration);
  if (
    !texts ||
    !places ||
    !envelope ||
    typeof feeLimit !== 'string' ||
    !INTEGER.test(feeLimit) ||
    !isAmount(amount) ||
    !(PURPOSES.includes(purpose) || isStake(purpose))
  )
    refuse('this is not an intent');
  return {
    intentId,
    network,
    purpose,
    asset,
    from,
    to,
    ...(toIndex !== undefined && { toIndex }),
    amount,
    feeLimit,
    envelope: { blockBytes, blockHash, timestamp, expiration },
  };
}

/** The same payment again, and nothing that was signed for it before can be mined any more: never two of them. */
function checkEnded(intent: TronIntent, bodyHash: string, before: readonly Signed[], now: number): void {
  const original = originalOf(intent.intentId);
  if (original !== intent.intentId && !before.some(({ intentId }) => intentId === original))
    refuse('there is nothing to replace');
  for (const line of before) {
    if (line.bodyHash !== bodyHash) refuse('a replacement pays the same');
    if (now < line.expiration + SURELY_ENDED_MS) refuse(`${line.intentId} may still be mined`);
    if (intent.envelope.timestamp <= line.expiration) refuse('a replacement begins after the end of what it replaces');
  }
}

function checkLife({ envelope: { timestamp, expiration } }: TronIntent, now: number): void {
  if (expiration <= timestamp || expiration - timestamp > LONGEST_LIFE_MS || expiration > now + LONGEST_LIFE_MS)
    refuse('a transaction ends within an hour');
}

/** The intent against the rules. */
function paymentOf(intent: TronIntent, network: SignerTron, own: Own, from: string): Payment {
  const rail = entryOf(network.rails, intent.asset) ?? refuse(`${intent.asset} is not listed on ${intent.network}`);
  if (canonicalAddress(intent.to) === undefined) refuse('the receiver is no address, or not in its one spelling');
  const units = exactly(() => toChainUnits(parseAmount(intent.amount), rail.decimals));
  if (units <= 0n) refuse('nothing to send');
  if (
    intent.purpose === 'withdrawal' &&
    rail.maxPayout !== undefined &&
    parseAmount(intent.amount) > parseAmount(rail.maxPayout)
  )
    refuse(`above ${rail.maxPayout} ${intent.asset}`);
  const feeLimit = BigInt(intent.feeLimit);
  if (feeLimit > toChainUnits(parseAmount(network.maxFee), SUN_DECIMALS))
    refuse(`energy above ${network.maxFee} ${network.gasAsset}`);
  checkDestination(intent, network, own);
  const [payer, to] = [hexOf(from), hexOf(intent.to)];
  if (rail.contract === null) return { kind: 'coin', from: payer, to, sun: units };
  if (feeLimit === 0n) refuse('a token moves by energy, and none is allowed');
  return { kind: 'token', from: payer, contract: hexOf(rail.contract), to, units, feeLimit };
}

/**
 * Where an intent of each purpose may send coins; refuses every other destination. The venue's is checked last, by its
 * pin.
 */
function checkDestination(
  { purpose, from, to, toIndex, asset }: TronIntent,
  { gasAsset, rails }: SignerTron,
  own: Own,
): void {
  if (purpose === 'sweep') {
    if (from === 'hot' || to !== own.hotAddress) refuse('a sweep goes from a deposit address to the hot wallet');
    return;
  }
  if (from !== 'hot' || to === own.hotAddress) refuse('coins go from the hot wallet to somebody else');
  if (purpose === 'topup' && (asset !== gasAsset || toIndex === undefined || own.depositAddress(toIndex) !== to))
    refuse('a top-up goes from the hot wallet to a deposit address, in gas');
  const contracts = Object.values(rails).map(({ contract }) => contract);
  if (contracts.includes(to) || hexOf(to) === NOBODY) refuse('nobody could spend what is sent there');
}

/** A signature here is r, s and v; a transaction's id is what was signed. */
function checkNonce(nonces: NonceIndex, { rawTransaction, txid }: Pick<Signed, 'rawTransaction' | 'txid'>): void {
  nonces.add(`0x${decodeSigned(rawTransaction).signature.slice(0, 64)}`, txid);
}

/** What cannot be done exactly is a refusal, not a fault of ours. */
function exactly<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof NotExact || (error instanceof Error && error.name === 'AmountError'))
      return refuse(error.message);
    throw error;
  }
}

const hashOf = ({ envelope: _envelope, ...payment }: TronIntent): string => {
  const body = { ...payment, intentId: originalOf(payment.intentId) };
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');
};
