import { BIP32Factory } from 'bip32';
import { computeAddress, hexlify } from 'ethers';
import * as secp256k1 from 'tiny-secp256k1';

const bip32 = BIP32Factory(secp256k1);

/**
 * The address of a child of an account-level extended public key. Parsed by a library that checks the checksum: the
 * chain library we use elsewhere does not, and a mistyped key would give addresses that nobody can spend from.
 */
export function addressFrom(xpub: string): (index: number) => string {
  const branch = bip32.fromBase58(xpub);
  if (!branch.isNeutered()) throw new Error('a private key was given where a public one belongs');
  return (index) => computeAddress(hexlify(branch.derive(index).publicKey));
}
