/**
 * Coins that no one machine can spend: pay-to-witness-script-hash of sorted public keys, m of n (BIP 48's kind, BIP
 * 67's order). Addresses come from extended public keys alone. Pure.
 */
import { BIP32Factory } from 'bip32';
import type { BIP32Interface } from 'bip32';
import { payments } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import { parametersOf } from './addresses';
import type { BitcoinNetwork } from './addresses';

const bip32 = BIP32Factory(secp256k1);

/**
 * `required` signatures of `keys`: extended public keys, each with or without its origin:
 * `[d34db33f/48h/0h/0h/2h]xpub...`.
 */
export interface MultisigKeys {
  readonly required: number;
  readonly keys: readonly string[];
}

/** So many addresses are used, in turn: whoever signs and whoever watches need look no further. */
export const MULTISIG_ADDRESSES = 1000;

export interface MultisigScript {
  readonly index: number;
  readonly address: string;
  readonly script: Uint8Array;
  readonly witnessScript: Uint8Array;
  /** What a signing device needs to find its own key. */
  readonly derivations: readonly {
    readonly masterFingerprint: Uint8Array;
    readonly path: string;
    readonly pubkey: Uint8Array;
  }[];
}

export interface Multisig {
  readonly required: number;
  readonly total: number;
  at(index: number): MultisigScript;
}

interface Key {
  readonly node: BIP32Interface;
  readonly fingerprint: Uint8Array;
  readonly path: string;
}

/** Throws on a key that is mistyped, private, of another network, or there twice. */
export function multisigOf({ required, keys }: MultisigKeys, network: BitcoinNetwork): Multisig {
  const read = keys.map((key) => keyIn(key, network));
  if (required < 1 || required > keys.length) throw new Error(`${required} signatures of ${keys.length} keys`);
  if (new Set(read.map(({ node }) => Buffer.from(node.publicKey).toString('hex'))).size !== keys.length)
    throw new Error('a key of cold storage is there twice');
  const scripts = new Map<number, MultisigScript>();
  const make = (index: number): MultisigScript => {
    const children = read.map(({ node, fingerprint, path }) => ({
      masterFingerprint: fingerprint,
      path: `${path}/0/${index}`,
      pubkey: node.derive(0).derive(index).publicKey,
    }));
    const pubkeys = children.map(({ pubkey }) => pubkey).toSorted((a, b) => Buffer.compare(a, b));
    const parameters = parametersOf(network);
    const { address, output, redeem } = payments.p2wsh({
      redeem: payments.p2ms({ m: required, pubkeys, network: parameters }),
      network: parameters,
    });
    if (!address || !output || !redeem?.output) throw new Error(`no address of cold storage at ${index}`);
    return { index, address, script: output, witnessScript: redeem.output, derivations: children };
  };
  return {
    required,
    total: keys.length,
    at: (index) => {
      const known = scripts.get(index) ?? make(index);
      scripts.set(index, known);
      return known;
    },
  };
}

function keyIn(text: string, network: BitcoinNetwork): Key {
  const [, fingerprint, origin = '', xpub = ''] =
    /^(?:\[([0-9a-f]{8})((?:\/\d+['h]?)*)\])?([1-9A-HJ-NP-Za-km-z]+)$/.exec(text) ?? [];
  const node = bip32.fromBase58(xpub, parametersOf(network));
  if (!node.isNeutered()) throw new Error('a private key was given where one of cold storage is only named');
  return {
    node,
    fingerprint: fingerprint === undefined ? node.fingerprint : Buffer.from(fingerprint, 'hex'),
    path: `m${origin.replaceAll('h', "'")}`,
  };
}
