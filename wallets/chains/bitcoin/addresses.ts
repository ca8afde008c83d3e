/** Bitcoin's addresses and scripts: which we take, which are ours, and of which key. Pure. */
import { BIP32Factory } from 'bip32';
import type { BIP32Interface } from 'bip32';
import { address as codec, initEccLib, networks, payments } from 'bitcoinjs-lib';
import type { Network } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import { witnessAddress } from './witness-address';

// Without it the library cannot tell a taproot address from a mistyped one.
initEccLib(secp256k1);
const bip32 = BIP32Factory(secp256k1);

export type BitcoinNetwork = 'mainnet' | 'testnet' | 'regtest';
export const parametersOf = (network: BitcoinNetwork): Network =>
  ({ mainnet: networks.bitcoin, testnet: networks.testnet, regtest: networks.regtest })[network];

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/**
 * The script that an address of this network stands for, or undefined: not an address, of another network, or of a kind
 * that nobody can spend from yet (a witness version above 1, a program of version 1 that is no key).
 */
export function scriptOf(text: string, network: BitcoinNetwork): Uint8Array | undefined {
  if (text.length > 90 || isFuture(text)) return undefined;
  try {
    return codec.toOutputScript(text, parametersOf(network));
  } catch {
    return undefined;
  }
}

/** The one spelling under which we keep it, or undefined where `scriptOf` has none. */
export function canonicalAddress(text: string, network: BitcoinNetwork): string | undefined {
  const script = scriptOf(text, network);
  return script && codec.fromOutputScript(script, parametersOf(network));
}

const SPELLERS = {
  mainnet: witnessAddress(networks.bitcoin.bech32),
  testnet: witnessAddress(networks.testnet.bech32),
  regtest: witnessAddress(networks.regtest.bech32),
};

/**
 * The address of a script of a kind that our own have (a key's, or cold storage's), or undefined: every other kind is
 * not looked at.
 */
export function ownKind(script: Uint8Array, network: BitcoinNetwork): string | undefined {
  if (script[0] !== 0) return undefined;
  if (script.length === 22 && script[1] === 20) return SPELLERS[network](script, 2, 20);
  return script.length === 34 && script[1] === 32 ? SPELLERS[network](script, 2, 32) : undefined;
}

/** A segregated-witness address of a version that has no rules yet: its coins would be anybody's. */
function isFuture(text: string): boolean {
  try {
    const { version, data } = codec.fromBech32(text);
    return version > 1 || (version === 1 && data.length !== 32);
  } catch {
    return false;
  }
}

/** 0: deposits, one index a user. 1: the house's own, hot wallet and change. */
export type Branch = 0 | 1;

export interface OwnScript {
  readonly branch: Branch;
  readonly index: number;
  readonly address: string;
  readonly script: Uint8Array;
  readonly publicKey: Uint8Array;
}

/**
 * Every address of an account, from its extended public key alone (BIP 84: m/84'/coin'/0', pay to witness public key
 * hash).
 */
export interface Account {
  own(branch: Branch, index: number): OwnScript;
}

/**
 * Throws on a key that is mistyped, private, of another network or of another depth: its addresses would be nobody's.
 */
export function accountOf(xpub: string, network: BitcoinNetwork): Account {
  const parameters = parametersOf(network);
  const account = bip32.fromBase58(xpub, parameters);
  if (!account.isNeutered()) throw new Error('a private key was given where a public one belongs');
  if (account.depth !== 3) throw new Error(`an account's key is three steps below the seed, this one ${account.depth}`);
  const branches = [account.derive(0), account.derive(1)] as const;
  return {
    own: (branch, index) => {
      const { publicKey } = branches[branch].derive(index);
      const { address, output } = payments.p2wpkh({ pubkey: publicKey, network: parameters });
      if (!address || !output) throw new Error(`no address at ${branch}/${index}`);
      return { branch, index, address, script: output, publicKey };
    },
  };
}

/** How the account's key is named: coin type 0 on the main network, 1 elsewhere. */
export const accountPath = (network: BitcoinNetwork): string => `m/84'/${network === 'mainnet' ? 0 : 1}'/0'`;

export interface AccountKeys {
  /** The account's private key: for the signer alone. */
  readonly key: BIP32Interface;
  /** What the rest of the house may know. */
  readonly xpub: string;
  /** Names the seed in a PSBT: four bytes. */
  readonly fingerprint: Uint8Array;
}

/** The account of a seed (BIP 39's 64 bytes). */
export function accountKeysOf(seed: Uint8Array, network: BitcoinNetwork): AccountKeys {
  const root = bip32.fromSeed(seed, parametersOf(network));
  const key = root.derivePath(accountPath(network));
  return { key, xpub: key.neutered().toBase58(), fingerprint: root.fingerprint };
}
