import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Mnemonic } from 'ethers';
import { DomainError } from '../../domain/contract/errors';
import type { CoinIntent, Identity } from '../../domain/contract/ports';
import { fromChainUnits, isAmount, parseAmount, toChainUnits } from '../../domain/money/amount';
import { accountKeysOf, accountOf, canonicalAddress, sameBytes, scriptOf } from '../chains/bitcoin/addresses';
import type { AccountKeys, Account } from '../chains/bitcoin/addresses';
import { MULTISIG_ADDRESSES } from '../chains/bitcoin/multisig';
import type { Multisig } from '../chains/bitcoin/multisig';
import { coldKeys } from '../cold/places';
import type { ColdPlace } from '../cold/places';
import { SATOSHI_DECIMALS } from '../chains/bitcoin/blocks';
import { checkPsbt, outpointsOf, PsbtRefused, signPsbt, signatureNumbers } from '../chains/bitcoin/psbt';
import type { Checked } from '../chains/bitcoin/psbt';
import { openLog } from './append-log';
import type { Gate } from './approvals';
import { createNonceIndex } from './nonces';
import type { NonceIndex } from './nonces';
import type { Pins } from './pins';
import { entryOf, refuse } from './policy';
import type { SignerCoins, SignerPolicy } from './policy';

/** What was signed: one line for each intent, on the disk before the bytes are given away. */
interface Signed {
  readonly intentId: string;
  readonly bodyHash: string;
  readonly txid: string;
  readonly rawTransaction: string;
  readonly network: string;
  readonly purpose: CoinIntent['purpose'];
  readonly to: string;
  readonly amount: string;
  /** Satoshi. */
  readonly fee: string;
  /** `txid:index`, sorted. */
  readonly inputs: readonly string[];
}

interface Keys extends SignerCoins, AccountKeys {
  readonly account: Account;
  readonly hotAddress: string;
  readonly cold?: Multisig;
}

const originalOf = (intentId: string): string => intentId.split('#')[0] ?? intentId;

/** What all networks share. */
interface CoinGuards {
  readonly pins: Pins;
  readonly gate: Gate;
  readonly cold?: SignerPolicy['cold'];
}

export interface CoinSigner {
  identity(network: string): Promise<Identity>;
  sign(intent: CoinIntent): Promise<{ rawTransaction: string; txid: string }>;
  close(): void;
}

/**
 * Signs on networks of coins. It takes apart what it is handed: inputs are ours by its own derivation and by the transactions
 * that made them, one output pays the intent's receiver, what is left but the fee comes back to us. A coin is signed away for one
 * intent alone, and again only for a replacement that spends the same coins for the same payment at a higher fee.
 */
export function createCoinSigner(mnemonic: Mnemonic, policy: Readonly<Record<string, SignerCoins>>, dir: string, { pins, gate, cold = {} }: CoinGuards): CoinSigner {
  const seed = Buffer.from(mnemonic.computeSeed().slice(2), 'hex');
  const networks = Object.fromEntries(Object.entries(policy).map(([id, rules]) => [id, keysOf(seed, id, rules, cold[id])]));
  const log = openLog(join(dir, 'signed-coins.jsonl'));
  const signed = new Map<string, Signed>();
  /** Which intent a coin was signed away for. */
  const holders = new Map<string, string>();
  const remember = (line: Signed): void => {
    signed.set(line.intentId, line);
    for (const input of line.inputs) holders.set(`${line.network}/${input}`, originalOf(line.intentId));
  };
  const nonces = createNonceIndex();
  log.lines.forEach((text) => {
    const line = JSON.parse(text) as Signed;
    checkNonces(nonces, line);
    remember(line);
  });

  const sign = async (raw: CoinIntent): Promise<{ rawTransaction: string; txid: string }> => {
    const intent = readIntent(raw);
    const keys = entryOf(networks, intent.network) ?? refuse(`network ${intent.network}`);
    const checked = check(intent, keys, pins);
    const bodyHash = hashOf(intent, checked);
    const before = signed.get(intent.intentId);
    if (before && before.bodyHash !== bodyHash) throw new DomainError('REFERENCE_REUSED', { signer: 'this intent was signed before with another body' });
    if (before) return { rawTransaction: before.rawTransaction, txid: before.txid };
    const inputs = outpointsOf(checked.psbt).toSorted();
    const original = originalOf(intent.intentId);
    for (const input of inputs) {
      const holder = holders.get(`${intent.network}/${input}`);
      if (holder !== undefined && holder !== original) refuse(`the coin ${input} was signed away for ${holder}`);
    }
    if (original !== intent.intentId) checkReplacement(intent, inputs, checked.fee, signed.get(original) ?? refuse('there is nothing to replace'));
    if (intent.purpose === 'withdrawal') gate.admit(intent, Array.isArray(raw.approvals) ? raw.approvals : [], fromChainUnits(checked.fee, SATOSHI_DECIMALS));
    const done = signPsbt(checked, keys.key);
    checkNonces(nonces, done);
    const { intentId, network, purpose, to, amount } = intent;
    const line: Signed = { intentId, bodyHash, ...done, network, purpose, to, amount, fee: checked.fee.toString(), inputs };
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

/** Each input's signature; a transaction's id names what was signed. */
function checkNonces(nonces: NonceIndex, { rawTransaction, txid }: { readonly rawTransaction: string; readonly txid: string }): void {
  for (const [at, r] of signatureNumbers(rawTransaction).entries()) nonces.add(r, `${txid}:${at}`);
}

function keysOf(seed: Uint8Array, network: string, rules: SignerCoins, cold: ColdPlace | undefined): Keys {
  const keys = accountKeysOf(seed, rules.chain);
  const account = accountOf(keys.xpub, rules.chain);
  return { ...rules, ...keys, account, hotAddress: account.own(1, 0).address, ...(cold && { cold: coldKeys(network, cold, rules.chain) }) };
}

/** What came over the socket, as an intent and nothing more. Refuses what is not one. */
function readIntent(raw: CoinIntent): CoinIntent {
  const { intentId, network, purpose, asset, to, amount, psbt } = raw;
  const texts = [intentId, network, asset, to].every((value) => typeof value === 'string' && value !== '' && value.length <= 190);
  if (!texts || typeof psbt !== 'string' || !isAmount(amount) || !['withdrawal', 'venue', 'cold'].includes(purpose)) refuse('this is not an intent');
  return { intentId, network, purpose, asset, to, amount, psbt };
}

/** The intent against the rules, and the transaction against the intent. */
function check(intent: CoinIntent, keys: Keys, pins: Pins): Checked {
  if (intent.asset !== keys.asset) refuse(`${intent.asset} is not listed on ${intent.network}`);
  const script = scriptOf(intent.to, keys.chain);
  if (!script || canonicalAddress(intent.to, keys.chain) !== intent.to) refuse('the receiver is no address, or not in its one spelling');
  if (intent.purpose === 'withdrawal' && keys.maxPayout !== undefined && parseAmount(intent.amount) > parseAmount(keys.maxPayout)) refuse(`above ${keys.maxPayout} ${intent.asset}`);
  if (sameBytes(script, keys.account.own(1, 0).script)) refuse('coins do not go from us to us');
  const payment = { script, value: satoshi(intent.amount) };
  const checked = checkedOf(() => checkPsbt(intent.psbt, { account: keys.account, network: keys.chain, payments: [payment], mostFee: satoshi(keys.maxFee) }));
  if (intent.purpose === 'cold' && !isCold(keys.cold, intent.to)) refuse('this is no address of cold storage');
  // Last: a pin is written down at its first use, and nothing that is refused may be the first.
  if (intent.purpose === 'venue' && !pins.allows(`${intent.network}/${intent.asset}`, intent.to)) refuse('this is not the pinned address of the venue (SIGNER_VENUE_ADDRESSES)');
  return checked;
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

/** A replacement spends the same coins for the same payment and leaves more to the miners: one of the two is mined, never both. */
function checkReplacement(intent: CoinIntent, inputs: readonly string[], fee: bigint, original: Signed): void {
  const same = original.network === intent.network && original.purpose === intent.purpose && original.to === intent.to && original.amount === intent.amount;
  const coins = inputs.length === original.inputs.length && inputs.every((input, at) => input === original.inputs[at]);
  if (!same || !coins || fee <= BigInt(original.fee)) refuse('a replacement pays the same with the same coins, at a higher fee');
}

/** By what is to be signed alone: two PSBTs of one unsigned transaction are one body. */
function hashOf({ intentId, network, purpose, asset, to, amount }: CoinIntent, { psbt }: Checked): string {
  const unsigned = Buffer.from(psbt.data.getTransaction()).toString('hex');
  return createHash('sha256').update(JSON.stringify([intentId, network, purpose, asset, to, amount, unsigned])).digest('hex');
}
