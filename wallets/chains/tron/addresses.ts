/** TRON's addresses: 0x41 and the last twenty bytes of a key's hash, in base 58 with a checksum. */
import { BIP32Factory } from 'bip32';
import { computeAddress, hexlify, sha256 } from 'ethers';
import * as secp256k1 from 'tiny-secp256k1';
import { TronWeb } from 'tronweb';

const bip32 = BIP32Factory(secp256k1);
const BASE58 = /^T[1-9A-HJ-NP-Za-km-z]{33}$/;

/** The one spelling of an address, or undefined. Hexadecimal spellings are refused: they carry no checksum. */
export function canonicalAddress(text: string): string | undefined {
  return BASE58.test(text) && TronWeb.isAddress(text) ? text : undefined;
}

/** 41 and forty hexadecimal digits of an address in base 58. Throws when it is none. */
export function hexOf(address: string): string {
  if (canonicalAddress(address) === undefined) throw new Error(`${address} is no address of TRON`);
  return TronWeb.address.toHex(address).toLowerCase();
}

/** The spelling of an address that a node gives in hexadecimal, with 41 or (in logs) without. */
export function addressOf(hex: string): string {
  const body = hex.length === 40 ? `41${hex}` : hex;
  if (!/^41[0-9a-fA-F]{40}$/.test(body)) throw new Error(`${hex} is no address of TRON`);
  return TronWeb.address.fromHex(body);
}

/** The address of a public key (hexadecimal with 0x, of either length). */
export const addressOfKey = (publicKey: string): string => addressOf(computeAddress(publicKey).slice(2).toLowerCase());

/** The addresses of the children of an account-level extended public key; throws on one that is mistyped or private. */
export function addressFrom(xpub: string): (index: number) => string {
  const branch = bip32.fromBase58(xpub);
  if (!branch.isNeutered()) throw new Error('a private key was given where a public one belongs');
  return (index) => addressOfKey(hexlify(branch.derive(index).publicKey));
}

/** A transaction's id: the hash of what is signed, and not of the signature. So it is known before anything is sent. */
export const txidOf = (raw: Uint8Array): string => sha256(raw).slice(2);
