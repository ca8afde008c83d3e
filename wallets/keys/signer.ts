import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HDNodeWallet, Interface, Transaction, getAddress } from 'ethers';
import type { Mnemonic } from 'ethers';
import { DomainError } from '../../domain/contract/errors';
import type { SignIntent, Signer } from '../../domain/contract/ports';
import { fromChainUnits, parseAmount, toChainUnits } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';

const TOKEN = new Interface(['function transfer(address to, uint256 value)']);
const HOT_PATH = "m/44'/60'/1'/0/0";
const DEPOSIT_PATH = "m/44'/60'/0'/0";

/** The signer's own rules, from its own settings: never from the caller. */
export interface SignerPolicy {
  readonly networks: Readonly<Record<string, { chainId: number; gasAsset: string; rails: Readonly<Record<string, { contract: string | null; decimals: number }>> }>>;
  /** The most one transaction may cost in gas, as a decimal string of the gas asset. */
  readonly maxGasCost: string;
}

interface LogLine {
  readonly intentId: string;
  readonly bodyHash: string;
  readonly txid: string;
  readonly rawTransaction: string;
}

/** A refusal of the signer: the intent breaks one of its rules. */
const refuse = (reason: string): never => {
  throw new DomainError('FORBIDDEN', { signer: reason });
};

/**
 * The core of the signing process. It rebuilds each transaction from the intent, checks purpose, destination, asset and
 * cost against its own rules, and writes what it signed to an append-only log before it gives the bytes away. The same
 * intent gives the same bytes; the same id with another body is refused.
 */
export function createSigner(mnemonic: Mnemonic, policy: SignerPolicy, dir: string): Signer {
  const hot = HDNodeWallet.fromMnemonic(mnemonic, HOT_PATH);
  const deposits = HDNodeWallet.fromMnemonic(mnemonic, DEPOSIT_PATH);
  const signed = readLog(join(dir, 'signed.jsonl'));
  const log = openSync(join(dir, 'signed.jsonl'), 'a');
  const pins = createPins(join(dir, 'venue-pins.jsonl'));
  const depositAddress = (index: number): HDNodeWallet => deposits.deriveChild(index);

  const networkOf = (intent: SignIntent) => policy.networks[intent.network] ?? refuse(`network ${intent.network}`);

  const checkDestination = (intent: SignIntent, to: string): void => {
    switch (intent.purpose) {
      case 'sweep':
        if (intent.from === 'hot' || to !== hot.address) refuse('a sweep goes from a deposit address to the hot wallet');
        return;
      case 'topup': {
        const own = intent.toIndex !== undefined && depositAddress(intent.toIndex).address === to;
        if (intent.from !== 'hot' || intent.asset !== networkOf(intent).gasAsset || !own) refuse('a top-up goes from the hot wallet to a deposit address, in gas');
        return;
      }
      case 'venue':
        if (intent.from !== 'hot' || !pins.allows(`${intent.network}/${intent.asset}`, to)) refuse('the venue address is not the pinned one');
        return;
      case 'withdrawal':
        if (intent.from !== 'hot' || to === hot.address) refuse('a withdrawal goes from the hot wallet to somebody else');
    }
  };

  const build = (intent: SignIntent): Transaction => {
    const { chainId, gasAsset, rails } = networkOf(intent);
    const rail = rails[intent.asset] ?? refuse(`${intent.asset} is not listed on ${intent.network}`);
    const to = getAddress(intent.to);
    checkDestination(intent, to);
    const units = toChainUnits(parseAmount(intent.amount), rail.decimals);
    if (units <= 0n) refuse('nothing to send');
    const cost: Units = fromChainUnits(BigInt(intent.gasLimit) * BigInt(intent.maxFeePerGas), 18);
    if (cost > parseAmount(policy.maxGasCost)) refuse(`gas above ${policy.maxGasCost} ${gasAsset}`);
    return Transaction.from({
      type: 2,
      chainId,
      nonce: intent.nonce,
      gasLimit: BigInt(intent.gasLimit),
      maxFeePerGas: BigInt(intent.maxFeePerGas),
      maxPriorityFeePerGas: BigInt(intent.maxPriorityFeePerGas),
      ...(rail.contract ? { to: getAddress(rail.contract), value: 0n, data: TOKEN.encodeFunctionData('transfer', [to, units]) } : { to, value: units, data: '0x' }),
    });
  };

  return {
    identity: async (network) => {
      if (!policy.networks[network]) refuse(`network ${network}`);
      return { depositXpub: deposits.neuter().extendedKey, hotAddress: hot.address };
    },
    sign: async (intent) => {
      const bodyHash = createHash('sha256').update(JSON.stringify(Object.entries(intent).sort(([a], [b]) => (a < b ? -1 : 1)))).digest('hex');
      const before = signed.get(intent.intentId);
      if (before && before.bodyHash !== bodyHash) refuse('this intent was signed before with another body');
      if (before) return { rawTransaction: before.rawTransaction, txid: before.txid };
      const transaction = build(intent);
      const key = intent.from === 'hot' ? hot : depositAddress(intent.from);
      const rawTransaction = await key.signTransaction(transaction);
      const txid = Transaction.from(rawTransaction).hash ?? refuse('no hash');
      const line: LogLine = { intentId: intent.intentId, bodyHash, txid, rawTransaction };
      writeSync(log, `${JSON.stringify(line)}\n`);
      fsyncSync(log);
      signed.set(intent.intentId, line);
      return { rawTransaction, txid };
    },
  };
}

function readLog(file: string): Map<string, LogLine> {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const found = new Map<string, LogLine>();
  for (const line of lines) {
    try {
      const entry = JSON.parse(line) as LogLine;
      found.set(entry.intentId, entry);
    } catch {
      // A half-written last line: its signature never left.
    }
  }
  return found;
}

/** The venue's deposit address per asset: the first one is written down, and no other is ever paid. */
function createPins(file: string): { allows(name: string, address: string): boolean } {
  const pinned = new Map<string, string>();
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const [name, address] = line.split(' ');
    if (name && address && !pinned.has(name)) pinned.set(name, address);
  }
  return {
    allows: (name, address) => {
      const pin = pinned.get(name);
      if (pin) return pin === address;
      const fd = openSync(file, 'a');
      writeSync(fd, `${name} ${address}\n`);
      fsyncSync(fd);
      closeSync(fd);
      pinned.set(name, address);
      return true;
    },
  };
}
