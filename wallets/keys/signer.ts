import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { HDNodeWallet, Interface, Transaction, getAddress } from 'ethers';
import type { Mnemonic } from 'ethers';
import { DomainError } from '../../domain/contract/errors';
import type { SignIntent, Signer } from '../../domain/contract/ports';
import { fromChainUnits, parseAmount, toChainUnits } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { originalOf } from '../../domain/references';
import { openLog } from './append-log';
import { openGate } from './approvals';
import { createUtxoSigner } from './utxo';
import { createFeeBudget } from './fees';
import type { Fee } from './fees';
import { createNonceIndex } from './nonces';
import type { NonceIndex } from './nonces';
import { openPins } from './pins';
import { checkDestination, entryOf, readIntent, readOwnersWord, readPayment, refuse } from './policy';
import type { OwnAccounts, SignerPolicy } from './policy';
import { createTronSigner } from './tron';
import { openUserKeys } from './user-keys';

export type { SignerPolicy } from './policy';

const TOKEN = new Interface(['function transfer(address to, uint256 value)']);
export const HOT_PATH = "m/44'/60'/1'/0/0";
export const DEPOSIT_PATH = "m/44'/60'/0'/0";

/** What was signed: one line for each intent, written before the bytes are given away. */
interface LogLine {
  readonly intentId: string;
  readonly bodyHash: string;
  readonly txid: string;
  readonly rawTransaction: string;
  readonly intent?: SignIntent;
  /** When, in milliseconds since 1970. */
  readonly at?: number;
}

/** `<intent>#<n>` is the n-th replacement of `<intent>`: the same payment with higher fees. */
const slotOf = ({ network, from, nonce }: SignIntent): string => `${network}:${from}:${nonce}`;

/**
 * The core of the signing process. It rebuilds each transaction from the intent, checks purpose, destination, asset and
 * cost against its own rules, asks for a withdrawal's confirmation by its owner (`user-keys.ts`) and approvals by
 * admins (`approvals.ts`), and writes what it signed to an
 * append-only log before it gives the bytes away. The same intent gives the same bytes; the same id with another body
 * is refused, and so is a second payment with one nonce.
 */
export function createSigner(mnemonic: Mnemonic, policy: SignerPolicy, dir: string): Signer & { close(): void } {
  const hot = HDNodeWallet.fromMnemonic(mnemonic, HOT_PATH);
  const deposits = HDNodeWallet.fromMnemonic(mnemonic, DEPOSIT_PATH);
  const log = openLog(join(dir, 'signed.jsonl'));
  const pins = openPins(join(dir, 'venue-pins.jsonl'), policy.venueAddresses ?? {});
  const own: OwnAccounts = {
    hotAddress: hot.address,
    depositAddress: (index) => deposits.deriveChild(index).address,
    isVenue: pins.allows,
    isCold: coldAddresses(policy.cold ?? {}),
  };
  const { now } = policy.approvals;
  const userKeys = openUserKeys(dir, policy.site, now);
  const gate = openGate(policy.approvals, dir, userKeys);
  const fees = createFeeBudget(policy.feesDaily ?? {}, now);
  const guards = { pins, gate, fees, cold: policy.cold, now };
  const coins = createUtxoSigner(mnemonic, policy.coins ?? {}, dir, guards);
  const trons = createTronSigner(mnemonic, policy.trons ?? {}, dir, guards);
  const signed = new Map<string, LogLine>();
  /** Which payment a nonce of ours was given to. */
  const slots = new Map<string, string>();
  const nonces = createNonceIndex();
  const remember = (line: LogLine): void => {
    signed.set(line.intentId, line);
    if (!line.intent) return;
    slots.set(slotOf(line.intent), originalOf(line.intentId));
    fees.add(feeOf(line.intent), line.at);
  };
  log.lines.forEach((text) => {
    const line = JSON.parse(text) as LogLine;
    checkNonce(nonces, Transaction.from(line.rawTransaction));
    remember(line);
  });

  const build = (intent: SignIntent): Transaction => {
    const network = entryOf(policy.networks, intent.network) ?? refuse(`network ${intent.network}`);
    const rail = entryOf(network.rails, intent.asset) ?? refuse(`${intent.asset} is not listed on ${intent.network}`);
    const to = orRefuse(() => getAddress(intent.to));
    const units = orRefuse(() => toChainUnits(parseAmount(intent.amount), rail.decimals));
    if (units <= 0n) refuse('nothing to send');
    if (
      intent.purpose === 'withdrawal' &&
      rail.maxPayout !== undefined &&
      parseAmount(intent.amount) > parseAmount(rail.maxPayout)
    )
      refuse(`above ${rail.maxPayout} ${intent.asset}`);
    if (costOf(intent) > parseAmount(policy.maxGasCost)) refuse(`gas above ${policy.maxGasCost} ${network.gasAsset}`);
    fees.check(feeOf(intent));
    checkDestination(intent, to, network, own);
    return Transaction.from({
      type: 2,
      chainId: network.chainId,
      nonce: intent.nonce,
      gasLimit: BigInt(intent.gasLimit),
      maxFeePerGas: BigInt(intent.maxFeePerGas),
      maxPriorityFeePerGas: BigInt(intent.maxPriorityFeePerGas),
      ...(rail.contract
        ? { to: getAddress(rail.contract), value: 0n, data: TOKEN.encodeFunctionData('transfer', [to, units]) }
        : { to, value: units, data: '0x' }),
    });
  };

  const checkHistory = (intent: SignIntent): void => {
    const original = originalOf(intent.intentId);
    const holder = slots.get(slotOf(intent));
    if (holder !== undefined && holder !== original) refuse(`nonce ${intent.nonce} was signed for ${holder}`);
    if (original !== intent.intentId)
      checkReplacement(intent, signed.get(original)?.intent ?? refuse('there is nothing to replace'));
  };

  const sign = async (raw: SignIntent): Promise<{ rawTransaction: string; txid: string }> => {
    const intent = readIntent(raw);
    const approvals = Array.isArray(raw.approvals) ? raw.approvals : [];
    const bodyHash = hashOf(intent);
    const before = signed.get(intent.intentId);
    // Another word than every other refusal: here something was signed, and its nonce may not be given to others.
    if (before && before.bodyHash !== bodyHash)
      throw new DomainError('IDEMPOTENCY_KEY_REUSED', { signer: 'this intent was signed before with another body' });
    if (before) return { rawTransaction: before.rawTransaction, txid: before.txid };
    checkHistory(intent);
    const transaction = build(intent);
    if (intent.purpose === 'withdrawal') gate.admit({ ...intent, ...readOwnersWord(raw) }, approvals, costOf(intent));
    const key = intent.from === 'hot' ? hot : deposits.deriveChild(intent.from);
    const rawTransaction = await key.signTransaction(transaction);
    const decoded = Transaction.from(rawTransaction);
    if (decoded.unsignedHash !== transaction.unsignedHash || decoded.from !== key.address)
      throw new Error('the signature is not of what was asked');
    checkNonce(nonces, decoded);
    const line: LogLine = {
      intentId: intent.intentId,
      bodyHash,
      txid: decoded.hash ?? refuse('no hash'),
      rawTransaction,
      intent,
      at: now(),
    };
    log.append(JSON.stringify(line));
    remember(line);
    return { rawTransaction, txid: line.txid };
  };

  // One at a time: two bodies of one intent must not both find that nothing was signed yet.
  let last: Promise<unknown> = Promise.resolve();
  return {
    identity: async (network) => {
      if (entryOf(policy.coins ?? {}, network)) return coins.identity(network);
      if (entryOf(policy.trons ?? {}, network)) return trons.identity(network);
      if (!entryOf(policy.networks, network)) refuse(`network ${network}`);
      return { depositXpub: deposits.neuter().extendedKey, hotAddress: hot.address };
    },
    sign: (intent) => {
      const next = last.then(() => sign(intent));
      last = next.catch(() => undefined);
      return next;
    },
    signUtxo: coins.sign,
    signTron: trons.sign,
    judge: async (payment, approvals) => gate.judge(readPayment(payment), Array.isArray(approvals) ? approvals : []),
    approvers: async () => gate.approvers(),
    changePasskey: async (change) => userKeys.change(change),
    droppedPasskeys: async (userId) => userKeys.dropped(String(userId)),
    close: () => {
      gate.close();
      userKeys.close();
      log.close();
      coins.close();
      trons.close();
      pins.close();
    },
  };
}

/** The most that it takes for the network, in the gas asset. */
const costOf = ({ gasLimit, maxFeePerGas }: SignIntent): Units =>
  fromChainUnits(BigInt(gasLimit) * BigInt(maxFeePerGas), 18);

/** Of one nonce: at most one of them is mined. */
const feeOf = (intent: SignIntent): Fee => ({
  network: intent.network,
  payment: originalOf(intent.intentId),
  cost: costOf(intent),
});

/** Text from outside that cannot be read is a refusal, not a fault of ours. */
function orRefuse<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** Lists of addresses alone: keys are of networks of coins. */
function coldAddresses(cold: NonNullable<SignerPolicy['cold']>): OwnAccounts['isCold'] {
  const lists = new Map(
    Object.entries(cold).flatMap(([network, place]) =>
      'addresses' in place
        ? [
            [
              network,
              new Set(place.addresses.map((address) => (address.startsWith('0x') ? getAddress(address) : address))),
            ] as const,
          ]
        : [],
    ),
  );
  return (network, address) => lists.get(network)?.has(address) === true;
}

/** The same unsigned transaction may be signed again: it gives the same bytes. */
function checkNonce(nonces: NonceIndex, { signature, unsignedHash }: Transaction): void {
  nonces.add(signature?.r ?? '', unsignedHash);
}

const hashOf = (intent: SignIntent): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(intent).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');

/**
 * A replacement differs from the original in its fees alone, and offers more: so that one of the two is mined, never
 * both.
 */
function checkReplacement(intent: SignIntent, original: SignIntent): void {
  const same = (['network', 'purpose', 'asset', 'from', 'to', 'toIndex', 'amount', 'nonce', 'gasLimit'] as const).every(
    (field) => intent[field] === original[field],
  );
  const more =
    BigInt(intent.maxFeePerGas) > BigInt(original.maxFeePerGas) &&
    BigInt(intent.maxPriorityFeePerGas) > BigInt(original.maxPriorityFeePerGas);
  if (!same || !more) refuse('a replacement pays the same with higher fees');
}
