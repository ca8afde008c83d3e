/** Where cold storage is: addresses that this house watches and cannot spend from. */
import type { Network } from '../../domain/registry';
import type { BitcoinNetwork } from './bitcoin/addresses';
import { multisigOf } from './bitcoin/multisig';
import type { Multisig } from './bitcoin/multisig';

/** As an operator writes it down: a list of addresses, or the public keys of a multisignature on a network of coins. */
export type ColdPlace =
  { readonly addresses: readonly string[] } | { readonly required: number; readonly keys: readonly string[] };

/** The addresses of a list, in their one spelling. Throws when one is no address of the network. */
export function coldList(
  network: Network,
  place: ColdPlace,
  canonical: (text: string) => string | undefined,
): string[] {
  if (!('addresses' in place)) throw new Error(`${network.id}: cold storage is a list of addresses here, not keys`);
  return place.addresses.map((text) => {
    const address = canonical(text);
    if (!address) throw new Error(`${network.id}: ${text} of cold storage is no address`);
    return address;
  });
}

/** The keys on a network of coins. Throws when there are none, or one is wrong. */
export function coldKeys(network: string, place: ColdPlace, parameters: BitcoinNetwork): Multisig {
  if (!('keys' in place)) throw new Error(`${network}: cold storage is made of keys here, not of addresses`);
  return multisigOf(place, parameters);
}
